"""Stores with derived tables, for the tests that make, break and read them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import polars as pl

from footfall.store import Store
from footfall.store.derived import DERIVED
from footfall.store.engine import Engine, Reply
from reports.materialize import Outcome, Wish, materialize
from tests.fakes import FakeClock, refused
from tests.reports.store import fill, opened

WRITES: Final = frozenset({"BatchWriteItem", "PutItem", "DeleteItem", "UpdateItem"})
Items = list[dict[str, Any]]


class StoppingEngine:
    """An engine in front of another that is gone for good after `left` writes."""

    def __init__(self, engine: Engine, left: int) -> None:
        self.left = left
        self._engine = engine

    async def call(self, operation: str, body: bytes) -> Reply:
        if operation in WRITES:
            self.left -= 1

        if self.left < 0:
            return refused("AccessDeniedException")

        return await self._engine.call(operation, body)

    async def aclose(self) -> None:
        await self._engine.aclose()


async def make(path: Path, wish: Wish | None = None, *, writes: int | None = None) -> Outcome:
    """Make derived tables of the store in `path`; with `writes`, the store is gone after so many."""
    async with opened(path) as store:
        engine = store.engine if writes is None else StoppingEngine(store.engine, writes)
        seen = Store(engine, store.events_table, store.state_table, store.location)
        return await materialize(seen, FakeClock(), wish or Wish(creates=True))


async def items_of(store: Store, table: str) -> Items:
    """All items of a table, by key."""
    body = msgspec.json.encode({"TableName": store.table(table), "ConsistentRead": True})
    reply = await store.engine.call("Scan", body)
    assert reply.ok, reply.body
    found = msgspec.json.decode(reply.body)
    assert "LastEvaluatedKey" not in found
    return sorted(found["Items"], key=lambda item: (item["pk"]["S"], item["sk"]["S"]))


async def dump(path: Path) -> dict[str, Items]:
    """All items of the derived tables."""
    async with opened(path) as store:
        return {table: await items_of(store, table) for table in DERIVED}


async def made_anew(path: Path, events: Sequence[pl.LazyFrame], wish: Wish | None = None) -> dict[str, Items]:
    """What the tables of a new store in `path` hold once they are made of `events`."""
    await fill(path, pl.concat([each.collect() for each in events]))
    await make(path, wish)
    return await dump(path)
