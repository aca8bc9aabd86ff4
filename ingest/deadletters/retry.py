"""Store what was refused, as far as it can be read now: `Retry.run` is the picture.

For each slice of the file: read again → name the days → write → count the days → note the outcomes. An outcome is
noted only after the acknowledgement and after the day ledger, so a kill at any moment leaves letters that are tried
again, and trying again puts the same item under the same key.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

import anyio
import msgspec
import polars as pl
from anyio import to_thread
from anyio.streams.memory import MemoryObjectReceiveStream

from footfall.clock import Clock
from footfall.errors import FootfallError
from footfall.keys import day_of
from footfall.store import Store
from footfall.store.state import TableMeta, touch_days
from footfall.store.writer.batches import Batch, Refused
from ingest.checkpoint import DayLedger
from ingest.deadletters.again import CUT, Again, Choice, chosen, read_again, readable, slices
from ingest.deadletters.file import DeadLetterFile
from ingest.deadletters.read import Letters, letters_at, places_of
from ingest.deadletters.record import Outcome
from ingest.settings import IngestSettings
from ingest.tally import Tally
from ingest.writing import writer_for

LAST_TOUCH_SECONDS: Final = 10.0
"""How long the day ledger may take when a retry ends by an error."""

AGAIN: Final = "make room, then run the same command again: letters that are stored already are stored over"


@dataclass(slots=True)
class Retried:
    """What became of letters: of those `chosen`, `unreadable` were not tried, and the rest not reached when
    stopped.
    """

    chosen: int = 0
    stored: int = 0
    filtered: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    unreadable: Counter[str] = field(default_factory=Counter)
    stopped: bool = False
    seconds: float = 0.0

    @property
    def left(self) -> int:
        """Return how many letters were not reached."""
        done = self.stored + self.filtered + self.refused.total() + self.unreadable.total()
        return self.chosen - done

    @property
    def still_waits(self) -> bool:
        """Whether letters that were chosen and tried, or could be with other options, are not stored."""
        return bool(self.refused or self.unreadable.keys() - {CUT})

    def summary(self, tally: Tally) -> dict[str, Any]:
        """Return the retry as one JSON object."""
        return {
            "letters": self.chosen,
            "stored": self.stored,
            "refused": self.refused.total(),
            "filtered": self.filtered,
            "unreadable": self.unreadable.total(),
            "left": self.left,
            "refused_by_reason": dict(self.refused),
            "unreadable_by_reason": dict(self.unreadable),
            "batches": tally.batches,
            "requests": tally.requests,
            "throttled": tally.throttled,
            "consumed_write_units": tally.consumed_write_units,
            "seconds": round(self.seconds, 3),
            "stopped_by_signal": self.stopped,
        }


class Retry:
    """One retry of the letters of a file into a store."""

    def __init__(
        self,
        letters: Letters,
        choice: Choice,
        settings: IngestSettings,
        store: Store,
        meta: TableMeta,
        clock: Clock,
        tally: Tally,
        retried: Retried,
    ) -> None:
        self._letters = letters
        self._choice = choice
        self._settings = settings
        self._store = store
        self._meta = meta
        self._clock = clock
        self._writer = writer_for(settings, store, clock, tally)
        self._ledger = DayLedger(store, clock)
        self._file = DeadLetterFile(letters.path, clock, hint=AGAIN)
        self.retried = retried

    @property
    def stopping(self) -> bool:
        """Return whether `stop` was called."""
        return self.retried.stopped

    def stop(self) -> None:
        """Begin no further slice; the one under way is finished."""
        self.retried.stopped = True

    async def run(self) -> None:
        """Try the chosen letters; return when every one that can be stored is, and that is noted in their file."""
        rows = chosen(self._letters, self._choice)
        self.retried.chosen = len(rows)
        rows, self.retried.unreadable = readable(rows, self._choice)
        if len(rows):
            await self._writer.begin()

        for each in slices(rows):
            if self.stopping:
                return

            await self._settle(await to_thread.run_sync(self._read, each))

    def _read(self, rows: pl.DataFrame) -> list[Again]:
        found = letters_at(self._letters.path, places_of(rows))
        pairs = zip(found, rows["reason"], strict=True)
        letters = (msgspec.structs.replace(letter, reason=reason) for letter, reason in pairs)
        return read_again(letters, self._choice, self._settings, self._meta, self._store.events_table)

    async def _settle(self, read: Sequence[Again]) -> None:
        written: Counter[tuple[str, date]] = Counter()
        for again in read:
            written.update(again.days)

        await self._ledger.announce(written)
        try:
            refused = await self._write(read)
            stored = written - Counter(day_of(put.pk) for puts in refused for put in puts)
            await touch_days(self._store, self._clock, stored)
        except BaseException:
            await self._touch_what_may_be_written(written)
            raise

        outcomes = [_outcomes(again, puts) for again, puts in zip(read, refused, strict=True)]
        await self._note(
            outcome
            for again, each in zip(read, outcomes, strict=True)
            for outcome in each
            if outcome.outcome != "refused" or outcome.reason != again.reasons[outcome.offset]
        )
        for each in outcomes:
            self._count(each)

    async def _note(self, outcomes: Iterable[Outcome]) -> None:
        """Append what is new: a line that is refused for the same reason again and again has one record."""
        news = list(outcomes)
        if news:
            await to_thread.run_sync(self._file.append, news)

    async def _write(self, read: Sequence[Again]) -> list[list[Refused]]:
        """Write all batches; return the puts that the store refuses, for each of `read`."""
        refused: list[list[Refused]] = [[] for _ in read]
        parcels = [
            (batch, puts) for again, puts in zip(read, refused, strict=True) for batch in again.batches
        ]
        batches_in, batches_out = anyio.create_memory_object_stream[tuple[Batch, list[Refused]]](len(parcels))
        with batches_in:
            for parcel in parcels:
                batches_in.send_nowait(parcel)

        async with anyio.create_task_group() as tasks, batches_out:
            for _ in range(min(self._settings.writers, len(parcels))):
                tasks.start_soon(self._write_batches, batches_out.clone())

        return refused

    async def _write_batches(self, parcels: MemoryObjectReceiveStream[tuple[Batch, list[Refused]]]) -> None:
        async with parcels:
            async for batch, refused in parcels:
                refused.extend(await self._writer.write(batch))

    async def _touch_what_may_be_written(self, days: Counter[tuple[str, date]]) -> None:
        """Let readers see days again that were written to in part; their letters still wait."""
        with anyio.move_on_after(LAST_TOUCH_SECONDS, shield=True), suppress(FootfallError):
            await touch_days(self._store, self._clock, dict.fromkeys(days, 0))

    def _count(self, outcomes: Sequence[Outcome]) -> None:
        became = Counter(outcome.outcome for outcome in outcomes)
        self.retried.stored += became["stored"]
        self.retried.filtered += became["filtered"]
        self.retried.refused.update(each.reason for each in outcomes if each.outcome == "refused")


def _outcomes(again: Again, refused: Sequence[Refused]) -> list[Outcome]:
    """Return what became of every line of `again`, after its batches were written."""
    by_offset = {again.line_of(put.sk): put for put in refused}
    stored = [
        Outcome("stored", again.source_id, offset) for offset in again.offsets if offset not in by_offset
    ]
    by_store = [
        Outcome("refused", again.source_id, offset, put.reason, put.sentence)
        for offset, put in by_offset.items()
    ]
    return stored + by_store + again.settled
