"""An embedded store with events in it, for the tests that read one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from footfall.clock import SystemClock
from footfall.layout import encode
from footfall.store import Store
from footfall.store.address import StoreSettings, open_store
from footfall.store.admin import Capacity, create_tables
from footfall.store.state import touch_days

CLOCK = SystemClock()
SHARDS = 3


@asynccontextmanager
async def opened(path: Path) -> AsyncIterator[Store]:
    """The embedded store in the file `path`."""
    async with open_store(StoreSettings(f"embedded:{path}"), CLOCK) as store:
        yield store


async def fill(path: Path, events: pl.DataFrame, *, ledger: bool = True) -> None:
    """Make a store in the file `path` and write `events` to it; with `ledger`, their days too."""
    async with opened(path) as store:
        await create_tables(store, CLOCK, shards=SHARDS, capacity=Capacity())
        spread = events.with_columns((pl.col("offset") // 100 % SHARDS).cast(pl.Int32).alias("shard"))
        for items in _batches(encode(spread)["item"].to_list()):
            await write_items(store, items)

        if ledger:
            await touch_days(store, CLOCK, _days(events))


async def write_items(store: Store, items: list[str]) -> None:
    """Write at most 25 items, given as DynamoDB JSON, to the events table."""
    puts = ",".join(f'{{"PutRequest":{{"Item":{item}}}}}' for item in items)
    reply = await store.engine.call(
        "BatchWriteItem", f'{{"RequestItems":{{"{store.events_table}":[{puts}]}}}}'.encode()
    )
    assert reply.ok, reply.body


def _batches(items: list[str]) -> list[list[str]]:
    return [items[place : place + 25] for place in range(0, len(items), 25)]


def _days(events: pl.DataFrame) -> dict[tuple[str, date], int]:
    counted: list[Any] = events.group_by("site", pl.col("time").dt.date()).len().rows()
    return {(site, on): count for site, on, count in counted}
