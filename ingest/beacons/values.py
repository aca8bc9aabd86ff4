"""Read the values of a beacon's parameters: texts to what the columns of the event hold, null for what is none."""

from __future__ import annotations

from functools import cache
from typing import Final
from urllib.parse import unquote

import polars as pl

from footfall.event import MONEY, TIME

LARGEST_AMOUNT: Final = 10**13
LARGEST_NUMBER: Final = 1e15
_LATEST_SECOND: Final = 253_000_000_000
_ESCAPED: Final = "%[0-9A-Fa-f]{2}"


@cache
def text(column: str) -> pl.Expr:
    """Return the texts of a column, null where there is nothing but blanks."""
    return pl.when(pl.col(column).str.strip_chars() != "").then(pl.col(column))


@cache
def number(column: str) -> pl.Expr:
    """Return the finite numbers of a column of texts, as Float64."""
    value = pl.col(column).str.strip_chars().cast(pl.Float64, strict=False)
    return pl.when(value.abs() <= LARGEST_NUMBER).then(value)


@cache
def amount(column: str) -> pl.Expr:
    """Return the amounts of money of a column of texts (``1299``, ``-49.90``), in units of the currency."""
    value = number(column)
    return pl.when(value.abs() < LARGEST_AMOUNT).then(value).round(4).cast(MONEY, strict=False)


@cache
def epoch(column: str) -> pl.Expr:
    """Return the times of a column of seconds since 1970, with or without a fraction."""
    seconds = number(column)
    in_range = pl.when(seconds.is_between(0, _LATEST_SECOND)).then(seconds)
    return (in_range * 1000).round().cast(pl.Int64).cast(TIME)


@cache
def epoch_milliseconds(column: str) -> pl.Expr:
    """Return the times of a column of milliseconds since 1970."""
    milliseconds = number(column)
    in_range = pl.when(milliseconds.is_between(0, _LATEST_SECOND * 1000)).then(milliseconds)
    return in_range.round().cast(pl.Int64).cast(TIME)


def decode_again(texts: pl.Series) -> pl.Series:
    """Return texts with their escapes (``%XX``) resolved once more, ``+`` as it is; each distinct text once.

    Escapes that are not UTF-8 read ``\\xhh``.
    """
    escaped = texts.filter(texts.str.contains(_ESCAPED)).unique()
    if escaped.is_empty():
        return texts

    plain = pl.Series([unquote(text, errors="backslashreplace") for text in escaped], dtype=pl.String)
    return texts.replace(escaped, plain)
