"""Read sources into chunks: open, detect the format, go on from the checkpoint."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial

from anyio import from_thread, to_thread
from anyio.streams.memory import MemoryObjectSendStream

from footfall.clock import Clock
from footfall.errors import FootfallError, InputError, SourceTaken
from footfall.store import Store
from footfall.store.state import TableMeta
from ingest.checkpoint import CheckpointKeeper
from ingest.chunks import Chunk
from ingest.flow import Running, Work
from ingest.formats import Format
from ingest.formats.detect import Detection, detect
from ingest.lease import Say
from ingest.portion import portion_bytes
from ingest.register import Register, no_format
from ingest.settings import IngestSettings
from ingest.sources import OpenSource, Source, open_source
from ingest.sources.inflation import Inflation
from ingest.stdin import Manner, StopRequested
from ingest.tally import Tally
from ingest.unfinished import Part, has_identity, may_grow, readable_parts, stopped_parts


class Reader:
    """Reads one source after the other to its end: the feed of `footfall ingest`.

    `say` is told at once what the run waits for; without it, that is kept in `notices` as everything else is.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        settings: IngestSettings,
        store: Store,
        meta: TableMeta,
        clock: Clock,
        tally: Tally,
        *,
        say: Say | None = None,
    ) -> None:
        self._sources = sources
        self._settings = settings
        self._clock = clock
        self._tally = tally
        self._register = Register(settings, store, meta, clock)
        self.problems: list[FootfallError] = []
        self.notices: list[str] = []
        self._patience_seconds: float | None = None
        self._say = say or self.notices.append
        self.stopping = False
        self._opened: OpenSource | None = None
        self._raw_bytes_before = 0

    @property
    def keepers(self) -> list[CheckpointKeeper]:
        """Return the checkpoints of the sources that were begun so far."""
        return self._register.keepers

    def stop(self) -> None:
        """Read no further."""
        self.stopping = True

    def raw_bytes(self) -> int:
        """Return how much was read of the sources so far, as they lie on the disk."""
        return self._raw_bytes_before + (self._opened.raw_bytes_read if self._opened else 0)

    async def run(self, chunks: MemoryObjectSendStream[Work]) -> None:
        """Send the chunks of all sources, then close the stream; between two chunks look whether to stop.

        What another run is reading is waited for at the end, so that the other sources need not wait as well.
        """
        async with chunks:
            with suppress(StopRequested):
                for source in await self._read_free(chunks):
                    await self._read_or_note(source, chunks)

    async def _read_free(self, chunks: MemoryObjectSendStream[Work]) -> list[Source]:
        """Send the chunks of the sources that no other run is reading; return the others."""
        taken = []
        for source in self._sources:
            try:
                await self._read_or_note(source, chunks, patience_seconds=0.0)
            except SourceTaken:
                taken.append(source)

        return taken

    async def _read_or_note(
        self, source: Source, chunks: MemoryObjectSendStream[Work], *, patience_seconds: float | None = None
    ) -> None:
        """Read one source; note what is wrong with it, so that the others are read all the same."""
        if self.stopping:
            return

        self._patience_seconds = patience_seconds
        try:
            await self._read(source, chunks)
        except SourceTaken as problem:
            if patience_seconds is not None:
                raise

            self._note(problem)
        except StopRequested:
            raise
        except InputError as problem:
            self._note(problem)

    def _note(self, problem: FootfallError) -> None:
        self._tally.sources_failed += 1
        self.problems.append(problem)

    async def _read(self, source: Source, chunks: MemoryObjectSendStream[Work]) -> None:
        while (found := await self._read_once(source, chunks)) is None:
            pass

        self._tally.sources += 1
        self._tally.sources_unchanged += not found

    async def _read_once(self, source: Source, chunks: MemoryObjectSendStream[Work]) -> bool | None:
        """Send what is new of a source; return whether there was anything, None to have it opened again."""
        self._opened = opened = await to_thread.run_sync(self._open, source)
        try:
            keeper = await self._begin(opened)
            return False if keeper is None else await self._send_chunks(opened, keeper, chunks)
        finally:
            self._raw_bytes_before, self._opened = self.raw_bytes(), None
            opened.close()

    def _open(self, source: Source) -> OpenSource:
        manner = Manner(self._is_stopping, self._clock.monotonic, self._settings.linger_seconds)
        inflation = Inflation(self._settings.max_inflation)
        return open_source(source, host_label=self._settings.host_label, manner=manner, inflation=inflation)

    def _is_stopping(self) -> bool:
        """Tell a reading thread whether to stop; raises there when the run was cancelled."""
        from_thread.check_cancelled()
        return self.stopping

    async def _begin(self, opened: OpenSource) -> CheckpointKeeper | None:
        """Return the checkpoint of a source that is ready to be read, None when it holds no record."""
        if opened.id is None:
            return None

        if opened.was_stopped and opened.open_first_line is not None:
            self._say_cut(opened.source.name, len(opened.open_first_line))
            return None

        if not has_identity(opened):
            self._wait_for_newline(opened.source.name, len(opened.open_first_line or b""))
            return None

        keeper = await self._register.keeper(opened.id, opened.source.name)
        keeper.look(opened.size_bytes if opened.compression == "none" else None)
        return keeper

    async def _running(self, opened: OpenSource, keeper: CheckpointKeeper) -> Running:
        """Return how a source is read; its format is detected now unless the user has named one."""
        chosen = self._settings.format
        if chosen is None:
            chosen = await to_thread.run_sync(_detected, opened)

        return Running(self._register.recipe(opened.source.name, chosen), keeper)

    async def _send_chunks(
        self, opened: OpenSource, keeper: CheckpointKeeper, chunks: MemoryObjectSendStream[Work]
    ) -> bool | None:
        """Send what lies behind the checkpoint; return whether that was anything, None when it was moved meanwhile."""
        # Of a stream more lines may be waited for, and that only before the first is taken. Of a file nothing has to be
        # detected while nothing in it is new.
        running = await self._running(opened, keeper) if opened.is_stream else None
        iterator = opened.chunks(
            start=keeper.read_position,
            first_line_number=keeper.next_line_number,
            chunk_bytes=partial(portion_bytes, self._tally, self._settings.chunk_bytes),
            max_line_bytes=self._settings.max_line_bytes,
            on_passed=keeper.recognise,
        )
        found = False
        while self._goes_on(opened) and (chunk := await to_thread.run_sync(_next, iterator)) is not None:
            running = running or await self._running(opened, keeper)
            if not found and not await self._acquire(opened, keeper):
                return None

            found = True
            await self._send_parts(_parts(opened, chunk, running.recipe.format), chunk, running, chunks)

        keeper.leave()
        return found

    async def _acquire(self, opened: OpenSource, keeper: CheckpointKeeper) -> bool:
        """Make the source this run's; return whether it is still to be read from where it was."""
        can_wait_till_later = self._patience_seconds == 0 and not opened.is_stream
        return await keeper.acquire(
            may_move=not opened.is_stream,
            patience_seconds=self._patience_seconds if can_wait_till_later else None,
            say=None if can_wait_till_later else self._say,
            is_stopping=lambda: self.stopping,
        )

    def _goes_on(self, opened: OpenSource) -> bool:
        # What was taken from a pipe cannot be read again: it is stored before a stop, which the pipe itself notices.
        return not self.stopping or opened.is_stream

    async def _send_parts(
        self, parts: list[Part], chunk: Chunk, running: Running, chunks: MemoryObjectSendStream[Work]
    ) -> None:
        position = chunk.start
        for part in parts:
            position = part.chunk.end
            pending = await running.keeper.enter(part.chunk, moves=part.is_final)
            await chunks.send(Work(part.chunk, pending, running))

        self._tally.bytes_read += position - chunk.start
        if position < chunk.end:
            self._wait_for_newline(running.recipe.source_name, chunk.end - position)

    def _wait_for_newline(self, name: str, size: int) -> None:
        self.notices.append(
            f"{name} ends in an unfinished line of {size:,} bytes: it is read when its newline has come."
        )

    def _say_cut(self, name: str, size: int) -> None:
        self.notices.append(
            f"Stopped in the middle of the first line of {name}: its {size:,} bytes are not stored."
        )


def _parts(opened: OpenSource, chunk: Chunk, form: Format) -> list[Part]:
    if may_grow(opened):
        return list(readable_parts(chunk, form))

    return list(stopped_parts(chunk, form)) if opened.was_stopped else [Part(chunk)]


def _detected(opened: OpenSource) -> Format:
    """Return the format of the first lines; of a live stream more of them are waited for when they are too odd."""
    detection = detect(opened.head())
    while detection.format is None and opened.read_on():
        detection = detect(opened.head())

    return choose_format(opened.source.name, detection)


def choose_format(source_name: str, detection: Detection) -> Format:
    """Return the format that was detected; raises `FormatError` with the lines that speak against every format."""
    if detection.format is None:
        raise no_format(source_name, detection)

    return detection.format


def _next(chunks: Iterator[Chunk]) -> Chunk | None:
    with suppress(StopRequested):
        return next(chunks, None)

    return None
