"""Know up to where a source is done, although its chunks are done in any order."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from ingest.tally import Counts, RejectedRun

Days = Mapping[tuple[str, date], int]


@dataclass(slots=True, eq=False)
class Pending:
    """A chunk on its way: `outstanding` batches are not acknowledged yet, None while it is not cut into batches.

    `fingerprint` is that of the source at `end`. `moves` is whether the position may pass the chunk; an unfinished last
    line is read again by the next run.
    """

    end: int
    fingerprint: str = ""
    moves: bool = True
    outstanding: int | None = None
    counts: Counts = field(default_factory=Counts)
    days: Days = field(default_factory=dict)
    rejected_run: RejectedRun = field(default_factory=RejectedRun)

    @property
    def done(self) -> bool:
        """Whether everything in the chunk is stored or in the dead letters."""
        return self.outstanding == 0

    def acknowledge(self) -> None:
        """Note that one more batch is stored."""
        if not self.outstanding:
            raise ValueError("a batch was acknowledged that the chunk does not have")

        self.outstanding -= 1


class Watermark:
    """The position below which everything of one source is done.

    Chunks enter in the order they were read; the position moves over the longest finished run of them.
    """

    def __init__(self, position: int, fingerprint: str = "") -> None:
        self.position = position
        self.fingerprint = fingerprint
        self.counts = Counts()
        self.days: Counter[tuple[str, date]] = Counter()
        self.rejected_run = RejectedRun()
        self._pending: deque[Pending] = deque()

    def enter(self, end: int, fingerprint: str = "", *, moves: bool = True) -> Pending:
        """Register the next chunk, which ends at byte `end`, where the source has `fingerprint`."""
        pending = Pending(end=end, fingerprint=fingerprint, moves=moves)
        self._pending.append(pending)
        return pending

    def advance(self) -> bool:
        """Move over what is done; return whether the position moved."""
        before = self.position
        while self._pending and self._pending[0].done:
            chunk = self._pending.popleft()
            self.days.update(chunk.days)
            self.rejected_run += chunk.rejected_run
            if chunk.moves:
                self.position, self.fingerprint = chunk.end, chunk.fingerprint
                self.counts += chunk.counts

        return self.position != before

    def forget_days(self, days: Days) -> None:
        """Take from `days`, what was written to which day, what has got into the day ledger."""
        self.days -= Counter(days)
