"""Read the times of logs in JSON, whose notation is not told: each is tried on what the one before could not read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import polars as pl

from footfall.event import TIME
from ingest.formats.times import read_apache_time, read_epoch, read_iso_time, read_zoned_iso_time


def read_times(times: pl.Series) -> pl.Series:
    """Return times as UTC in milliseconds, null for what is none.

    ISO 8601, with or without offset (UTC then) or with the name of UTC behind it, as Fastly's ``%Z`` writes it,
    Apache's with or without its brackets, and numbers since 1970, as text or as numbers, in the unit that their size
    tells. No text is a time in two of them.
    """
    if times.dtype != pl.String:
        return _with(read_epoch, times)

    read = _with(read_zoned_iso_time, times)
    for reader in _FURTHER:
        missing = read.is_null() & times.is_not_null()
        if not missing.any():
            break

        read = read.scatter(missing.arg_true(), _with(reader, times.filter(missing)))

    return read


def _with(reader: Callable[[pl.Expr], pl.Expr], times: pl.Series) -> pl.Series:
    return times.to_frame("time").select(reader(pl.col("time")).cast(TIME)).to_series()


def _in_brackets(text: pl.Expr) -> pl.Expr:
    return read_apache_time(text.str.strip_chars("[]"))


def _named_utc(text: pl.Expr) -> pl.Expr:
    return read_iso_time(text.str.replace(" ?(?:UTC|GMT)$", ""))


_FURTHER: Final = (read_epoch, _in_brackets, read_iso_time, _named_utc)
