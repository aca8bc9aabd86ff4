"""What several reports tell in their own way is the same figure: whatever the events, by every profile."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cli
from footfall.event import conform
from reports.catalogue import CATALOGUE, View
from reports.query import Query, report_of
from reports.run import Questions, collect
from reports.scope import Scope
from reports.visits import VisitRule
from reports.visits.profiles import PROFILES
from tests.examples import HANDFUL
from tests.reports.query.worlds import EVENT, frame_of

BY_VISIT = (
    "visits", "weeks", "months", "hour-by-weekday", "channels", "sources", "landings", "first-touch", "last-touch",
    "new-and-returning", "browsers", "systems", "devices", "visit-depth", "visit-duration", "frequency", "recency",
    "loyalty",
)  # fmt: skip
BY_TIME = ("days", "hours", "timeline")
SOLD = ("visits", "weeks", "months", "channels", "sources", "first-touch", "last-touch", "revenue")
SAME: Final[Mapping[str, tuple[str, ...]]] = {
    "visits": ("summary", *BY_VISIT),
    "requests": ("summary", *BY_TIME, "resources", "protocols"),
    "bytes": ("summary", *BY_TIME, "methods"),
    "page_views": ("summary", *BY_TIME),
    "errors": BY_TIME,
    "orders": ("revenue", "first-touch", "last-touch"),
    "revenue": SOLD,
}
"""Column, and the reports whose rows add up to the same."""

ONCE: Final = ("first-touch", "frequency", "months")
"""Reports that have each visitor of a month in one row. The summary also has those of whom only pings are in range."""

PAGES_OF_VISITS: Final = ("visits", "weeks", "months", "browsers", "systems", "devices")
ALL_PROFILES: Final = pytest.mark.parametrize("profile", PROFILES.values(), ids=list(PROFILES))


def totals(found: Mapping[str, pl.DataFrame], column: str, names: tuple[str, ...]) -> dict[str, float]:
    return {name: round(float(found[name][column].sum()), 4) for name in names}


def check(events: pl.LazyFrame, view: View) -> None:
    asked = {name: CATALOGUE[name] for names in (*SAME.values(), ONCE, PAGES_OF_VISITS) for name in names}
    questions = Questions(tuple(asked.values()), Scope(time_zone=view.time_zone), view)
    found = dict(zip(asked, collect(events, questions), strict=True))
    for column, names in (*SAME.items(), ("page_views", PAGES_OF_VISITS), ("visitors", ONCE)):
        known = totals(found, column, names)
        assert len(set(known.values())) == 1, (column, known)


@pytest.fixture(scope="module")
def sample_events(tmp_path_factory: pytest.TempPathFactory) -> pl.LazyFrame:
    """The sample logs as they come out of a store."""
    folder = tmp_path_factory.mktemp("samples")
    store, dataset, dead = f"embedded:{folder / 'x.db'}", str(folder / "events"), str(folder / "dead.ndjson")
    logs = str(cli.sample_logs())
    cli.run(["ingest", logs, "--site", "example.com", "--store", store, "--dead-letters", dead])
    assert cli.run(["extract", "--out", dataset, "--store", store]) == 0
    return conform(pl.read_parquet(f"{dataset}/**/*.parquet", hive_partitioning=True)).lazy()


@ALL_PROFILES
def test_reports_on_the_real_log_agree(profile: VisitRule, real_events: pl.LazyFrame) -> None:
    check(real_events, View("America/New_York", rule=profile))


@ALL_PROFILES
def test_reports_on_the_sample_logs_agree(profile: VisitRule, sample_events: pl.LazyFrame) -> None:
    check(sample_events, View(rule=profile))


@HANDFUL
@given(rows=st.lists(EVENT, max_size=40), profile=st.sampled_from(list(PROFILES.values())))
def test_reports_agree_whatever_happened_in_the_night_the_clocks_change(
    rows: list[dict[str, Any]], profile: VisitRule
) -> None:
    is_request = pl.col("kind").fill_null("request") == "request"
    answered = pl.when(is_request).then(pl.col("status", "bytes"))  # what beacons are stored without
    events = frame_of(rows).lazy().with_columns(answered, pl.lit("a.example").alias("site"))
    check(events, View("Europe/Berlin", rule=profile))


@ALL_PROFILES
def test_a_comparison_is_of_two_ranges_that_were_asked_about_alone(
    profile: VisitRule, real_events: pl.LazyFrame
) -> None:
    view = View("America/New_York", rule=profile)
    now = Scope(None, date(2015, 5, 19), date(2015, 5, 20), view.time_zone)
    before = Scope(None, date(2015, 5, 17), date(2015, 5, 18), view.time_zone)
    [compared] = collect(real_events, Questions((CATALOGUE["comparison"],), now, view))
    figures = report_of(Query(tuple(compared["metric"])), "figures", "What happened?")

    for column, scope in (("value", now), ("previous", before)):
        [alone] = collect(real_events, Questions((figures,), scope, view))
        told = dict(zip(compared["metric"], compared[column], strict=True))
        expected = alone.cast(pl.Float64).row(0, named=True)
        assert told == expected
