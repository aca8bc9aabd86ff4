"""A value as a person reads it, and as a script sorts it.

Values are worded as in all outputs (`reports.outputs.words`), with the typography of a page: digits in groups between
narrow spaces, which no language reads as a decimal sign, and a minus that is one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import polars as pl

from reports.outputs import words
from reports.report import ReportColumn

ABSENT: Final = "\u2013"
GROUP: Final = "\u202f"
MINUS: Final = "\u2212"

LONGEST_TEXT: Final = 160
"""Characters of a text that a cell shows: of a longer one, its beginning and its end."""

LONGEST_TITLE: Final = 1_000
_TAIL: Final = 50
_ZEROS: Final = re.compile(r"\.0+(?!\d)")

_KEEPS_DECIMALS: Final = frozenset({"currency", "ratio"})
_TYPOGRAPHY: Final = str.maketrans({",": GROUP, " ": GROUP, "-": MINUS})


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell shows, not escaped yet; what it sorts by where that is not what it shows; what is left to tell."""

    shown: str
    sort_key: str | None = None
    title: str | None = None


def is_number(dtype: pl.DataType) -> bool:
    """Whether a column's values can be drawn, and sorted as numbers."""
    return dtype.is_numeric() or dtype == pl.Duration


def plain_values(values: pl.Series) -> pl.Series:
    """Return `values` with times as wall times and durations as seconds."""
    if isinstance(values.dtype, pl.Datetime):
        # An aware datetime would have Python look for its zone, whose data Polars has and Python may not.
        return values.dt.replace_time_zone(None)

    return values.dt.total_milliseconds() / 1000 if values.dtype == pl.Duration else values


def cells_of(values: pl.Series, column: ReportColumn, longest: int = LONGEST_TEXT) -> Iterator[Cell]:
    """Return the cells of a column, texts with at most `longest` characters."""
    unit = "seconds" if values.dtype == pl.Duration else column.unit
    if is_number(values.dtype):
        return (_number_cell(value, unit) for value in plain_values(values))

    return (_text_cell(value, unit, longest) for value in plain_values(values))


def cells_of_units(values: pl.Series, units: pl.Series) -> Iterator[Cell]:
    """Return the cells of a column of numbers that has a unit of its own in each row."""
    return (_number_cell(value, unit or "number") for value, unit in zip(values, units, strict=True))


def shown_number(value: float | None, unit: str) -> str:
    """Return a number as a person reads it, with what its unit asks for."""
    # Of a mean that happens to be whole, the decimals say nothing.
    whole = isinstance(value, float) and value.is_integer() and unit not in _KEEPS_DECIMALS
    shown = words.shown(int(value) if whole and value is not None else value, unit)
    return ABSENT if shown == words.ABSENT else shown.translate(_TYPOGRAPHY)


def short_number(value: float, unit: str) -> str:
    """Return a number for an axis: as `shown_number` without decimals that are zeros."""
    return _ZEROS.sub("", shown_number(value, unit))


def grouped(value: int) -> str:
    """Return a whole number with its digits in groups of three."""
    return shown_number(value, "rows")


def cut(text: str, longest: int = LONGEST_TEXT) -> str:
    """Return `text` without its middle where it is longer than `longest`: the end of a path tells as much."""
    if len(text) <= longest:
        return text

    tail = min(_TAIL, longest // 3)
    return f"{text[: longest - tail - 1]}…{text[-tail:]}"


_EXACT: Final[Mapping[str, Callable[[Any], str]]] = MappingProxyType(
    {
        "bytes": lambda value: f"{shown_number(value, 'bytes exactly')} bytes",
        "seconds": lambda value: f"{shown_number(value, 'seconds exactly')} seconds",
    }
)
"""What a cell's title says in full, of units that are shown in short."""

_SAYS_LESS: Final = frozenset({*_EXACT, "share", "change", "ms", "weekday"})
"""Units of which the shown text is not what to sort by."""


def _number_cell(value: Any, unit: str) -> Cell:
    shown = shown_number(value, unit)
    if shown == ABSENT:
        return Cell(shown, "")

    sort_key = f"{value:.9g}" if isinstance(value, float) else str(value)
    has_key = unit in _SAYS_LESS or value < 0
    return Cell(shown, sort_key if has_key else None, _EXACT[unit](value) if unit in _EXACT else None)


def _text_cell(value: Any, unit: str, longest: int) -> Cell:
    if value is None:
        return Cell(ABSENT, "")

    text = value if isinstance(value, str) else words.shown(value, unit)
    shown = cut(text, longest)
    return Cell(shown, None, None if shown is text else cut(text, LONGEST_TITLE))
