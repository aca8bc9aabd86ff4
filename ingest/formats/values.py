"""Work on the values inside of fields, once per distinct value: escapes and request lines.

Only rows that the strict expression of a format refuses come here.
"""

from __future__ import annotations

import re
from typing import Final

import polars as pl

from ingest.formats.fields import REQUEST

_ESCAPE = re.compile(r'((?:\\x[0-9A-Fa-f]{2})+)|\\([bfnrtv"\\])')
_CHARACTERS: Final = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", '"': '"', "\\": "\\"}


def unescape_text(text: str) -> str:
    """Return `text` with the escapes of Apache and nginx resolved; ``\\xhh`` that is not UTF-8 stays as it
    is.
    """
    return _ESCAPE.sub(_character, text)


def unescape(texts: pl.Series) -> pl.Series:
    """Return `texts` with escapes resolved, each distinct text that has a backslash worked out once."""
    escaped = texts.filter(texts.str.contains("\\", literal=True)).unique()
    if escaped.is_empty():
        return texts

    plain = pl.Series([unescape_text(text) for text in escaped], dtype=pl.String)
    return texts.replace(escaped, plain)


def split_requests(events: pl.DataFrame) -> pl.DataFrame:
    """Return `events` with method, path, query and protocol from the request line as logged, in `request`.

    The path ends at the first question mark; an absolute target is a path as it is. Where the line is not
    HTTP these are null and `request` keeps it, null when it is absent; elsewhere `request` is null.
    """
    parts = unescape(events["request"]).str.extract_groups(REQUEST).struct.unnest()
    return events.with_columns(
        parts["method"],
        parts["path"].fill_null(parts["bare_path"]),
        parts["query"].fill_null(parts["bare_query"]),
        parts["protocol"],
        pl.when(parts["method"].is_null() & ~pl.col("request").is_in(("-", "")))
        .then("request")
        .alias("request"),
    )


def _character(match: re.Match[str]) -> str:
    run, letter = match.groups()
    if letter is not None:
        return _CHARACTERS[letter]

    return bytes.fromhex(run.replace("\\x", "")).decode(errors="backslashreplace")
