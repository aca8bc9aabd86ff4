from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from footfall.errors import SettingsError
from footfall.event import MONEY, SCHEMA, conform
from reports.catalogue import CATALOGUE, Report, View, find_reports
from reports.partials.contribution import combine, contribute, finish
from reports.scope import Scope
from reports.visits import PROFILES, Facts
from reports.visits.hits import visitor_base
from tests.reports.conftest import build

REPORTS = pytest.mark.parametrize("report", CATALOGUE.values(), ids=list(CATALOGUE))
VIEW = View("America/New_York", own_hosts=("own.example",))
SCOPE = Scope(time_zone=VIEW.time_zone)
START = datetime(2026, 3, 7, tzinfo=UTC)

EVENT = st.fixed_dictionaries(
    {
        "site": st.sampled_from(["a.example", "b.example"]),
        "time": st.integers(0, 3 * 86_400).map(lambda seconds: START + timedelta(seconds=seconds)),
        "kind": st.sampled_from(["request", "pageview", "event", "transaction", "outlink", "ping", None]),
        "method": st.sampled_from(["GET", "POST", "HEAD", None]),
        "host": st.sampled_from(["a.example", "www.b.example", None]),
        "path": st.sampled_from(["/", "/a", "/a.css", "/robots.txt", "/Ä\u202e", None]),
        "query": st.sampled_from(["q=1", "", None]),
        "request": st.sampled_from(["\\x16\\x03", None]),
        "status": st.sampled_from([200, 206, 301, 304, 404, 500, None]),
        "bytes": st.one_of(st.none(), st.integers(0, 2**40)),
        "ip": st.sampled_from(["192.0.2.0", "2001:db8::", None]),
        "referrer": st.sampled_from(["http://own.example/x", "https://c.example/", None]),
        "referrer_host": st.sampled_from(
            ["own.example", "www.a.example", "c.example", "d.example", "", None]
        ),
        "visitor": st.sampled_from(["v", "w", "x", None]),
        "user_agent": st.sampled_from(["Mozilla/5.0", "curl/8", None]),
        "resource": st.sampled_from(["page", "static", "download", "feed", None]),
        "duration_ms": st.sampled_from([0.5, 12.0, 3_000.0, None]),
        "medium": st.sampled_from(["search", "direct", "internal", "ai-assistant", None]),
        "source": st.sampled_from(["Google", None]),
        "campaign": st.sampled_from(["spring", None]),
        "browser": st.sampled_from(["Firefox", None]),
        "country": st.sampled_from(["DE", None]),
        "bot": st.sampled_from(["GPTBot", None, None]),
        "bot_class": st.sampled_from(["ai-crawler", "scanner", None]),
        "session": st.sampled_from(["s", None, None]),
        "title": st.sampled_from(["A", None]),
        "event_action": st.sampled_from(["play", None]),
        "target": st.sampled_from(["https://out.example/", None]),
        "order": st.sampled_from(["1", "2", None]),
        "revenue": st.sampled_from([Decimal("1.5"), Decimal("20"), None]),
        "items": st.sampled_from(['[{"sku":"x","price":2,"quantity":2}]', "[]", "nonsense", None]),
        "cache_status": st.sampled_from(["HIT", "MISS", None]),
    }
)


def frame_of(rows: list[dict[str, Any]]) -> pl.DataFrame:
    keyed = [row | {"source_id": "0" * 16, "offset": place, "shard": 0} for place, row in enumerate(rows)]
    known = SCHEMA if not rows else None
    return conform(pl.DataFrame(keyed, schema=known, schema_overrides=SCHEMA, infer_schema_length=None))


def answered(report: Report, events: pl.LazyFrame) -> pl.DataFrame:
    return build(report, events, VIEW)


@REPORTS
def test_columns_are_those_declared_in_that_order(report: Report) -> None:
    assert tuple(answered(report, pl.LazyFrame(schema=SCHEMA)).columns) == report.column_names


