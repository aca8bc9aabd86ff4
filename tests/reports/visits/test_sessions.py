from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from footfall.event import SCHEMA, conform
from reports.scope import Scope
from reports.visits import PROFILES, Facts, VisitRule
from tests.reports.conftest import MakeEvents

FOOTFALL = PROFILES["footfall"]
BY_SESSION = replace(FOOTFALL, by_session=True)
START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def after(seconds: float, **fields: Any) -> dict[str, Any]:
    return {"at": (START + timedelta(seconds=seconds)).isoformat()} | fields


def sizes(events: pl.LazyFrame, rule: VisitRule = FOOTFALL, scope: Scope | None = None) -> list[int]:
    return Facts(events, rule, scope or Scope()).visits.collect()["hits"].to_list()


@pytest.mark.parametrize(
    ("gap", "closes", "expected"),
    [(1799, False, 1), (1800, False, 1), (1801, False, 2), (1799, True, 1), (1800, True, 2)],
)
def test_the_boundary_of_inactivity_is_exact(
    make_events: MakeEvents, gap: int, closes: bool, expected: int
) -> None:
    events = make_events(after(0), after(gap))

    assert len(sizes(events, replace(FOOTFALL, gap_closes=closes))) == expected


def test_inactivity_is_counted_from_the_last_hit_not_the_first(make_events: MakeEvents) -> None:
    assert sizes(make_events(after(0), after(1700), after(3400))) == [3]


def test_midnight_is_that_of_the_time_zone(make_events: MakeEvents) -> None:
    # 23:50 and 00:10 in Berlin, where summer time has not begun.
    events = make_events({"at": "2026-03-01T22:50:00+00:00"}, {"at": "2026-03-01T23:10:00+00:00"})
    cut = replace(FOOTFALL, at_midnight=True)

    assert sizes(events, cut) == [2]
    assert sizes(events, cut, Scope(time_zone="Europe/Berlin")) == [1, 1]
    assert sizes(events, FOOTFALL, Scope(time_zone="Europe/Berlin")) == [2]


@pytest.mark.parametrize(
    ("campaigns", "expected"),
    [
        (("a", "a"), [2]),
        (("a", "b"), [1, 1]),
        ((None, "a"), [1, 1]),
        (("a", None), [2]),
        (("a", None, "a"), [3]),
        (("a", None, "b"), [2, 1]),
    ],
)
def test_another_campaign_begins_a_visit_where_the_rule_says_so(
    make_events: MakeEvents, campaigns: Sequence[str | None], expected: list[int]
) -> None:
    events = make_events(*(after(place, campaign=name) for place, name in enumerate(campaigns)))

    assert sizes(events, replace(FOOTFALL, at_campaign=True)) == expected
    assert sizes(events) == [len(campaigns)]


@pytest.mark.parametrize(
    ("sessions", "gap", "expected"),
    [
        (("s", "t"), 1, [1, 1]),
        (("s", "s"), 7200, [2]),
        (("s", None), 1, [2]),
        (("s", None), 7200, [1, 1]),
        ((None, "s"), 1, [2]),
        (("s", None, "t"), 1, [2, 1]),
    ],
)
def test_the_clients_own_session_ends_and_holds_together_visits(
    make_events: MakeEvents, sessions: Sequence[str | None], gap: int, expected: list[int]
) -> None:
    events = make_events(*(after(place * gap, session=name) for place, name in enumerate(sessions)))

    assert sizes(events, BY_SESSION) == expected


def test_one_visitors_session_says_nothing_of_the_next_visitor(make_events: MakeEvents) -> None:
    events = make_events(
        after(0, visitor="a", session="s"), after(1, visitor="b"), after(2, visitor="b", session="t")
    )

    assert sorted(sizes(events, BY_SESSION)) == [1, 2]


def test_visitors_of_two_sites_are_two(make_events: MakeEvents) -> None:
    assert sizes(make_events(after(0), after(1, site="example.net"))) == [1, 1]


