from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.outputs.html import scales


@given(highest=st.floats(1e-9, 1e15))
def test_an_axis_ends_at_or_a_little_above_the_highest_value(highest: float) -> None:
    assert highest * 0.9999 <= scales.axis_end(highest) <= highest * 2


@pytest.mark.parametrize("highest", [0.0, -1.0, float("nan"), float("inf")])
def test_an_axis_of_nothing_ends_at_one(highest: float) -> None:
    assert scales.axis_end(highest) == 1


def test_days_stand_where_they_are_in_time() -> None:
    keys = pl.Series([date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 5)])

    assert scales.positions(keys) == [0.0, 0.25, 1.0]


def test_hours_stand_where_they_are_in_time() -> None:
    keys = pl.Series([datetime(2026, 1, 1, hour, tzinfo=UTC) for hour in (0, 1, 4)])

    assert scales.positions(keys) == [0.0, 0.25, 1.0]


def test_other_keys_stand_at_even_distances() -> None:
    assert scales.positions(pl.Series(["a", "b", "c"])) == [0.0, 0.5, 1.0]
    assert scales.positions(pl.Series([date(2026, 1, 1), None])) == [0.0, 1.0]
    assert scales.positions(pl.Series([date(2026, 1, 1)])) == [0.5]
    assert scales.positions(pl.Series([], dtype=pl.Date)) == []


def test_a_line_is_broken_where_rows_are_missing() -> None:
    days = [date(2026, 1, 1) + timedelta(days=day) for day in (0, 1, 2, 5, 6, 9)]

    assert scales.runs(scales.positions(pl.Series(days))) == [range(3), range(3, 5), range(5, 6)]


def test_months_are_not_broken_by_their_lengths() -> None:
    months = [date(2026, month, 1) for month in range(1, 13)]

    assert scales.runs(scales.positions(pl.Series(months))) == [range(12)]


@given(count=st.integers(0, 2_000), most=st.integers(2, 8))
def test_ticks_are_few_even_and_begin_with_the_first(count: int, most: int) -> None:
    places = scales.tick_places(count, most)

    assert len(places) == min(count, most) or len(places) <= most
    assert places[:1] == ([0] if count else [])
    assert all(place < count for place in places)
    assert len({after - before for before, after in pairwise(places)}) <= 1


def test_labels_are_short_below_a_chart_and_whole_beside_the_pointer() -> None:
    assert scales.label(date(2026, 5, 17)) == "17 May"
    assert scales.label(date(2026, 5, 17), is_of_years=True) == "May 2026"
    assert scales.label(datetime(2026, 5, 17, 9, 5)) == "17 May 09:05"  # noqa: DTZ001  # a wall time
    assert scales.long_label(date(2026, 5, 17)) == "2026-05-17"
    assert scales.long_label(datetime(2026, 5, 17, 9, 5)) == "2026-05-17 09:05"  # noqa: DTZ001  # a wall time
    assert len(scales.label("x" * 99)) == 24
    assert scales.label(None) == "\u2013"


def test_years_are_told_when_there_are_several() -> None:
    assert scales.spans_years(pl.Series([date(2025, 1, 1), date(2026, 1, 1)]))
    assert not scales.spans_years(pl.Series([date(2026, 1, 1), date(2026, 3, 1)]))
    assert not scales.spans_years(pl.Series(["2025", "2026"]))
