from __future__ import annotations

import random

import polars as pl
import pytest
from datasketches import cpc_sketch
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.partials.sketches import (
    DEVIATIONS,
    LG_K,
    RELATIVE_ERROR,
    estimate,
    estimates_of,
    sketch_of,
    sketches_of,
    union,
    unions_of,
)


def names(count: int, seed: int = 0) -> list[str]:
    return [f"visitor {seed} {place}" for place in range(count)]


@settings(max_examples=40, deadline=None)
@given(
    groups=st.lists(st.lists(st.one_of(st.none(), st.text(max_size=3)), max_size=60), max_size=6),
    data=st.data(),
)
def test_a_union_over_any_grouping_has_the_bytes_of_the_sketch_of_all(
    groups: list[list[str | None]], data: st.DataObject
) -> None:
    whole = sketch_of(value for group in groups for value in group)
    sketches = data.draw(st.permutations([sketch_of(group) for group in groups]))
    cut = data.draw(st.integers(0, len(sketches)))

    assert union(sketches) == whole
    assert union([union(sketches[:cut]), union(sketches[cut:])]) == whole
    assert union([whole, whole]) == whole


@pytest.mark.parametrize("count", [700, 3_000, 40_000])
def test_so_it_is_of_many_in_any_order(count: int) -> None:
    values = names(count)
    whole = sketch_of(values)
    random.Random(count).shuffle(values)
    parts = [sketch_of(values[place::5]) for place in range(5)]

    assert union(parts) == whole
    assert union([union(parts[:2]), union(parts[1:])]) == whole


@pytest.mark.parametrize("count", [10, 100, 1_000, 10_000, 100_000])
@pytest.mark.parametrize("seed", range(5))
def test_an_estimate_is_within_three_deviations_of_what_there_is(count: int, seed: int) -> None:
    found = estimate(sketch_of(names(count, seed)))

    assert found.low <= found.value <= found.high
    assert abs(found.value - count) <= 1 + count * RELATIVE_ERROR / DEVIATIONS * 3


@pytest.mark.parametrize("count", [1_000, 3_000, 10_000, 100_000, 300_000])
def test_bounds_are_as_far_away_as_is_said(count: int) -> None:
    found = estimate(sketch_of(names(count)))
    furthest = max(found.value - found.low, found.high - found.value)

    assert 0.9 * RELATIVE_ERROR * found.value - 1 <= furthest <= RELATIVE_ERROR * found.value + 1


def test_bounds_hold_what_there_is_about_as_often_as_is_said() -> None:
    found = [estimate(sketch_of(names(2_000, seed))) for seed in range(200)]

    assert sum(one.low <= 2_000 <= one.high for one in found) / len(found) >= 0.9


def test_few_things_are_counted_to_the_last() -> None:
    assert [estimate(sketch_of(names(count))).value for count in range(30)] == list(range(30))


def test_null_is_nothing_and_the_empty_text_a_thing() -> None:
    assert estimate(sketch_of([])).value == 0
    assert estimate(union([])).value == 0
    assert estimate(sketch_of([None, None])).value == 0
    assert estimate(sketch_of(["", None, "", "a"])).value == 2


def test_hashes_are_those_of_every_machine() -> None:
    # The bytes of the first release; others would not add up with what rollups have stored.
    assert sketch_of(["a", "b", "ä"]).hex() == "0401100d000acc930300000002000000be28c28d6b010000"


def test_a_sketch_can_be_read_by_the_library() -> None:
    known = cpc_sketch.deserialize(sketch_of(names(50)))

    assert known.lg_k == LG_K
    assert round(known.get_estimate()) == 50


@pytest.mark.parametrize("other", [b"", b"x", b"\0" * 40])
def test_other_bytes_are_refused(other: bytes) -> None:
    with pytest.raises(ValueError, match="no sketch"):
        estimate(other)

    with pytest.raises(ValueError, match="no sketch"):
        union([other])


def test_columns_are_sketched_joined_and_estimated_row_by_row() -> None:
    things = pl.Series("things", [["a", "b", None], [], ["c"]], dtype=pl.List(pl.String))
    sketches = sketches_of(things)
    joined = unions_of(pl.Series("lists", [sketches.to_list(), []], dtype=pl.List(pl.Binary)))

    assert estimates_of(sketches).struct.field("value").to_list() == [2, 0, 1]
    assert estimates_of(joined).struct.field("value").to_list() == [3, 0]
    assert estimates_of(pl.Series([None], dtype=pl.Binary)).to_list() == [{"value": 0, "low": 0, "high": 0}]
    assert sketches_of(things.clear()).dtype == unions_of(joined.clear().implode()).dtype == pl.Binary
