"""Save how far each source is done, in the state table, after the acknowledgements and never before."""

from __future__ import annotations

from dataclasses import replace

import anyio

from footfall.clock import Clock
from footfall.store import Store
from footfall.store.state import Checkpoint, save_checkpoint, touch_days
from ingest.chunks import Chunk
from ingest.positions import Pending, Watermark


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
        self.saved = saved
        self.watermark = Watermark(self._base.position)
        self.read_position = self._base.position
        self.next_line_number = self._base.lines + 1

    def enter(self, chunk: Chunk, *, moves: bool) -> Pending:
        """Register a chunk that was read; with `moves`, reading goes on behind it and so may the position."""
        if moves:
            self.read_position = chunk.end
            self.next_line_number += chunk.line_count

        return self.watermark.enter(chunk.end, moves=moves)

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
                self.saved = await save_checkpoint(self._store, self._clock, self._group, reached)

    def _reached(self) -> Checkpoint:
        counts = self.watermark.counts
        return replace(
            self.saved,
            position=self.watermark.position,
            lines=self._base.lines + counts.lines,
            events=self._base.events + counts.events,
            rejected=self._base.rejected + counts.rejected,
            skipped=self._base.skipped + counts.skipped,
            filtered=self._base.filtered + counts.filtered,
        )


def _rewound(saved: Checkpoint) -> Checkpoint:
    return Checkpoint(source_id=saved.source_id, name=saved.name)
