"""The form that values take in files for programs, column by column.

A time is ISO 8601 text with its offset (none where the column has no zone), a duration a number of seconds, a decimal
keeps its digits (text in JSON), a share is a number between 0 and 1. What is absent or no finite number is null, or an
empty cell. Bytes are hexadecimal.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec
import polars as pl
import polars.selectors as cs

from footfall.text import FORMULA_STARTS, printable

ISO_TIME: Final = "%Y-%m-%dT%H:%M:%S%.3f"
_OFFSET: Final = "%:z"

_IGNORED: Final = r"[\s\x00-\x20\u00a0\u00ad\u200b-\u200f\u2028-\u202f\u2060-\u2064\u3000\ufeff]*"
"""Blanks and invisible characters, which a spreadsheet may drop before it looks at what a cell begins with."""

_FORMULA: Final = (
    rf"^(?:{_IGNORED}[{''.join(re.escape(sign) for sign in FORMULA_STARTS if not sign.isspace())}]|[\t\r\n])"
)


def with_plain_types(rows: pl.DataFrame) -> pl.DataFrame:
    """Return `rows` with nothing but texts, finite numbers, booleans, dates and lists of such."""
    plain = with_finite_numbers(rows).with_columns(
        cs.categorical().cast(pl.String),
        cs.enum().cast(pl.String),
        cs.duration().dt.total_seconds(fractional=True),
        cs.binary().bin.encode("hex"),
    )
    return plain.with_columns(
        _iso(name, dtype) for name, dtype in plain.schema.items() if dtype == pl.Datetime
    )


def with_finite_numbers(rows: pl.DataFrame) -> pl.DataFrame:
    """Return `rows` with null for NaN and infinity, which JSON has no word for and few readers expect."""
    numbers = cs.float()
    return rows.with_columns(pl.when(numbers.is_finite()).then(numbers))


def with_json_texts(rows: pl.DataFrame) -> pl.DataFrame:
    """Return `rows` with lists and structs as JSON text, for forms that have no cells within cells."""
    return rows.with_columns(
        pl.Series(name, [_json(value) for value in rows[name].to_list()], dtype=pl.String)
        for name, dtype in rows.schema.items()
        if dtype.is_nested()
    )


def with_printable_texts(rows: pl.DataFrame) -> pl.DataFrame:
    """Return `rows` with every text made safe for a terminal; files and pipes get texts as they are."""
    return rows.with_columns(
        pl.Series(name, [text and printable(text) for text in rows[name]], dtype=pl.String)
        for name, dtype in rows.schema.items()
        if dtype == pl.String
    )


def without_formulas(rows: pl.DataFrame) -> pl.DataFrame:
    """Return `rows` with an apostrophe before every text that begins like a formula; numbers are left alone.

    Blanks and invisible characters before the sign do not hide it (OWASP, CSV Injection).
    """
    texts = cs.string()
    return rows.with_columns(
        pl.when(texts.str.contains(_FORMULA)).then("'" + texts).otherwise(texts).name.keep()
    )


def _iso(name: str, dtype: pl.DataType) -> pl.Expr:
    zone = dtype.time_zone if isinstance(dtype, pl.Datetime) else None
    return pl.col(name).dt.strftime(ISO_TIME + (_OFFSET if zone else ""))


def _json(value: object) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()
