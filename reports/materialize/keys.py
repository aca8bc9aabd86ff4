"""The keys of derived tables: texts that strangers wrote, made short and unambiguous."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Final

import polars as pl

from footfall.keys import SEPARATOR

LONGEST_BYTES: Final = 800
"""Of what stands behind a site or a date; a sort key may have 1,024."""

_HEAD: Final = 180
"""Characters of a text that is cut: at most 720 bytes."""

_NOTHING: Final = "%"
"""Stands for null; in a text a percent sign is always followed by two digits."""

_ESCAPES: Final = {"%": "%25", SEPARATOR: "%23", "\t": "%09", "\n": "%0A", "\r": "%0D", "\0": "%00"}


def escaped(value: pl.Expr) -> pl.Expr:
    """Return a text without separators and line ends; different texts stay different, null becomes ``%``."""
    return value.str.replace_many(_ESCAPES).fill_null(_NOTHING)


def fitted(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """Return `frame` with the texts of column `name` no longer than `LONGEST_BYTES`: those end in a hash of all."""
    whole = frame.get_column(name)
    is_long = whole.str.len_bytes() > LONGEST_BYTES
    if not is_long.any():
        return frame

    # A Python object for each text that is too long, which is as good as none.
    hashes = whole.filter(is_long).map_elements(_hash, return_dtype=pl.String)
    cut = whole.filter(is_long).str.head(_HEAD) + SEPARATOR + hashes
    return frame.with_columns(whole.scatter(is_long.arg_true(), cut))


def session_keys(visits: pl.DataFrame) -> pl.DataFrame:
    """Return `visits` (`site`, `visitor`, `started_at`, in the visitor's order) with `pk` and `sk`.

    ``pk = {site}#{visitor}``, ``sk = {moment it began, UTC, ms}#{n}``, n counting visits that begin in one moment.
    """
    again = (pl.col("started_at").cum_count() - 1).over("site", "visitor", "started_at")
    moment = pl.col("started_at").dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ")
    who = fitted(visits.with_columns(escaped(pl.col("visitor")).alias("_who")), "_who")
    return who.with_columns(
        pl.concat_str("site", "_who", separator=SEPARATOR).alias("pk"),
        pl.concat_str(moment, again.cast(pl.String), separator=SEPARATOR).alias("sk"),
    ).drop("_who")


def rollup_keys(rows: pl.DataFrame, rollup: str, by: Sequence[str]) -> pl.DataFrame:
    """Return `rows` (`site`, `date` and `by`) with ``pk = {site}#{rollup}`` and ``sk = {date}#{value}#{value}…``."""
    values = pl.concat_str([escaped(pl.col(name)) for name in by] or [pl.lit("")], separator=SEPARATOR)
    named = fitted(rows.with_columns(values.alias("_what")), "_what")
    return named.with_columns(
        pl.concat_str("site", pl.lit(rollup), separator=SEPARATOR).alias("pk"),
        pl.concat_str(pl.col("date").cast(pl.String), "_what", separator=SEPARATOR).alias("sk"),
    ).drop("_what")


def _hash(text: str) -> str:
    return blake2b(text.encode(), digest_size=16, person=b"footfall-key").hexdigest()
