"""How a person reads a cell: its text by unit, shared by the outputs that people look at.

Every text that comes out of here has passed `printable`; what it is put into (Markdown, HTML) escapes it again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from math import isfinite
from types import MappingProxyType
from typing import Final

import polars as pl

from footfall.text import printable
from reports.report import ReportColumn

Number = int | float | Decimal

ABSENT: Final = "-"
"""What stands for a value that is not there, or is no number (a share of nothing)."""

_LEFT: Final = frozenset({"text", "date", "time", "week", "month", "quarter"})
_ORDINALS: Final = frozenset(
    {"status", "year", "quarter", "month", "week", "day", "weekday", "hour", "minute", "step", "offset"}
)
_NOT_MEASURED: Final = _LEFT | _ORDINALS | {"flag", "number"}
"""Units of what is counted, rather than of how many there are, and of numbers that may be of anything."""

_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_BYTE_STEPS: Final = ("B", "kB", "MB", "GB", "TB", "PB", "EB")


def shown(value: object, unit: str) -> str:
    """Return a cell as a person reads it: thousands separated, units written out, safe to print.

    Takes any value for any unit; what does not go with its unit is shown as what it is. None, NaN and infinity are
    `ABSENT`.
    """
    if value is None:
        return ABSENT

    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return _NUMBERS.get(unit, human_count)(value) if isfinite(value) else ABSENT

    return next((say(value) for kind, say in _OTHERS if isinstance(value, kind)), printable(str(value)))


def cells(frame: pl.DataFrame, columns: Sequence[ReportColumn]) -> dict[str, list[str]]:
    """Return the texts of the cells of `columns`, by column; times as the frame's zone has them."""
    local = with_wall_times(frame)
    return {column.name: [shown(value, column.unit) for value in local[column.name]] for column in columns}


def with_wall_times(frame: pl.DataFrame) -> pl.DataFrame:
    """Return `frame` with times as clocks on the wall of their zone show them, without a zone."""
    # An aware datetime would have Python look for its zone, whose data Polars has and Python may not.
    return frame.with_columns(pl.col(pl.Datetime).dt.replace_time_zone(None))


def title(column: ReportColumn) -> str:
    """Return the heading of a column, safe to print."""
    return printable(column.name.replace("_", " "))


def is_left(column: ReportColumn) -> bool:
    """Whether cells of `column` begin on the left, as texts do, rather than end on the right, as numbers do."""
    return column.unit in _LEFT


def is_measure(column: ReportColumn) -> bool:
    """Whether `column` says how much or how many of one thing, so that its cells can be compared and drawn."""
    return column.unit not in _NOT_MEASURED


def human_bytes(count: Number) -> str:
    """Return a number of bytes with three digits and a decimal unit, as ``2.75 GB``."""
    size, left = float(count), list(_BYTE_STEPS)
    while abs(size) >= 999.5 and len(left) > 1:
        size /= 1000
        left.pop(0)

    return f"{size:.0f} B" if left[0] == "B" else f"{size:.{_decimals(size)}f} {left[0]}"


def human_count(value: Number) -> str:
    """Return a number with its thousands separated; what is no whole number has two decimals."""
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"


def human_number(value: Number) -> str:
    """Return a number of anything: whole ones without decimals, small ones with three digits that say something."""
    if value == int(value):
        return f"{int(value):,}"

    return f"{value:,.2f}" if abs(float(value)) >= 1 else f"{float(value):.3g}"


def human_weekday(value: Number) -> str:
    """Return the day of the week that ``1`` (Monday) to ``7`` stand for, as ISO 8601 has it; any other as it is."""
    return _WEEKDAYS[int(value) - 1] if value in range(1, len(_WEEKDAYS) + 1) else str(value)


def human_share(value: Number) -> str:
    """Return a share between 0 and 1 in percent, as ``91.26%``; what would be 0.00% and is not, as ``<0.01%``."""
    percent = 100 * float(value)
    return "<0.01%" if 0 < percent < 0.01 else f"{percent:.2f}%"


def human_change(value: Number) -> str:
    """Return a relative change in percent, signed, as ``+12.3%``; none is ``0.0%``."""
    percent = round(100 * float(value), 1)
    return f"{percent:+,.1f}%" if percent else "0.0%"


def human_seconds(value: Number) -> str:
    """Return a duration as ``2:05`` or ``1:02:03``, hours, minutes and seconds; less than half a one is ``<0:01``."""
    whole = round(abs(float(value)))
    if not whole:
        return "<0:01" if value else "0:00"

    minutes, seconds = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    clock = f"{hours:,}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
    return f"-{clock}" if value < 0 else clock


def human_time(value: datetime) -> str:
    """Return a moment to the second, as ``2026-03-01 12:00:00``."""
    return f"{value:%Y-%m-%d %H:%M:%S}" if value.year > 999 else printable(str(value))


def _decimals(size: float) -> int:
    return 2 if abs(size) < 9.995 else 1 if abs(size) < 99.95 else 0


def _list(values: Sequence[object]) -> str:
    return ", ".join(shown(value, "text") for value in values)


_NUMBERS: Final[Mapping[str, Callable[[Number], str]]] = MappingProxyType(
    {
        **dict.fromkeys(_ORDINALS, str),
        "weekday": human_weekday,
        "number": human_number,
        "bytes": human_bytes,
        "share": human_share,
        "change": human_change,
        "ratio": lambda value: f"{value:,.2f}",
        "currency": lambda value: f"{value:,.2f}",
        "ms": lambda value: f"{value:,.0f} ms",
        "seconds": human_seconds,
    }
)
"""Numbers by unit; what is not here is the plural of what is counted."""

_OTHERS: Final[tuple[tuple[type, Callable[..., str]], ...]] = (
    (str, printable),
    (bool, lambda value: "yes" if value else "no"),
    (datetime, human_time),
    (date, str),
    (time, str),
    (timedelta, lambda value: human_seconds(value.total_seconds())),
    (bytes, lambda value: value.hex()),
    (list, _list),
    (pl.Series, lambda value: _list(value.to_list())),
)
"""What is no number, by type; the first that fits."""
