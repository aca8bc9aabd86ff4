"""Read partitions of the table and hand their events on, in pieces that fit into memory.

Memory is bounded: each reader holds one page in flight, all together `BUFFER_BYTES` of decoded events.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from typing import Final, Protocol

import anyio
import anyio.to_thread
import polars as pl

from footfall.clock import Clock
from footfall.layout import PageReply, events_of
from footfall.store import Store
from footfall.store.pages import Manner, Page, read_pages
from footfall.store.partitions import Partition
from footfall.store.read_pace import ReadPace
from reports.extraction.dataset import Dataset
from reports.extraction.reading import Reading

BUFFER_BYTES: Final = 24 * 1024**2
"""Decoded events held by all readers together before they are written."""

COMMIT_SECONDS: Final = 15.0
"""How much of a slow reading a kill may cost."""

OnPage = Callable[[Reading], None]
Positions = Mapping[int, bytes | None]
"""The last key (raw JSON) that was read of partitions, by their places; None where they are done."""


class Sink(Protocol):
    """Where events go to; in a worker thread, never two calls at a time."""

    def commit(self, events: pl.DataFrame | None, positions: Positions) -> None:
        """Keep `events` (None for none), with which partitions are read up to `positions`."""
        ...


@dataclass(frozen=True, slots=True)
class Parts:
    """The sink of a temporary dataset, which nobody goes on with."""

    dataset: Dataset

    def commit(self, events: pl.DataFrame | None, positions: Positions) -> None:
        """Write a part."""
        if events is not None:
            self.dataset.write(events, str(len(self.dataset.files())))

        del positions


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is held before it is committed, and how long."""

    buffer_bytes: int = BUFFER_BYTES
    commit_seconds: float = inf


@dataclass(slots=True)
class _Buffer:
    """What all readers have read and not committed yet, and how far each has got with it."""

    frames: list[pl.DataFrame] = field(default_factory=list)
    positions: dict[int, bytes | None] = field(default_factory=dict)
    size_bytes: int = 0

    def add(self, page: Page) -> None:
        """Hold a page's events without the columns that have nothing in them: those would be most of the memory."""
        self.positions[page.partition] = page.last_key
        if page.frame.is_empty():
            return

        kept = page.frame.select(column for column in page.frame if column.null_count() < len(column))
        self.frames.append(kept)
        self.size_bytes += int(kept.estimated_size())

    def take(self) -> tuple[list[pl.DataFrame], Positions]:
        """Return what is held, and hold nothing."""
        taken = self.frames, self.positions
        self.frames, self.positions, self.size_bytes = [], {}, 0
        return taken


class Extraction:
    """One reading: counts pages, gathers their events and commits them to a sink. `reading` is what it took so far."""

    def __init__(
        self,
        clock: Clock,
        reading: Reading,
        sink: Sink,
        *,
        on_page: OnPage | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.reading = reading
        self._clock = clock
        self._sink = sink
        self._on_page = on_page or _ignore
        self._limits = limits or Limits()
        self._buffer = _Buffer()
        self._one_at_a_time = anyio.Lock()
        self._committed_at = clock.monotonic()
        self._has_failed = False

    async def take(self, page: Page) -> None:
        """Count a page and hold its events; a reader that finds the buffer full waits until it is committed."""
        self._buffer.add(page)
        self._count(page)
        if self._is_due():
            # Commits go one after the other: the next one's positions say that this one's events are there.
            async with self._one_at_a_time:
                if self._is_due():
                    await self._commit()

    async def finish(self) -> None:
        """Commit what is left."""
        async with self._one_at_a_time:
            await self._commit()

    def _is_due(self) -> bool:
        seconds = self._clock.monotonic() - self._committed_at
        return self._buffer.size_bytes >= self._limits.buffer_bytes or seconds >= self._limits.commit_seconds

    async def _commit(self) -> None:
        frames, positions = self._buffer.take()
        self._committed_at = self._clock.monotonic()
        if self._has_failed or not positions:
            return

        # After a commit that failed the positions of the next would say that its events are there.
        self._has_failed = True
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(_write, self._sink, frames, positions)

        self._has_failed = False

    def _count(self, page: Page) -> None:
        self.reading = replace(
            self.reading,
            items=self.reading.items + page.items,
            events=self.reading.events + page.frame.height,
            read_units=self.reading.read_units + page.read_units,
            page_bytes=self.reading.page_bytes + page.size_bytes,
        )
        self._on_page(self.reading)


async def extract(
    store: Store,
    clock: Clock,
    partitions: Sequence[tuple[int, Partition]],
    keep: pl.Expr | None,
    extraction: Extraction,
    *,
    pace: ReadPace | None = None,
    started: Mapping[int, bytes] | None = None,
) -> None:
    """Read `partitions`, of what they hold the events for which `keep` is true, and commit it all.

    `started` has the last keys of partitions to go on with. What was read is committed also when reading fails.
    Raises, in an ExceptionGroup since readers run side by side, what `footfall.store.client.request` raises, and
    `SchemaMismatch` for items that are not events.
    """

    def make(reply: PageReply) -> pl.DataFrame:
        events = events_of(reply)
        return events if keep is None else events.filter(keep)

    try:
        await read_pages(
            store, clock, partitions, make, extraction.take, manner=Manner(pace=pace), started=started
        )
    finally:
        with anyio.CancelScope(shield=True):
            await extraction.finish()


def _write(sink: Sink, frames: Sequence[pl.DataFrame], positions: Positions) -> None:
    sink.commit(pl.concat(frames, how="diagonal") if frames else None, positions)


def _ignore(reading: Reading) -> None:
    del reading
