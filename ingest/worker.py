"""Read, prepare, write, checkpoint: the picture of ingest is `Worker.run`."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

import anyio
from anyio import to_thread
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from footfall.clock import Clock
from footfall.errors import FootfallError, InputError, TooManyRejected
from footfall.store import Store
from footfall.store.state import TableMeta
from ingest.checkpoint import DayLedger
from ingest.deadletters import DeadLetterFile
from ingest.flow import Parcel, Running, Work
from ingest.positions import Pending
from ingest.prepare import Prepared, prepare
from ingest.reader import Reader
from ingest.settings import IngestSettings
from ingest.sources import Source
from ingest.tally import Tally
from ingest.writer.pool import Writer

LAST_SAVE_SECONDS: Final = 10.0
"""How long the last save may take when a run ends by an error."""

ENOUGH_LINES: Final = 1000
"""How many lines a run reads before it judges how many of them were refused."""


class Worker:
    """One ingest run over some sources into one store."""

    def __init__(
        self, settings: IngestSettings, store: Store, meta: TableMeta, clock: Clock, tally: Tally
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._tally = tally
        self._reader = Reader(settings, store, meta, clock, tally)
        self._writer = Writer(store, clock, tally, give_up_after_seconds=settings.give_up_after_seconds)
        self._dead_letters = DeadLetterFile(settings.dead_letters)
        self._dead_letters_lock = anyio.Lock()
        self._ledger = DayLedger(store, clock)
        self._nap = anyio.CancelScope()
        self._drained = False

    @property
    def problems(self) -> list[InputError]:
        """Return the errors of sources that could not be read; the other sources were."""
        return self._reader.problems

    @property
    def notices(self) -> list[str]:
        """Return what the user should know of single sources."""
        return self._reader.notices

    @property
    def stopping(self) -> bool:
        """Return whether `stop` was called."""
        return self._reader.stopping

    def raw_bytes(self) -> int:
        """Return how much was read of the sources as they lie on the disk."""
        return self._reader.raw_bytes()

    def stop(self) -> None:
        """Read no further; what was read is still written and acknowledged."""
        self._reader.stopping = True

    async def run(self, sources: list[Source]) -> None:
        """Ingest `sources`; return when all that was read is acknowledged and checkpointed."""
        chunks_in, chunks_out = anyio.create_memory_object_stream[Work](1)
        parcels_in, parcels_out = anyio.create_memory_object_stream[Parcel](self._settings.writers)
        try:
            async with anyio.create_task_group() as around:
                around.start_soon(self._save_now_and_then)
                async with anyio.create_task_group() as tasks, chunks_out, parcels_in, parcels_out:
                    tasks.start_soon(self._reader.read_all, sources, chunks_in)
                    for _ in range(self._settings.preparers):
                        tasks.start_soon(self._prepare_chunks, chunks_out.clone(), parcels_in.clone())

                    for _ in range(self._settings.writers):
                        tasks.start_soon(self._write_parcels, parcels_out.clone())

                self._drained = True
                self._nap.cancel()
        except BaseException:
            await self._save_what_is_done()
            raise

        await self._save_all()

    async def _prepare_chunks(
        self, chunks: MemoryObjectReceiveStream[Work], parcels: MemoryObjectSendStream[Parcel]
    ) -> None:
        async with chunks, parcels:
            async for work in chunks:
                prepared = await to_thread.run_sync(prepare, work.chunk, work.running.recipe)
                await self._bury(prepared)
                await self._ledger.announce(prepared.days)
                work.pending.counts, work.pending.days = prepared.counts, prepared.days
                work.pending.outstanding = len(prepared.batches)
                self._finish(work.pending, work.running)
                for batch in prepared.batches:
                    await parcels.send(Parcel(batch, work.pending, work.running))

    async def _bury(self, prepared: Prepared) -> None:
        """Make the dead letters of a chunk durable before anything can count the chunk as done."""
        self._tally.filtered_by_reason.update(prepared.filtered_by_reason)
        self._tally.rejected_by_reason.update(letter.reason for letter in prepared.letters)
        if prepared.letters:
            async with self._dead_letters_lock:
                await to_thread.run_sync(self._dead_letters.append, prepared.letters)

    async def _write_parcels(self, parcels: MemoryObjectReceiveStream[Parcel]) -> None:
        async with parcels:
            async for parcel in parcels:
                await self._writer.write(parcel.batch)
                parcel.pending.acknowledge()
                self._finish(parcel.pending, parcel.running)

    def _finish(self, pending: Pending, running: Running) -> None:
        if pending.done:
            self._tally.counts += pending.counts
            running.keeper.watermark.advance()
            self._judge_rejected()

    def _judge_rejected(self) -> None:
        """Raise `TooManyRejected` when the run refuses more of its lines than it may; all of them are kept."""
        counts = self._tally.counts
        if counts.lines >= ENOUGH_LINES and counts.rejected > self._settings.max_rejected * counts.lines:
            raise TooManyRejected(
                f"{counts.rejected:,} of the {counts.lines:,} lines so far were refused; "
                f"they are kept in {self._settings.dead_letters}.",
                hint="look at the reasons there; then the right --format with --replay, or more with --max-rejected",
            )

    async def _save_now_and_then(self) -> None:
        # The end of the run cuts the nap short, not a save; a save that an error cuts short is known again as ours.
        while not self._drained:
            with self._nap:
                await self._clock.sleep(self._settings.checkpoint_seconds)

            await self._save_all()
            self._nap = anyio.CancelScope()

    async def _save_all(self) -> None:
        for keeper in list(self._reader.keepers.values()):
            await keeper.save()

    async def _save_what_is_done(self) -> None:
        """Save once more on the way out; what cannot be saved now is read again by the next run."""
        with anyio.move_on_after(LAST_SAVE_SECONDS, shield=True):
            for keeper in self._reader.keepers.values():
                with suppress(FootfallError):
                    await keeper.save()
