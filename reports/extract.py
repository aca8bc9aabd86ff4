"""Read the table into a dataset: partitions in parallel, pages to frames, frames to Parquet.

Memory is bounded: each reader holds one page in flight and its share of `BUFFER_BYTES` of decoded events.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

import anyio
import anyio.to_thread
import msgspec
import polars as pl

from footfall.clock import Clock
from footfall.layout import Page, decode_page
from footfall.store import Store
from footfall.store.client import request
from footfall.store.outcome import error_for
from footfall.store.wire import text
from reports.answer import Reading
from reports.dataset import Dataset
from reports.plan import KeyRange, Plan, Segment
from reports.scope import Scope

BUFFER_BYTES: Final = 64 * 1024**2
"""Decoded events held by all readers together before they are written."""

CONCURRENCY: Final = 8
"""Reads at a time: a page takes DynamoDB tens of milliseconds and this machine about ten to decode."""

OnPage = Callable[[Reading], None]


@dataclass(slots=True)
class _Run:
    """What the readers of one extraction share; only the event loop's thread touches `reading` and `work`."""

    store: Store
    clock: Clock
    scope: Scope
    dataset: Dataset
    reading: Reading
    work: Iterator[Segment | KeyRange]
    buffer_bytes: int
    on_page: OnPage
    processors: anyio.CapacityLimiter = field(
        default_factory=lambda: anyio.CapacityLimiter(max(2, os.cpu_count() or 1))
    )

    def count(self, page: Page, events: int, page_bytes: int) -> None:
        """Add a page to the reading and report it."""
        self.reading = replace(
            self.reading,
            items=self.reading.items + page.frame.height,
            events=self.reading.events + events,
            read_units=self.reading.read_units + page.consumed_units,
            page_bytes=self.reading.page_bytes + page_bytes,
        )
        self.on_page(self.reading)


@dataclass(slots=True)
class _Buffer:
    """Events of one reader that are not written yet."""

    reader: int
    frames: list[pl.DataFrame] = field(default_factory=list)
    size_bytes: int = 0
    parts: int = 0

    def add(self, events: pl.DataFrame) -> None:
        """Hold `events`, without the columns that have nothing in them: those would be most of the memory."""
        if events.is_empty():
            return

        kept = events.select(column for column in events if column.null_count() < len(column))
        self.frames.append(kept)
        self.size_bytes += int(kept.estimated_size())

    def write(self, dataset: Dataset) -> None:
        """Write what is held as a part and hold nothing."""
        if self.frames:
            dataset.write(pl.concat(self.frames, how="diagonal"), f"{self.reader}-{self.parts}")

        self.frames, self.size_bytes, self.parts = [], 0, self.parts + 1


async def extract(
    store: Store, clock: Clock, plan: Plan, scope: Scope, dataset: Dataset, on_page: OnPage | None = None
) -> Reading:
    """Read what `plan` says, keep what is in `scope`, write it to `dataset`; return what it took.

    `on_page` is called after each page with the reading so far. Raises what `footfall.store.client.request`
    raises, and `SchemaMismatch` for items that are not events.
    """
    started = clock.monotonic()
    readers = min(CONCURRENCY, len(plan.partitions))
    run = _Run(
        store=store,
        clock=clock,
        scope=scope,
        dataset=dataset,
        reading=Reading(plan.method, len(plan.partitions)),
        work=iter(plan.partitions),
        buffer_bytes=BUFFER_BYTES // max(readers, 1),
        on_page=on_page or _ignore,
    )
    async with anyio.create_task_group() as group:
        for reader in range(readers):
            group.start_soon(_read, run, reader)

    return replace(run.reading, seconds=clock.monotonic() - started)


async def _read(run: _Run, reader: int) -> None:
    """Take partitions until none is left."""
    buffer = _Buffer(reader)
    for partition in run.work:
        await _read_partition(run, buffer, partition)

    await anyio.to_thread.run_sync(buffer.write, run.dataset, limiter=run.processors)


async def _read_partition(run: _Run, buffer: _Buffer, partition: Segment | KeyRange) -> None:
    operation, document = request_for(partition, run.store.events_table)
    while True:
        body = await _page(run, operation, document)
        page, events = await anyio.to_thread.run_sync(_decode, body, run.scope, limiter=run.processors)
        buffer.add(events)
        run.count(page, events.height, len(body))
        if buffer.size_bytes >= run.buffer_bytes:
            await anyio.to_thread.run_sync(buffer.write, run.dataset, limiter=run.processors)

        if page.last_key is None:
            return

        document = document | {"ExclusiveStartKey": msgspec.Raw(page.last_key)}


async def _page(run: _Run, operation: str, document: dict[str, Any]) -> bytes:
    table = run.store.events_table
    reply = await request(run.store, run.clock, operation, msgspec.json.encode(document), table=table)
    if not reply.ok:
        raise error_for(operation, table, reply, run.store.location)

    return reply.body


def request_for(partition: Segment | KeyRange, table: str) -> tuple[str, dict[str, Any]]:
    """Return the operation that reads `partition` and its document."""
    document: dict[str, Any] = {"TableName": table, "ReturnConsumedCapacity": "TOTAL"}
    if isinstance(partition, Segment):
        return "Scan", document | {"Segment": partition.index, "TotalSegments": partition.total}

    if partition.first_sk is None or partition.last_sk is None:
        return "Query", document | {
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": text(partition.pk)},
        }

    return "Query", document | {
        "KeyConditionExpression": "pk = :pk AND sk BETWEEN :first AND :last",
        "ExpressionAttributeValues": {
            ":pk": text(partition.pk),
            ":first": text(partition.first_sk),
            ":last": text(partition.last_sk),
        },
    }


def _decode(body: bytes, scope: Scope) -> tuple[Page, pl.DataFrame]:
    page = decode_page(body)
    return page, page.frame if scope.is_everything else page.frame.filter(scope.predicate())


def _ignore(reading: Reading) -> None:
    del reading
