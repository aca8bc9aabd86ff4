from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.event import SCHEMA, conform
from reports.visits import PROFILES, Facts
from reports.visits.funnels import Funnel, Scope, Step, walked
from reports.visits.matching import Matcher

START = datetime(2026, 3, 1, 23, 50, tzinfo=UTC)
Hit = tuple[str, int, str]
"""Visitor, seconds after `START`, path; a path that begins with ! is that of an action."""


def step(*paths: str) -> Step:
    met = pl.col("path").is_in([path.removeprefix("!") for path in paths])
    return Step("/".join(paths), Matcher(f"{paths}", met, {"path": pl.col("path")}))


def events(hits: Sequence[Hit]) -> pl.LazyFrame:
    rows: list[dict[str, Any]] = [
        {
            "site": "example.org",
            "time": START + timedelta(seconds=seconds),
            "shard": 0,
            "source_id": "0" * 16,
            "offset": place,
            "kind": "event" if path.startswith("!") else "pageview",
            "path": path.removeprefix("!"),
            "visitor": visitor,
        }
        for place, (visitor, seconds, path) in enumerate(hits)
    ]
    return conform(
        pl.DataFrame(rows, schema_overrides=SCHEMA) if rows else pl.DataFrame(schema=SCHEMA)
    ).lazy()


def taken(hits: Sequence[Hit], funnel: Funnel) -> list[tuple[int, float | None]]:
    """The steps taken, with the seconds since the step before."""
    facts = Facts(events(hits), PROFILES["footfall"])
    rows = walked(facts.hits, facts.visits, funnel).sort("step", "waited_ms").to_dicts()
    return [(row["step"], None if row["waited_ms"] is None else row["waited_ms"] / 1000) for row in rows]


def funnel(*paths: str, scope: Scope = "visit", window: int | None = None, strict: bool = False) -> Funnel:
    return Funnel("f", tuple(step(path) for path in paths), scope, window, strict)


ABC = funnel("a", "b", "c")


@pytest.mark.parametrize(
    ("hits", "of", "expected"),
    [
        pytest.param([("v", 0, "a"), ("v", 5, "b"), ("v", 9, "c")], ABC, [(1, None), (2, 5), (3, 4)], id="all"),
        pytest.param([("v", 0, "c"), ("v", 5, "b"), ("v", 9, "a")], ABC, [(1, None)], id="wrong order"),
        pytest.param([("v", 0, "b"), ("v", 5, "c")], ABC, [], id="never begun"),
        pytest.param([("v", 0, "a"), ("v", 5, "c")], ABC, [(1, None)], id="a step left out"),
        pytest.param([("v", 0, "a"), ("v", 5, "x"), ("v", 9, "b")], ABC, [(1, None), (2, 9)], id="others between"),
        pytest.param([("v", 9, "b"), ("v", 0, "a")], ABC, [(1, None), (2, 9)], id="events out of order"),
        pytest.param([("v", 0, "a"), ("w", 5, "b")], ABC, [(1, None)], id="two visitors"),
        pytest.param([("v", 0, "a"), ("w", 5, "a")], ABC, [(1, None), (1, None)], id="both begin"),
        pytest.param([("v", 0, "a"), ("v", 0, "b")], ABC, [(1, None), (2, 0)], id="in one moment, as logged"),
        pytest.param([("v", 0, "b"), ("v", 0, "a")], ABC, [(1, None)], id="in one moment, logged otherwise"),
        pytest.param([("v", 0, "a"), ("v", 1200, "b")], ABC, [(1, None), (2, 1200)], id="over midnight"),
        pytest.param([("v", 0, "a"), ("v", 1801, "b")], ABC, [(1, None)], id="in two visits"),
        pytest.param(
            [("v", 0, "a"), ("v", 9000, "b")], funnel("a", "b", scope="visitor"), [(1, None), (2, 9000)],
            id="in two visits of a visitor",
        ),
        pytest.param([("v", 0, "a"), ("v", 9000, "a")], ABC, [(1, None), (1, None)], id="two visits begin"),
        pytest.param(
            [("v", 0, "a"), ("v", 9000, "a")], funnel("a", "b", scope="visitor"), [(1, None)], id="one visitor begins"
        ),
        pytest.param(
            [("v", 0, "a"), ("v", 60, "b")], funnel("a", "b", window=60), [(1, None), (2, 60)], id="window just reached"
        ),
        pytest.param([("v", 0, "a"), ("v", 61, "b")], funnel("a", "b", window=60), [(1, None)], id="window exceeded"),
        pytest.param(
            [("v", 0, "a"), ("v", 40, "b"), ("v", 70, "c")], funnel("a", "b", "c", window=60), [(1, None), (2, 40)],
            id="window is from the first step",
        ),
        pytest.param(
            [("v", 0, "a"), ("v", 50, "a"), ("v", 70, "b")], funnel("a", "b", window=60), [(1, None), (2, 20)],
            id="begun again",
        ),
        pytest.param(
            [("v", 0, "a"), ("v", 9, "b"), ("v", 20, "a"), ("v", 22, "b"), ("v", 30, "c")], ABC,
            [(1, None), (2, 9), (3, 21)],
            id="of attempts that overlap the earliest",
        ),
        pytest.param(
            [("v", 0, "a"), ("v", 9, "b"), ("v", 100, "a"), ("v", 103, "b"), ("v", 130, "c")],
            funnel("a", "b", "c", window=60),
            [(1, None), (2, 3), (3, 27)],
            id="of attempts the furthest",
        ),
        pytest.param([("v", 0, "a")], funnel("a", "a"), [(1, None)], id="a page seen once is no second step"),
        pytest.param([("v", 0, "a"), ("v", 3, "a")], funnel("a", "a"), [(1, None), (2, 3)], id="a page seen twice"),
        pytest.param(
            [("v", 0, "a"), ("v", 3, "x"), ("v", 5, "b")], funnel("a", "b", strict=True), [(1, None)], id="strict"
        ),
        pytest.param(
            [("v", 0, "a"), ("v", 3, "!x"), ("v", 5, "b")], funnel("a", "b", strict=True), [(1, None), (2, 5)],
            id="strict, something done between",
        ),
        pytest.param(
            [("v", 0, "a"), ("v", 3, "a"), ("v", 5, "b")], funnel("a", "b", strict=True), [(1, None), (2, 5)],
            id="strict, a page loaded again",
        ),
    ],
)  # fmt: skip
def test_steps_taken(hits: list[Hit], of: Funnel, expected: list[tuple[int, float | None]]) -> None:
    assert taken(hits, of) == expected


