"""Files of beacons themselves: request bodies and query strings, one a line, and OWA's queue files.

A line of `beacons` is the JSON body of a request, its form, its query string (with or without question mark, with
or without the path in front), or an envelope, as collectors write them: a JSON object with `body` or `query`, and
any of time (timestamp, received_at), ip, user_agent, referrer, host, path and headers. Of a JSON array with one
element a line, the brackets and commas are allowed. What no dialect recognises is in no format.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from urllib.parse import unquote_plus

import msgspec
import polars as pl

from footfall.event import TIME

# Modules and not their names: dialects read times as formats do, so either package may be imported first.
from ingest.beacons import known, recognise
from ingest.beacons.members import as_text
from ingest.beacons.model import Dialect
from ingest.formats.envelopes import read_envelopes
from ingest.formats.finish import is_skipped
from ingest.formats.model import BAD_TIME, NO_MATCH, PLACE, Explanation, Format, Parsed, Taken, rejecting
from ingest.formats.owa_queue import OwaQueue
from ingest.formats.times import is_time, read_any_time

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

_COLUMNS: Final = (
    *("time", "ip", "user_agent", "referrer", "host", "path", "query", "body"),
    *("language", "forwarded_for", "forwarded", "connecting_ip", "dnt", "gpc"),
)
_DECORATIONS: Final = ("", "[", "]", ",")
_TARGET: Final = r"^(?:(?P<path>/[^?]*)?\?)?(?P<query>[^\s{}\[\]\"]+)$"
_ENVELOPE: Final = ('"body"', '"query"')
_NOTHING: Final = ("", "-")


@dataclass(frozen=True, slots=True)
class BeaconBodies(Format):
    """Beacons, one a line."""

    name: str = "beacons"
    title: str = "Beacons themselves: bodies and query strings, one a line, bare or in envelopes"
    family: str = "Beacons"
    example: str = (
        '{"time":"2026-01-12T10:06:00Z","ip":"192.0.2.7","user_agent":"Mozilla/5.0 (X11; Linux x86_64)",'
        '"path":"/matomo.php","body":{"requests":["?idsite=1&rec=1&url=https%3A%2F%2Fwww.example.com%2F"]}}'
    )

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns that an envelope can carry."""
        return _COLUMNS

    def parse(self, lines: pl.DataFrame, header: str = "") -> Parsed:
        """Read lines; see `Format.parse`. The time of events without an envelope is null, the beacon may have it."""
        unread = _unskipped(lines)
        told = _told(unread.select(*PLACE[:2], text="stripped"))
        events = told.with_columns(
            read_any_time(pl.col("time")).cast(TIME), pl.lit(None, dtype=pl.String).alias("kind")
        )
        found = recognise.recognise(events, tuple(known.DIALECTS.values()))
        is_timed = told["time"].is_null() | is_time(events["time"])
        skipped = len(lines) - len(unread)
        if len(found) == len(events) and is_timed.all():
            return Parsed(events, rejecting(unread.clear(), NO_MATCH), skipped, found)

        is_known = pl.Series(range(len(events)), dtype=pl.UInt32).is_in(found["at"].implode())
        unmatched = [
            rejecting(unread.filter(~is_known), NO_MATCH),
            rejecting(unread.filter(is_known & ~is_timed), BAD_TIME),
        ]
        read = is_known & is_timed
        beacons = found.filter(is_timed.gather(found["at"])).with_columns(
            pl.int_range(pl.len(), dtype=pl.UInt32).alias("at")
        )
        rejected = pl.concat(unmatched).sort("line_number", "offset")
        return Parsed(events.filter(read), rejected, skipped, beacons)

    def is_whole(self, line: str) -> bool:
        """Tell whether a line surely has its end: whether it is JSON. More of a query string can always come."""
        return line.lstrip()[:1] in {"{", "["} and _decoded(line.strip().rstrip(",")) is not None

    def explain(self, line: str, header: str = "") -> Explanation:
        """Return the members or parameters of a line, then what its dialect makes of it."""
        lines = pl.DataFrame({"line_number": [1], "offset": [0], "text": [line]})
        parsed = self.parse(lines)
        if parsed.rejected.height:
            reason = parsed.rejected["reason"][0]
            expected = "a body or query string of a known dialect" if reason == NO_MATCH else "a time"
            return Explanation(_parts(line), 1, expected, reason)

        meanings = _meanings(parsed.events, len(line)) if len(parsed.events) else ()
        return Explanation((*_parts(line), *meanings))


def _unskipped(lines: pl.DataFrame) -> pl.DataFrame:
    """Return the lines that are to be read, with `stripped`: without blanks around it and a comma behind."""
    text = pl.col("text")
    if lines.select(
        (text.str.starts_with("{") & text.str.ends_with("}")).fill_null(value=False).all()
    ).item():
        return lines.with_columns(text.alias("stripped"))

    trimmed = text.fill_null("").str.strip_chars()
    is_left_out = is_skipped() | trimmed.is_in(_DECORATIONS)
    stripped = trimmed.str.strip_chars_end(",").alias("stripped")
    return lines.with_columns(stripped, is_left_out.alias("is_skipped")).filter(~pl.col("is_skipped"))


