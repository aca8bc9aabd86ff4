"""Take apart the envelopes that beacons come in: JSON objects with a body or a query, each decoded once.

The members that say where a beacon came from are plain values, and the body is any: it is left as it stands in the
line. A line with other values there, or with headers, is left to `ingest.formats.bodies`, which decodes it on its
own; both say the same, of members of one name the last.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from operator import attrgetter
from typing import Any, Final, cast

import msgspec
import numpy as np
import polars as pl
import pyarrow as pa

_BATCH: Final = 500
_Plain = str | int | float | bool | None
_NOTHING: Final = msgspec.Raw()
_NESTED: Final = ("{", "[")
_RAW: Final = attrgetter("body")
_OPENING: Final = np.frombuffer(b"{[", np.uint8)
_NEWLINE: Final = ord("\n")
_STRINGS: Final = frozenset({str, type(None)})


def read_envelopes(
    lines: pl.Series, names: Sequence[str], as_text: Callable[[Any], str | None]
) -> tuple[pl.DataFrame, pl.Series]:
    """Return the members `names` of envelopes, and `body`, as texts; and for each line whether it could be read so.

    What `as_text` makes of values is the text of those that are no strings. A body that is an object or array is its
    JSON as it stands in the line.
    """
    # Few lines at a time, so that their values are still in the processor's cache when columns are made of them.
    batches = [lines[begin : begin + _BATCH].to_list() for begin in range(0, len(lines) or 1, _BATCH)]
    found = [_read(batch, tuple(names), as_text) for batch in batches]
    is_read = pl.Series([each for _, flags in found for each in flags], dtype=pl.Boolean)
    return pl.concat([frame for frame, _ in found], rechunk=True), is_read


def _read(
    lines: list[str], names: tuple[str, ...], as_text: Callable[[Any], str | None]
) -> tuple[pl.DataFrame, list[bool]]:
    envelopes = _all_decoded(lines, _decoder(names))
    nested = _nested_bodies(envelopes)
    if nested is not None:
        return _columns(envelopes, nested, names, as_text), [True] * len(lines)

    bodies = [None if each is None else _body(each, as_text) for each in envelopes]
    flags = [each is not None and body is not _OTHER for each, body in zip(envelopes, bodies, strict=True)]
    envelopes, bodies = (
        [each for each, flag in zip(found, flags, strict=True) if flag] for found in (envelopes, bodies)
    )
    return _columns(envelopes, pl.Series(bodies, dtype=pl.String), names, as_text), flags


def _columns(
    envelopes: list[Any], bodies: pl.Series, names: tuple[str, ...], as_text: Callable[[Any], str | None]
) -> pl.DataFrame:
    values = zip(*map(attrgetter(*names), envelopes), strict=True) if envelopes else ((),) * len(names)
    columns = [_column(name, column, as_text) for name, column in zip(names, values, strict=True)]
    return pl.DataFrame([*columns, bodies.alias("body")])


@cache
def _decoder(names: tuple[str, ...]) -> Callable[[str], Any]:
    """Return what decodes lines; what is absent is null, a body empty."""
    plain = [(name, _Plain, None) for name in names]
    others = [("body", msgspec.Raw, _NOTHING), ("headers", None, None)]
    kind: Any = msgspec.defstruct("Envelope", [*plain, *others], gc=False)
    return msgspec.json.Decoder(kind).decode


def _all_decoded(lines: list[str], decode: Callable[[str], Any]) -> list[Any]:
    """Return the envelopes of lines, None for what is none: nearly always all in one pass."""
    try:
        return list(map(decode, lines))
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return [_decoded(line, decode) for line in lines]


def _decoded(line: str, decode: Callable[[str], Any]) -> Any:
    try:
        return decode(line)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return None


_OTHER: Final = "\0"
"""Stands for the body of what may be no envelope, or one that holds a number that no double does."""


def _nested_bodies(envelopes: list[Any]) -> pl.Series | None:
    """Return the bodies when all are objects or arrays, else None: together, which takes a fifth of one by one."""
    if None in envelopes or not envelopes:
        return None

    # Nothing in a body of a log's line is the end of a line; where a line has more of them, it is no log's.
    joined = b"\n".join([*map(_RAW, envelopes), b""])
    data = np.frombuffer(joined, np.uint8)
    limits = np.append(0, np.flatnonzero(data == _NEWLINE) + 1)
    if len(limits) != len(envelopes) + 1 or not np.isin(data.take(limits[:-1]), _OPENING).all():
        return None

    array = pa.LargeStringArray.from_buffers(len(envelopes), pa.py_buffer(limits), pa.py_buffer(joined))
    return cast("pl.Series", pl.from_arrow(array)).str.strip_suffix("\n")


def _body(envelope: Any, as_text: Callable[[Any], str | None]) -> str | None:
    raw = str(envelope.body, "utf-8")
    if raw.startswith(_NESTED):
        return raw

    if not raw:
        return _OTHER if envelope.query is None else None

    try:
        return as_text(msgspec.json.decode(raw))
    except msgspec.DecodeError:
        return _OTHER


def _column(name: str, values: tuple[Any, ...], as_text: Callable[[Any], str | None]) -> pl.Series:
    if values.count(None) == len(values):
        return pl.Series(name, [None], dtype=pl.String).new_from_index(0, len(values))

    if not _STRINGS.issuperset(map(type, values)):
        values = tuple(each if type(each) in _STRINGS else as_text(each) for each in values)

    return pl.Series(name, values, dtype=pl.String)
