from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from reports.extraction.dataset import Dataset
from reports.extraction.journal import STAGING, Staging, begun
from reports.extraction.manifest import (
    NEVER_FRESH,
    VERSION,
    KeptDay,
    Manifest,
    columns_id,
    read_manifest,
    write_manifest,
)
from reports.extraction.plan import Plan
from reports.extraction.publish import _batches, publish, sweep
from reports.scope import Scope
from tests.reports.conftest import MakeEvents

START = datetime(2026, 3, 1, tzinfo=UTC)
DAYS = [date(2026, 3, 1) + timedelta(days=number) for number in range(4)]
NO_PLAN = Plan("scan", (), 0.0)


class BreakingStaging(Staging):
    """Cannot replace files any more after the first few."""

    good = 2

    def replace(self, events: pl.DataFrame, path: Path) -> None:
        self.good -= 1
        if self.good < 0:
            raise RuntimeError("killed")

        super().replace(events, path)


@pytest.fixture
def events(make_events: MakeEvents) -> pl.DataFrame:
    """96 events of two sites, one each hour of four days."""
    return make_events(
        *(
            {"at": (START + timedelta(hours=number)).isoformat(), "site": ("a", "b")[number % 2]}
            for number in range(96)
        )
    ).collect()


def staged(
    folder: Path,
    events: pl.DataFrame,
    revisions: Mapping[tuple[str, date], int],
    *fresh: KeptDay,
    kind: type[Staging] = Staging,
) -> Staging:
    """Return what a reading of `events`, in two parts, leaves."""
    if not read_manifest(folder).store_id:
        write_manifest(folder, Manifest(VERSION, store_id="s", columns=columns_id()))

    staging = kind(folder)
    days = tuple(KeptDay(site, on, revision) for (site, on), revision in revisions.items())
    staging.begin(begun(NO_PLAN, Scope(), fresh, days))
    staging.commit(events[::2], {0: b"1"})
    staging.commit(events[1::2], {0: None})
    return staging


def revisions_of(revision: int) -> dict[tuple[str, date], int]:
    return {(site, on): revision for site in "ab" for on in DAYS}


def kept(folder: Path) -> pl.DataFrame:
    return Dataset(folder).scan().sort("offset").collect()


@pytest.mark.parametrize("largest", [1, 7, 30, 1000])
def test_what_was_read_becomes_days_whatever_fits_at_a_time(
    tmp_path: Path, events: pl.DataFrame, largest: int
) -> None:
    publish(tmp_path, staged(tmp_path, events, revisions_of(5)), {"items": 96}, largest)

    manifest = read_manifest(tmp_path)
    assert_frame_equal(kept(tmp_path), events)
    assert manifest.complete
    assert manifest.reading == {"items": 96}
    assert {day.revision for day in manifest.days} == {5}
    assert not (tmp_path / STAGING).exists()
    for file in Dataset(tmp_path).files():
        times = pl.read_parquet(file, hive_partitioning=False)["time"]
        assert times.is_sorted()
        assert f"date={times[0].date()}" == file.parent.name


def test_days_that_are_read_again_replace_what_was_there(tmp_path: Path, events: pl.DataFrame) -> None:
    publish(tmp_path, staged(tmp_path, events, revisions_of(1)), {}, 5)
    fresh = tuple(day for day in read_manifest(tmp_path).days if day.site == "b" or day.on != DAYS[1])
    is_changed = (pl.col("site") == "a") & (pl.col("time").dt.date() == DAYS[1])
    changed = events.filter(is_changed)[:3].with_columns(path=pl.lit("/changed"))
    publish(tmp_path, staged(tmp_path, changed, {("a", DAYS[1]): 2}, *fresh), {})

    expected = pl.concat([events.filter(~is_changed), changed]).sort("offset")
    assert_frame_equal(kept(tmp_path), expected)
    assert {day.revision for day in read_manifest(tmp_path).days if day not in fresh} == {2}


def test_a_day_without_events_any_more_is_kept_as_one(tmp_path: Path, events: pl.DataFrame) -> None:
    publish(tmp_path, staged(tmp_path, events, revisions_of(1)), {})
    publish(tmp_path, staged(tmp_path, events.clear(), revisions_of(2)), {})

    assert kept(tmp_path).is_empty()
    assert {day.revision for day in read_manifest(tmp_path).days} == {2}
    assert list(tmp_path.rglob("*.parquet")) == []


def test_events_of_days_that_the_ledger_does_not_name_are_there_and_never_fresh(
    tmp_path: Path, events: pl.DataFrame
) -> None:
    publish(tmp_path, staged(tmp_path, events, {("a", DAYS[0]): 3}), {})

    days = read_manifest(tmp_path).days
    assert kept(tmp_path).height == 96
    assert [day for day in days if day.revision != NEVER_FRESH] == [KeptDay("a", DAYS[0], 3)]
    assert len(days) == 8


def test_after_a_kill_between_two_days_all_of_it_is_done_again(tmp_path: Path, events: pl.DataFrame) -> None:
    publish(tmp_path, staged(tmp_path, events[:50], revisions_of(1)), {}, 5)
    staging = staged(tmp_path, events, revisions_of(2), kind=BreakingStaging)
    with pytest.raises(RuntimeError):
        publish(tmp_path, staging, {})

    assert {day.revision for day in read_manifest(tmp_path).days} == {1}
    publish(tmp_path, Staging(tmp_path), {})
    assert_frame_equal(kept(tmp_path), events)
    assert pl.scan_parquet(tmp_path / "**/*.parquet").collect().height == 96


def test_sweeping_takes_parts_of_unnamed_days_only(tmp_path: Path, events: pl.DataFrame) -> None:
    publish(tmp_path, staged(tmp_path, events, revisions_of(1)), {})
    manifest = read_manifest(tmp_path)
    write_manifest(tmp_path, msgspec.structs.replace(manifest, days=manifest.days[:3]))
    (tmp_path / "site=a/date=2026-03-04/notes.txt").write_text("mine")
    sweep(tmp_path)

    assert len(list(tmp_path.rglob("*.parquet"))) == 3
    assert (tmp_path / "site=a/date=2026-03-04/notes.txt").exists()


@given(counts=st.lists(st.integers(1, 50), max_size=12), largest=st.integers(1, 40))
def test_batches_cover_every_day_once_and_none_is_too_large(counts: list[int], largest: int) -> None:
    days = [(date(2026, 3, 1) + timedelta(days=2 * number), count) for number, count in enumerate(counts)]
    batches = list(_batches(days, largest))

    for on, count in days:
        noon = datetime(on.year, on.month, on.day, 12, tzinfo=UTC)
        assert sum(one.start_at <= noon < one.end_at for one in batches) == 1
        assert (count > largest) == any(one.part for one in batches if one.start_at.date() == on)

    for one in batches:
        held = [count for on, count in days if one.start_at.date() <= on < one.end_at.date()]
        assert one.part or sum(held) <= largest or len(held) <= 1
        assert one.start_at < one.end_at
