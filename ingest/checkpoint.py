"""Save how far each source is done, in the state table, after the acknowledgements and never before.

The life of a keeper: `recognise` the log, `acquire` the source before its first chunk, `enter` each chunk, `save`
every few seconds, which also tells other runs that this one is alive, `leave` when no more chunks come, `release`
at the end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Final

import anyio

from footfall.clock import Clock
from footfall.errors import SourceTaken
from footfall.store import Store
from footfall.store.state import (
    Checkpoint,
    Owner,
    Process,
    Seen,
    new_token,
    read_checkpoint,
    save_checkpoint,
    this_process,
    touch_days,
)
from ingest.chunks import Chunk
from ingest.formats.model import header_after
from ingest.lease import Say, Waiting, until_free
from ingest.positions import Days, Pending, Watermark
from ingest.trace import Trace

RENEWALS_PER_LEASE: Final = 3
"""Other runs hear of an owner at least so often: two of its saves may come late."""


class DayLedger:
    """Makes each day known to readers before its first event of this run is written.

    Reports that ask for some days read those that the ledger names: a day must not be stored before it is named.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._announced: set[tuple[str, date]] = set()

    async def announce(self, days: Days) -> None:
        """Return when all of `days` are in the ledger."""
        new = [day for day in days if day not in self._announced]
        await touch_days(self._store, self._clock, dict.fromkeys(new, 0))
        self._announced.update(new)


