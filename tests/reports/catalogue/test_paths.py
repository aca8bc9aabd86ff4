from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import groupby, pairwise
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.catalogue import CATALOGUE, View
from tests.reports.catalogue.test_catalogue import frame_of
from tests.reports.conftest import Ask, MakeEvents, build

START = datetime(2026, 3, 1, 23, 59, tzinfo=UTC)


def way(paths: str, visitor: str = "a", begins: int = 0) -> list[dict[str, Any]]:
    return [
        {
            "at": (START + timedelta(seconds=begins + 20 * place)).isoformat(),
            "path": f"/{path}",
            "visitor": visitor,
        }
        for place, path in enumerate(paths)
    ]


def test_transitions_share_what_followed_a_page_with_the_end_of_the_visit(
    ask: Ask, make_events: MakeEvents
) -> None:
    events = make_events(*way("abac"), *way("ab", "b"))

    assert [tuple(row.values()) for row in ask("transitions", events)] == [
        ("/a", "/b", 2, 0.666667),
        ("/a", "/c", 1, 0.333333),
        ("/b", "/a", 1, 0.5),
        ("/b", None, 1, 0.5),
        ("/c", None, 1, 1.0),
    ]


def test_a_page_loaded_again_leads_nowhere(ask: Ask, make_events: MakeEvents) -> None:
    assert [tuple(row.values())[:3] for row in ask("transitions", make_events(*way("aab")))] == [
        ("/a", "/b", 1),
        ("/b", None, 1),
    ]


def test_no_transition_goes_over_the_end_of_a_visit(ask: Ask, make_events: MakeEvents) -> None:
    events = make_events(*way("a"), *way("b", begins=1801), *way("c", "b"))

    assert [row["next_page"] for row in ask("transitions", events)] == [None, None, None]


def test_what_is_done_on_a_page_and_fetched_for_it_comes_not_between(
    ask: Ask, make_events: MakeEvents
) -> None:
    rows = way("axyb")
    rows[1] |= {"kind": "event"}
    rows[2] |= {"path": "/y.css"}

    assert [row["next_page"] for row in ask("transitions", make_events(*rows))] == ["/b", None]


def test_paths_are_the_first_three_four_and_five_pages(ask: Ask, make_events: MakeEvents) -> None:
    events = make_events(*way("aabcdef"), *way("abc", "b"), *way("ab", "c"), *way("abd", "d"))

    assert [tuple(row.values()) for row in ask("paths", events)] == [
        ("/a → /b → /c", 3, 2, 0.666667),
        ("/a → /b → /d", 3, 1, 0.333333),
        ("/a → /b → /c → /d", 4, 1, 1.0),
        ("/a → /b → /c → /d → /e", 5, 1, 1.0),
    ]


def timed(row: dict[str, Any]) -> dict[str, Any]:
    """A page view of a row of `way`."""
    at = datetime.fromisoformat(row["at"])
    return {
        "site": "a.example",
        "time": at,
        "kind": "pageview",
        "visitor": row["visitor"],
        "path": row["path"],
    }


WAYS = st.lists(
    st.tuples(st.sampled_from("vwxy"), st.text("abc", min_size=1, max_size=7)),
    max_size=5,
    unique_by=lambda one: one[0],
)


@settings(max_examples=60, deadline=None)
@given(ways=WAYS)
def test_columns_and_visits_one_by_one_agree(ways: list[tuple[str, str]]) -> None:
    steps: Counter[tuple[str | None, str | None]] = Counter()
    begun: Counter[str] = Counter()
    for _, pages in ways:
        seen: list[str | None] = [f"/{path}" for path, _ in groupby(pages)]
        steps.update(pairwise([*seen, None]))
        begun.update(" → ".join(filter(None, seen[:length])) for length in (3, 4, 5) if length <= len(seen))

    rows = [row for visitor, pages in ways for row in way(pages, visitor)]
    events = frame_of([timed(row) for row in rows]).lazy()
    transitions, paths = (build(CATALOGUE[name], events, View()) for name in ("transitions", "paths"))
    assert {row[:2]: row[2] for row in transitions.rows()} == steps
    assert dict(paths.select("path", "visits").rows()) == begun


def test_every_visit_of_the_real_log_with_a_page_ends_on_one(ask: Ask, real_events: pl.LazyFrame) -> None:
    ends = sum(row["count"] for row in ask("transitions", real_events) if row["next_page"] is None)
    depths = {row["page_views"]: row["visits"] for row in ask("visit-depth", real_events)}

    assert ends == sum(depths.values()) - depths["0"]
