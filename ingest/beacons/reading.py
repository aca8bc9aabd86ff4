"""Find the beacons among requests, and read what they tell of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from footfall.keys import event_identity
from ingest.beacons.model import (
    BAD_BEACON,
    BEACON_SCHEMA,
    NO_EVENT_TIME,
    REQUESTS_SCHEMA,
    BeaconSettings,
    Dialect,
)
from ingest.beacons.placing import FROM_LOG, or_null, place_events, place_rejected, without_strangers
from ingest.beacons.recognise import chosen, recognise
from ingest.beacons.rows import number_rows
from ingest.beacons.times import happened_at
from ingest.beacons.urls import split_page
from ingest.formats.model import Parsed
from ingest.formats.times import is_time

ALSO_FROM_LOG: Final = ("ip", "user_agent", "user", "language")
"""Columns that an event has from the line where the beacon itself does not say."""

_LOGGED: Final[Mapping[str, str]] = {
    "time": "received",
    "referrer": "here",
    "host": "logged_host",
    **{name: name for name in FROM_LOG},
    **{name: f"logged_{name}" for name in ALSO_FROM_LOG},
}
"""Column of the log → what it is called beside what the beacon says."""

_SPENT: Final = (
    *("url", "here", "logged_host", "received", "created_at", "sent_at", "refused", "unrecorded"),
    *(f"logged_{name}" for name in ALSO_FROM_LOG),
)
"""Columns that no event has in the end."""

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
        return Read(without_strangers(parsed), {}, 0)

    requests = parsed.events
    beacons = _timed(_pages(_with_log(_rows(requests, found, dialects, parsed.sent), requests)))
    events, refused, unrecorded = _by_outcome(beacons)
    merged = place_events(requests, found, _identified(events))
    rejected = place_rejected(parsed, requests, refused)
    extra = len(events) + len(refused) + len(unrecorded) - len(found)
    read = without_strangers(Parsed(merged, rejected, parsed.skipped_lines))
    return Read(read, dict(sorted(Counter(unrecorded).items())), extra)


def _found(parsed: Parsed, settings: BeaconSettings, dialects: Sequence[Dialect]) -> pl.DataFrame:
    """Return which events are beacons; who has asked that already of all dialects need not ask again."""
    if parsed.beacons is not None and settings == _ALL_DIALECTS:
        return parsed.beacons

    if parsed.beacons is not None and parsed.sent is not None:
        return parsed.beacons.filter(pl.col("dialect").is_in([dialect.name for dialect in dialects]))

    return recognise(parsed.events, dialects)


def _rows(
    requests: pl.DataFrame, found: pl.DataFrame, dialects: Mapping[str, Dialect], sent: pl.DataFrame | None
) -> pl.DataFrame:
    """Return what the dialects make of the requests found: `at`, `ordinal`, `dialect`, and of `BEACON_SCHEMA` but
    `row` the columns that hold anything: most do not, and every step from here on costs time for each.
    """
    texts = requests.select(or_null(requests, name) for name in REQUESTS_SCHEMA if name != "row")
    by_dialect = found.partition_by("dialect", maintain_order=True, as_dict=True)
    read = [_rows_of(dialects[name], texts, mine["at"], sent) for (name,), mine in by_dialect.items()]
    return read[0] if len(read) == 1 else pl.concat(read, how="diagonal").sort("at", "ordinal")


def _rows_of(dialect: Dialect, texts: pl.DataFrame, at: pl.Series, sent: pl.DataFrame | None) -> pl.DataFrame:
    if sent is None or dialect.read_sent is None:
        told = dialect.read(_taken(texts, at).with_row_index("row"))
    else:
        told = dialect.read_sent(_sent_by(sent, at), len(at))

    rows = number_rows(_given(told), len(at))
    return rows.select(at.gather(rows["row"]), pl.lit(dialect.name).alias("dialect"), pl.exclude("row"))


def _sent_by(sent: pl.DataFrame, at: pl.Series) -> pl.DataFrame:
    """Return what the requests `at` have sent, each the row that its place among them says."""
    row = sent["row"].to_numpy()
    place = np.searchsorted(at.to_numpy(), row)
    is_mine = at.to_numpy().take(place, mode="clip") == row
    placed = sent.with_columns(pl.Series("row", place, pl.UInt32))
    return placed if is_mine.all() else placed.filter(pl.Series(is_mine))


def _given(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the columns of `rows` that hold anything, with the types of `BEACON_SCHEMA`."""
    return pl.DataFrame(
        [
            column.cast(BEACON_SCHEMA[column.name])
            for column in rows.get_columns()
            if column.name == "row" or column.null_count() < len(column)
        ]
    )


def _taken(frame: pl.DataFrame, at: pl.Series) -> pl.DataFrame:
    """Return the rows `at`; no copy of them where those are all, in their order."""
    is_all = len(at) == len(frame) and np.array_equal(at.to_numpy(), np.arange(len(frame)))
    return frame if is_all else frame[at]


