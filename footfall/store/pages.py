"""Read a table in parallel: partitions side by side, pages decoded in worker threads, all at one pace.

The only reader there is: reports, `verify` and `forget` differ in what they make of a page. Memory is bounded by the
readers, each of which holds one page, and by what their callers keep.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import anyio
import anyio.to_thread
import msgspec
import polars as pl

from footfall.clock import Clock
from footfall.layout import PageReply, read_page
from footfall.store import Store
from footfall.store.client import Progress, request
from footfall.store.outcome import error_for
from footfall.store.partitions import Partition
from footfall.store.read_pace import ReadPace, unlimited

CONCURRENCY: Final = min(16, max(4, 2 * (os.cpu_count() or 1)))
"""Pages at a time: two for each core, so that one is on its way while another is decoded. Each takes 35 MB."""

CAPACITY_HINT: Final = "raise the table's read units or lower --segments, or run again later"
"""What helps when the table refuses all readers for lack of capacity."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a partition: what was made of its items, what it cost, and where the next one begins (raw JSON).

    `partition` is the place of the partition among those that are read; `last_key` is None on its last page.
    """

    partition: int
    frame: pl.DataFrame
    items: int
    read_units: float
    size_bytes: int
    last_key: bytes | None


@dataclass(frozen=True, slots=True)
class Manner:
    """How pages are read: which attributes (a ProjectionExpression, None for all), how consistent, at what pace."""

    attributes: str | None = None
    is_consistent: bool = False
    pace: ReadPace | None = None

    def fields(self) -> dict[str, Any]:
        """Return the members of a request that say so."""
        page_items = self.pace.page_items if self.pace else None
        members: dict[str, Any] = {
            "ProjectionExpression": self.attributes,
            "ConsistentRead": self.is_consistent or None,
            "Limit": page_items,
        }
        return {name: value for name, value in members.items() if value is not None}


Make = Callable[[PageReply], pl.DataFrame]
"""Makes the frame that is kept of a reply, in a worker thread."""

Take = Callable[[Page], Awaitable[None]]
"""Is given each page in the event loop; the reader of its partition waits until it returns."""


@dataclass(slots=True)
class _Run:
    """What the readers of one run share; only the event loop's thread changes it."""

    store: Store
    clock: Clock
    work: Iterator[tuple[int, Partition]]
    started: Mapping[int, bytes]
    manner: Manner
    pace: ReadPace
    make: Make
    take: Take
    progress: Progress
    processors: anyio.CapacityLimiter = field(
        default_factory=lambda: anyio.CapacityLimiter(os.cpu_count() or 1)
    )


async def read_pages(
    store: Store,
    clock: Clock,
    partitions: Sequence[tuple[int, Partition]],
    make: Make,
    take: Take,
    *,
    manner: Manner | None = None,
    started: Mapping[int, bytes] | None = None,
) -> None:
    """Read all pages of `partitions`, numbered as the caller likes, and give each to `take`.

    `started` has the last key (raw JSON) that was read of partitions that are to be gone on with. Raises, in an
    ExceptionGroup since readers run side by side, what `footfall.store.client.request`, `make` and `take` raise.
    """
    manner = manner or Manner()
    pace = manner.pace or unlimited(clock)
    progress = Progress(capacity_hint=CAPACITY_HINT)
    run = _Run(store, clock, iter(partitions), started or {}, manner, pace, make, take, progress)
    async with anyio.create_task_group() as group:
        for _ in range(min(CONCURRENCY, len(partitions))):
            group.start_soon(_read, run)


def request_for(partition: Partition, table: str, manner: Manner | None = None) -> tuple[str, dict[str, Any]]:
    """Return the operation that reads `partition` of `table` and its document."""
    document = {"TableName": table, "ReturnConsumedCapacity": "TOTAL"} | partition.fields()
    return partition.operation, document | (manner or Manner()).fields()


async def _read(run: _Run) -> None:
    """Take partitions until none is left."""
    for place, partition in run.work:
        await _read_partition(run, place, partition)


async def _read_partition(run: _Run, place: int, partition: Partition) -> None:
    operation, document = request_for(partition, run.store.events_table, run.manner)
    last_key = run.started.get(place)
    while True:
        if last_key is not None:
            document = document | {"ExclusiveStartKey": msgspec.Raw(last_key)}

        charged = await run.pace.turn()
        body = await _body(run, operation, document)
        page = await anyio.to_thread.run_sync(_page, place, body, run.make, limiter=run.processors)
        run.pace.settle(charged, page.read_units)
        await run.take(page)
        last_key = page.last_key
        if last_key is None:
            return


async def _body(run: _Run, operation: str, document: dict[str, Any]) -> bytes:
    table, content = run.store.events_table, msgspec.json.encode(document)
    reply = await request(run.store, run.clock, operation, content, table=table, progress=run.progress)
    if not reply.ok:
        raise error_for(operation, table, reply, run.store.location)

    return reply.body


def _page(place: int, body: bytes, make: Make) -> Page:
    reply = read_page(body)
    return Page(place, make(reply), reply.count, reply.consumed_units, len(body), reply.last_key)
