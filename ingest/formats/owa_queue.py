"""The queue files of Open Web Analytics: events that its server has taken in and not yet worked on.

``H:i:s Y-m-d|*|incoming_tracking_events|*|<process>|*|urlencode(serialize(Event))``, a line each. Source: Open Web
Analytics 1.12, `owa-data/logs/events.txt` and `unprocessed/`. The event is read as data (`ingest.formats.php`) and
handed to the dialect `owa` as a body. The time in front has no zone, so it is not used; the event has its own.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote_to_bytes

import msgspec
import polars as pl

from footfall.event import TIME
from ingest.beacons.members import as_text, of_objects
from ingest.beacons.parameters import read_parameters, split_parameters
from ingest.formats.finish import is_skipped
from ingest.formats.model import NO_MATCH, PLACE, Explanation, Format, Parsed, Taken, rejecting
from ingest.formats.owa_rows import read_pairs
from ingest.formats.php import NotPhp, read_php

_ROW: Final = (
    r"^[0-9]{2}:[0-9]{2}:[0-9]{2} [0-9]{4}-[0-9]{2}-[0-9]{2}\|\*\|[^|]*\|\*\|[0-9]*\|\*\|"
    r"O%3A[0-9]+%3A[A-Za-z0-9%+._~-]*$"
)
_BETWEEN: Final = "|*|"
_CLASSES: Final = frozenset({"OWA\\Module\\Base\\Classes\\Event", "owa_event"})
_TEXTS: Final[Mapping[str, tuple[str, ...]]] = {
    "ip": ("ip_address", "REMOTE_ADDR"),
    "user_agent": ("HTTP_USER_AGENT", "user_agent"),
    "language": ("language", "HTTP_ACCEPT_LANGUAGE"),
}
"""Column → properties that OWA's server adds to an event, the first that is there."""

_OF_SERVER: Final = frozenset(name for names in _TEXTS.values() for name in names)
_OF_EVENT: Final = ("guid", "timestamp")
_NOTHING: Final = ("", "0")
_NAMES: Final = {"eventType": "event_type"}
_READ: Final = pl.Schema({**dict.fromkeys(_TEXTS, pl.String), "body": pl.String})