def _with_log(rows: pl.DataFrame, requests: pl.DataFrame) -> pl.DataFrame:
    """Return `rows` with what the log says: `received`, `here` (the Referer header), `logged_host`, and `FROM_LOG`."""
    told = (requests[name].alias(named) for name, named in _LOGGED.items() if name in requests.columns)
    lines = pl.DataFrame([column for column in told if column.null_count() < len(column)])
    both = rows.hstack(_taken(lines, rows["at"]).get_columns())
    own_ip = pl.col("ip").is_not_null()
    return both.with_columns(
        pl.col("offset") + pl.col("ordinal"),
        *(pl.when(~own_ip).then(name).alias(name) for name in _PROXIES if {name, "ip"} <= {*rows.columns}),
        *(
            pl.coalesce(*({name} & {*rows.columns}), f"logged_{name}").alias(name)
            for name in ALSO_FROM_LOG
            if f"logged_{name}" in both.columns
        ),
    )


def _pages(rows: pl.DataFrame) -> pl.DataFrame:
    """Return `rows` with host, path and query of the page; a page view without a page is refused.

    The page is the URL of the beacon, else the Referer header of the request that carried it: that is what a pixel
    without a URL means. The host of a local URL is what the beacon says it is, else that of the Referer header,
    else the one that answered the beacon.
    """
    given = rows.select(
        "at", or_null(rows, "here"), pl.coalesce(or_null(rows, "url"), or_null(rows, "here")).alias("page")
    )
    page = split_page(given["page"])
    hosts = [pl.col("host").str.to_lowercase()] if "host" in rows.columns else []
    paged = rows.with_columns(
        pl.coalesce(*hosts, page["host"], *_hosts_of_local(rows, page, given["here"])).alias("host"),
        page["path"],
        page["query"],
    )
    if "kind" not in rows.columns or not page["path"].null_count():
        return paged

    return _refused(paged, (pl.col("kind") == _NEEDS_PAGE) & pl.col("path").is_null(), BAD_BEACON)


def _hosts_of_local(rows: pl.DataFrame, page: pl.DataFrame, here: pl.Series) -> list[pl.Expr]:
    """Return what may be the host of pages whose URL is local."""
    if not page["host"].null_count():
        return []

    is_local = page["host"].is_null() & page["path"].is_not_null()
    if not is_local.any():
        return []

    around = pl.coalesce(split_page(here)["host"], or_null(rows, "logged_host").str.to_lowercase())
    return [pl.when(is_local).then(around)]


def _timed(rows: pl.DataFrame) -> pl.DataFrame:
    """Return `rows` with the time; those that have none, or one outside the years of the table, are refused."""
    given = (or_null(rows, name) for name in ("received", "created_at", "sent_at"))
    timed = rows.with_columns(happened_at(*given).alias("time"))
    is_timed = is_time(timed["time"])
    return timed if is_timed.all() else _refused(timed, ~is_timed, NO_EVENT_TIME)


def _refused(rows: pl.DataFrame, which: pl.Expr | pl.Series, reason: str) -> pl.DataFrame:
    """Return `rows` with `reason` as that of those that are refused, if they would have been events."""
    refused = or_null(rows, "refused")
    is_event = refused.is_null() & or_null(rows, "unrecorded").is_null()
    return rows.with_columns(
        pl.when(is_event & which).then(pl.lit(reason)).otherwise(refused).alias("refused")
    )


def _by_outcome(beacons: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, pl.Series]:
    """Return the events; at and reason of the requests refused, each once; the reasons of what is not recorded."""
    outcomes = beacons.select("at", or_null(beacons, "refused"), or_null(beacons, "unrecorded"))
    unrecorded = outcomes["unrecorded"].drop_nulls()
    events = beacons.drop(_SPENT, strict=False)
    if outcomes["refused"].null_count() == len(outcomes) and unrecorded.is_empty():
        return events, outcomes.clear(), unrecorded

    is_recorded = pl.col("unrecorded").is_null()
    is_event = outcomes.select(pl.col("refused").is_null() & is_recorded).to_series()
    refused = outcomes.filter(is_recorded & ~is_event).unique("at", keep="first", maintain_order=True)
    return events.filter(is_event), refused, unrecorded


def _identified(events: pl.DataFrame) -> pl.DataFrame:
    """Return `events` with `identity` where any has an id of its own."""
    if "event_id" not in events.columns:
        return events

    keys = events.select("dialect", or_null(events, "site_id"), "event_id")
    own = keys.filter(pl.col("event_id").is_not_null())
    if own.is_empty():
        return events

    differing = ["event_id", *(name for name in ("dialect", "site_id") if own[name].n_unique() > 1)]
    distinct = own.unique(differing)
    identities = [event_identity(*row) for row in distinct.iter_rows()]
    known = distinct.select(*differing, pl.Series("identity", identities, dtype=pl.String))
    found = keys.join(known, on=differing, how="left", nulls_equal=True, maintain_order="left")
    return events.with_columns(found["identity"])
