"""Save how far each source is done, in the state table, after the acknowledgements and never before."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Final

import anyio

from footfall.clock import Clock
from footfall.errors import SourceError
from footfall.keys import FINGERPRINT_BYTES, fingerprint
from footfall.store import Store
from footfall.store.state import Checkpoint, new_token, save_checkpoint, touch_days
from ingest.chunks import Chunk
from ingest.positions import Days, Pending, Watermark

_TELL_APART: Final = "add --host-label NAME to tell the two apart"


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
    """The checkpoint of one source and worker group.

    `saved` is what the state table holds, `watermark` what may be saved, `read_position` how far the source was read
    and `next_line_number` the number of the line that stands there.
    """

    def __init__(
        self, store: Store, clock: Clock, group: str, saved: Checkpoint, *, from_start: bool = False
    ) -> None:
        self._store = store
        self._clock = clock
        self._group = group
        self._base = _rewound(saved) if from_start else saved
        self._lock = anyio.Lock()
        self._token = new_token(clock)
        self.saved = saved
        self.watermark = Watermark(self._base.position, self._base.fingerprint)
        self.read_position = self._base.position
        self.next_line_number = self._base.lines + 1
        self._fingerprint = self._base.fingerprint
        self._before = b""
        self._is_before_known = True

    def recognise(self, before: bytes, passed_bytes: int) -> None:
        """Check that a source is the log that was read up to `read_position`; `before` are the bytes before that.

        Raises `SourceError` when it is another one, or ends before that: `passed_bytes` are what it has up to there.
        """
        if passed_bytes < self.read_position:
            raise SourceError(
                f"{self.saved.name} has {passed_bytes:,} bytes, but {self.read_position:,} of it were read before: "
                "it was cut, or it is another log that begins with the same line.",
                hint=_TELL_APART,
            )

        if self._fingerprint and fingerprint(before) != self._fingerprint:
            raise SourceError(
                f"{self.saved.name} begins with the same line as a log that was read before, but goes on differently.",
                hint=_TELL_APART,
            )

        self._before, self._is_before_known = before, True

    def enter(self, chunk: Chunk, *, moves: bool) -> Pending:
        """Register a chunk that was read; with `moves`, reading goes on behind it and so may the position."""
        if moves:
            self._move(chunk)

        return self.watermark.enter(chunk.end, self._fingerprint, moves=moves)

    def _move(self, chunk: Chunk) -> None:
        self.read_position = chunk.end
        self.next_line_number += chunk.line_count
        before = (self._before + chunk.data[-FINGERPRINT_BYTES:])[-FINGERPRINT_BYTES:]
        # Of an oversized line the end was passed over: the source is not recognised until enough was seen behind it.
        self._before = b"" if chunk.oversized else before
        self._is_before_known = not chunk.oversized and (
            self._is_before_known or len(before) == FINGERPRINT_BYTES
        )
        self._fingerprint = fingerprint(before) if self._is_before_known else ""

    async def save(self) -> None:
        """Store the watermark if it has moved since the last save.

        The day ledger goes first: a reader that finds a day's revision unchanged may rely on the day being unchanged,
        and a crash in between only makes it read a day again. So what is saved is what was reached before the ledger
        was written: chunks that are done meanwhile have their days in the next save.
        """
        async with self._lock:
            reached, days = self._reached(), self.watermark.days.copy()
            await touch_days(self._store, self._clock, days)
            self.watermark.forget_days(days)
            if reached.position > self.saved.position:
                self.saved = await save_checkpoint(
                    self._store, self._clock, self._group, reached, self._token
                )

    def _reached(self) -> Checkpoint:
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
        )


def _rewound(saved: Checkpoint) -> Checkpoint:
    return Checkpoint(source_id=saved.source_id, name=saved.name)
