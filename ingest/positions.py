"""Know up to where a source is done, although its chunks are done in any order."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

import anyio
import polars as pl

from footfall.store.state import Accounts
from ingest.tally import Counts, RejectedRun

Days = Mapping[tuple[str, date], int]


@dataclass(slots=True, eq=False)
class Pending:
    """A chunk on its way: `outstanding` batches are not acknowledged yet, None while it is not cut into batches.

    It reaches from byte `start` to `end`, where the source has `fingerprint`. `moves` is whether the position may
    pass the chunk; an unfinished last line is read again by the next run. `newest_at` is the time of its newest
    event. `header` is the directive in force at `start`, `header_after` that at `end`. `days` are puts by site and
    date, `identified` how many of those on a date have ids of their own, and `places` (sk, offset) where those
    stand.
    """

    start: int
    end: int
    fingerprint: str = ""
    moves: bool = True
    outstanding: int | None = None
    counts: Counts = field(default_factory=Counts)
    days: Days = field(default_factory=dict)
    newest_at: datetime | None = None
    rejected_run: RejectedRun = field(default_factory=RejectedRun)
    header: str = ""
    header_after: str = ""
    identified: Mapping[date, int] = field(default_factory=dict)
    places: pl.DataFrame | None = None

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

    Chunks enter in the order they were read; the position moves over the longest finished run of them. `accounts`
    are the events below the position by date, `newest_at` is the time of the newest of them; `days` are the puts of
    chunks, passed or not, that the day ledger does not count yet.
    """

    def __init__(
        self,
        position: int,
        fingerprint: str = "",
        accounts: Accounts | None = None,
        newest_at: datetime | None = None,
        header: str = "",
    ) -> None:
        self.position = position
        self.header = header
        self.fingerprint = fingerprint
        self.accounts = accounts or Accounts()
        self.newest_at = newest_at
        self.counts = Counts()
        self.days: Counter[tuple[str, date]] = Counter()
        self.rejected_run = RejectedRun()
        self._pending: deque[Pending] = deque()
        self._advanced = anyio.Event()

    @property
    def is_idle(self) -> bool:
        """Whether no chunk is on its way."""
        return not self._pending

    async def until_free(self, start: int, end: int) -> None:
        """Return when no chunk that has a byte from `start` to `end` is on its way.

        The same line has the same key: were it under way twice, a put that is retried late could overwrite a newer
        one.
        """
        while any(not one.done and one.start < end and start < one.end for one in self._pending):
            await self._advanced.wait()

    def enter(self, start: int, end: int, fingerprint: str = "", *, moves: bool = True) -> Pending:
        """Register the next chunk, from byte `start` to `end`, where the source has `fingerprint`."""
        return self.register(Pending(start=start, end=end, fingerprint=fingerprint, moves=moves))

    def register(self, pending: Pending) -> Pending:
        """Register the next chunk."""
        self._pending.append(pending)
        return pending

    def advance(self) -> bool:
        """Move over what is done, after a chunk was; return whether the position moved."""
        before = self.position
        while self._pending and self._pending[0].done:
            self._pass(self._pending.popleft())

        self._advanced.set()
        self._advanced = anyio.Event()
        return self.position != before

    def _pass(self, chunk: Pending) -> None:
        self.days.update(chunk.days)
        self.rejected_run += chunk.rejected_run
        if not chunk.moves:
            return

        self.position, self.fingerprint = chunk.end, chunk.fingerprint
        self.counts += chunk.counts
        self.header = chunk.header_after
        self.accounts = self.accounts.plus(_accountable(chunk))
        self.newest_at = max(filter(None, (self.newest_at, chunk.newest_at)), default=None)

    def forget_days(self, days: Days) -> None:
        """Take from `days`, what was written to which day, what has got into the day ledger."""
        self.days -= Counter(days)


def _accountable(chunk: Pending) -> list[tuple[date, int]]:
    """Return the events of a chunk by date, without those that a beacon sent twice may have overwritten."""
    events = Counter[date]()
    for (_, on), count in chunk.days.items():
        events[on] += count

    events.subtract(chunk.identified)
    return [(on, count) for on, count in events.items() if count]
