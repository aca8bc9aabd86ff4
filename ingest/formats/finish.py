"""Give what a format has extracted its types, whatever the format: the common end of all `parse` methods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import polars as pl

from footfall.event import ATTRIBUTES, SCHEMA
from ingest.formats.model import BAD_TIME, TRANSIENT, Parsed, rejecting
from ingest.formats.times import is_time

LARGEST_COUNT: Final = 2**53
"""A number of bytes above this is no number of bytes, and sums of them would not fit into 64 bits."""

ABSENT: Final = ("-", "")
_BLANK: Final = " \t\v\f\r\n\0"
_UNTOUCHED: Final = frozenset({"method", "path", "protocol", "request", "kind", "query"})

TimeReader = Callable[[pl.Expr], pl.Expr]
"""Makes of the expression of a text one of a UTC time in milliseconds, null for what is no time."""


def is_skipped() -> pl.Expr:
    """Tell for each line whether it is blank or a comment."""
    text = pl.col("text").fill_null("")
    return text.str.starts_with("#") | (text.str.strip_chars(_BLANK) == "")


def finish(
    extracted: pl.DataFrame, unmatched: pl.DataFrame, skipped_lines: int, read_time: TimeReader
) -> Parsed:
    """Return extracted lines as events, beside `unmatched` ones (see `Parsed.rejected`).

    `extracted` has line_number, offset, text, `time` as text, and any columns of the event and of `TRANSIENT` as
    text. Texts that are absent (`-` or nothing) become null, numbers are cast, what is no number is null. Events
    whose time cannot be read are rejected.
    """
    typed = extracted.with_columns(read_time(pl.col("time")), *_typed(extracted))
    is_good = is_time(typed["time"])
    if not is_good.all():
        bad_times = rejecting(typed.filter(~is_good), BAD_TIME)
        unmatched = pl.concat([unmatched, bad_times]).sort("line_number", "offset")
        typed = typed.filter(is_good)

    return Parsed(typed.drop("text"), unmatched, skipped_lines)


def _typed(events: pl.DataFrame) -> list[pl.Expr]:
    present = set(events.columns)
    numbers = [_number(c.name) for c in ATTRIBUTES if c.is_number and c.name in present]
    texts = [c.name for c in ATTRIBUTES if not c.is_number and c.name in present - _UNTOUCHED]
    optional = [_optional(name) for name in (*texts, *(name for name in TRANSIENT if name in present))]
    query = [pl.when(pl.col("query") != "").then("query").alias("query")] if "query" in present else []
    kind = [] if "kind" in present else [pl.lit("request").alias("kind")]
    return numbers + optional + query + kind


def _number(name: str) -> pl.Expr:
    dtype = SCHEMA[name]
    number = pl.col(name).cast(dtype, strict=False)
    if dtype == pl.Int64:
        return pl.when(number <= LARGEST_COUNT).then(number).alias(name)

    return pl.when(number.cast(pl.Float64).is_between(0, LARGEST_COUNT)).then(number).alias(name)


def _optional(name: str) -> pl.Expr:
    return pl.when(~pl.col(name).is_in(ABSENT)).then(name).alias(name)
