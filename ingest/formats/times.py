"""Read the times of access logs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import polars as pl

_APACHE: Final = "%d/%b/%Y:%H:%M:%S%.f %z"
_FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(9998, 12, 31, 23, 59, 59, 999000, tzinfo=UTC)  # any zone's date has four digits then


def read_apache_time(text: pl.Expr) -> pl.Expr:
    """Return ``10/Oct/2000:13:55:36 -0700``, with or without a fraction of a second, as UTC in milliseconds.

    Null for what is no such time.
    """
    return text.str.to_datetime(_APACHE, time_unit="ms", strict=False)


def is_time(times: pl.Series) -> pl.Series:
    """Tell for each time whether there is one and its year is one that the table's keys keep in order."""
    return times.is_between(_FIRST, _LAST).fill_null(value=False)
