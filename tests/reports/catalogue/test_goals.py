from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from reports.catalogue import CATALOGUE, View
from reports.partials.contribution import combine, contribute, finish
from reports.visits import Facts
from reports.visits.funnels import Funnel, Step
from reports.visits.goals import Goal
from reports.visits.matching import Matcher
from tests.reports.catalogue.test_catalogue import EVENT, frame_of
from tests.reports.conftest import Ask, MakeEvents

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def on(path: str) -> Matcher:
    return Matcher(path, pl.col("path") == path, {"path": pl.col("path")})


def after(seconds: float, path: str, visitor: str = "a", **fields: Any) -> dict[str, Any]:
    return {"at": (START + timedelta(seconds=seconds)).isoformat(), "path": path, "visitor": visitor} | fields


VIEW = View(
    goals=(Goal("thanks", on("/thanks"), on("/cart"), 5.0), Goal("never", on("/never"))),
    funnels=(
        Funnel("buy", (Step("Cart", on("/cart")), Step("Thanks", on("/thanks")))),
        Funnel("come-back", (Step("Home", on("/")), Step("Cart", on("/cart"))), "visitor", 7200),
    ),
)


def test_goals_has_a_row_for_each_goal_in_their_order(ask: Ask, make_events: MakeEvents) -> None:
    events = make_events(
        after(0, "/cart"),
        after(9, "/thanks"),
        after(4000, "/thanks"),
        after(0, "/cart", "b"),
        after(0, "/", "c"),
    )

    assert ask("goals", events, VIEW) == [
        {
            "goal": "thanks",
            "completions": 2,
            "visits": 2,
            "visitors": 1,
            "all_visits": 4,
            "conversion_rate": 0.5,
            "starts": 2,
            "abandons": 1,
            "abandon_rate": 0.5,
            "value": 10.0,
            "reached_by": "/thanks",
        },
        {
            "goal": "never",
            "completions": 0,
            "visits": 0,
            "visitors": 0,
            "all_visits": 4,
            "conversion_rate": 0.0,
            "starts": 0,
            "abandons": 0,
            "abandon_rate": None,
            "value": 0.0,
            "reached_by": "/never",
        },
    ]


def test_without_events_every_goal_is_there_and_was_never_reached(ask: Ask, make_events: MakeEvents) -> None:
    rows = ask("goals", make_events(), VIEW)

    assert [(row["goal"], row["completions"], row["all_visits"]) for row in rows] == [
        ("thanks", 0, 0),
        ("never", 0, 0),
    ]


def test_goal_sources_divides_by_the_visits_from_there(ask: Ask, make_events: MakeEvents) -> None:
    search = {"medium": "search", "source": "Google"}
    events = make_events(
        after(0, "/", **search),
        after(9, "/thanks", **search),
        after(0, "/", "b", **search),
        after(0, "/thanks", "c"),
        after(0, "/", "d", medium="social"),
    )

    rows = ask("goal-sources", events, VIEW)
    assert [(row["medium"], row["source"], row["visits"], row["all_visits"]) for row in rows] == [
        ("search", "Google", 1, 2),
        (None, None, 1, 1),
    ]
    assert [row["conversion_rate"] for row in rows] == [0.5, 1.0]


def test_metrics_of_goals_are_those_of_the_definitions(ask: Ask, make_events: MakeEvents) -> None:
    [plain], [with_goals] = (
        Facts(make_events(after(0, "/cart")), VIEW.rule, goals=goals).visits.collect().to_dicts()
        for goals in ((), VIEW.goals)
    )

    assert (plain["goal_starts"], with_goals["goal_starts"], with_goals["goal_abandons"]) == (0, 1, 1)


def test_funnels_tells_of_each_step_how_many_took_it_and_how_long_they_needed(
    ask: Ask, make_events: MakeEvents
) -> None:
    events = make_events(
        after(0, "/cart"),
        after(10, "/thanks"),
        after(4000, "/cart"),
        after(4030, "/thanks"),
        after(0, "/cart", "b"),
        after(60, "/thanks", "b"),
        after(0, "/thanks", "c"),
        after(5, "/cart", "c"),
    )

    rows = [row for row in ask("funnels", events, VIEW) if row["funnel"] == "buy"]
    assert rows == [
        {
            "funnel": "buy",
            "step": 1,
            "called": "Cart",
            "scope": "visits",
            "reached": 4,
            "visitors": 3,
            "of_step_before": None,
            "of_first_step": 1.0,
            "lost": None,
            "drop_off": None,
            "median_seconds": None,
        },
        {
            "funnel": "buy",
            "step": 2,
            "called": "Thanks",
            "scope": "visits",
            "reached": 3,
            "visitors": 2,
            "of_step_before": 0.75,
            "of_first_step": 0.75,
            "lost": 1,
            "drop_off": 0.25,
            "median_seconds": 30.0,
        },
    ]


@pytest.mark.parametrize(("seconds", "expected"), [(7200, 1), (7201, 0)])
def test_a_visitor_goes_through_a_funnel_in_several_visits(
    ask: Ask, make_events: MakeEvents, seconds: int, expected: int
) -> None:
    rows = ask("funnels", make_events(after(0, "/"), after(seconds, "/cart")), VIEW)

    assert [(row["reached"], row["scope"]) for row in rows if row["funnel"] == "come-back"] == [
        (1, "visitors"),
        (expected, "visitors"),
    ]


def test_without_events_every_step_is_there_and_nobody_took_it(ask: Ask, make_events: MakeEvents) -> None:
    rows = ask("funnels", make_events(), VIEW)

    assert [(row["reached"], row["of_first_step"], row["drop_off"]) for row in rows] == [(0, None, None)] * 4


AB = View(
    goals=(Goal("a", on("/a"), on("/"), "revenue"), Goal("b", on("/"), value=1.5, is_once=False)),
    funnels=(
        Funnel("f", (Step("1", on("/")), Step("2", on("/a")))),
        Funnel("g", (Step("1", on("/a")), Step("2", on("/a")), Step("3", on("/"))), "visitor", 86_400, True),
    ),
)


@settings(max_examples=30, deadline=None)
@given(rows=st.lists(EVENT, max_size=30), data=st.data())
def test_order_and_partitioning_of_events_change_nothing(
    rows: list[dict[str, Any]], data: st.DataObject
) -> None:
    names = ("goals", "goal-sources", "funnels")
    reports, frame = tuple(CATALOGUE[name] for name in names), frame_of(rows)
    shuffled = frame[data.draw(st.permutations(range(frame.height)))] if rows else frame
    whole = contribute(Facts(frame.lazy(), AB.rule, goals=AB.goals), reports, AB)
    parts = [
        contribute(
            Facts(
                shuffled.filter(pl.col("visitor").is_in(who, nulls_equal=True)).lazy(),
                AB.rule,
                goals=AB.goals,
            ),
            reports,
            AB,
        )
        for who in (["v"], ["w"], ["x", None])
    ]

    for one, other in zip(finish(combine(parts), reports, AB), finish(whole, reports, AB), strict=True):
        assert_frame_equal(one, other)
