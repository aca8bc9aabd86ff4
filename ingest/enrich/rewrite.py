"""Rewrite events: time and case of paths before anything looks at them, query strings when all has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import polars as pl

from ingest.formats.times import is_time

LARGEST_SHIFT: Final = timedelta(days=3653)
"""How far a time shift may go, ten years: it mends a clock or a time zone."""


@dataclass(frozen=True, slots=True)
class Rewriting:
    """What to rewrite; nothing unless told.

    `time_shift_seconds` is added to the time of each event, and so is part of its key: read again with another shift,
    a log is stored a second time. `lowers_path` writes paths in lower case. `strips_query` takes query strings away,
    at the end, when beacons, campaigns and searches were read from them.
    """

    time_shift_seconds: int = 0
    strips_query: bool = False
    lowers_path: bool = False


def rewrite(events: pl.DataFrame, rewriting: Rewriting) -> pl.DataFrame:
    """Return `events` as filters and enrichment are to see them, in their order.

    A time that is shifted out of the years 1970 to 9998 is null: `ingest.filters.early` counts and leaves it out.
    """
    if rewriting.lowers_path and "path" in events.columns:
        events = events.with_columns(pl.col("path").str.to_lowercase())

    return _shift(events, rewriting.time_shift_seconds) if rewriting.time_shift_seconds else events


def strip_query(events: pl.DataFrame, rewriting: Rewriting) -> pl.DataFrame:
    """Return `events` without query strings, if that was told."""
    if not rewriting.strips_query or "query" not in events.columns:
        return events

    return events.with_columns(pl.lit(None, dtype=pl.String).alias("query"))


def _shift(events: pl.DataFrame, seconds: int) -> pl.DataFrame:
    shifted = events.get_column("time") + timedelta(seconds=seconds)
    return events.with_columns(shifted.set(~is_time(shifted), None).alias("time"))