def test_a_visit_ends_after_so_many_hits(make_events: MakeEvents) -> None:
    events = make_events(*(after(place) for place in range(7)))

    assert sizes(events, replace(FOOTFALL, most_hits=3)) == [3, 3, 1]


def test_files_pings_and_bots_are_no_visits_but_pings_lengthen_one(make_events: MakeEvents) -> None:
    events = make_events(
        after(0),
        after(10, path="/style.css"),
        after(20, kind="ping"),
        after(30, visitor="b", path="/a.png"),
        after(40, visitor="c", kind="ping"),
        after(50, visitor="d", bot="Googlebot"),
    )
    [visit] = Facts(events, FOOTFALL).visits.collect().to_dicts()

    assert (visit["visitor"], visit["page_views"], visit["duration_seconds"]) == ("a", 1, 20.0)


def test_the_edges_of_the_range_cut_and_what_came_before_is_remembered(make_events: MakeEvents) -> None:
    events = make_events(
        {"at": "2026-03-01T23:59:00+00:00"},
        {"at": "2026-03-02T00:01:00+00:00"},
        {"at": "2026-03-02T23:59:59+00:00"},
        {"at": "2026-03-03T00:00:00+00:00"},
    )
    scope = Scope(first_on=date(2026, 3, 2), last_on=date(2026, 3, 2))
    visits = Facts(events, FOOTFALL, scope, lookback_days=1).visits.collect()

    assert visits["hits"].to_list() == [1, 1]
    assert visits["is_new"].to_list() == [False, False]
    assert visits["visit_number"].to_list() == [2, 3]
    assert Facts(events, FOOTFALL, scope).visits.collect()["is_new"].to_list() == [True, False]


def test_events_of_one_moment_keep_the_order_of_their_log(make_events: MakeEvents) -> None:
    events = make_events(*(after(0, path=path, offset=offset) for path, offset in (("/b", 200), ("/a", 100))))
    [visit] = Facts(events, FOOTFALL).visits.collect().to_dicts()

    assert (visit["entry_page"], visit["exit_page"]) == ("/a", "/b")


def without_codes(visits: pl.DataFrame) -> pl.DataFrame:
    """The columns that mean something beyond their partition."""
    return visits.drop("visit", "visitor_code", strict=False)


EVENT = st.fixed_dictionaries(
    {
        "time": st.integers(0, 20_000).map(lambda seconds: START + timedelta(seconds=seconds)),
        "visitor": st.sampled_from(["a", "b", "c", None]),
        "path": st.sampled_from(["/", "/a", "/a.css"]),
        "session": st.sampled_from(["s", "t", None]),
        "campaign": st.sampled_from(["x", "y", None]),
        "kind": st.sampled_from(["request", "pageview", "event", "ping"]),
        "bot": st.sampled_from(["Googlebot", None, None]),
    }
)


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(EVENT, max_size=25), name=st.sampled_from(sorted(PROFILES)), data=st.data())
def test_visits_partition_the_hits_and_do_not_depend_on_order(
    rows: list[dict[str, Any]], name: str, data: st.DataObject
) -> None:
    keyed = [
        row | {"site": "s", "source_id": "0" * 16, "offset": place, "shard": 0}
        for place, row in enumerate(rows)
    ]
    frame = conform(
        pl.DataFrame(
            keyed, schema=None if rows else SCHEMA, schema_overrides=SCHEMA, infer_schema_length=None
        )
    )
    shuffled = frame[data.draw(st.permutations(range(frame.height)))] if rows else frame
    rule = PROFILES[name]
    facts = Facts(frame.lazy(), rule)
    visits, hits = facts.visits.collect(), facts.hits.collect()

    assert visits["hits"].sum() == hits.height
    assert visits["page_views"].sum() == hits["is_page"].sum()
    assert sorted(hits["visit"].unique().to_list()) == list(range(visits.height))
    assert (visits["duration_seconds"] >= 0).all()
    order = ["site", "visitor", "started_at", "visit_number"]
    again = Facts(shuffled.lazy(), rule).visits.collect()
    assert_frame_equal(without_codes(visits).sort(order), without_codes(again).sort(order))
