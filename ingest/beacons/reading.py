"""Find the beacons among requests, and put the events they tell of in their place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from footfall.keys import event_identity
from ingest.beacons.model import (
    BAD_BEACON,
    BEACON_SCHEMA,
    FROM_DIALECT,
    NO_EVENT_TIME,
    REQUESTS_SCHEMA,
    BeaconSettings,
    Dialect,
)
from ingest.beacons.recognise import chosen, recognise
from ingest.beacons.rows import number_rows
from ingest.beacons.times import happened_at
from ingest.beacons.urls import split_page
from ingest.formats.model import NO_MATCH, Parsed, rejecting
from ingest.formats.times import is_time

FROM_LOG: Final = ("line_number", "offset", "forwarded_for", "forwarded", "connecting_ip", "dnt", "gpc")
"""Columns that every event of a beacon has from the line it stood in."""

ALSO_FROM_LOG: Final = ("ip", "user_agent", "user", "language")
"""Columns that an event has from the line where the beacon itself does not say."""

_PROXIES: Final = ("forwarded_for", "forwarded", "connecting_ip")
_NEEDS_PAGE: Final = "pageview"
_ALL_DIALECTS: Final = BeaconSettings()


@dataclass(frozen=True, slots=True)
class Read:
    """Parsed lines after their beacons were read.

    In `parsed.events` a line that carried several events has several rows, whose `offset` counts on from that of
    the line, so that no two events share one: a line has more bytes than events. A beacon with an id of its own has
    `identity`, 32 hex digits (`footfall.keys.event_identity`); without any, the column may be missing. `left_out`
    counts by reason what was no event. `extra` is by how much events, rejected and left out ones are more than the
    requests they were made of, of which each gives one at least.
    """

    parsed: Parsed
    left_out: Mapping[str, int]
    extra: int


def read_beacons(parsed: Parsed, settings: BeaconSettings) -> Read:
    """Return `parsed` with beacons read; never raises on any text.

    Parsed lines that are themselves no request, but a body or query string (`kind` is null), are rejected as
    `no-match` where no dialect recognises them.
    """
    dialects = {dialect.name: dialect for dialect in chosen(settings)}
    found = _found(parsed, settings, tuple(dialects.values()))
    if found.is_empty():
        return Read(_without_strangers(parsed), {}, 0)

    requests = parsed.events.select(pl.int_range(pl.len(), dtype=pl.UInt32).alias("at"), pl.all())
    others = requests.join(found, on="at", how="anti", maintain_order="left")
    beacons = _pages(_with_log(_rows(requests, found, dialects), requests))
    timed = _timed(beacons)
    is_event = pl.col("refused").is_null() & pl.col("unrecorded").is_null()
    events, unrecorded = _identified(timed.filter(is_event)), timed.filter(pl.col("unrecorded").is_not_null())
    refused = timed.filter(pl.col("refused").is_not_null() & pl.col("unrecorded").is_null())
    refused = refused.unique("at", keep="first", maintain_order=True)
    merged = Parsed(_merged(others, events), _rejected(parsed, requests, refused), parsed.skipped_lines)
    left_out = dict(unrecorded.group_by("unrecorded").len().sort("unrecorded").iter_rows())
    extra = len(events) + len(refused) + len(unrecorded) - len(found)
    return Read(_without_strangers(merged), left_out, extra)


def _found(parsed: Parsed, settings: BeaconSettings, dialects: Sequence[Dialect]) -> pl.DataFrame:
    """Return which events are beacons; who has asked that already of all dialects need not ask again."""
    if parsed.beacons is not None and settings == _ALL_DIALECTS:
        return parsed.beacons

    return recognise(parsed.events, dialects)


def _rows(requests: pl.DataFrame, found: pl.DataFrame, dialects: Mapping[str, Dialect]) -> pl.DataFrame:
    """Return what the dialects make of the requests found: `at`, `ordinal`, `dialect` and `BEACON_SCHEMA` but
    `row`.
    """
    texts = requests.select(
        "at", *(_column(requests, name).alias(name) for name in REQUESTS_SCHEMA if name != "row")
    )
    read = []
    for name in found["dialect"].unique(maintain_order=True):
        at = found.filter(pl.col("dialect") == name)["at"]
        mine = texts[at].select(pl.int_range(pl.len(), dtype=pl.UInt32).alias("row"), pl.exclude("at"))
        rows = number_rows(_conformed(dialects[name].read(mine)), len(mine))
        read.append(
            rows.select(at.gather(rows["row"]).alias("at"), pl.lit(name).alias("dialect"), pl.exclude("row"))
        )

    return pl.concat(read).sort("at", "ordinal")


def _conformed(rows: pl.DataFrame) -> pl.DataFrame:
    """Return `rows` with the columns of `BEACON_SCHEMA`; made of columns, since an expression for each costs more."""
    given = {column.name: column for column in rows.get_columns()}
    nothing = pl.Series([None]).new_from_index(0, len(rows))
    return pl.DataFrame(
        [given.get(name, nothing).cast(dtype).alias(name) for name, dtype in BEACON_SCHEMA.items()]
    )


def _column(requests: pl.DataFrame, name: str) -> pl.Expr:
    return pl.col(name) if name in requests.columns else pl.lit(None, dtype=pl.String)


def _with_log(rows: pl.DataFrame, requests: pl.DataFrame) -> pl.DataFrame:
    """Return `rows` with what the log says: `received`, `here` (the Referer header), `logged_host`, and `FROM_LOG`."""
    lines = requests[rows["at"]].select(
        pl.col("time").alias("received"),
        _column(requests, "referrer").alias("here"),
        _column(requests, "host").alias("logged_host"),
        *(name for name in FROM_LOG if name in requests.columns),
        *(pl.col(name).alias(f"logged_{name}") for name in ALSO_FROM_LOG if name in requests.columns),
    )
    both = pl.concat([rows, lines], how="horizontal")
    own_ip = pl.col("ip").is_not_null()
    return both.with_columns(
        pl.col("offset") + pl.col("ordinal"),
        *(pl.when(~own_ip).then(name).alias(name) for name in _PROXIES if name in both.columns),
        *(
            pl.coalesce(name, f"logged_{name}").alias(name)
            for name in ALSO_FROM_LOG
            if name in requests.columns
        ),
    )


def _pages(rows: pl.DataFrame) -> pl.DataFrame:
    """Return `rows` with host, path and query of the page; a page view without a page is refused.

    The page is the URL of the beacon, else the Referer header of the request that carried it: that is what a pixel
    without a URL means. The host of a local URL is what the beacon says it is, else that of the Referer header,
    else the one that answered the beacon.
    """
    page = split_page(rows.select(pl.coalesce("url", "here")).to_series())
    local = page["host"].is_null() & page["path"].is_not_null()
    host = pl.coalesce("host", page["host"])
    if local.any():
        around = split_page(rows["here"])["host"]
        host = pl.coalesce(host, pl.when(local).then(pl.coalesce(around, "logged_host")))

    is_lost = (pl.col("kind") == _NEEDS_PAGE) & page["path"].is_null() & pl.col("unrecorded").is_null()
    return rows.with_columns(
        host.str.to_lowercase().alias("host"),
        page["path"],
        page["query"],
        pl.when(pl.col("refused").is_null() & is_lost)
        .then(pl.lit(BAD_BEACON))
        .otherwise("refused")
        .alias("refused"),
    )


def _timed(rows: pl.DataFrame) -> pl.DataFrame:
    """Return `rows` with the time; those that have none, or one outside the years of the table, are refused."""
    given = (pl.col(name) for name in ("received", "created_at", "sent_at"))
    timed = rows.with_columns(happened_at(*given).alias("time"))
    is_timed = is_time(timed["time"])
    return timed.with_columns(
        pl.when(pl.col("refused").is_null() & pl.col("unrecorded").is_null() & ~is_timed)
        .then(pl.lit(NO_EVENT_TIME))
        .otherwise("refused")
        .alias("refused")
    )


def _identified(events: pl.DataFrame) -> pl.DataFrame:
    """Return `events` with `identity` where any has an id of its own."""
    own = events.select("dialect", "site_id", "event_id").filter(pl.col("event_id").is_not_null()).unique()
    if own.is_empty():
        return events

    identities = own.with_columns(
        pl.Series("identity", [event_identity(*row) for row in own.iter_rows()], dtype=pl.String)
    )
    return events.join(
        identities, on=own.columns, how="left", nulls_equal=True, maintain_order="left", coalesce=True
    )


def _merged(others: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """Return requests that are no beacons and events that beacons told of, in the order of their lines."""
    kept = {"line_number", "offset", "time", "dialect", "path", "query", "identity", *FROM_DIALECT, *FROM_LOG}
    told = events.select("at", "ordinal", *(name for name in events.columns if name in kept))
    if others.is_empty():
        return told.drop("at", "ordinal")

    together = pl.concat([others, told], how="diagonal_relaxed")
    return together.sort("at", "ordinal", nulls_last=False).drop("at", "ordinal")


def _rejected(parsed: Parsed, requests: pl.DataFrame, refused: pl.DataFrame) -> pl.DataFrame:
    if refused.is_empty():
        return parsed.rejected

    lines = requests[refused["at"]].select("line_number", "offset")
    letters = lines.with_columns(
        refused["refused"].alias("reason"), pl.lit(None, dtype=pl.String).alias("text")
    )
    return pl.concat([parsed.rejected, letters.select(parsed.rejected.columns)]).sort("offset", "line_number")


def _without_strangers(parsed: Parsed) -> Parsed:
    """Return `parsed` with bodies that no dialect recognises rejected."""
    if "kind" not in parsed.events.columns or not parsed.events["kind"].null_count():
        return parsed

    strange = parsed.events.filter(pl.col("kind").is_null())
    lines = rejecting(strange.with_columns(pl.lit(None, dtype=pl.String).alias("text")), NO_MATCH)
    rejected = pl.concat([parsed.rejected, lines.select(parsed.rejected.columns)]).sort(
        "offset", "line_number"
    )
    return Parsed(parsed.events.filter(pl.col("kind").is_not_null()), rejected, parsed.skipped_lines)
