"""Put the events that beacons tell of in the place of the requests that carried them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import polars as pl

from footfall.event import TIME
from ingest.beacons.model import AGENT_LOGGED, BEACON_SCHEMA, FROM_DIALECT
from ingest.formats.model import NO_MATCH, Parsed, rejecting

FROM_LOG: Final = ("line_number", "offset", "forwarded_for", "forwarded", "connecting_ip", "dnt", "gpc")
"""Columns that every event of a beacon has from the line it stood in."""

_NULL: Final = pl.lit(None, dtype=pl.String)
_NULLS: Final[Mapping[str, pl.Expr]] = {
    "received": pl.lit(None, dtype=TIME),
    **{name: pl.lit(None, dtype=dtype) for name, dtype in BEACON_SCHEMA.items()},
}


def or_null(frame: pl.DataFrame, name: str) -> pl.Expr:
    """Return a column of `frame`; null where it has none."""
    return pl.col(name) if name in frame.columns else _NULLS.get(name, _NULL).alias(name)


def place_events(requests: pl.DataFrame, found: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """Return requests that are no beacons and events that beacons told of, in the order of their lines."""
    log = (name for name in FROM_LOG if name in requests.columns)
    identity = {"identity"} & {*events.columns}
    names = ("dialect", *FROM_DIALECT, *log, "path", "query", "time", *identity)
    agents = _agents_logged(requests, events)
    if len(found) == len(requests):
        return events.select(*(or_null(events, name) for name in names), *agents)

    is_other = np.ones(len(requests), np.bool_)
    is_other[found["at"].to_numpy()] = False
    others = requests.with_row_index("at").filter(is_other)
    others = others.with_columns(pl.lit("user_agent" in others.columns).alias(one.name) for one in agents)
    told = events.select("at", "ordinal", *(or_null(events, name) for name in names), *agents)
    together = pl.concat([others, told], how="diagonal_relaxed")
    return together.sort("at", "ordinal", nulls_last=False).drop("at", "ordinal")


def _agents_logged(requests: pl.DataFrame, events: pl.DataFrame) -> list[pl.Series]:
    """Return `AGENT_LOGGED` of events, nothing where it is true of all.

    A body, and a line of a log without user agents, only tells of one when it has one.
    """
    is_of_log, is_logged = requests["kind"].is_not_null(), "user_agent" in requests.columns
    if is_logged and is_of_log.all():
        return []

    has_one = or_null(events, "user_agent").is_not_null() | (is_of_log.gather(events["at"]) & is_logged)
    return [events.select(has_one.alias(AGENT_LOGGED)).to_series()]


def place_rejected(parsed: Parsed, requests: pl.DataFrame, refused: pl.DataFrame) -> pl.DataFrame:
    """Return the rejected lines of a log, and those of the beacons that are `refused` (at, refused) among them."""
    if refused.is_empty():
        return parsed.rejected

    lines = requests[refused["at"]].select("line_number", "offset")
    letters = lines.with_columns(
        refused["refused"].alias("reason"), pl.lit(None, dtype=pl.String).alias("text")
    )
    return pl.concat([parsed.rejected, letters.select(parsed.rejected.columns)]).sort("offset", "line_number")


def without_strangers(parsed: Parsed) -> Parsed:
    """Return `parsed` with bodies that no dialect recognises rejected."""
    if "kind" not in parsed.events.columns or not parsed.events["kind"].null_count():
        return parsed

    strange = parsed.events.filter(pl.col("kind").is_null())
    lines = rejecting(strange.with_columns(pl.lit(None, dtype=pl.String).alias("text")), NO_MATCH)
    rejected = pl.concat([parsed.rejected, lines.select(parsed.rejected.columns)]).sort(
        "offset", "line_number"
    )
    return Parsed(parsed.events.filter(pl.col("kind").is_not_null()), rejected, parsed.skipped_lines)
