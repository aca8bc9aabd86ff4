"""The queue files of Open Web Analytics: events that its server has taken in and not yet worked on.

``H:i:s Y-m-d|*|incoming_tracking_events|*|<process>|*|urlencode(serialize(Event))``, a line each. Source: Open Web
Analytics 1.12, `owa-data/logs/events.txt` and `unprocessed/`. The event is read as data (`ingest.formats.php`) and
its parameters are handed to the dialect `owa`. The time in front has no zone, so it is not used; the event has its own.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final
from urllib.parse import unquote_to_bytes

import numpy as np
import polars as pl

from footfall.event import TIME
from ingest.beacons.members import as_form, as_text
from ingest.beacons.parameters import split_parameters
from ingest.formats.encoded import Flags
from ingest.formats.finish import is_skipped
from ingest.formats.model import NO_MATCH, Explanation, Format, Parsed, Taken, rejecting
from ingest.formats.owa_rows import (
    CLASSES,
    EMPTY,
    NOT_SENT,
    OF_EVENT,
    OF_SERVER,
    PROPERTIES,
    SERVER,
    OwaRows,
    read_rows,
)
from ingest.formats.php import NotPhp, read_php

_BEGINNING: Final = (
    r"^[0-9]{2}:[0-9]{2}:[0-9]{2} [0-9]{4}-[0-9]{2}-[0-9]{2}\|\*\|[^|]*\|\*\|[0-9]*\|\*\|O%3A[0-9]+%3A"
)
_CHARACTERS: Final = "A-Za-z0-9%+._~-"
_ROW: Final = f"{_BEGINNING}[{_CHARACTERS}]*$"
_END: Final = "%7D"
_BETWEEN: Final = "|*|"
_TELLING: Final = ("event_type", "site_id")
_FOREIGN: Final = re.compile(f"[^{_CHARACTERS}]")


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
        return ("time", *OF_SERVER)

    @property
    def clue(self) -> str:
        """Return the expression of a line; see `Format.clue`."""
        return _ROW

    def parse(self, lines: pl.DataFrame, header: str = "") -> Parsed:
        """Read rows; see `Format.parse`. The time of the events is null, the beacon has it."""
        unread, events = _events(lines)
        rows = _rows(events)
        is_read = np.zeros(len(unread), np.bool_)
        is_read[rows.server["row"].to_numpy()] = True
        read = unread.filter(pl.Series(is_read)).drop("text")
        told = read.hstack(rows.server.drop("row")).with_columns(
            pl.lit(None, dtype=TIME).alias("time"), pl.lit(None, dtype=pl.String).alias("kind")
        )
        unmatched = rejecting(unread.filter(pl.Series(~is_read)), NO_MATCH)
        sent = rows.sent.with_columns(_renumbered(rows.sent["row"], is_read))
        return Parsed(told, unmatched, len(lines) - len(unread), _beacons(sent, len(told)), sent)

    def is_whole(self, line: str) -> bool:
        """Tell whether a row surely has its end: whether its event has."""
        return len(self.parse(_one(line)).events) == 1

    def explain(self, line: str, header: str = "") -> Explanation:
        """Return the parts of a row, and the properties of its event at the place of the event."""
        parsed = self.parse(_one(line))
        if parsed.skipped_lines:
            return Explanation(())

        events = parsed.events
        begin = line.rfind("|*|") + 3 if "|*|" in line else 0
        if events.is_empty() or parsed.sent is None:
            return Explanation((), begin + 1, "an event that PHP has serialised and URL-encoded", NO_MATCH)

        server = [(name, (name,), events[name][0]) for name in OF_SERVER if events[name][0] is not None]
        sent = parsed.sent.select("name", "value").iter_rows()
        parts = [*server, *((f"owa_{name}", (), value) for name, value in sent)]
        return Explanation(
            tuple(Taken(name, columns, begin, len(line), value) for name, columns, value in parts)
        )


def _events(lines: pl.DataFrame) -> tuple[pl.DataFrame, pl.Series]:
    """Return the lines that are to be read, and the events of those that begin as rows do, else null."""
    is_row = lines["text"].str.contains(_BEGINNING).fill_null(value=False)
    unread = lines
    if not is_row.all():
        kept = lines.select(pl.lit(is_row) | ~is_skipped()).to_series()
        unread, is_row = lines.filter(kept), is_row.filter(kept)

    events = unread["text"].str.splitn(_BETWEEN, 4).struct.field("field_3")
    return unread, events if is_row.all() else events.set(~is_row, None)


def _renumbered(rows: pl.Series, is_read: Flags) -> pl.Series:
    """Return numbers of lines as those of the events they are."""
    return pl.Series("row", (np.cumsum(is_read) - 1).astype(np.uint32).take(rows.to_numpy()))


def _beacons(sent: pl.DataFrame, count: int) -> pl.DataFrame:
    """Return which events have what all of OWA's beacons have; see `Parsed.beacons`."""
    is_beacon = np.ones(count, np.bool_)
    for name in _TELLING:
        has = np.zeros(count, np.bool_)
        has[sent["row"].filter(sent["name"] == name).to_numpy()] = True
        is_beacon &= has

    return pl.DataFrame({"at": np.flatnonzero(is_beacon).astype(np.uint32), "dialect": "owa"})


