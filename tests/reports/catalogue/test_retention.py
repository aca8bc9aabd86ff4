from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.catalogue import CATALOGUE, View
from reports.scope import Scope
from reports.visits import Facts
from tests.reports.catalogue.test_catalogue import frame_of
from tests.reports.conftest import Ask, MakeEvents, build

MONDAY = datetime(2026, 3, 2, 12, tzinfo=UTC)


def on(day: int, visitor: str = "a") -> dict[str, Any]:
    return {"at": (MONDAY + timedelta(days=day)).isoformat(), "visitor": visitor}


def test_a_cohort_has_a_row_for_each_week_until_the_last(ask: Ask, make_events: MakeEvents) -> None:
    events = make_events(on(0), on(1), on(0, "b"), on(6, "c"), on(14), on(15), on(7, "d"))

    assert [tuple(row.values()) for row in ask("retention", events)] == [
        ("2026-W10", 0, 3, 1.0, 3),
        ("2026-W10", 1, 0, 0.0, 3),
        ("2026-W10", 2, 1, 0.333333, 3),
        ("2026-W11", 0, 1, 1.0, 1),
        ("2026-W11", 1, 0, 0.0, 1),
    ]


def test_who_comes_back_on_the_same_day_has_not_come_back(ask: Ask, make_events: MakeEvents) -> None:
    events = make_events(
        {"at": "2026-03-02T10:00:00+00:00"},
        {"at": "2026-03-02T20:00:00+00:00"},
        {"at": "2026-03-03T00:00:00+00:00"},
    )

    rows = ask("retention-days", events)
    assert [(row["cohort"], row["offset"], row["visitors"]) for row in rows] == [
        (date(2026, 3, 2), 0, 1),
        (date(2026, 3, 2), 1, 1),
    ]


def test_days_are_those_of_the_views_time_zone(ask: Ask, make_events: MakeEvents) -> None:
    events = make_events({"at": "2026-03-02T20:00:00+00:00"}, {"at": "2026-03-03T04:00:00+00:00"})

    assert [row["offset"] for row in ask("retention-days", events, View("America/New_York"))] == [0]


@pytest.mark.parametrize(
    ("name", "days", "cohort"),
    [("retention", 0, "2026-W10"), ("retention-months", 30, "2026-04"), ("retention-months", 330, "2027-01")],
)
def test_cohorts_are_called_by_their_period(
    ask: Ask, make_events: MakeEvents, name: str, days: int, cohort: str
) -> None:
    assert ask(name, make_events(on(days)))[0]["cohort"] == cohort


def test_weeks_over_new_year_follow_each_other(ask: Ask, make_events: MakeEvents) -> None:
    events = make_events({"at": "2026-12-31T12:00:00+00:00"}, {"at": "2027-01-04T12:00:00+00:00"})

    rows = ask("retention", events)
    assert [(row["cohort"], row["offset"], row["visitors"]) for row in rows] == [
        ("2026-W53", 0, 1),
        ("2026-W53", 1, 1),
    ]


def test_a_cohort_is_followed_for_thirty_days(ask: Ask, make_events: MakeEvents) -> None:
    rows = ask("retention-days", make_events(on(0), on(30), on(31)))

    assert [row["offset"] for row in rows if row["cohort"] == date(2026, 3, 2)] == list(range(31))


def test_who_came_before_the_range_is_in_no_cohort_not_even_that_of_the_same_week(
    make_events: MakeEvents,
) -> None:
    events = make_events(on(0), on(3), on(3, "b"), on(8), on(8, "b"))
    scope = Scope(first_on=date(2026, 3, 4), last_on=date(2026, 3, 15))
    facts = Facts(events, View().rule, scope, lookback_days=7)

    rows = CATALOGUE["retention"].build(facts, View()).collect()
    assert rows.select("cohort", "offset", "visitors").rows() == [("2026-W10", 0, 1), ("2026-W10", 1, 1)]


COMING = st.lists(st.tuples(st.sampled_from("vwxy"), st.integers(0, 60 * 24)), min_size=1, max_size=20)


@settings(max_examples=100, deadline=None)
@given(coming=COMING)
def test_columns_and_visitors_one_by_one_agree(coming: list[tuple[str, int]]) -> None:
    moments = [(visitor, MONDAY + timedelta(hours=hours)) for visitor, hours in coming]
    first = {visitor: min(at for who, at in moments if who == visitor) for visitor, _ in moments}
    # Within half an hour it would be one visit; hours are further apart than that.
    last = max(at.date() for _, at in moments)
    expected = {}
    for cohort in {at.date() for at in first.values()}:
        members = [visitor for visitor, at in first.items() if at.date() == cohort]
        for offset in range(min((last - cohort).days, 30) + 1):
            day = cohort + timedelta(days=offset)
            came = {who for who, at in moments if who in members and at.date() == day}
            expected[cohort, offset] = (len(came), len(members))

    rows = [
        {"site": "a.example", "time": at, "visitor": who, "kind": "pageview", "path": "/"}
        for who, at in moments
    ]
    answer = build(CATALOGUE["retention-days"], frame_of(rows).lazy(), View())
    figures = answer.select("cohort", "offset", "visitors", "cohort_visitors").rows()
    assert {row[:2]: row[2:] for row in figures} == expected
    assert (
        answer["share"].to_list()
        == pl.Series([a / b for a, b in (row[2:] for row in figures)]).round(6).to_list()
    )
