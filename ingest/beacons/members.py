"""Read JSON objects as parameters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
import polars as pl

from ingest.beacons.json_bodies import decoded

_DEEPEST: Final = 4
_PARAMETERS: Final = pl.Schema({"row": pl.UInt32, "name": pl.String, "value": pl.String})


def of_objects(bodies: pl.Series) -> pl.DataFrame:
    """Return the members of JSON objects as parameters: row, name, value.

    Those of a member are ``name[member]``, no deeper than four levels; true and false are written so, null is absent.
    What is no object has none.
    """
    found = [(row, *pair) for row, body in enumerate(bodies) if body is not None for pair in _members(body)]
    return pl.DataFrame(found, schema=_PARAMETERS, orient="row")


def as_form(value: Any) -> str | None:
    """Return a decoded JSON object as a query string, None for what is no object."""
    if not isinstance(value, dict):
        return None

    pairs = [pair for name, inner in value.items() for pair in _flat(name, inner, 1)]
    return urlencode(pairs, errors="backslashreplace")


def as_text(value: Any) -> str | None:
    """Return a decoded JSON value as the text of a parameter, None for null, objects and arrays."""
    if isinstance(value, str):
        return value

    if isinstance(value, bool):
        return "true" if value else "false"

    if isinstance(value, msgspec.Raw):  # a number as it is written
        return bytes(value).decode()

    return str(value) if isinstance(value, int | float) else None


def _members(body: str) -> Iterator[tuple[str, str]]:
    value = decoded(body)
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(name, inner, 1)


def _flat(name: str, value: Any, depth: int) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict | list) and depth < _DEEPEST:
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for member, inner in pairs:
            yield from _flat(f"{name}[{member}]", inner, depth + 1)

        return

    text = as_text(value)
    if text is not None:
        yield name, text
