"""Read the table into a dataset: partitions in parallel, pages to frames, frames to Parquet.

Memory is bounded: each reader holds one page in flight, all together `BUFFER_BYTES` of decoded events.
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
from footfall.store.client import Progress, request
from footfall.store.outcome import error_for
from footfall.store.wire import text
from reports.extraction.dataset import Dataset
from reports.extraction.plan import KeyRange, Plan, Segment
from reports.extraction.reading import Reading
from reports.scope import Scope

BUFFER_BYTES: Final = 24 * 1024**2
"""Decoded events held by all readers together before they are written."""

CONCURRENCY: Final = min(16, max(4, 2 * (os.cpu_count() or 1)))
"""Reads at a time: two for each core, so that one page is on its way while another is decoded. Each takes 35 MB."""

OnPage = Callable[[Reading], None]


@dataclass(slots=True)
class _Buffer:
    """Events of all readers that are not written yet."""

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

    def take(self) -> tuple[list[pl.DataFrame], str]:
        """Return what is held and a name for it, and hold nothing."""
        taken, name = self.frames, str(self.parts)
        self.frames, self.size_bytes, self.parts = [], 0, self.parts + 1
        return taken, name


@dataclass(slots=True)
class _Run:
    """What the readers of one extraction share; only the event loop's thread changes it."""

    store: Store
    clock: Clock
    scope: Scope
    dataset: Dataset
    reading: Reading
    work: Iterator[Segment | KeyRange]
    on_page: OnPage
    buffer_bytes: int
    buffer: _Buffer = field(default_factory=_Buffer)
    progress: Progress = field(
        default_factory=lambda: Progress(
            capacity_hint="raise the table's read units or lower --segments, or run again later"
        )
    )
    processors: anyio.CapacityLimiter = field(
        default_factory=lambda: anyio.CapacityLimiter(os.cpu_count() or 1)
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


async def extract(
    store: Store,
    clock: Clock,
    plan: Plan,
    scope: Scope,
    dataset: Dataset,
    *,
    on_page: OnPage | None = None,
    buffer_bytes: int = BUFFER_BYTES,
) -> Reading:
    """Read what `plan` says, keep what is in `scope`, write it to `dataset`; return what it took.

    `on_page` is called after each page with the reading so far; a part is written when `buffer_bytes` are
    held. Raises, in an ExceptionGroup since readers run side by side, what `footfall.store.client.request`
    raises, and `SchemaMismatch` for items that are not events.
    """
    started = clock.monotonic()
    reading = Reading(plan.method, len(plan.partitions))
    run = _Run(store, clock, scope, dataset, reading, iter(plan.partitions), on_page or _ignore, buffer_bytes)
    async with anyio.create_task_group() as group:
        for _ in range(min(CONCURRENCY, len(plan.partitions))):
            group.start_soon(_read, run)

    await _write(run)
    return replace(run.reading, seconds=round(clock.monotonic() - started, 3))


async def _read(run: _Run) -> None:
    """Take partitions until none is left."""
    for partition in run.work:
        await _read_partition(run, partition)


async def _read_partition(run: _Run, partition: Segment | KeyRange) -> None:
    operation, document = request_for(partition, run.store.events_table)
    while True:
        body = await _page(run, operation, document)
        page, events = await anyio.to_thread.run_sync(_decode, body, run.scope, limiter=run.processors)
        run.buffer.add(events)
        run.count(page, events.height, len(body))
        if run.buffer.size_bytes >= run.buffer_bytes:
            await _write(run)

        if page.last_key is None:
            return

        document = document | {"ExclusiveStartKey": msgspec.Raw(page.last_key)}


async def _write(run: _Run) -> None:
    """Write what the buffer holds; readers that come along meanwhile fill it again."""
    frames, name = run.buffer.take()
    if frames:
        await anyio.to_thread.run_sync(_write_part, run.dataset, frames, name, limiter=run.processors)


def _write_part(dataset: Dataset, frames: list[pl.DataFrame], name: str) -> None:
    dataset.write(pl.concat(frames, how="diagonal"), name)


async def _page(run: _Run, operation: str, document: dict[str, Any]) -> bytes:
    table = run.store.events_table
    content = msgspec.json.encode(document)
    reply = await request(run.store, run.clock, operation, content, table=table, progress=run.progress)
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
