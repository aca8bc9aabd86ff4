"""Values as Excel has them: numbers, dates and durations that can be reckoned with, and text that stays text.

Limits: "Excel specifications and limits", Microsoft Support: 32,767 characters to a cell, 15 digits to a number. Dates
begin in 1900.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from math import isfinite
from types import MappingProxyType
from typing import Final

import polars as pl

from footfall.text import printable
from reports.outputs import words

Cell = str | int | float | bool | date | datetime | time | None

LONGEST_TEXT: Final = 32_767
"""UTF-16 code units in a cell."""

CUT: Final = " … (cut)"
_MOST_EXACT: Final = 10**15
_FIRST_YEAR: Final = 1900
_DAY_SECONDS: Final = 86_400
_NO_CHARACTERS: Final = str.maketrans({"\ufffe": "\\ufffe", "\uffff": "\\uffff"})
"""What `printable` lets pass and XML does not."""

TEXT_FORMAT: Final = "@"
"""Keeps a text that looks like a formula a text when somebody edits its cell."""

_BYTES: Final = '[>=999500000]0.00,,,\\ "GB";[>=999500]0.0,,\\ "MB";#,##0\\ "B"'
_BY_UNIT: Final[Mapping[str, str]] = MappingProxyType(
    {
        "text": TEXT_FORMAT,
        **dict.fromkeys(
            ("status", "year", "quarter", "month", "week", "day", "weekday", "hour", "minute"), "0"
        ),
        "number": "General",
        "bytes": _BYTES,
        "share": "0.0%",
        "change": "+0.0%;-0.0%;0.0%",
        "ratio": "#,##0.00",
        "currency": "#,##0.00",
        "ms": '#,##0\\ "ms"',
        "seconds": "[h]:mm:ss",
    }
)
_BY_TYPE: Final[tuple[tuple[Callable[[pl.DataType], bool], str], ...]] = (
    (lambda dtype: dtype == pl.Date, "yyyy-mm-dd"),
    (lambda dtype: dtype == pl.Datetime, "yyyy-mm-dd hh:mm:ss"),
    (lambda dtype: dtype == pl.Time, "hh:mm:ss"),
    (lambda dtype: dtype == pl.Duration, "[h]:mm:ss"),
    (lambda dtype: dtype == pl.Boolean, "General"),
    (lambda dtype: not dtype.is_numeric(), TEXT_FORMAT),
)
_COUNT: Final = "#,##0"
_MEAN: Final = "#,##0.00"


def number_format(dtype: pl.DataType, unit: str) -> str:
    """Return Excel's number format for a column."""
    fixed = next((form for fits, form in _BY_TYPE if fits(dtype)), None)
    return fixed or _BY_UNIT.get(unit, _COUNT if dtype.is_integer() else _MEAN)


def excel_cells(values: pl.Series, unit: str) -> list[Cell]:
    """Return the cells of a column without a time zone; None leaves one empty."""
    is_duration = values.dtype.is_numeric() and unit == "seconds"
    return [_duration(value) if is_duration and value is not None else _cell(value, unit) for value in values]


def excel_text(text: str) -> str:
    """Return `text` safe to show and as XML and Excel can hold it."""
    safe = printable(text).translate(_NO_CHARACTERS)
    if len(safe) * 2 <= LONGEST_TEXT:
        return safe

    units = safe.encode("utf-16-le")
    if len(units) <= 2 * LONGEST_TEXT:
        return safe

    return units[: 2 * (LONGEST_TEXT - len(CUT))].decode("utf-16-le", "ignore") + CUT


def _cell(value: object, unit: str) -> Cell:
    convert = _CELLS.get(type(value))
    return convert(value) if convert else excel_text(words.shown(value, unit))


def _integer(value: int) -> Cell:
    return value if abs(value) < _MOST_EXACT else str(value)


def _real(value: float | Decimal) -> float | None:
    return float(value) if isfinite(value) else None


def _date(value: date) -> Cell:
    return value if value.year >= _FIRST_YEAR else excel_text(str(value))


def _duration(seconds: float | Decimal) -> Cell:
    if not isfinite(seconds):
        return None

    # Excel shows a row of # for a negative time.
    return float(seconds) / _DAY_SECONDS if seconds >= 0 else words.human_seconds(seconds)


_CELLS: Final[Mapping[type, Callable[..., Cell]]] = MappingProxyType(
    {
        type(None): lambda value: value,
        str: excel_text,
        bool: lambda value: value,
        int: _integer,
        float: _real,
        Decimal: _real,
        date: _date,
        datetime: _date,
        time: lambda value: value,
        timedelta: lambda value: _duration(value.total_seconds()),
    }
)
