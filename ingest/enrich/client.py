"""Find the client's own address behind proxies."""

from __future__ import annotations

from typing import Final

import polars as pl

from ingest.enrich.distinct import Distinct
from ingest.enrich.proxies import Trusted, find_client, first_address, listed, trust
from ingest.enrich.settings import EnrichSettings

HEADERS: Final = ("forwarded_for", "forwarded", "connecting_ip")
SHARD_ADDRESS: Final = "shard_address"
"""The address that the line alone tells, which decides the shard; see `footfall.keys`."""


def resolve_client(events: pl.DataFrame, settings: EnrichSettings) -> pl.DataFrame:
    """Put the client's address in the place of a trusted proxy's in ip; add `SHARD_ADDRESS` where a header tells one.

    A log without such headers is left as it is.
    """
    present = [name for name in HEADERS if name in events.columns]
    if not present or all(events[name].null_count() == len(events) for name in present):
        return events

    on = ["ip", *present]
    distinct = Distinct.of(events, *on)
    seen = events.select(distinct.values(events[name]) for name in on)
    missing = [pl.lit(None, dtype=pl.String).alias(name) for name in HEADERS if name not in present]
    trusted = trust(settings.options.trusted_proxies)
    rows = seen.with_columns(missing).select("ip", *HEADERS).iter_rows()
    found = [
        _addresses(peer, listed(by_proxies, by_rfc), listed(None, by_rfc), told, trusted)
        for peer, by_proxies, by_rfc, told in rows
    ]
    clients = pl.DataFrame(found, schema={"ip": pl.String, SHARD_ADDRESS: pl.String}, orient="row")
    return events.with_columns(distinct.spread(column) for column in clients)


def _addresses(
    peer: str | None, hops: list[str], forwarded: list[str], told: str | None, trusted: Trusted
) -> tuple[str | None, str | None]:
    """Return the client's address and that which decides the shard."""
    shard_address = first_address([*hops, *forwarded, told]) or peer
    return find_client(peer, told, hops, trusted), shard_address
