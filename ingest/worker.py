"""Read, prepare, write, checkpoint: the picture of ingest is `Worker.run`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

import anyio
from anyio import to_thread
from anyio.abc import TaskGroup
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from footfall.clock import Clock
from footfall.errors import FootfallError, TooManyRejected
from footfall.store import Store
from footfall.store.writer.batches import Refused
from ingest.checkpoint import RENEWALS_PER_LEASE, DayLedger
from ingest.deadletters import DeadLetter, DeadLetterFile
from ingest.flow import Feed, Parcel, Work
from ingest.prepare import prepare
from ingest.refusals import letters_of_refused, recount
from ingest.settings import IngestSettings
from ingest.sources.find import quoted
from ingest.tally import Tally
from ingest.writing import writer_for

LAST_SAVE_SECONDS: Final = 10.0
"""How long the last save may take when a run ends by an error."""

TASKS_PER_WRITER: Final = 4
"""How many batches are in hand at most for each request that may be under way, while some wait for their part in a
hot partition. Without one there is a batch for each: more of them only take turns (a third of the throughput into a
store that answers at once).
"""

ENOUGH_LINES: Final = 1000
"""How many lines a run reads before it judges how many of them were refused."""


class Worker:
    """One run from a feed into a store."""

    def __init__(
        self, feed: Feed, settings: IngestSettings, store: Store, clock: Clock, tally: Tally
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._tally = tally
        self._feed = feed
        self._writer = writer_for(settings, store, clock, tally)
        self._dead_letters = DeadLetterFile(settings.dead_letters, clock)
        self._dead_letters_lock = anyio.Lock()
        self._ledger = DayLedger(store, clock)
        self._nap = anyio.CancelScope()
        self._drained = False
        self._writing = 0

    async def run(self) -> None:
        """Ingest what the feed gives; return when all that was read is acknowledged and checkpointed."""
        chunks_in, chunks_out = anyio.create_memory_object_stream[Work](1)
        parcels_in, parcels_out = anyio.create_memory_object_stream[Parcel](self._settings.writers)
        await self._writer.begin()
        try:
            async with anyio.create_task_group() as around:
                around.start_soon(self._save_now_and_then)
                async with anyio.create_task_group() as tasks, chunks_out, parcels_in, parcels_out:
                    tasks.start_soon(self._feed.run, chunks_in)
                    for _ in range(self._settings.preparers):
                        tasks.start_soon(self._prepare_chunks, chunks_out.clone(), parcels_in.clone())

                    for _ in range(self._settings.writers):
                        self._start_writing(tasks, parcels_out)

                self._drained = True
                self._nap.cancel()
        except BaseException:
            await self._release_what_is_done()
            raise

        for keeper in list(self._feed.keepers):
            await keeper.release()

    async def _prepare_chunks(
        self, chunks: MemoryObjectReceiveStream[Work], parcels: MemoryObjectSendStream[Parcel]
    ) -> None:
        async with chunks, parcels:
            async for work in chunks:
                prepare_chunk = partial(prepare, interleave=self._writer.is_limited)
                header = work.pending.header
                prepared = await to_thread.run_sync(prepare_chunk, work.chunk, work.running.recipe, header)
                self._tally.filtered_by_reason.update(prepared.filtered_by_reason)
                self._tally.without_visitor += prepared.without_visitor
                await self._bury(prepared.letters)
                await self._ledger.announce(prepared.days)
                work.pending.counts, work.pending.days = prepared.counts, prepared.days
                work.pending.identified, work.pending.places = prepared.identified, prepared.places
                work.pending.rejected_run, work.pending.newest_at = prepared.rejected_run, prepared.newest_at
                work.pending.outstanding = len(prepared.batches)
                self._finish(work)
                for batch in prepared.batches:
                    await parcels.send(Parcel(batch, work))

    async def _bury(self, letters: list[DeadLetter]) -> None:
        """Make dead letters durable before anything can count their chunk as done."""
        self._tally.rejected_by_reason.update(letter.reason for letter in letters)
        if letters:
            async with self._dead_letters_lock:
                await to_thread.run_sync(self._dead_letters.append, letters)

    def _start_writing(self, tasks: TaskGroup, parcels: MemoryObjectReceiveStream[Parcel]) -> None:
        self._writing += 1
        tasks.start_soon(self._write_parcels, tasks, parcels.clone())

    async def _write_parcels(self, tasks: TaskGroup, parcels: MemoryObjectReceiveStream[Parcel]) -> None:
        async with parcels:
            async for parcel in parcels:
                most = self._settings.writers * TASKS_PER_WRITER
                if self._writer.has_hot_partitions and self._writing < most:
                    self._start_writing(tasks, parcels)

                refused = await self._writer.write(parcel.batch)
                if refused:
                    await self._bury_refused(parcel.work, refused)

                parcel.work.pending.acknowledge()
                self._finish(parcel.work)

    async def _bury_refused(self, work: Work, refused: Sequence[Refused]) -> None:
        await self._bury(list(letters_of_refused(work.chunk, work.running.recipe, work.pending, refused)))
        recount(work.pending, refused)

    def _finish(self, work: Work) -> None:
        if work.pending.done:
            watermark = work.running.keeper.watermark
            self._tally.counts += work.pending.counts
            watermark.advance()
            self._judge_rejected(work.running.recipe.source_name, watermark.rejected_run.longest)

    def _judge_rejected(self, source_name: str, in_a_row: int) -> None:
        """Raise `TooManyRejected` when the run refuses more of its lines than it may; all of them are kept."""
        counts, settings = self._tally.counts, self._settings
        if counts.lines >= ENOUGH_LINES and counts.rejected > settings.max_rejected * counts.lines:
            raise TooManyRejected(
                f"{counts.rejected:,} of the {counts.lines:,} lines so far were refused; "
                f"they are kept in {settings.dead_letters}.",
                hint=_look_at(settings.dead_letters, "--max-rejected"),
            )

        if in_a_row > settings.max_rejected_in_a_row:
            raise TooManyRejected(
                f"{in_a_row:,} lines of {source_name} were refused one after the other; "
                f"they are kept in {settings.dead_letters}.",
                hint=_look_at(settings.dead_letters, "--max-rejected-in-a-row"),
            )

    async def _save_now_and_then(self) -> None:
        # The end of the run cuts the nap short, not a save; a save that an error cuts short is known again as ours.
        settings = self._settings
        nap_seconds = min(settings.checkpoint_seconds, settings.lease_seconds / RENEWALS_PER_LEASE)
        while not self._drained:
            with self._nap:
                await self._clock.sleep(nap_seconds)

            await self._save_all()
            self._nap = anyio.CancelScope()

    async def _save_all(self) -> None:
        for keeper in list(self._feed.keepers):
            await keeper.save()

    async def _release_what_is_done(self) -> None:
        """Save once more on the way out; what cannot be saved now is read again by the next run."""
        with anyio.move_on_after(LAST_SAVE_SECONDS, shield=True):
            for keeper in list(self._feed.keepers):
                with suppress(FootfallError):
                    await keeper.release()


def _look_at(dead_letters: Path, limit: str) -> str:
    return (
        f"footfall deadletters list {quoted(dead_letters)}   "
        f"(then deadletters retry and ingest in the right --format; or a higher {limit})"
    )
