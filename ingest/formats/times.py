"""Read the times of access logs: each reader makes of texts UTC times in milliseconds, null for what is no time.

Fractions of a second are cut after milliseconds. A time that does not name its zone is UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Final

import polars as pl

APACHE: Final = "%d/%b/%Y:%H:%M:%S%.f %z"
ISO: Final = "%Y-%m-%dT%H:%M:%S%.f%#z"
_HAPROXY: Final = "%d/%b/%Y:%H:%M:%S%.f"
_ISO_LOCAL: Final = ("%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f")
_ISO_SPACED: Final = ("%Y-%m-%d %H:%M:%S%.f%#z", "%Y-%m-%d %H:%M:%S%.f %#z")

_FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(9998, 12, 31, 23, 59, 59, 999000, tzinfo=UTC)  # any zone's date has four digits then

_LARGEST_SECONDS: Final = 2**38
"""Beyond the year 9998; above it a number counts milliseconds, and a thousand times it microseconds, and so on."""

_SLIVER: Final = 0.0005
"""Less than any digit behind the milliseconds that a log writes, more than what a float of this size is off by."""


def read_apache_time(text: pl.Expr) -> pl.Expr:
    """Read ``10/Oct/2000:13:55:36 -0700``, with or without a fraction of a second."""
    return _read(text, APACHE)


def read_haproxy_time(text: pl.Expr) -> pl.Expr:
    """Read ``10/Oct/2000:13:55:36.123``, a time without zone."""
    return _read_local(text, _HAPROXY)


def read_zoned_iso_time(text: pl.Expr) -> pl.Expr:
    """Read ``2000-10-10T13:55:36-07:00``, also with fraction, ``-0700`` or ``Z``."""
    return _read(text, ISO)


def read_iso_time(text: pl.Expr) -> pl.Expr:
    """Read ISO 8601: as `read_zoned_iso_time`, also without zone and with a space for the ``T``."""
    zoned = (_read(text, pattern) for pattern in (ISO, *_ISO_SPACED))
    return pl.coalesce(*zoned, *(_read_local(text, pattern) for pattern in _ISO_LOCAL))


def read_epoch_seconds(text: pl.Expr) -> pl.Expr:
    """Read seconds since 1970, with or without a fraction."""
    return _since_epoch(text, 1000.0)


def read_epoch_milliseconds(text: pl.Expr) -> pl.Expr:
    """Read milliseconds since 1970."""
    return _since_epoch(text, 1.0)


def read_epoch_microseconds(text: pl.Expr) -> pl.Expr:
    """Read microseconds since 1970."""
    return _since_epoch(text, 1e-3)


def read_epoch_nanoseconds(text: pl.Expr) -> pl.Expr:
    """Read nanoseconds since 1970."""
    # A float has not digits enough for these.
    return _as_time(_of_nanoseconds(text))


def read_epoch(text: pl.Expr) -> pl.Expr:
    """Read a number since 1970 in the unit that its size tells: seconds, or thousandths of one, of that, of that."""
    number = text.cast(pl.Float64, strict=False)
    return _as_time(
        pl.when(number < _LARGEST_SECONDS)
        .then(number * 1000.0)
        .when(number < _LARGEST_SECONDS * 1e3)
        .then(number)
        .when(number < _LARGEST_SECONDS * 1e6)
        .then(number * 1e-3)
        .otherwise(_of_nanoseconds(text))
    )


def read_any_time(text: pl.Expr) -> pl.Expr:
    """Read whichever it is of Apache's, ISO 8601, HAProxy's and a number since 1970."""
    readers = (read_apache_time, read_iso_time, read_haproxy_time, read_epoch)
    return pl.coalesce(*(read(text) for read in readers))


@lru_cache(maxsize=64)
def strptime_reader(pattern: str) -> Callable[[pl.Expr], pl.Expr]:
    """Return what reads the times that a pattern of the Rust crate `chrono` describes."""
    read = _read if "%z" in pattern or "%#z" in pattern or "%+" in pattern else _read_local
    return lambda text: read(text, pattern)


EPOCHS: Final[Mapping[str, Callable[[pl.Expr], pl.Expr]]] = MappingProxyType(
    {
        "s": read_epoch_seconds,
        "ms": read_epoch_milliseconds,
        "us": read_epoch_microseconds,
        "ns": read_epoch_nanoseconds,
    }
)
"""Unit → reader of numbers since 1970."""


def is_time(times: pl.Series) -> pl.Series:
    """Tell for each time whether there is one and its year is one that the table's keys keep in order."""
    return times.is_between(_FIRST, _LAST).fill_null(value=False)


def _read(text: pl.Expr, pattern: str) -> pl.Expr:
    return text.str.to_datetime(pattern, time_unit="ms", time_zone="UTC", strict=False)


def _read_local(text: pl.Expr, pattern: str) -> pl.Expr:
    return text.str.to_datetime(pattern, time_unit="ms", strict=False).dt.replace_time_zone("UTC")


def _since_epoch(text: pl.Expr, milliseconds: float) -> pl.Expr:
    return _as_time(text.cast(pl.Float64, strict=False) * milliseconds)


def _of_nanoseconds(text: pl.Expr) -> pl.Expr:
    return (text.cast(pl.Int64, strict=False) // 1_000_000).cast(pl.Float64)


def _as_time(milliseconds: pl.Expr) -> pl.Expr:
    whole = (milliseconds + _SLIVER).floor()
    # Out of range, infinite and not a number all become null here rather than an error.
    return whole.cast(pl.Int64, strict=False).cast(pl.Datetime("ms", "UTC"), strict=False)
