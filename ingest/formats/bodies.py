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
from ingest.beacons.model import Dialect
from ingest.formats.envelopes import COLUMNS, members_of, open_envelopes
from ingest.formats.finish import is_skipped
from ingest.formats.model import BAD_TIME, NO_MATCH, PLACE, Explanation, Format, Parsed, Taken, rejecting
from ingest.formats.owa_queue import OwaQueue
from ingest.formats.times import is_time, read_any_time, read_zoned_iso_time

_DECORATIONS: Final = ("", "[", "]", ",")
_FOREIGN: Final = r"[\s{}\[\]\"]"
"""What stands in no query string."""

_ENVELOPE: Final = ('"body"', '"query"')


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
        return COLUMNS

    def parse(self, lines: pl.DataFrame, header: str = "") -> Parsed:
        """Read lines; see `Format.parse`. The time of events without an envelope is null, the beacon may have it."""
        unread = _unskipped(lines)
        told = _told(unread.select(*PLACE[:2], text="stripped"))
        events = told.with_columns(_times(told["time"]), pl.lit(None, dtype=pl.String).alias("kind"))
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
        return line.lstrip()[:1] in {"{", "["} and members_of(line.strip().rstrip(",")) is not None

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


def _times(texts: pl.Series) -> pl.Series:
    """Return the times that texts say, which nearly always are ISO 8601 with an offset, read at a tenth of the cost."""
    plain = texts.to_frame().select(read_zoned_iso_time(pl.col("time")).cast(TIME)).to_series()
    if plain.null_count() == texts.null_count():
        return plain

    return texts.to_frame().select(read_any_time(pl.col("time")).cast(TIME)).to_series()


def _told(lines: pl.DataFrame) -> pl.DataFrame:
    """Return what lines say, as texts in `COLUMNS`."""
    if lines.select(_has_body()).item():
        return pl.concat([lines.select(PLACE[:2]), open_envelopes(lines["text"])], how="horizontal")

    text = pl.col("text")
    may_be = lines.select(text.str.starts_with("{") & text.str.contains_any(list(_ENVELOPE))).to_series()
    if not may_be.any():
        return _bare(lines)

    opened = open_envelopes(lines["text"].filter(may_be))
    enveloped = pl.concat([lines.filter(may_be).select(PLACE[:2]), opened], how="horizontal")
    if may_be.all():
        return enveloped

    others = _bare(lines.filter(~may_be)).select(enveloped.columns)
    return pl.concat([others, enveloped]).sort("offset", "line_number")


@cache
def _has_body() -> pl.Expr:
    """Tell whether all lines may be envelopes for their body, which takes a third of looking for a query as well."""
    text = pl.col("text")
    may_be = text.str.starts_with("{") & text.str.contains(_ENVELOPE[0], literal=True)
    return may_be.all() & (pl.len() > 0)


def _bare(lines: pl.DataFrame) -> pl.DataFrame:
    """Return what lines say that are bodies or query strings themselves."""
    text = pl.col("text")
    is_json = text.str.starts_with("{") | text.str.starts_with("[")
    target = _target(lines.select(pl.when(~is_json).then(text))["text"])
    found: dict[str, Any] = {**target.to_dict(), "body": pl.when(is_json).then(text)}
    nothing = pl.lit(None, dtype=pl.String)
    return lines.select(*PLACE[:2], *(found.get(name, nothing).alias(name) for name in COLUMNS))


def _target(text: pl.Series) -> pl.DataFrame:
    """Return path and query of ``/path?query``, ``?query`` or ``query``; both null for what is none of these."""
    whole, path, query = pl.col("text"), pl.col("path"), pl.col("query")
    parts = whole.str.splitn("?", 2).struct.rename_fields(["path", "query"]).struct.unnest()
    is_parted = (whole.str.starts_with("/") | whole.str.starts_with("?")) & (query != "")
    is_query = (query != "") & ~query.str.contains(_FOREIGN)
    return (
        text.to_frame("text")
        .lazy()
        .select(whole, parts)
        .select(
            pl.when(is_parted & (path != "")).then(path),
            pl.when(is_parted).then(query).otherwise(whole).alias("query"),
        )
        .select(path, query, is_query.alias("is_query"))
        .select(pl.when("is_query").then(path), pl.when("is_query").then(query))
        .collect()
    )


def _parts(line: str) -> tuple[Taken, ...]:
    members = members_of(line.strip().rstrip(",")) if line.lstrip()[:1] == "{" else None
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