def _one(line: str) -> pl.DataFrame:
    return pl.DataFrame({"line_number": [1], "offset": [0], "text": [line]})


def _rows(encoded: pl.Series) -> OwaRows:
    """Return what events are read into: by columns where that can be, else one by one."""
    rows = read_rows(encoded)
    is_other = np.ones(len(encoded), np.bool_)
    is_other[rows.server["row"].to_numpy()] = False
    others = np.flatnonzero(is_other).astype(np.uint32)
    texts = encoded.gather(others)
    read = [(row, *found) for row, found in zip(others, map(_read, texts), strict=True) if found]
    if not read:
        return rows

    slowly = pl.DataFrame(read, {**SERVER, "form": pl.String}, orient="row")
    split = split_parameters(slowly["form"])
    sent = split.with_columns(slowly["row"].gather(split["row"]))
    return OwaRows(
        pl.concat([rows.server, slowly.drop("form")]).sort("row"),
        pl.concat([rows.sent.cast({"name": pl.String}), sent]).sort("row", maintain_order=True),
    )


def _read(encoded: str | None) -> tuple[str | None, ...] | None:
    """Return address, agent, language and the form of the parameters of an event, None for what is no event."""
    is_whole = encoded is not None and encoded[-3:].upper() == _END and not _FOREIGN.search(encoded)
    try:
        event = read_php(_unquoted(encoded)) if encoded and is_whole else None
    except NotPhp:
        event = None

    properties = event.get(PROPERTIES) if isinstance(event, dict) and event.get("") in CLASSES else None
    if not isinstance(event, dict) or not isinstance(properties, dict):
        return None

    server = (
        next(filter(None, map(_given, map(properties.get, names))), None) for names in OF_SERVER.values()
    )
    return (*server, _form(event, properties))


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
    return None if text in EMPTY else text


def _form(event: dict[str, Any], properties: dict[str, Any]) -> str:
    """Return the form of an event, properties first: of parameters of one name the first counts."""
    sent = {name: _finite(value) for name, value in properties.items() if name not in NOT_SENT}
    own = {name: event[own] for own, name in OF_EVENT.items() if _given(event.get(own))}
    return "&".join(filter(None, (as_form(sent), as_form(own))))


def _finite(value: Any) -> Any:
    """Return a value, None for what is no number."""
    if isinstance(value, float) and not isfinite(value):
        return None

    return {name: _finite(inner) for name, inner in value.items()} if isinstance(value, dict) else value