class CheckpointKeeper:
    """The checkpoint of one source and worker group, and this run's lease on the source.

    `saved` is what the state table holds, `watermark` what may be saved, `read_position` how far the source was read
    and `next_line_number` the number of the line that stands there. `is_owned` is whether the source is this run's.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        group: str,
        saved: Checkpoint,
        *,
        from_start: bool = False,
        lease_seconds: float = 30.0,
        process: Process | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._group = group
        self._from_start = from_start
        self._lease_seconds = lease_seconds
        self._process = process or this_process()
        self._lock = anyio.Lock()
        self._token = new_token(clock)
        self._size_bytes, self._looked_at = saved.seen.size_bytes, saved.seen.looked_at
        self._began_at = self._renewed_at = clock.monotonic()
        self._is_leaving = False
        self._fenced: SourceTaken | None = None
        self.is_owned = False
        self.saved = saved
        self._begin_at(_rewound(saved) if from_start else saved)

    def _begin_at(self, base: Checkpoint, days: Days | None = None) -> None:
        self._base = base
        self.watermark = Watermark(
            base.position, base.fingerprint, base.accounts, base.seen.newest_at, base.header
        )
        self._header = base.header
        self.watermark.days.update(days or {})
        self.read_position = base.position
        self.next_line_number = base.lines + 1
        self._trace = Trace(base.fingerprint)

    def recognise(self, before: bytes, passed_bytes: int) -> None:
        """Check that a source is the log that was read up to `read_position`; `before` are the bytes before that.

        Raises `SourceError` when it is another one, or ends before that: `passed_bytes` are what it has up to there.
        """
        self._trace.recognise(self.saved.name, self.read_position, before, passed_bytes)

    def rewind(self) -> None:
        """Begin at the first byte again, as a replay does: a log that begins with the same line is another one.

        Only while no chunk is on its way.
        """
        self._from_start = True
        self._begin_at(_rewound(self.saved), self.watermark.days)

    def look(self, size_bytes: int | None) -> None:
        """Note the size of the decompressed source, None when it is not known: people ask how much is left of it."""
        self._size_bytes, self._looked_at = size_bytes, self._clock.now()

    async def acquire(
        self,
        *,
        may_move: bool = True,
        patience_seconds: float | None = None,
        say: Say | None = None,
        is_stopping: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Make the source this run's own; return whether it is still to be read from where it was.

        False means that another run has moved the checkpoint in between: open the source again at `read_position`.
        What cannot be opened again is told by `may_move`: it is read on, and overwrites what the other run stored.
        A source of this run's own is acquired at once, and costs nothing. Another run's is waited for, which `say` is
        told once: `ingest.lease.until_free` knows how long, and raises `SourceTaken`, or `StopRequested` when
        `is_stopping`.
        """
        was_at = self.read_position
        async with self._lock:  # a save may be about to release what was left before
            self._raise_if_fenced()
            self._is_leaving = False

        while not self.is_owned:
            waiting = Waiting(self._group, self._token, patience_seconds, say or _ignore, is_stopping)
            free = self.saved
            if free.owner is not None:
                free = await until_free(self._read, self._clock, waiting)

            await self._take(free, may_move=may_move and not self._from_start)

        return self.read_position == was_at

    async def _read(self) -> Checkpoint:
        return await read_checkpoint(
            self._store, self._clock, self._group, self.saved.source_id, self.saved.name
        )

    async def _take(self, free: Checkpoint, *, may_move: bool) -> None:
        """Put this run's name on a checkpoint that nobody owns; if another run was quicker, look who that is."""
        async with self._lock:
            if self.is_owned:
                return

            owner = Owner(self._process, self._token, self._clock.now(), self._lease_seconds)
            try:
                await self._put(replace(free, owner=owner))
            except SourceTaken:
                self.saved = await self._read()
                return

            if may_move and self.watermark.is_idle and not self.saved.says_what(self._done()):
                self._begin_at(self.saved, self.watermark.days)

    async def enter(self, chunk: Chunk, *, moves: bool) -> Pending:
        """Register a chunk that was read; with `moves`, reading goes on behind it and so may the position.

        Returns when nothing of the chunk is on its way already. Raises `SourceTaken` when another run has taken over.
        """
        self._raise_if_fenced()
        if not self.is_owned:
            raise ValueError("a source is acquired before its first chunk")

        await self.watermark.until_free(chunk.start, chunk.end)
        header = self._header
        if moves:
            self._move(chunk)

        pending = Pending(
            start=chunk.start,
            end=chunk.end,
            fingerprint=self._trace.fingerprint,
            moves=moves,
            header=header,
            header_after=self._header,
        )
        return self.watermark.register(pending)

    def _move(self, chunk: Chunk) -> None:
        self.read_position = chunk.end
        self.next_line_number += chunk.line_count
        self._trace.follow(chunk)
        self._header = header_after(chunk.data, self._header)

    def leave(self) -> None:
        """Say that no more chunks come for now: the save that finds all of them done releases the source."""
        self._is_leaving = True

    async def save(self) -> None:
        """Store the watermark if it has moved since the last save, or a sign of life if one is due.

        The day ledger goes first: a reader that finds a day's revision unchanged may rely on the day being
        unchanged, and a crash in between only makes it read a day again. So what is saved is what was reached
        before the ledger was written: chunks that are done meanwhile have their days in the next save. Raises
        `SourceTaken` when another run has written the checkpoint, now and ever after: this one has to stop.
        """
        async with self._lock:
            await self._save(releases=self._is_leaving and self.watermark.is_idle)

    async def release(self) -> None:
        """Save for the last time and give the source back, so that the next run need not wait."""
        async with self._lock:
            await self._save(releases=True)

    async def _save(self, *, releases: bool) -> None:
        self._raise_if_fenced()
        if not self.is_owned:
            return

        reached, days = self._reached(), self.watermark.days.copy()
        await touch_days(self._store, self._clock, days)
        self.watermark.forget_days(days)
        if releases or self._is_renewal_due() or not reached.says_what(self.saved):
            await self._put(replace(reached, owner=None if releases else self.saved.owner))

    def _is_renewal_due(self) -> bool:
        silent_seconds = self._clock.monotonic() - self._renewed_at
        return silent_seconds >= self._lease_seconds / RENEWALS_PER_LEASE

    async def _put(self, checkpoint: Checkpoint) -> None:
        """Store `checkpoint`; the lease runs from before the request, because nobody knows when it is carried out."""
        began_at = self._clock.monotonic()
        seen = replace(checkpoint, seen=self._seen())
        try:
            self.saved = await save_checkpoint(self._store, self._clock, self._group, seen, self._token)
        except SourceTaken as error:
            self._fenced = error if self.is_owned else None
            raise

        self._renewed_at = began_at
        self.is_owned = self.saved.owner is not None

    def _raise_if_fenced(self) -> None:
        if self._fenced is not None:
            raise self._fenced

    def _seen(self) -> Seen:
        seconds = self._clock.monotonic() - self._began_at
        return Seen(
            newest_at=self.watermark.newest_at or self.saved.seen.newest_at,
            size_bytes=self._size_bytes,
            looked_at=self._looked_at,
            events_per_second=round(self.watermark.counts.events / seconds, 1) if seconds else 0.0,
        )

    def _reached(self) -> Checkpoint:
        """Return what may be saved: nothing new while a replay is behind what was saved before."""
        return self.saved if self.watermark.position < self.saved.position else self._done()

    def _done(self) -> Checkpoint:
        """Return what is done, whatever was saved before."""
        counts = self.watermark.counts
        return replace(
            self.saved,
            position=self.watermark.position,
            fingerprint=self.watermark.fingerprint,
            lines=self._base.lines + counts.lines,
            events=self._base.events + counts.events,
            rejected=self._base.rejected + counts.rejected,
            skipped=self._base.skipped + counts.skipped,
            filtered=self._base.filtered + counts.filtered,
            extra=self._base.extra + counts.extra,
            identified=self._base.identified + counts.identified,
            header=self.watermark.header,
            accounts=self.watermark.accounts,
        )


def _rewound(saved: Checkpoint) -> Checkpoint:
    return Checkpoint(source_id=saved.source_id, name=saved.name)


def _ignore(sentence: str) -> None:
    del sentence
