"""A visitor's sessions, newest first, by one Query."""

from __future__ import annotations

from typing import Final

import msgspec
import polars as pl

from footfall.clock import Clock
from footfall.keys import SEPARATOR
from footfall.layout import read_page
from footfall.store import Store
from footfall.store.client import request
from footfall.store.derived import SESSIONS
from footfall.store.outcome import error_for
from footfall.store.pages import Manner, request_for
from footfall.store.partitions import KeyRange
from reports.materialize.keys import escaped, fitted
from reports.materialize.layouts import decode
from reports.materialize.sessions import SESSION_FIELDS

SHOWN: Final = (
    "started_at", "ended_at", "hits", "page_views", "actions", "orders", "revenue", "medium", "source", "campaign",
    "entry_page", "exit_page", "browser", "os", "device", "country",
)  # fmt: skip
"""Columns of a session that are shown."""


async def sessions_of(store: Store, clock: Clock, site: str, visitor: str, limit: int) -> pl.DataFrame:
    """Return the last `limit` sessions of a visitor, newest first, with the columns `SHOWN`; times are UTC.

    Raises `TableMissing` when sessions were never materialized, and the other errors of the store.
    """
    table = store.table(SESSIONS)
    operation, document = request_for(KeyRange(partition_of(site, visitor)), table, Manner())
    document |= {"ScanIndexForward": False, "Limit": limit}
    reply = await request(store, clock, operation, msgspec.json.encode(document), table=table)
    if not reply.ok:
        raise error_for(operation, table, reply, store.location)

    began = pl.col("sk").str.head(23).str.to_datetime("%Y-%m-%dT%H:%M:%S%.3f", time_unit="ms")
    sessions = decode(read_page(reply.body), SESSION_FIELDS)
    counts = (pl.col(name).fill_null(0) for name in ("hits", "page_views", "actions", "orders", "revenue"))
    keyed = sessions.with_columns(began.dt.replace_time_zone("UTC").alias("started_at"), *counts)
    return keyed.select(SHOWN)


def partition_of(site: str, visitor: str) -> str:
    """Return the partition key of a visitor's sessions."""
    who = fitted(pl.DataFrame({"who": [visitor]}).select(escaped(pl.col("who"))), "who").item()
    return f"{site}{SEPARATOR}{who}"
