from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.outputs.table.bars import bar, bars, sparkline, with_gaps

VALUES = st.lists(st.one_of(st.none(), st.floats(), st.integers(-10, 10)), max_size=300)


def days(*offsets: int | None) -> pl.Series:
    first = date(2026, 3, 1)
    return pl.Series([None if one is None else first + timedelta(days=one) for one in offsets], dtype=pl.Date)


@pytest.mark.parametrize(
    ("part", "expected"),
    [(1, "████"), (0.5, "██"), (1 / 32, "▏"), (0.001, "▏"), (31 / 32, "███▉"), (0, "")],
)
def test_a_bar_ends_on_an_eighth(part: float, expected: str) -> None:
    assert bar(part, 4) == expected


def test_the_largest_value_has_the_whole_width() -> None:
    assert bars([10, 5, 0, None, -3], 4) == ["████", "██", "", "", ""]
    assert bars([0, None], 4) == ["", ""]


def test_a_line_has_a_character_for_each_value_and_begins_at_zero() -> None:
    assert sparkline([0, 1, 2, 3, 4, 5, 6, 7, 8], 20) == "▁▂▃▄▅▆▇██"
    assert sparkline([100, 50], 20) == "█▅"
    assert sparkline([0, 0], 20) == "▁▁"
    assert sparkline([1, None, 1], 20) == "█ █"


def test_values_that_must_share_a_character_show_their_mean() -> None:
    assert sparkline([8, 0, 8, 8, None, None], 3) == "▅█ "


@given(values=VALUES, width=st.integers(1, 80))
def test_nothing_is_wider_than_it_may_be(values: list[float | None], width: int) -> None:
    assert len(sparkline(values, width)) == min(len(values), width)
    assert all(len(one) <= width for one in bars(values, width))


@pytest.mark.parametrize(
    ("offsets", "expected"),
    [
        ((0, 1, 2), [0, 1, 2]),
        ((0, 1, 4), [0, 1, None, None, 2]),
        ((0, 7, 21), [0, 1, None, 2]),
        ((0, 31, 59), [0, 1, 2]),
        ((2, 1, 0), [0, 1, 2]),
        ((0, None, 2), [0, 1, 2]),
        ((0,), [0]),
        ((), []),
    ],
)
def test_days_without_a_row_leave_a_gap(offsets: tuple[int | None, ...], expected: list[int | None]) -> None:
    assert with_gaps(days(*offsets), pl.Series(range(len(offsets)), dtype=pl.Int64)) == expected


def test_only_days_have_gaps() -> None:
    assert with_gaps(pl.Series([0, 5]), pl.Series([1, 2])) == [1, 2]