def reference(hits: Sequence[Hit], of: Funnel) -> list[tuple[int, float | None]]:
    """The same, step by step: visitor after visitor, attempt after attempt."""
    found: list[tuple[int, float | None]] = []
    for whole in wholes(hits, of.scope):
        attempts = [attempt(whole, place, of) for place, hit in enumerate(whole) if matches(of.steps[0], hit)]
        if attempts:
            best = max(attempts, key=len)
            found += [
                (number + 1, best[number] - best[number - 1] if number else None)
                for number in range(len(best))
            ]

    return sorted(found, key=lambda one: (one[0], -1 if one[1] is None else one[1]))


def wholes(hits: Sequence[Hit], scope: Scope) -> list[list[Hit]]:
    found: list[list[Hit]] = []
    for hit in sorted(hits, key=lambda hit: hit[:2]):
        last = found[-1][-1] if found else None
        goes_on = last and last[0] == hit[0] and (scope == "visitor" or hit[1] - last[1] <= 1800)
        if goes_on:
            found[-1].append(hit)
        else:
            found.append([hit])

    return found


def attempt(whole: Sequence[Hit], place: int, of: Funnel) -> list[int]:
    times = [whole[place][1]]
    for before, wanted in zip(of.steps, of.steps[1:], strict=False):
        later = range(place + 1, len(whole))
        following = next((one for one in later if matches(wanted, whole[one])), None)
        if following is None:
            break

        between = whole[place + 1 : following]
        foreign = any(not hit[2].startswith("!") and not matches(before, hit) for hit in between)
        too_late = of.window_seconds is not None and whole[following][1] - times[0] > of.window_seconds
        if too_late or (of.is_strict and foreign):
            break

        place = following
        times.append(whole[place][1])

    return times


def matches(one: Step, hit: Hit) -> bool:
    return hit[2].removeprefix("!") in one.name.split("/")


HITS = st.lists(
    st.tuples(
        st.sampled_from("vw"),
        st.integers(0, 80).map(lambda minutes: 60 * minutes),
        st.sampled_from(["a", "b", "c", "!b"]),
    ),
    max_size=14,
)
FUNNELS = st.builds(
    Funnel,
    st.just("f"),
    st.lists(st.sampled_from([step("a"), step("b"), step("c"), step("a", "b")]), min_size=2, max_size=4).map(
        tuple
    ),
    st.sampled_from(["visit", "visitor"]),
    st.sampled_from([None, 120, 1800, 3000]),
    st.booleans(),
)


@settings(max_examples=300, deadline=None)
@given(hits=HITS, of=FUNNELS)
def test_columns_and_steps_one_by_one_agree(hits: list[Hit], of: Funnel) -> None:
    # Of equal moments the order in the log decides, which sorting by visitor and time keeps.
    assert taken(hits, of) == reference(hits, of)
