"""Axes: where they end, where a value stands on them, and what is written beside them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any, Final

import polars as pl

from reports.outputs.html.cells import ABSENT, cut, plain_values

_STEPS: Final = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LONGEST_LABEL: Final = 24
_IS_GAP: Final = 1.75
"""Times the usual step: months differ by three days, and a day with a change of clocks by an hour."""


def axis_end(highest: float) -> float:
    """Return a round number at or above `highest` for an axis from 0 to end at; 1 where there is nothing above 0."""
    if not 0 < highest < math.inf:
        return 1.0

    power = 10.0 ** math.floor(math.log10(highest))
    return next(step * power for step in _STEPS if step * power >= highest * 0.999999)


def positions(keys: pl.Series) -> list[float]:
    """Return where rows stand on the horizontal axis, 0 to 1: dates and times by time, anything else by rank."""
    if len(keys) < 2:
        return [0.5] * len(keys)

    if not keys.dtype.is_temporal() or keys.null_count():
        return [place / (len(keys) - 1) for place in range(len(keys))]

    moments = plain_values(keys).to_physical().cast(pl.Float64).to_list()
    first, last = min(moments), max(moments)
    return [(moment - first) / ((last - first) or 1.0) for moment in moments]


def runs(places: Sequence[float]) -> list[range]:
    """Return the stretches of `places` without a gap, where rows are missing, as ranges of their indices."""
    steps = [after - before for before, after in pairwise(places)]
    usual = sorted(steps)[len(steps) // 2] if steps else 0.0
    breaks = [place for place, step in enumerate(steps, start=1) if step > usual * _IS_GAP]
    return [range(start, end) for start, end in pairwise([0, *breaks, len(places)])]


def tick_places(count: int, most: int) -> list[int]:
    """Return which of `count` rows get a label: at most `most`, at even distances, the last one where that is even."""
    if count <= most:
        return list(range(count))

    if (count - 1) % (most - 1) == 0:
        return list(range(0, count, (count - 1) // (most - 1)))

    return list(range(0, count, -(-count // most)))


def label(value: Any, *, is_of_years: bool = False) -> str:
    """Return what stands under a point: a date as ``17 May``, or ``May 2026`` of years, a time with its minutes."""
    if is_of_years and isinstance(value, date):
        return f"{_MONTHS[value.month - 1]} {value.year}"

    if isinstance(value, datetime):
        return f"{value.day} {_MONTHS[value.month - 1]} {value:%H:%M}"

    if isinstance(value, date):
        return f"{value.day} {_MONTHS[value.month - 1]}"

    return ABSENT if value is None else cut(str(value), _LONGEST_LABEL)


def long_label(value: Any) -> str:
    """Return what a point is called where there is room: dates and times in ISO 8601."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"

    return str(value) if isinstance(value, date) else label(value)


def spans_years(keys: pl.Series) -> bool:
    """Whether dates are more than ten months apart, so that a day and a month do not say when."""
    if not keys.dtype.is_temporal() or keys.is_empty() or keys.dtype == pl.Duration or keys.dtype == pl.Time:
        return False

    first, last = plain_values(keys).min(), plain_values(keys).max()
    return isinstance(first, date) and isinstance(last, date) and last - first > timedelta(days=300)
