"""Write a day of derived tables: what is new is put, then what the day no longer has is deleted.

A kill anywhere in between is mended by the same again: until the new items stand, the index of a day's sessions names
both the old and the new, and a day counts as made only when everything of it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

import anyio
import polars as pl

from footfall.clock import Clock
from footfall.errors import StoreError
from footfall.store import Store
from footfall.store.derived import (
    KEYS,
    SESSIONS,
    VISITOR_KEY,
    VISITORS,
    index_key,
    read_frames,
    read_index,
    read_keys,
    write_index,
)
from footfall.store.derived import ROLLUPS as ROLLUPS_TABLE
from footfall.store.erase import delete_items
from footfall.store.partitions import KeyRange
from footfall.store.writer.batches import Batch, Refused, cut_batches
from footfall.store.writer.figures import Figures
from footfall.store.writer.pool import DEFAULT_WRITERS, Writer
from reports.materialize.layouts import decode, encode
from reports.materialize.prepare import Prepared
from reports.materialize.rollups import ROLLUPS
from reports.materialize.sessions import SESSION_FIELDS, VISITOR_FIELDS, visitors_of

GIVE_UP_AFTER_SECONDS: Final = 600.0
VISITORS_AT_ONCE: Final = 5_000
"""So many visitors' sessions are held in memory at a time."""

_AFTER: Final = "$"
"""Stands right behind the ``#`` that follows a date."""


@dataclass(slots=True)
class Tables:
    """The derived tables of a store while they are written; `deleted` counts items, `figures` tell of all puts."""

    store: Store
    clock: Clock
    max_write_units: float | None = None
    figures: Figures = field(default_factory=Figures)
    deleted: int = 0
    _writers: dict[str, Writer] = field(default_factory=dict)

    async def put(self, table: str, items: pl.DataFrame) -> None:
        """Store `items` (`pk`, `sk`, `item`); raises `StoreError` for one that the table refuses."""
        writer = await self._writer(table)
        name = self.store.table(table)
        batches = iter(cut_batches(items, name, interleave=writer.is_limited))
        refused: list[Refused] = []
        async with anyio.create_task_group() as group:
            for _ in range(min(DEFAULT_WRITERS, -(-items.height // 25))):
                group.start_soon(_write, writer, batches, refused)

        if refused:
            raise StoreError(
                f"Table {name} refuses {len(refused):,} items.", details=[one.sentence for one in refused[:3]]
            )

    async def delete(self, table: str, keys: pl.DataFrame) -> None:
        """Delete the items with `keys`."""
        await delete_items(self.store, self.clock, self.store.table(table), keys)
        self.deleted += keys.height

    async def _writer(self, table: str) -> Writer:
        if table not in self._writers:
            writer = Writer(
                self.store,
                self.clock,
                self.figures,
                table=self.store.table(table),
                give_up_after_seconds=GIVE_UP_AFTER_SECONDS,
                max_write_units=self.max_write_units,
            )
            await writer.begin()
            self._writers[table] = writer

        return self._writers[table]


async def _write(writer: Writer, batches: Iterator[Batch], refused: list[Refused]) -> None:
    for batch in batches:
        refused += await writer.write(batch)


async def write_sessions(tables: Tables, prepared: Prepared) -> pl.DataFrame:
    """Let the sessions of a day be exactly those `prepared`; return the `pk` of every visitor that had or has one."""
    store, clock, day = tables.store, tables.clock, prepared.day
    index, items = index_key(day.site, day.on), prepared.read()
    new, old = items.select(KEYS.names()), await read_index(store, clock, index)
    both = pl.concat([old, new]).unique()
    if both.height > old.height:
        await write_index(store, clock, index, both)

    await tables.put(SESSIONS, items)
    await tables.delete(SESSIONS, old.join(new, on=KEYS.names(), how="anti"))
    return both.select("pk").unique()


async def close_sessions(tables: Tables, prepared: Prepared) -> None:
    """Let the index of a day name only the sessions it has; before that, visitors must be what sessions say."""
    day = prepared.day
    new = prepared.read().select(KEYS.names())
    await write_index(tables.store, tables.clock, index_key(day.site, day.on), new)


async def write_visitors(tables: Tables, who: pl.DataFrame) -> None:
    """Let the visitors with the keys `pk` be what their sessions in the table say."""
    for some in who.sort("pk").iter_slices(VISITORS_AT_ONCE):
        parts = [KeyRange(pk) for pk in some.get_column("pk")]
        empty = pl.DataFrame(
            schema={"pk": pl.String, "sk": pl.String} | {f.name: f.dtype for f in SESSION_FIELDS}
        )
        sessions = await read_frames(
            tables.store, tables.clock, SESSIONS, parts, lambda reply: decode(reply, SESSION_FIELDS), empty
        )
        visitors = visitors_of(sessions)
        await tables.put(VISITORS, encode(visitors, VISITOR_FIELDS))
        gone = some.join(visitors, on="pk", how="anti").with_columns(pl.lit(VISITOR_KEY).alias("sk"))
        await tables.delete(VISITORS, gone)


async def write_rollups(tables: Tables, prepared: Prepared) -> None:
    """Let the rollups of a day be exactly those `prepared`."""
    items = prepared.read()
    await tables.put(ROLLUPS_TABLE, items)
    there = await read_keys(tables.store, tables.clock, ROLLUPS_TABLE, list(_ranges(prepared)))
    await tables.delete(ROLLUPS_TABLE, there.join(items, on=KEYS.names(), how="anti"))


def _ranges(prepared: Prepared) -> Iterable[KeyRange]:
    site, on = prepared.day.site, prepared.day.on
    return (KeyRange(f"{site}#{rollup.name}", f"{on}#", f"{on}{_AFTER}") for rollup in ROLLUPS)
