from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from reports.visits import PROFILES, Facts
from tests.reports.conftest import MakeEvents

FOOTFALL = PROFILES["footfall"]
START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def after(seconds: float, **fields: Any) -> dict[str, Any]:
    return {"at": (START + timedelta(seconds=seconds)).isoformat()} | fields


def visits(events: pl.LazyFrame, **changes: Any) -> list[dict[str, Any]]:
    return Facts(events, replace(FOOTFALL, **changes)).visits.collect().to_dicts()


def test_a_visit_begins_and_ends_with_its_first_and_last_page(make_events: MakeEvents) -> None:
    [visit] = visits(
        make_events(
            after(0, path="/in", title="In", kind="pageview"),
            after(5, path="/middle"),
            after(9, path="/out", title="Out", kind="pageview"),
            after(12, kind="event", path="/out", event_action="play"),
        )
    )

    assert (visit["entry_page"], visit["entry_title"], visit["exit_page"], visit["exit_title"]) == (
        "/in",
        "In",
        "/out",
        "Out",
    )
    assert (visit["hits"], visit["page_views"], visit["actions"], visit["duration_seconds"]) == (
        4,
        3,
        1,
        12.0,
    )


@pytest.mark.parametrize(
    ("bounce", "rows", "expected"),
    [
        ("one-page", [after(0)], True),
        ("one-page", [after(0), after(0)], False),
        ("one-page", [after(0), after(3, kind="event")], False),
        ("one-page", [after(0), after(3, kind="ping")], True),
        ("one-action", [after(0)], True),
        ("one-action", [after(0), after(3)], False),
        ("same-second", [after(0), after(0.4)], True),
        ("same-second", [after(0), after(1)], False),
    ],
)
def test_bounces(make_events: MakeEvents, bounce: str, rows: list[dict[str, Any]], expected: bool) -> None:
    [visit] = visits(make_events(*rows), bounce=bounce)

    assert visit["bounced"] is expected


@pytest.mark.parametrize(
    ("rows", "expected"), [([after(0)], 0.0), ([after(0), after(0)], 1.0), ([after(0), after(9)], 10.0)]
)
def test_matomos_duration_is_a_second_more_for_more_than_one_hit(
    make_events: MakeEvents, rows: list[dict[str, Any]], expected: float
) -> None:
    [visit] = visits(make_events(*rows), duration="span-plus-one")

    assert visit["duration_seconds"] == expected


def test_where_a_visit_came_from_is_said_by_its_first_hit(make_events: MakeEvents) -> None:
    first, again = visits(
        make_events(
            after(0, medium="search", source="Google", referrer="https://google.example/"),
            after(5, medium="mail", source="letter"),
            after(9000, medium="internal", source="example.org"),
        )
    )

    assert (first["medium"], first["source"], first["referrer"]) == (
        "search",
        "Google",
        "https://google.example/",
    )
    assert (again["medium"], again["source"]) == ("direct", None)
    assert (again["first_medium"], again["first_source"]) == ("search", "Google")


def test_who_the_client_is_is_said_by_the_first_hit_that_knows(make_events: MakeEvents) -> None:
    [visit] = visits(
        make_events(after(0, browser=None), after(1, browser="Firefox"), after(2, browser="Chrome"))
    )

    assert visit["browser"] == "Firefox"


def test_visits_are_numbered_and_know_the_one_before(make_events: MakeEvents) -> None:
    first, second = visits(make_events(after(0), after(60), after(86_400)))

    assert (first["visit_number"], first["is_new"], first["since_prior_seconds"]) == (1, True, None)
    assert (second["visit_number"], second["is_new"], second["since_prior_seconds"]) == (2, False, 86_340.0)
    assert (second["days_since_prior"], second["days_since_first"]) == (1, 1)


def test_an_order_told_of_twice_is_one_order_with_its_items(make_events: MakeEvents) -> None:
    items = '[{"sku":"x","price":2.5,"quantity":2},{"sku":"y","name":"Y","price":"1.25"}]'
    [visit] = visits(
        make_events(
            after(0),
            after(1, kind="transaction", order="1", revenue=Decimal("7.5"), tax=Decimal("1"), items=items),
            after(2, kind="transaction", order=None, revenue=Decimal("2.5")),
            after(3, kind="cart", items='[{"sku":"z","price":100}]'),
        )
    )

    assert (visit["orders"], visit["revenue"], visit["tax"]) == (2, Decimal("10"), Decimal("1"))
    assert (visit["item_quantity"], visit["item_revenue"], visit["distinct_items"]) == (
        3.0,
        Decimal("6.25"),
        2,
    )


@pytest.mark.parametrize(
    "items", ["", "null", "{}", "[1]", '[{"price":{}}]', "[[]]", '[{"price":1e300}]', "\x00"]
)
def test_items_that_are_none_cost_no_report(make_events: MakeEvents, items: str) -> None:
    good = '[{"sku":"x","price":2}]'
    [visit] = visits(
        make_events(after(0, kind="transaction", items=items), after(1, kind="transaction", items=good))
    )

    assert (visit["orders"], visit["item_revenue"]) == (2, Decimal("2"))
