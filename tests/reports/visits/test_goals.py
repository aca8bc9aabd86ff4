from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from reports.scope import Scope
from reports.visits import PROFILES, Facts
from reports.visits.goals import Goal
from reports.visits.matching import Matcher
from tests.reports.conftest import MakeEvents

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
FIGURES = ("goals", "goal_starts", "goal_abandons", "goal_value")


def after(seconds: float, path: str = "/", **fields: Any) -> dict[str, Any]:
    return {"at": (START + timedelta(seconds=seconds)).isoformat(), "path": path} | fields


def on(path: str) -> Matcher:
    return Matcher(path, pl.col("path") == path, {"path": pl.col("path")})


def figures(events: pl.LazyFrame, *goals: Goal, scope: Scope | None = None) -> list[tuple[Any, ...]]:
    facts = Facts(events, PROFILES["footfall"], scope or Scope(), 7, goals)
    return facts.visits.sort("started_at").select(FIGURES).collect().rows()


THANKS = Goal("thanks", on("/thanks"), on("/cart"), 5.0)


@pytest.mark.parametrize(
    ("rows", "goal", "expected"),
    [
        pytest.param([after(0)], THANKS, (0, 0, 0, 0.0), id="neither"),
        pytest.param([after(0, "/thanks")], THANKS, (1, 0, 0, 5.0), id="reached, not set out for"),
        pytest.param([after(0, "/cart"), after(1, "/thanks")], THANKS, (1, 1, 0, 5.0), id="reached"),
        pytest.param([after(0, "/cart"), after(1, "/cart")], THANKS, (0, 1, 1, 0.0), id="abandoned"),
        pytest.param([after(0, "/thanks"), after(1, "/thanks")], THANKS, (1, 0, 0, 5.0), id="once a visit"),
        pytest.param(
            [after(0, "/thanks"), after(1, "/thanks")], replace(THANKS, is_once=False), (2, 0, 0, 10.0), id="each time"
        ),
        pytest.param(
            [after(0, "/thanks", event_value=2.5), after(1, "/thanks", event_value=4.0)],
            replace(THANKS, value="event_value"),
            (1, 0, 0, 2.5),
            id="value of the first",
        ),
        pytest.param(
            [after(0, "/thanks", revenue=Decimal("2.5")), after(1, "/thanks"), after(2, "/thanks", revenue=Decimal(4))],
            replace(THANKS, value="revenue", is_once=False),
            (3, 0, 0, 6.5),
            id="value of all",
        ),
        pytest.param(
            [after(0, "/thanks", event_value=float("inf"))],
            replace(THANKS, value="event_value"),
            (1, 0, 0, 0.0),
            id="endless is nothing",
        ),
    ],
)  # fmt: skip
def test_what_a_visit_did_of_a_goal(
    make_events: MakeEvents, rows: list[dict[str, Any]], goal: Goal, expected: tuple[Any, ...]
) -> None:
    assert figures(make_events(*rows), goal) == [expected]


def test_there_may_be_any_number_of_goals_and_the_last_counts(make_events: MakeEvents) -> None:
    # OWA has fifteen, and its loop never comes to the fifteenth.
    goals = [Goal(f"g{number}", on(f"/{number}"), value=float(number)) for number in range(40)]

    assert figures(make_events(after(0, "/14"), after(1, "/39")), *goals) == [(2, 0, 0, 53.0)]


def test_one_goal_reached_does_not_hide_that_another_was_abandoned(make_events: MakeEvents) -> None:
    events = make_events(after(0, "/cart"), after(1, "/welcome"))

    assert figures(events, THANKS, Goal("welcome", on("/welcome"))) == [(1, 1, 1, 0.0)]


def test_each_visit_has_goals_of_its_own(make_events: MakeEvents) -> None:
    events = make_events(
        after(0, "/cart"), after(3600, "/thanks"), after(5400, "/thanks"), after(9000, "/thanks")
    )

    assert figures(events, THANKS) == [(0, 1, 1, 0.0), (1, 0, 0, 5.0), (1, 0, 0, 5.0)]


def test_what_was_reached_before_the_range_counts_nowhere(make_events: MakeEvents) -> None:
    events = make_events(after(0, "/thanks"), after(86_400))
    scope = Scope(first_on=date(2026, 3, 2), last_on=date(2026, 3, 2))

    assert figures(events, THANKS, scope=scope) == [(0, 0, 0, 0.0)]


def test_a_hit_can_be_matched_by_its_visit(make_events: MakeEvents) -> None:
    german = Matcher("DE", pl.col("land") == "DE", of_visit={"land": pl.col("country")})
    events = make_events(after(0, country="DE"), after(1), after(0, country="FR", visitor="b"))

    assert sorted(figures(events, Goal("g", german, is_once=False))) == [(0, 0, 0, 0.0), (2, 0, 0, 0.0)]
