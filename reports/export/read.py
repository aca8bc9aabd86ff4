"""Read exports into a dataset: files side by side, lines to frames, the newest image of each item.

Memory is bounded: each reader holds a piece of a file, all together `BUFFER_BYTES` of rows, the merge a bucket.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Protocol

import anyio
import anyio.to_thread
import polars as pl

from footfall.clock import Clock
from reports.export.chain import check_chain
from reports.export.lines import frames
from reports.export.manifest import Export, read_manifests
from reports.export.merge import Merge, bucket_count, events_only
from reports.export.places import DataFile, ExportPlace
from reports.extraction.reading import Reading

BUFFER_BYTES: Final = 24 * 1024**2
CONCURRENCY: Final = min(4, os.cpu_count() or 1)

OnPage = Callable[[Reading], None]
Take = Callable[[pl.DataFrame], int]
"""What becomes of rows; called in a thread, returns how many events it wrote."""


class EventSink(Protocol):
    """Where events are written to, a part at a time."""

    def write(self, events: pl.DataFrame, name: str) -> None:
        """Add `events`, any columns of `SCHEMA`, as a part called `name`."""
        ...


@dataclass(slots=True)
class _Run:
    """What the readers of one run share.

    `merge` and the sink are only touched by what `one_at_a_time` lets into a thread.
    """

    keep: pl.Expr | None
    sink: EventSink
    merge: Merge
    reading: Reading
    on_page: OnPage
    buffer_bytes: int
    parts: int = 0
    one_at_a_time: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(1))

    def write(self, rows: pl.DataFrame) -> int:
        """Write what is to be kept of `rows` to the sink; return how many events those are."""
        events = events_only(rows if rows.is_empty() else self.kept(rows))
        if not events.is_empty():
            self.sink.write(events, str(self.parts))
            self.parts += 1

        return events.height

    def kept(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Return the rows that are to be kept."""
        return rows if self.keep is None else rows.filter(self.keep)

    def write_untouched(self, rows: pl.DataFrame) -> int:
        """Write the rows of the full export that nothing later can have changed; return how many."""
        return self.write(self.merge.pass_by(rows))

    def changes(self, order: int) -> Take:
        """Return what takes the rows of the incremental export number `order`."""

        def take(rows: pl.DataFrame) -> int:
            self.merge.add_changes(rows, order)
            return 0

        return take

    def count(self, *, items: int = 0, events: int = 0, page_bytes: int = 0) -> None:
        """Add to the reading, and tell of it."""
        self.reading = replace(
            self.reading,
            items=self.reading.items + items,
            events=self.reading.events + events,
            page_bytes=self.reading.page_bytes + page_bytes,
        )
        self.on_page(self.reading)


@dataclass(slots=True)
class _Buffer:
    """Rows of all readers of an export, until there are enough of them to be taken."""

    run: _Run
    take: Take
    rows: list[pl.DataFrame] = field(default_factory=list)
    size_bytes: int = 0

    async def add(self, rows: pl.DataFrame) -> None:
        """Hold rows without the columns that have nothing in them, which would be most of the memory."""
        kept = rows.select(column.name for column in rows if column.null_count() < len(column))
        if kept.is_empty():
            return

        self.rows.append(kept)
        self.size_bytes += int(kept.estimated_size())
        if self.size_bytes >= self.run.buffer_bytes:
            await self.flush()

    async def flush(self) -> None:
        """Have taken what is held; readers that come along meanwhile fill it again."""
        rows, self.rows, self.size_bytes = self.rows, [], 0
        if rows:
            whole = pl.concat(rows, how="diagonal")
            events = await anyio.to_thread.run_sync(self.take, whole, limiter=self.run.one_at_a_time)
            self.run.count(events=events)


async def read_chain(places: Sequence[ExportPlace]) -> tuple[Export, ...]:
    """Return the exports at `places`, a full one and incremental ones after it.

    Raises `SourceError` for what is missing, not finished, damaged or leaves a gap, `FormatError` for Amazon Ion.
    """
    exports = tuple([await read_manifests(place) for place in places])
    check_chain(exports)
    return exports


async def read_exports(
    exports: Sequence[Export],
    clock: Clock,
    keep: pl.Expr | None,
    sink: EventSink,
    *,
    on_page: OnPage | None = None,
    buffer_bytes: int = BUFFER_BYTES,
) -> Reading:
    """Read a chain of exports, write the events for which `keep` is true to `sink`; return what it took.

    `on_page` is called with the reading so far. Raises `SourceError` for files that are missing or damaged and
    `SchemaMismatch` for another table's items, in an ExceptionGroup, since files are read side by side.
    """
    started = clock.monotonic()
    full, *later = exports
    with TemporaryDirectory(prefix="footfall-export-") as folder:
        merge = Merge(Path(folder), bucket_count(sum(export.items for export in exports)))
        reading = Reading("export", sum(len(export.files) for export in exports))
        run = _Run(keep, sink, merge, reading, on_page or _ignore, buffer_bytes)
        # Changes first: what they touch of the full export is then known when it is read.
        for order, export in enumerate(later):
            await _read_export(run, export, run.changes(order))

        await _read_export(run, full, run.write_untouched)
        await _write_newest(run)

    return replace(run.reading, seconds=round(clock.monotonic() - started, 3))


async def _read_export(run: _Run, export: Export, take: Take) -> None:
    buffer = _Buffer(run, take)
    files = iter(export.files)
    async with anyio.create_task_group() as group:
        for _ in range(min(CONCURRENCY, len(export.files))):
            group.start_soon(_read_files, export, files, buffer)

    await buffer.flush()


async def _read_files(export: Export, files: Iterator[DataFile], buffer: _Buffer) -> None:
    """Take files until none is left."""
    run = buffer.run
    for file in files:
        async with export.place.fetched(file) as path:
            run.count(page_bytes=(await anyio.to_thread.run_sync(path.stat)).st_size)
            pieces = frames(path, file, export.place.title, is_full=export.is_full)
            while (rows := await anyio.to_thread.run_sync(next, pieces, None)) is not None:
                run.count(items=rows.height)
                # A change may make an item one that is not kept, so only the full export is cut before it is merged.
                await buffer.add(run.kept(rows) if export.is_full else rows)


async def _write_newest(run: _Run) -> None:
    buckets = run.merge.newest()
    while (rows := await anyio.to_thread.run_sync(next, buckets, None)) is not None:
        run.count(events=await anyio.to_thread.run_sync(run.write, rows, limiter=run.one_at_a_time))


def _ignore(reading: Reading) -> None:
    del reading
