"""Read texts in base64, as trackers put JSON into parameters."""

from __future__ import annotations

from typing import Final

import polars as pl
from polars.exceptions import ComputeError

_PLAIN: Final = {"-": "+", "_": "/", " ": "+"}
"""The URL-safe alphabet; and a plus sign that was not escaped has become a space."""


def decode_base64(texts: pl.Series) -> pl.Series:
    """Return texts decoded from base64, plain or URL-safe, padded or not; null for what is none, or no UTF-8.

    Source: RFC 4648, 4 and 5.
    """
    plain = texts.str.strip_chars_end("=")
    for letter, instead in _PLAIN.items():
        plain = plain.str.replace_all(letter, instead, literal=True)

    padded = _padded(plain)
    decoded = padded.str.decode("base64", strict=False)
    try:
        return decoded.cast(pl.String)
    except ComputeError:
        return pl.Series([_as_text(data) for data in decoded], dtype=pl.String)


def _padded(texts: pl.Series) -> pl.Series:
    """Return texts with the padding that their length asks for; of one character too many nothing can be made."""
    over = pl.col("text").str.len_bytes() % 4
    ends = pl.when(over == 2).then(pl.lit("==")).when(over == 3).then(pl.lit("=")).otherwise(pl.lit(""))
    return texts.to_frame("text").select(pl.when(over != 1).then(pl.col("text") + ends)).to_series()


def _as_text(data: bytes | None) -> str | None:
    try:
        return None if data is None else data.decode()
    except UnicodeDecodeError:
        return None