@REPORTS
def test_without_events_there_are_no_rows_or_one_of_zeros(report: Report) -> None:
    answer = answered(report, pl.LazyFrame(schema=SCHEMA))

    numbers = answer.select(pl.col(pl.Int64))
    if report.name == "comparison":
        assert set(answer["value"].drop_nulls()) == {0.0}
        return

    assert answer.height == (report.name == "summary")
    assert set(numbers.to_dicts()[0].values() if answer.height else ()) <= {0}
    assert all(value is None for share in answer.select(pl.col(pl.Float64)) for value in share)


UNITS: dict[str, set[pl.DataType]] = {
    "text": {pl.String()},
    "date": {pl.Date()},
    "time": {pl.Datetime("ms", VIEW.time_zone)},
    "share": {pl.Float64()},
    "ratio": {pl.Float64()},
    "change": {pl.Float64()},
    "number": {pl.Float64()},
    "seconds": {pl.Float64()},
    "ms": {pl.Float64()},
    "currency": {MONEY, pl.Decimal(38, 4), pl.Float64()},
    "pieces": {pl.Float64()},
    "value": {pl.Float64()},
    "flag": {pl.Boolean()},
    "week": {pl.String()},
    "month": {pl.String()},
    "bytes": {pl.Int64(), pl.Float64()},
}


@REPORTS
def test_units_match_types(report: Report) -> None:
    schema = answered(report, pl.LazyFrame(schema=SCHEMA)).schema

    wrong = {
        one.name: schema[one.name]
        for one in report.columns
        if schema[one.name] not in UNITS.get(one.unit, {pl.Int64()})
    }
    assert wrong == {}


# Shrinking a case of eighty reports takes minutes and says little more.
@pytest.mark.parametrize("profile", ["footfall", "awstats", "goaccess"])
@settings(max_examples=8, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(rows=st.lists(EVENT, max_size=30), data=st.data())
def test_order_and_partitioning_of_events_change_nothing(
    profile: str, rows: list[dict[str, Any]], data: st.DataObject
) -> None:
    view = replace(VIEW, rule=PROFILES[profile])
    reports, frame = tuple(CATALOGUE.values()), frame_of(rows)
    shuffled = frame[data.draw(st.permutations(range(frame.height)))] if rows else frame
    whole = contribute(Facts(frame.lazy(), view.rule, SCOPE), reports, view)
    place = visitor_base(view.rule).hash(seed=data.draw(st.integers(0, 9))) % 3
    parts = [
        contribute(Facts(shuffled.filter(place == number).lazy(), view.rule, SCOPE), reports, view)
        for number in range(3)
    ]

    answers = zip(reports, finish(combine(parts), reports, view), finish(whole, reports, view), strict=True)
    for _, answer, expected in answers:
        assert_frame_equal(answer, expected)


@settings(max_examples=40, deadline=None)
@given(rows=st.lists(EVENT, max_size=30))
def test_reports_agree_on_the_number_of_requests(rows: list[dict[str, Any]]) -> None:
    events = frame_of(rows).lazy()
    names = ("summary", "days", "hours", "statuses")
    totals = {name: answered(CATALOGUE[name], events)["requests"].sum() for name in names}

    assert set(totals.values()) == {sum(row["kind"] in {"request", None} for row in rows)}


@REPORTS
def test_every_report_says_what_it_counts(report: Report) -> None:
    assert report.question.endswith("?")
    assert report.definition.endswith(".")
    assert all(column.meaning and column.unit for column in report.columns)
    if "page_views" in report.column_names:
        assert "page view is" in report.definition


def test_all_is_the_whole_catalogue_and_nothing_twice() -> None:
    assert [report.name for report in find_reports(["pages", "all", "days"])] == [
        "pages",
        *(name for name in CATALOGUE if name != "pages"),
    ]


@pytest.mark.parametrize(("typed", "meant"), [("page", "pages"), ("Not_Found", "not-found"), ("al", "all")])
def test_unknown_report_suggests_a_close_name(typed: str, meant: str) -> None:
    with pytest.raises(SettingsError, match=f"Did you mean .*{meant}") as caught:
        find_reports([typed])

    assert caught.value.hint == "footfall reports"


def test_unknown_report_without_anything_close_is_shown_safely() -> None:
    with pytest.raises(SettingsError) as caught:
        find_reports(["\x1b[31m"])

    assert "\x1b" not in str(caught.value)
    assert "Did you mean" not in str(caught.value)
