from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest

from reports.catalogue import CATALOGUE
from tests.reports.conftest import Ask, MakeEvents

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
HABITS = ("visit-depth", "visit-duration", "frequency", "recency", "loyalty")


def after(seconds: float, visitor: str = "a", **fields: Any) -> dict[str, Any]:
    return {"at": (START + timedelta(seconds=seconds)).isoformat(), "visitor": visitor} | fields


def filled(rows: list[dict[str, Any]]) -> dict[str, int]:
    """The ranges with something in them."""
    return {range_: count for range_, count, *_ in (row.values() for row in rows) if count}


@pytest.mark.parametrize("name", HABITS)
def test_every_range_has_a_row_in_order_when_anybody_came(
    ask: Ask, make_events: MakeEvents, name: str
) -> None:
    rows = ask(name, make_events(after(0)))

    assert len(rows) >= 7
    assert [row["share"] for row in rows].count(1.0) == 1
    assert sum(row["visits"] for row in rows) == sum(row["visitors"] for row in rows) == 1
    assert [next(iter(row.values())) for row in rows] == [
        next(iter(row.values()))
        for row in ask(name, make_events(after(0), after(9), after(9000), after(0, "b")))
    ]


@pytest.mark.parametrize(
    ("pages", "expected"),
    [(1, "1"), (2, "2"), (3, "3 to 5"), (5, "3 to 5"), (6, "6 to 10"), (20, "11 to 20"), (21, "21+")],
)
def test_depth(ask: Ask, make_events: MakeEvents, pages: int, expected: str) -> None:
    assert filled(ask("visit-depth", make_events(*(after(9 * page) for page in range(pages))))) == {
        expected: 1
    }


def test_a_visit_without_pages_has_a_range_of_its_own(ask: Ask, make_events: MakeEvents) -> None:
    assert filled(ask("visit-depth", make_events(after(0, kind="event")))) == {"0": 1}


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0 to 30 s"),
        (30, "0 to 30 s"),
        (31, "30 s to 2 min"),
        (120, "30 s to 2 min"),
        (300, "2 to 5 min"),
        (900, "5 to 15 min"),
        (1800, "15 to 30 min"),
        (3600, "30 to 60 min"),
        (3601, "1 h+"),
    ],
)
def test_duration(ask: Ask, make_events: MakeEvents, seconds: int, expected: str) -> None:
    between = range(0, seconds, 1500)
    assert filled(ask("visit-duration", make_events(*map(after, between), after(seconds)))) == {expected: 1}


def test_frequency_counts_visitors_by_their_visits(ask: Ask, make_events: MakeEvents) -> None:
    events = make_events(*(after(9000 * visit) for visit in range(4)), after(0, "b"), after(0, "c"))

    rows = {row["visits_made"]: row for row in ask("frequency", events)}
    assert (rows["1"]["visitors"], rows["1"]["visits"], rows["1"]["share"]) == (2, 2, 0.666667)
    assert (rows["3 to 5"]["visitors"], rows["3 to 5"]["visits"]) == (1, 4)


def test_recency_counts_visits_by_days_since_the_one_before(ask: Ask, make_events: MakeEvents) -> None:
    day = 86_400
    events = make_events(
        after(0), after(9000), after(day), after(4 * day), after(11 * day), after(19 * day), after(200 * day)
    )

    assert filled(ask("recency", events)) == {
        "first visit": 1,
        "same day": 1,
        "1": 1,
        "3 to 7": 2,
        "8 to 14": 1,
        "121+": 1,
    }


def test_loyalty_counts_visits_by_their_number(ask: Ask, make_events: MakeEvents) -> None:
    events = make_events(*(after(9000 * visit) for visit in range(7)), after(0, "b"))

    assert filled(ask("loyalty", events)) == {"1": 2, "2": 1, "3 to 5": 3, "6 to 10": 2}


@pytest.mark.parametrize("name", HABITS)
def test_ranges_are_called_what_no_spreadsheet_takes_for_a_day(
    name: str, ask: Ask, make_events: MakeEvents
) -> None:
    labels = [next(iter(row.values())) for row in ask(name, make_events(after(0)))]

    assert CATALOGUE[name].columns[0].unit == "text"
    assert not [label for label in labels if "-" in label or "/" in label]


@pytest.mark.parametrize("name", HABITS)
def test_ranges_of_the_real_log_hold_every_visit_and_visitor_there_is(
    ask: Ask, real_events: pl.LazyFrame, name: str
) -> None:
    [whole] = ask("summary", real_events)
    rows = ask(name, real_events)

    assert sum(row["visits"] for row in rows) == whole["visits"]
    if name == "frequency":
        assert sum(row["visitors"] for row in rows) == whole["visitors"]