def _told(lines: pl.DataFrame) -> pl.DataFrame:
    """Return what lines say, as texts in `_COLUMNS`."""
    text = pl.col("text")
    may_be = lines.select(text.str.starts_with("{") & text.str.contains_any(list(_ENVELOPE))).to_series()
    if not may_be.any():
        return _bare(lines)

    opened = _opened(lines["text"].filter(may_be))
    enveloped = pl.concat([lines.filter(may_be).select(PLACE[:2]), opened], how="horizontal")
    if may_be.all():
        return enveloped

    others = _bare(lines.filter(~may_be)).select(enveloped.columns)
    return pl.concat([others, enveloped]).sort("offset", "line_number")


def _bare(lines: pl.DataFrame) -> pl.DataFrame:
    """Return what lines say that are bodies or query strings themselves."""
    text = pl.col("text")
    is_json = text.str.contains(r"^[\[{]")
    target = pl.when(~is_json).then(text).str.extract_groups(_TARGET).struct
    found = {
        "path": target.field("path"),
        "query": target.field("query"),
        "body": pl.when(is_json).then(text),
    }
    nothing = pl.lit(None, dtype=pl.String)
    return lines.select(*PLACE[:2], *(found.get(name, nothing).alias(name) for name in _COLUMNS))


def _opened(lines: pl.Series) -> pl.DataFrame:
    """Return what envelopes say, as texts in `_COLUMNS`: by columns where that can be, else one by one."""
    found, is_read = read_envelopes(lines, [*dict(_BY_RANK)], as_text)
    others = [_envelope(line) for line in lines.filter(~is_read)]
    opened = pl.concat(
        [found.select(_of_members()), pl.DataFrame(others, schema=dict.fromkeys(_COLUMNS, pl.String))]
    )
    places = pl.concat([is_read.arg_true(), (~is_read).arg_true()])
    return opened[places.arg_sort()]


@cache
def _of_members() -> tuple[pl.Expr, ...]:
    """Return `_COLUMNS` of the members of envelopes; of those that may give a column the first that does counts."""
    given = {
        column: pl.coalesce(pl.when(~pl.col(name).is_in(_NOTHING)).then(name) for name in names)
        for column, names in (*_MEMBERS.items(), ("body", ("body",)))
    }
    given["query"] = given["query"].str.strip_prefix("?")
    nothing = pl.lit(None, dtype=pl.String)
    return tuple(given.get(name, nothing).alias(name) for name in _COLUMNS)


def _envelope(line: str) -> dict[str, str | None]:
    """Return what an envelope says; a line that is none is a body."""
    members = _decoded(line)
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
    return {"body": text if text.startswith(("{", "[")) else _text(raw)}


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


def _decoded(line: str) -> dict[str, msgspec.Raw] | None:
    """Return the members of a JSON object, none of an array, None for what is neither."""
    try:
        if line.startswith("["):
            msgspec.json.decode(line)
            return {}

        return _MEMBERS_OF.decode(line)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return None


def _parts(line: str) -> tuple[Taken, ...]:
    members = _decoded(line.strip().rstrip(",")) if line.lstrip()[:1] == "{" else None
    return tuple(_of_query(line)) if members is None else tuple(_of_object(line, members))


def _of_query(line: str) -> list[Taken]:
    begin = line.find("?") + 1
    return [
        Taken(unquote_plus(name), (), begin + found.start(), begin + found.end(), unquote_plus(value))
        for found in re.finditer(r"[^&]+", line[begin:])
        for name, _, value in [found.group().partition("=")]
    ]


def _of_object(line: str, members: Mapping[str, msgspec.Raw]) -> list[Taken]:
    taken, place = [], 0
    for name, raw in members.items():
        value = bytes(raw).decode()
        begin = line.find(value, line.find(name, place) + len(name))
        place = begin + len(value) if begin >= 0 else place
        taken.append(Taken(name, (), max(begin, 0), max(place, 0), value))

    return taken


def _meanings(events: pl.DataFrame, length: int) -> list[Taken]:
    """Return the columns that the dialect of a line gives, each as taken from the whole of it."""
    found = recognise.recognise(events, tuple(known.DIALECTS.values()))
    dialect: Dialect = known.DIALECTS[found["dialect"][0]]
    requests = events.select(pl.lit(0, dtype=pl.UInt32).alias("row"), "path", "query", "body")
    rows = dialect.read(requests).head(1)
    return [
        Taken(dialect.name, (name,), 0, length, str(value))
        for name, value in (rows.row(0, named=True) if len(rows) else {}).items()
        if value is not None and name != "row"
    ]


BODIES: Final[tuple[Format, ...]] = (BeaconBodies(), OwaQueue())
"""Formats that carry no requests."""