@dataclass(frozen=True, slots=True)
class OwaQueue(Format):
    """OWA's queue files."""

    name: str = "owa_queue"
    title: str = "Open Web Analytics: file of the event queue"
    family: str = "Beacons"
    example: str = (
        "10:06:01 2026-01-12|*|incoming_tracking_events|*|4711|*|O%3A9%3A%22owa_event%22%3A3%3A%7B"
        "s%3A10%3A%22properties%22%3Ba%3A3%3A%7Bs%3A7%3A%22site_id%22%3Bs%3A4%3A%22shop%22%3Bs%3A8%3A%22page_url%22%3B"
        "s%3A24%3A%22https%3A%2F%2Fwww.example.com%2F%22%3Bs%3A9%3A%22timestamp%22%3Bi%3A1768212360%3B%7D"
        "s%3A9%3A%22eventType%22%3Bs%3A17%3A%22base.page_request%22%3B"
        "s%3A4%3A%22guid%22%3Bs%3A19%3A%221768212360123456789%22%3B%7D"
    )

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns a row carries; all others come from the dialect."""
        return ("time", *_READ)

    @property
    def clue(self) -> str:
        """Return the expression of a line; see `Format.clue`."""
        return _ROW

    def parse(self, lines: pl.DataFrame, header: str = "") -> Parsed:
        """Read rows; see `Format.parse`. The time of the events is null, the beacon has it."""
        unread = lines.filter(~is_skipped())
        encoded = unread.select(_event()).to_series()
        told = pl.concat([unread.select(PLACE), _events(encoded)], how="horizontal").with_columns(
            pl.lit(None, dtype=TIME).alias("time"), pl.lit(None, dtype=pl.String).alias("kind")
        )
        is_read = pl.col("body").is_not_null()
        unmatched = rejecting(told.filter(~is_read), NO_MATCH)
        return Parsed(told.filter(is_read).drop("text"), unmatched, len(lines) - len(unread))

    def is_whole(self, line: str) -> bool:
        """Tell whether a row surely has its end: whether its event has."""
        return len(self.parse(_one(line)).events) == 1

    def explain(self, line: str, header: str = "") -> Explanation:
        """Return the parts of a row, and the properties of its event at the place of the event."""
        events = self.parse(_one(line)).events
        begin = line.rfind("|*|") + 3 if "|*|" in line else 0
        if events.is_empty():
            return Explanation((), begin + 1, "an event that PHP has serialised and URL-encoded", NO_MATCH)

        body = events["body"]
        members = of_objects(body) if body[0].startswith("{") else split_parameters(body)
        server = [(name, (name,), events[name][0]) for name in _TEXTS if events[name][0] is not None]
        parts = [*server, *((name, (), value) for name, value in members.select("name", "value").iter_rows())]
        return Explanation(
            tuple(Taken(name, columns, begin, len(line), value) for name, columns, value in parts)
        )


def _event() -> pl.Expr:
    """Return the events of rows, URL-encoded; null for what is no row."""
    text = pl.col("text")
    return pl.when(text.str.contains(_ROW)).then(text.str.splitn(_BETWEEN, 4).struct.field("field_3"))


def _one(line: str) -> pl.DataFrame:
    return pl.DataFrame({"line_number": [1], "offset": [0], "text": [line]})


def _events(encoded: pl.Series) -> pl.DataFrame:
    """Return address, agent, language and body of events: by columns where that can be, else one by one."""
    pairs, is_read = read_pairs(encoded)
    read = pl.DataFrame({"row": is_read.arg_true().cast(pl.UInt32)})
    for column in (*(_first_of(pairs, name, names) for name, names in _TEXTS.items()), _bodies(pairs)):
        read = read.join(column, on="row", how="left", maintain_order="left")

    rest = (~is_read).arg_true().cast(pl.UInt32)
    others = pl.DataFrame([_read(event) for event in encoded.gather(rest)], _READ, orient="row")
    together = pl.concat([read, others.select(rest.alias("row"), pl.all())])
    return together.sort("row").select(_READ.names())


def _first_of(pairs: pl.DataFrame, column: str, names: tuple[str, ...]) -> pl.DataFrame:
    """Return for each row that has one the first of some properties, decoded."""
    found = pairs.filter(
        pl.col("is_property") & pl.col("name").is_in(names) & ~pl.col("value").is_in(_NOTHING)
    )
    order = found["name"].cast(pl.Enum(names)).to_physical()
    first = (
        found.select("row", "value", order.alias("order")).sort("row", "order").unique("row", keep="first")
    )
    plain = read_parameters("v=" + first["value"], ["v"])["v"]
    return first.select("row", plain.alias(column))


def _bodies(pairs: pl.DataFrame) -> pl.DataFrame:
    """Return for each row the form of its event, properties first: of members of one name the first counts."""
    name = pl.col("name")
    of_event = name.is_in(["eventType", *_OF_EVENT]) & ~pl.col("value").is_in(_NOTHING)
    is_kept = pl.when("is_property").then(~name.is_in([*_OF_SERVER, "event_type"])).otherwise(of_event)
    kept = pairs.filter(is_kept & pl.col("value").is_not_null()).sort(
        "row", ~pl.col("is_property"), maintain_order=True
    )
    # What the server has decoded twice is encoded twice for the dialect.
    value = pl.col("value").str.replace_all("%25", "%2525", literal=True)
    own = pl.when(~pl.col("is_property")).then(name.replace(_NAMES)).otherwise(name)
    forms = kept.select("row", ("owa_" + own + "=" + value).alias("form"))
    return forms.group_by("row", maintain_order=True).agg(pl.col("form").str.join("&").alias("body"))


def _read(encoded: str | None) -> tuple[str | None, ...]:
    """Return address, agent, language and body of an event; all None for what is no event."""
    try:
        event = read_php(_unquoted(encoded)) if encoded else None
    except NotPhp:
        event = None

    properties = event.get("properties") if isinstance(event, dict) and event.get("") in _CLASSES else None
    if not isinstance(event, dict) or not isinstance(properties, dict):
        return (None,) * len(_READ)

    body = {f"owa_{name}": value for name, value in _members(event, properties)}
    server = (next(filter(None, map(_given, map(properties.get, names))), None) for names in _TEXTS.values())
    return (*server, msgspec.json.encode(body).decode())


def _unquoted(encoded: str) -> bytes:
    """Return what PHP's urlencode has encoded, which writes a space as ``+``."""
    plain = encoded.replace("+", " ")
    if _STRAY.search(plain):
        return unquote_to_bytes(plain)

    # Quoted-printable (RFC 2045, 6.7) is the same with another sign, and its decoder is written in C.
    return binascii.a2b_qp(plain.replace("%", "="))


_STRAY: Final = re.compile("%(?![0-9A-Fa-f]{2})")


def _given(value: Any) -> str | None:
    text = as_text(value)
    return None if text in _NOTHING else text


def _members(event: dict[str, Any], properties: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in properties.items():
        if name not in _OF_SERVER and name != "event_type":
            yield name, _guarded(value)

    for name in ("eventType", *_OF_EVENT):
        if _given(event.get(name)) is not None and name not in properties:
            yield _NAMES.get(name, name), event[name]


def _guarded(value: Any) -> Any:
    """Return a value that the dialect can decode twice: the server has already decoded it."""
    if isinstance(value, str):
        return value.replace("%", "%25")

    return {name: _guarded(inner) for name, inner in value.items()} if isinstance(value, dict) else value
