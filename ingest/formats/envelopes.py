"""Take apart the envelopes that beacons come in: JSON objects with a body or a query, each decoded once.

The members that say where a beacon came from are plain values, and the body is any: it is left as it stands in the
line. Envelopes are read many at a time into columns; one with other values there, or with headers, is read on its
own. Both say the same, of members of one name the last.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final, cast

import msgspec
import numpy as np
import polars as pl
import pyarrow as pa
from msgspec.structs import astuple

from ingest.beacons.members import as_text

_MEMBERS: Final[Mapping[str, tuple[str, ...]]] = {
    "time": ("time", "timestamp", "received_at"),
    "ip": ("ip", "remote_addr", "client_ip"),
    "user_agent": ("user_agent",),
    "referrer": ("referrer", "referer"),
    "host": ("host",),
    "path": ("path",),
    "query": ("query",),
}
"""Column → members of an envelope, the first that is there."""

_BY_RANK: Final = tuple((name, column) for column, names in _MEMBERS.items() for name in reversed(names))
"""Members and their columns, those that count last."""

_NAMES: Final = tuple(dict(_BY_RANK))

_HEADERS: Final[Mapping[str, str]] = {
    "user-agent": "user_agent",
    "referer": "referrer",
    "accept-language": "language",
    "x-forwarded-for": "forwarded_for",
    "forwarded": "forwarded",
    "cf-connecting-ip": "connecting_ip",
    "dnt": "dnt",
    "sec-gpc": "gpc",
}
"""Header, lower case → column, where the envelope does not say it itself."""

COLUMNS: Final = (
    *("time", "ip", "user_agent", "referrer", "host", "path", "query", "body"),
    *("language", "forwarded_for", "forwarded", "connecting_ip", "dnt", "gpc"),
)
"""What envelopes can say."""

_NOTHING: Final = ("", "-")
_NO_BODY: Final = msgspec.Raw()
_NESTED: Final = ("{", "[")
_OPENING: Final = np.frombuffer(b"{[", np.uint8)
_NOT_DECODED: Final = (msgspec.DecodeError, RecursionError, UnicodeError)
_OTHER: Final = "\0"
"""Stands for the body of what may be no envelope, or one that holds a number that no double does."""

_BATCH: Final = 500
_Decode = Callable[[bytes], Any]
_Flags = np.ndarray[tuple[int], np.dtype[np.bool_]]
_Plain = str | int | float | bool | None


def open_envelopes(lines: pl.Series) -> pl.DataFrame:
    """Return what envelopes say, as texts in `COLUMNS`: by columns where that can be, else one by one."""
    found, is_read = read_envelopes(lines, _NAMES)
    opened = found.select(_of_members(tuple(found.columns)))
    if is_read.all():
        return opened

    others = [read_envelope(line) for line in lines.filter(~is_read)]
    opened = pl.concat([opened, pl.DataFrame(others, schema=dict.fromkeys(COLUMNS, pl.String))])
    places = pl.concat([is_read.arg_true(), (~is_read).arg_true()])
    return opened[places.arg_sort()]


@lru_cache(maxsize=64)
def _of_members(given: tuple[str, ...]) -> tuple[pl.Expr, ...]:
    """Return `COLUMNS` of the members of envelopes; of those that may give a column the first that does counts."""
    nothing = pl.lit(None, dtype=pl.String)
    present = {name: pl.when((pl.col(name) != "") & (pl.col(name) != "-")).then(name) for name in given}
    found = {
        column: pl.coalesce([present[name] for name in names if name in present] or nothing)
        for column, names in (*_MEMBERS.items(), ("body", ("body",)))
    }
    found["query"] = found["query"].str.strip_prefix("?")
    return tuple(found.get(name, nothing).alias(name) for name in COLUMNS)


def read_envelopes(lines: pl.Series, names: Sequence[str]) -> tuple[pl.DataFrame, pl.Series]:
    """Return the members of envelopes as texts; and for each line whether it could be read so.

    The columns are those of `names` that any of the envelopes has, and `body`. A body that is an object or array is
    its JSON as it stands in the line.
    """
    taken = _Taken([], [[] for _ in names], [], [])
    decode, texts = _decoder(tuple(names)), lines.cast(pl.Binary)
    # Few lines at a time, so that their values are still in the processor's cache when columns are made of them.
    for begin in range(0, len(lines), _BATCH):
        taken.add(texts.slice(begin, _BATCH).to_list(), decode)

    members = dict(zip(names, taken.members, strict=True))
    bodies, is_body = _bodies(taken, members["query"])
    given = {name: values for name, values in members.items() if values.count(None) < len(values)}
    found = pl.DataFrame([*(_column(name, values) for name, values in given.items()), bodies])
    is_read = np.array(taken.is_decoded, np.bool_)
    if not is_body.all():
        found, is_read[is_read] = found.filter(is_body), is_body

    return found, pl.Series(is_read)


@dataclass(frozen=True, slots=True)
class _Taken:
    """What was taken of lines: which are decoded, and of those the members by name, and the bodies with their sizes."""

    is_decoded: list[bool]
    members: list[list[Any]]
    bodies: list[bytes]
    sizes: list[int]

    def add(self, lines: list[bytes], decode: _Decode) -> None:
        """Take some lines more."""
        rows = _all_decoded(lines, decode)
        decoded = [row for row in rows if row is not None] if None in rows else rows
        self.is_decoded.extend([True] * len(rows) if decoded is rows else [row is not None for row in rows])
        if not decoded:
            return

        *members, bodies, _ = zip(*decoded, strict=True)
        self.bodies.append(b"".join(bodies))
        self.sizes.extend(map(len, bodies))
        for values, more in zip(self.members, members, strict=True):
            values.extend(more)


@cache
def _decoder(names: tuple[str, ...]) -> _Decode:
    """Return what decodes lines; what is absent is null, a body empty."""
    plain = [(name, _Plain, None) for name in names]
    others = [("body", msgspec.Raw, _NO_BODY), ("headers", None, None)]
    kind: Any = msgspec.defstruct("Envelope", [*plain, *others], gc=False)
    return msgspec.json.Decoder(kind).decode


def _all_decoded(lines: list[bytes], decode: _Decode) -> list[tuple[Any, ...] | None]:
    """Return the members of envelopes, None for what is none: nearly always all in one pass."""
    try:
        return list(map(astuple, map(decode, lines)))
    except _NOT_DECODED:
        return [_decoded_alone(line, decode) for line in lines]


def _decoded_alone(line: bytes, decode: _Decode) -> tuple[Any, ...] | None:
    try:
        return astuple(decode(line))
    except _NOT_DECODED:
        return None


def _bodies(taken: _Taken, queries: list[Any]) -> tuple[pl.Series, _Flags]:
    """Return the bodies, as `body`, and for each whether it is one."""
    data = b"".join([*taken.bodies, b"\0"])
    limits = np.zeros(len(taken.sizes) + 1, np.int64)
    np.cumsum(taken.sizes, out=limits[1:])
    bodies = _strings(data, limits)
    is_nested = np.isin(np.frombuffer(data, np.uint8).take(limits[:-1]), _OPENING) & (
        limits[1:] > limits[:-1]
    )
    is_body = np.ones(len(bodies), np.bool_)
    others = np.flatnonzero(~is_nested)
    if not len(others):
        return bodies, is_body

    texts = [_plain_body(data[limits[at] : limits[at + 1]], queries[at]) for at in others]
    is_body[others] = [text is not _OTHER for text in texts]
    places = np.arange(len(bodies))
    places[others] = len(bodies) + np.arange(len(others))
    return pl.concat([bodies, pl.Series("body", texts, dtype=pl.String)]).gather(places), is_body


def _strings(data: bytes, limits: np.ndarray[tuple[int], np.dtype[np.int64]]) -> pl.Series:
    """Return what stands between `limits` of some bytes, as `body`, without copying them one by one."""
    array = pa.LargeStringArray.from_buffers(len(limits) - 1, pa.py_buffer(limits), pa.py_buffer(data))
    return cast("pl.Series", pl.from_arrow(array)).alias("body")


def _plain_body(raw: bytes, query: Any) -> str | None:
    """Return the text of a body that is no object or array."""
    if not raw:
        return _OTHER if query is None else None

    try:
        return as_text(msgspec.json.decode(raw))
    except msgspec.DecodeError:
        return _OTHER


def _column(name: str, values: list[Any]) -> pl.Series:
    try:
        return pl.Series(name, values, dtype=pl.String)
    except TypeError:
        texts = [each if each is None or isinstance(each, str) else as_text(each) for each in values]
        return pl.Series(name, texts, dtype=pl.String)


def read_envelope(line: str) -> dict[str, str | None]:
    """Return what an envelope says; a line that is none is a body."""
    members = members_of(line)
    if members is None or not {"body", "query"} & members.keys():
        return {"body": line}

    found = {
        column: text
        for name, column in _BY_RANK
        if name in members and (text := _text(members[name])) is not None
    }
    if "query" in found:
        found["query"] = found["query"].removeprefix("?")

    return {**_headers(members.get("headers")), **found, **_body(members)}


def _body(members: Mapping[str, msgspec.Raw]) -> dict[str, str | None]:
    raw = members.get("body")
    if raw is None:
        return {"body": None}

    text = bytes(raw).decode()
    return {"body": text if text.startswith(_NESTED) else _text(raw)}


def _headers(raw: msgspec.Raw | None) -> dict[str, str | None]:
    headers = _value(raw) if raw is not None else None
    if not isinstance(headers, dict):
        return {}

    named = {_HEADERS[name.lower()]: value for name, value in headers.items() if name.lower() in _HEADERS}
    return {name: _present(_joined(value)) for name, value in named.items()}


def _joined(value: Any) -> str | None:
    return ", ".join(filter(None, map(as_text, value))) if isinstance(value, list) else as_text(value)


def _text(raw: msgspec.Raw | None) -> str | None:
    return None if raw is None else _present(as_text(_value(raw)))


def _value(raw: msgspec.Raw) -> Any:
    """Return what a member says; its text where it says a number that is none, as ``1e999``."""
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return bytes(raw).decode()


def _present(text: str | None) -> str | None:
    return None if text in _NOTHING else text


_MEMBERS_OF: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


def members_of(line: str) -> dict[str, msgspec.Raw] | None:
    """Return the members of a JSON object, none of an array, None for what is neither."""
    try:
        if line.startswith("["):
            msgspec.json.decode(line)
            return {}

        return _MEMBERS_OF.decode(line)
    except _NOT_DECODED:
        return None
