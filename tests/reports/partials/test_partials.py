from __future__ import annotations

import pickle
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from reports.catalogue import CATALOGUE, View
from reports.partials.contribution import combine, contribute, finish
from reports.partials.part import merge_rows
from reports.partials.partitions import MOST_PASSES, spread
from reports.partials.work import Work, Workers, contributions
from reports.scope import Scope
from reports.visits import PROFILES, Facts
from tests.reports.partials.events import EVENTS

REPORTS = tuple(CATALOGUE.values())
VIEW = View()


@pytest.mark.parametrize("largest", [10_000, 90, 22])
@pytest.mark.parametrize("name", ["footfall", "awstats", "goaccess"])
def test_every_visitor_is_in_one_partition_and_every_event_in_one(name: str, largest: int) -> None:
    rule = PROFILES[name]
    key = {"footfall": "visitor", "awstats": "ip", "goaccess": "ip"}[name]
    with spread(EVENTS.lazy(), rule, largest) as partitions:
        frames = [part.collect() for part in partitions]

    assert_frame_equal(pl.concat(frames).sort("offset"), EVENTS)
    if name != "goaccess":
        seen = [value for frame in frames for value in frame[key].unique().to_list()]
        assert len(seen) == len(set(seen))

    assert (len(frames) > MOST_PASSES) is (largest == 22)


@pytest.mark.parametrize("largest", [90, 22])
def test_partitions_come_to_the_same_as_all_at_once(largest: int) -> None:
    whole = finish(contribute(Facts(EVENTS.lazy(), VIEW.rule), REPORTS, VIEW), REPORTS, VIEW)
    with spread(EVENTS.lazy(), VIEW.rule, largest) as partitions:
        parts = [contribute(Facts(part, VIEW.rule), REPORTS, VIEW) for part in partitions]

    for frame, expected in zip(finish(combine(reversed(parts)), REPORTS, VIEW), whole, strict=True):
        assert_frame_equal(frame, expected)


def test_work_and_contributions_can_be_pickled() -> None:
    work = Work(EVENTS.lazy(), REPORTS, VIEW, Scope())
    contribution = pickle.loads(pickle.dumps(work))()
    again = pickle.loads(pickle.dumps(contribution))

    for frame, expected in zip(finish(again, REPORTS, VIEW), finish(work(), REPORTS, VIEW), strict=True):
        assert_frame_equal(frame, expected)


@contextmanager
def processes() -> Iterator[Executor]:
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as executor:
        yield executor


@contextmanager
def threads() -> Iterator[Executor]:
    with ThreadPoolExecutor(3) as executor:
        yield executor


@pytest.mark.parametrize("shares_files", [True, False])
@pytest.mark.parametrize("opened", [threads, processes])
def test_workers_come_to_the_same(tmp_path: Path, opened: Any, shares_files: bool) -> None:
    EVENTS.write_parquet(tmp_path / "events.parquet")
    events = pl.scan_parquet(tmp_path / "events.parquet")
    expected = finish(Work(events, REPORTS, VIEW, Scope())(), REPORTS, VIEW)
    with opened() as executor, spread(events, VIEW.rule, 90) as partitions:
        work = (Work(part, REPORTS, VIEW, Scope()) for part in partitions)
        found = combine(contributions(work, Workers(executor, 2, shares_files)))

    for frame, wanted in zip(finish(found, REPORTS, VIEW), expected, strict=True):
        assert_frame_equal(frame, wanted)


def test_what_a_worker_raises_is_raised_here() -> None:
    broken = Work(EVENTS.lazy().with_columns(pl.col("nowhere")), REPORTS, VIEW, Scope())
    with ThreadPoolExecutor(1) as executor, pytest.raises(pl.exceptions.ColumnNotFoundError):
        combine(contributions([broken], Workers(executor, 1)))


def test_rows_without_figures_are_a_set() -> None:
    rows = pl.LazyFrame({"path": ["/a", "/b", "/a", None, None]})

    assert merge_rows(rows, {}).sort("path").collect()["path"].to_list() == [None, "/a", "/b"]
