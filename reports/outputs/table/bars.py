"""Numbers as blocks: bars that end on an eighth of a character, and sparklines.

Both begin at zero, so that twice as long or high is twice as much.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import isfinite
from typing import Final

import polars as pl

Values = Sequence[float | None]

_EIGHTHS: Final = " ▏▎▍▌▋▊▉█"
_LEVELS: Final = "▁▂▃▄▅▆▇█"
_NOTHING: Final = " "


def bars(values: Values, width: int) -> list[str]:
    """Return a bar for each of `values`, the largest one `width` characters long; what is not above zero has none.

    The smallest bar is an eighth of a character: something is never shown as nothing.
    """
    finite = list(_finite(values))
    largest = _largest(finite)
    return [bar(value / largest if value and value > 0 else 0, width) for value in finite]


def bar(part: float, width: int) -> str:
    """Return `part`, between 0 and 1, of a bar of `width` characters."""
    eighths = round(part * 8 * width)
    whole, rest = divmod(max(eighths, 1) if part else 0, 8)
    return _EIGHTHS[8] * whole + (_EIGHTHS[rest] if rest else "")


def sparkline(values: Values, width: int) -> str:
    """Return a line of at most `width` characters, one for each of `values` or for as many in a row as must share one.

    Those show their mean. Where there is no value there is a gap.
    """
    shared = _shared(_finite(values), width)
    largest = _largest(shared)
    return "".join(_NOTHING if value is None else _level(value / largest) for value in shared)


def with_gaps(days: pl.Series, values: pl.Series) -> list[float | None]:
    """Return `values` with a None for every day that `days` leaves out between two of the same distance.

    Anything but ascending dates at multiples of one distance, as days and weeks are, is returned as it is.
    """
    if days.dtype != pl.Date or days.null_count():
        return values.to_list()

    places = [day.toordinal() for day in days]
    step = min((after - before for before, after in pairwise(places)), default=0)
    if step < 1 or any((place - places[0]) % step for place in places):
        return values.to_list()

    known = dict(zip(places, values, strict=True))
    return [known.get(place) for place in range(places[0], places[-1] + 1, step)]


def _level(part: float) -> str:
    return _LEVELS[min(int(min(max(part, 0), 1) * 8), 7)]


def _largest(values: Values) -> float:
    return max((value for value in values if value is not None and value > 0), default=1)


def _finite(values: Values) -> list[float | None]:
    return [float(value) if value is not None and isfinite(value) else None for value in values]


def _shared(values: Values, width: int) -> Values:
    if len(values) <= width:
        return values

    edges = [place * len(values) // width for place in range(width + 1)]
    return [_mean(values[begin:end]) for begin, end in pairwise(edges)]


def _mean(values: Values) -> float | None:
    known = [value for value in values if value is not None]
    return sum(value / len(known) for value in known) if known else None
