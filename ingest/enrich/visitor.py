"""Say who sent each event, in which session, and in which shard of its day it is stored.

Nothing of that is kept as it was sent: the visitor and the session of a beacon, which come out of cookies, are
keyed hashes like the one of address and user agent. Where salts are daily, a visitor and a session have another id
each day, and none on a day whose salt is destroyed. What a server or beacon calls a user by name is kept as it is:
it is the site's own word for somebody who has told it who they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final

import polars as pl

from footfall.keys import (
    event_bucket,
    identity_bucket,
    is_crawler,
    own_visitor_id,
    session_id,
    visitor_bucket,
    visitor_id,
)
from footfall.salts import Salts
from ingest.enrich.client import SHARD_ADDRESS
from ingest.enrich.distinct import Distinct, join_back
from ingest.enrich.settings import EnrichSettings

Keyed = Callable[[str | None, str, bytes], str]
"""Makes an id of a dialect, what a beacon has sent, and a salt."""

REMEMBERED: Final = 32_768
"""Clients that a process remembers, for all its threads."""

LONGEST_REMEMBERED: Final = 512
"""Longer texts are not remembered: a stranger could fill the memory with them."""

_DAY: Final = "day"
_BUCKETS: Final = ("own_bucket", "identity_bucket", "event_bucket", "address_bucket")
"""Where a shard comes from, first that is there; see `footfall.keys`."""


def identify_visitor(events: pl.DataFrame, settings: EnrichSettings) -> pl.DataFrame:
    """Add visitor and shard, from a beacon's own visitor or the full address and the user agent; hash its session.

    An event on a day whose salt is destroyed has neither visitor nor session. One without address, and without a
    visitor of a beacon's own, has no visitor: all who have the same browser would be one.
    """
    salts = settings.salts
    found = events.with_columns(pl.col("time").dt.date().alias(_DAY)) if salts.is_daily else events
    found = _with_session(_with_own(_with_client(found, salts), salts), salts)
    if "identity" in found.columns:
        found = found.with_columns(identity_bucket(pl.col("identity")).alias("identity_bucket"))

    visitors = [name for name in ("own_visitor", "client_visitor") if name in found.columns]
    buckets = [name for name in _BUCKETS if name in found.columns]
    added = found.with_columns(
        pl.coalesce(visitors).alias("visitor"),
        (pl.coalesce(*buckets, event_bucket(pl.col("offset"))) % settings.shards)
        .cast(pl.Int32)
        .alias("shard"),
    )
    return added.drop({_DAY, *visitors, *buckets} & set(added.columns))


def _with_client(events: pl.DataFrame, salts: Salts) -> pl.DataFrame:
    """Add client_visitor and address_bucket, null without address, and event_bucket, null for all but crawlers."""
    on = [name for name in ("ip", "user_agent", SHARD_ADDRESS, _DAY) if name in events.columns]
    distinct = Distinct.of(events, *on)
    seen = events.select(distinct.values(events[name]) for name in on)
    clients = _clients(seen, "ip")
    places = _clients(seen, SHARD_ADDRESS) if SHARD_ADDRESS in on else clients
    ids = [
        None
        if salt is None or client is None
        else _visitor(client, salt)
        if len(client) <= LONGEST_REMEMBERED
        else _visitor.__wrapped__(client, salt)
        for client, salt in zip(clients, _salts(seen, salts), strict=True)
    ]
    numbers = [
        None
        if place is None
        else _bucket(place)
        if len(place) <= LONGEST_REMEMBERED
        else _bucket.__wrapped__(place)
        for place in places
    ]
    visitors, buckets = pl.Series(ids, dtype=pl.String), pl.Series(numbers, dtype=pl.Int64)
    return events.with_columns(
        distinct.spread(visitors).alias("client_visitor"),
        distinct.spread(buckets).alias("address_bucket"),
        *_event_bucket(events),
    )


def _event_bucket(events: pl.DataFrame) -> Iterator[pl.Expr]:
    """Yield event_bucket, where there are crawlers."""
    distinct = Distinct.of(events, "user_agent")
    agents = distinct.values(events["user_agent"]).to_frame()
    crawls = agents.select(is_crawler(pl.col("user_agent"))).to_series()
    if crawls.any():
        yield pl.when(distinct.spread(crawls)).then(event_bucket(pl.col("offset"))).alias("event_bucket")


def _clients(seen: pl.DataFrame, address: str) -> list[str | None]:
    """Return address and user agent as one text each, which is what the keys are made of; None without address."""
    agent = pl.col("user_agent").fill_null("")
    return seen.select(pl.concat_str(pl.col(address), agent, separator="\0")).to_series().to_list()


@lru_cache(maxsize=REMEMBERED)
def _visitor(client: str, salt: bytes) -> str:
    ip, _, agent = client.partition("\0")
    return visitor_id(ip, agent, salt)


@lru_cache(maxsize=REMEMBERED)
def _bucket(client: str) -> int:
    return visitor_bucket(*client.split("\0", 1))


def _with_own(events: pl.DataFrame, salts: Salts) -> pl.DataFrame:
    """Add own_visitor and own_bucket, where beacons have visitors of their own."""
    if not _has(events, "visitor"):
        return events

    on, seen = _sent(events, "visitor")
    buckets = [visitor_bucket(*sent) for sent in seen.select("dialect", "visitor").iter_rows()]
    own = pl.Series("own_visitor", _ids(seen, "visitor", own_visitor_id, salts), dtype=pl.String)
    own_bucket = pl.Series("own_bucket", buckets, dtype=pl.Int64)
    # A day without salt has no visitor at all: not the one of the address, which there is none of either.
    return join_back(events, seen.with_columns(own, own_bucket), on)


def _with_session(events: pl.DataFrame, salts: Salts) -> pl.DataFrame:
    """Put keyed hashes in the place of the sessions that beacons have sent."""
    if not _has(events, "session"):
        return events

    on, seen = _sent(events, "session")
    hashed = pl.Series("hashed", _ids(seen, "session", session_id, salts), dtype=pl.String)
    joined = join_back(events, seen.with_columns(hashed), on)
    return joined.with_columns(pl.col("hashed").alias("session")).drop("hashed")


def _has(events: pl.DataFrame, name: str) -> bool:
    return name in events.columns and events[name].null_count() < len(events)


def _sent(events: pl.DataFrame, name: str) -> tuple[list[str], pl.DataFrame]:
    """Return what ids are made of, and each combination of it that beacons have sent."""
    on = ["dialect", name, *([_DAY] if _DAY in events.columns else [])]
    return on, events.select(on).unique().filter(pl.col(name).is_not_null())


def _ids(seen: pl.DataFrame, name: str, keyed: Keyed, salts: Salts) -> list[str | None]:
    rows = zip(seen["dialect"], seen[name], _salts(seen, salts), strict=True)
    return [None if salt is None else keyed(dialect, sent, salt) for dialect, sent, salt in rows]


def _salts(seen: pl.DataFrame, salts: Salts) -> list[bytes | None]:
    """Return the salt of each row."""
    if _DAY not in seen.columns:
        return [salts.lasting] * len(seen)

    days = Distinct.of_values(seen[_DAY])
    of_days = [salts.on(day) for day in days.values(seen[_DAY])]
    return [of_days[place] for place in days.places.to_list()]
