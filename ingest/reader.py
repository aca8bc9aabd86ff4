"""Read sources into chunks: open, detect the format, go on from the checkpoint."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Final

from anyio import from_thread, to_thread
from anyio.streams.memory import MemoryObjectSendStream

from footfall.clock import Clock
from footfall.errors import FormatError, InputError
from footfall.store import Store
from footfall.store.state import TableMeta, read_checkpoint
from footfall.text import printable
from ingest.checkpoint import CheckpointKeeper
from ingest.chunks import Chunk
from ingest.enrich import EnrichSettings
from ingest.flow import Running, Work
from ingest.formats import Format
from ingest.formats.detect import Detection, detect
from ingest.prepare import Recipe
from ingest.settings import IngestSettings
from ingest.sources import OpenSource, Source, open_source
from ingest.stdin import StoppableInput, StopRequested
from ingest.tally import Tally
from ingest.unfinished import Part, has_identity, may_grow, readable_parts

SHOWN_CHARACTERS: Final = 160


class Reader:
    """Reads one source after the other to its end: the feed of `footfall ingest`."""

    def __init__(
        self,
        sources: Sequence[Source],
        settings: IngestSettings,
        store: Store,
        meta: TableMeta,
        clock: Clock,
        tally: Tally,
    ) -> None:
        self._sources = sources
        self._settings = settings
        self._store = store
        self._meta = meta
        self._clock = clock
        self._tally = tally
        self._keepers: dict[str, CheckpointKeeper] = {}
        self.problems: list[InputError] = []
        self.notices: list[str] = []
        self.stopping = False
        self._opened: OpenSource | None = None
        self._raw_bytes_before = 0

    @property
    def keepers(self) -> list[CheckpointKeeper]:
        """Return the checkpoints of the sources that were begun so far."""
        return list(self._keepers.values())

    def stop(self) -> None:
        """Read no further."""
        self.stopping = True

    def raw_bytes(self) -> int:
        """Return how much was read of the sources so far, as they lie on the disk."""
        return self._raw_bytes_before + (self._opened.raw_bytes_read if self._opened else 0)

    async def run(self, chunks: MemoryObjectSendStream[Work]) -> None:
        """Send the chunks of all sources, then close the stream; between two chunks look whether to stop."""
        async with chunks:
            for source in self._sources:
                if self.stopping:
                    return

                try:
                    await self._read(source, chunks)
                except StopRequested:
                    return
                except InputError as problem:
                    self._tally.sources_failed += 1
                    self.problems.append(problem)

    async def _read(self, source: Source, chunks: MemoryObjectSendStream[Work]) -> None:
        self._opened = opened = await to_thread.run_sync(self._open, source)
        try:
            running = await self._begin(opened)
            if running is None or not await self._send_chunks(opened, running, chunks):
                self._tally.sources_unchanged += 1

            self._tally.sources += 1
        finally:
            self._raw_bytes_before, self._opened = self.raw_bytes(), None
            opened.close()

    def _open(self, source: Source) -> OpenSource:
        stdin = StoppableInput.standard(self._is_stopping) if source.path is None else None
        return open_source(source, host_label=self._settings.host_label, stdin=stdin)

    def _is_stopping(self) -> bool:
        """Tell a reading thread whether to stop; raises there when the run was cancelled."""
        from_thread.check_cancelled()
        return self.stopping

    async def _begin(self, opened: OpenSource) -> Running | None:
        """Return the source ready to be read, None when it holds no record."""
        if opened.id is None:
            return None

        if not has_identity(opened):
            self._wait_for_newline(opened.source.name, len(opened.open_first_line or b""))
            return None

        chosen = self._settings.format
        if chosen is None:
            chosen = await to_thread.run_sync(_detected, opened)

        return Running(self._recipe(opened.source, chosen), await self._keeper(opened.id, opened.source.name))

    async def _keeper(self, source_id: str, name: str) -> CheckpointKeeper:
        """Return the checkpoint of a source; copies of one log, as a.log.1 beside a.log.1.gz, have one in common."""
        if source_id not in self._keepers:
            settings = self._settings
            saved = await read_checkpoint(self._store, self._clock, settings.group, source_id, name)
            self._keepers[source_id] = CheckpointKeeper(
                self._store, self._clock, settings.group, saved, from_start=settings.replay
            )

        return self._keepers[source_id]

    def _recipe(self, source: Source, chosen: Format) -> Recipe:
        settings = self._settings
        enrichment = EnrichSettings(
            site=settings.site, shards=self._meta.shards, salt=self._meta.salt, addresses=settings.addresses
        )
        return Recipe(source.name, chosen, enrichment, settings.filters, self._store.events_table)

    async def _send_chunks(
        self, opened: OpenSource, running: Running, chunks: MemoryObjectSendStream[Work]
    ) -> bool:
        """Send what lies behind the checkpoint; return whether that was anything."""
        iterator = opened.chunks(
            start=running.keeper.read_position,
            first_line_number=running.keeper.next_line_number,
            chunk_bytes=self._settings.chunk_bytes,
            max_line_bytes=self._settings.max_line_bytes,
            on_passed=running.keeper.recognise,
        )
        found = False
        while self._goes_on(opened) and (chunk := await to_thread.run_sync(_next, iterator)) is not None:
            found = True
            parts = readable_parts(chunk, running.recipe.format) if may_grow(opened) else (Part(chunk),)
            await self._send_parts(list(parts), chunk, running, chunks)

        return found

    def _goes_on(self, opened: OpenSource) -> bool:
        # What was taken from a pipe cannot be read again: it is stored before a stop, which the pipe itself notices.
        return not self.stopping or opened.source.path is None

    async def _send_parts(
        self, parts: list[Part], chunk: Chunk, running: Running, chunks: MemoryObjectSendStream[Work]
    ) -> None:
        position = chunk.start
        for part in parts:
            position = part.chunk.end
            pending = running.keeper.enter(part.chunk, moves=part.is_final)
            await chunks.send(Work(part.chunk, pending, running))

        self._tally.bytes_read += position - chunk.start
        if position < chunk.end:
            self._wait_for_newline(running.recipe.source_name, chunk.end - position)

    def _wait_for_newline(self, name: str, size: int) -> None:
        self.notices.append(
            f"{name} ends in an unfinished line of {size:,} bytes: it is read when its newline has come."
        )


def _detected(opened: OpenSource) -> Format:
    return choose_format(opened.source.name, detect(opened.head()))


def choose_format(source_name: str, detection: Detection) -> Format:
    """Return the format that was detected; raises `FormatError` with the lines that speak against every format."""
    if detection.format is not None:
        return detection.format

    raise FormatError(
        f"{source_name} is in no known format: the nearest reads {detection.matched} of its first "
        f"{detection.total} lines.",
        details=[
            f"line {number}: {printable(text, SHOWN_CHARACTERS)}" for number, text in detection.offending
        ],
        hint="footfall formats list   (then name one with --format)",
    )


def _next(chunks: Iterator[Chunk]) -> Chunk | None:
    with suppress(StopRequested):
        return next(chunks, None)

    return None
