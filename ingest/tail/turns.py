"""Read the files that are held, a chunk of each in turn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import anyio
import anyio.lowlevel
from anyio import to_thread
from anyio.abc import TaskGroup
from anyio.streams.memory import MemoryObjectSendStream

from footfall.clock import Clock
from footfall.errors import InputError, SourceTaken
from ingest.flow import Running, Work
from ingest.register import Register
from ingest.settings import IngestSettings
from ingest.tail import reading
from ingest.tail.claims import Claims
from ingest.tail.holdings import Holdings
from ingest.tail.look import Key
from ingest.tail.member import Member
from ingest.tail.reading import Unrecognised
from ingest.tally import Tally

ROOM_SECONDS: Final = 0.01
"""How often it is tried to hand over a chunk when there is no room for it."""


class Turns:
    """Reads files; of those that hold the same log one is active, the others wait until it is over.

    `appeared_at` is when what is found now has appeared, at the latest; `raw_bytes` is how much was read.
    """

    def __init__(
        self,
        settings: IngestSettings,
        register: Register,
        holdings: Holdings,
        claims: Claims,
        clock: Clock,
        tally: Tally,
        say: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._register = register
        self._holdings = holdings
        self._claims = claims
        self._clock = clock
        self._tally = tally
        self._say = say
        self._failures: dict[Key, str] = {}
        self._undelivered: tuple[Member, Work] | None = None
        self.appeared_at = clock.monotonic()
        self.raw_bytes = 0

    async def take(self, member: Member, chunks: MemoryObjectSendStream[Work], tasks: TaskGroup) -> bool:
        """Send the next chunk of a file, if one is due; return whether there was one.

        Raises `Replaced`, `Unrecognised` and `InputError`.
        """
        if member.source_id is None or not member.is_wanted:
            return False

        is_final = self._holdings.is_final(member)
        if member.is_begun and not (member.is_stirred or member.unread_bytes or is_final):
            self._claims.rest(member)
            return False

        reader = self._claims.reader(member.source_id, member)
        if reader is not member:
            self._wait_for(member, reader)
            return False

        if not await self._begin(member) or not await self._is_due(member, is_final=is_final):
            return False

        if not await self._choose_format(member, is_final=is_final) or not self._claims.is_ours(
            member, tasks
        ):
            return False

        return await self._send(member, chunks, is_final=is_final)

    async def _begin(self, member: Member) -> bool:
        if member.is_begun:
            return True

        if member.packed is not None and not self._holdings.is_quiet(member):
            return False  # it may be written still

        member.keeper = await self._claims.keeper(member)
        await to_thread.run_sync(reading.begin, member, member.keeper)
        member.is_begun = member.is_stirred = True
        return True

    async def _is_due(self, member: Member, *, is_final: bool) -> bool:
        """Tell whether lines are to be read now; when nothing more comes, let go of a file that has none."""
        if member.packed is not None:
            return True

        now = self._clock.monotonic()
        if member.is_stirred:
            member.unread_bytes = await to_thread.run_sync(reading.unread, member)
            member.is_stirred = False

        if not member.unread_bytes:
            member.has_read_all()
            return is_final and await self._ends_openly(member)

        if member.appeared_at is None:
            member.appeared_at = min(now, self.appeared_at)

        due_at = member.appeared_at + self._settings.linger_seconds
        is_due = member.is_over or member.unread_bytes >= self._settings.chunk_bytes or now >= due_at
        member.due_at = None if is_due else due_at
        return is_due

    async def _ends_openly(self, member: Member) -> bool:
        """Tell whether a file that is over ends in a line without newline that is to be read; else let go of it."""
        if self._has_copies(member) or not await to_thread.run_sync(member.plain.has_rest):
            self.let_go(member, is_known=True)
            return False

        return True

    def _has_copies(self, member: Member) -> bool:
        """Tell whether another file holds the same log."""
        return any(one is not member and one.source_id == member.source_id for one in self._holdings.members)

    async def _choose_format(self, member: Member, *, is_final: bool) -> bool:
        if member.running is not None:
            return True

        is_old = is_final or member.is_over or self._holdings.is_quiet(member)
        if member.sampled == (member.stamp, is_old, is_final):
            return False

        member.sampled = member.stamp, is_old, is_final
        form = self._settings.format or await to_thread.run_sync(
            reading.choose_format, member, is_old, is_final
        )
        if form is None:
            return False

        assert member.keeper is not None
        member.family.form = form
        member.running = Running(self._register.recipe(member.seen.name, form), member.keeper)
        self._tally.sources += 1
        return True

    async def _send(self, member: Member, chunks: MemoryObjectSendStream[Work], *, is_final: bool) -> bool:
        assert member.running is not None
        # The last line counts without its newline only when all before it is read, and nobody else has more of it.
        chunk = await to_thread.run_sync(reading.take, member, is_final and not member.unread_bytes)
        if chunk is None:
            member.is_stirred = True
            if member.packed is not None:
                self.let_go(member, is_known=True)

            return False

        pending = await member.running.keeper.enter(chunk, moves=True)
        self.raw_bytes += chunk.end - chunk.start
        self._tally.bytes_read += chunk.end - chunk.start
        member.unread_bytes = max(0, member.unread_bytes - (chunk.end - chunk.start))
        if not member.unread_bytes:
            member.has_read_all()

        self._undelivered = member, Work(chunk, pending, member.running)
        await self._deliver(chunks)
        return True

    async def _deliver(self, chunks: MemoryObjectSendStream[Work]) -> None:
        """Hand the chunk over that was taken last, if that is not done yet.

        When a stop cuts this short it has to be known whether it was done: a waiting `send` does not tell.
        """
        while self._undelivered is not None:
            await (
                anyio.lowlevel.checkpoint_if_cancelled()
            )  # those who receive may be cancelled with us, and gone
            try:
                chunks.send_nowait(self._undelivered[1])
                self._undelivered = None
            except anyio.WouldBlock:
                await self._clock.sleep(ROOM_SECONDS)

    async def deliver_last(self, chunks: MemoryObjectSendStream[Work]) -> None:
        """Hand over the chunk that a stop kept from it if its file is gone; else the next run reads it."""
        if self._undelivered is not None and self._undelivered[0].plain.is_deleted():
            await self._deliver(chunks)

        self._undelivered = None

    async def take_last(self, member: Member, chunks: MemoryObjectSendStream[Work]) -> bool:
        """Send the next chunk of a file that is gone when the run ends: no later run can read it."""
        member.is_begun = False  # the stop may have cut a step short
        if member.source_id is None or not member.is_wanted or not await self._begin(member):
            return False

        member.is_stirred = True
        if not await self._is_due(member, is_final=True) or not await self._choose_format(
            member, is_final=True
        ):
            return False

        assert member.keeper is not None
        try:
            await member.keeper.acquire(patience_seconds=0.0)
        except SourceTaken:
            return False

        return await self._send(member, chunks, is_final=True)

    def meet_stranger(self, member: Member, error: Unrecognised) -> None:
        """Decide about a file that begins like one that was read before, but is not it.

        A copy that is shorter holds nothing new. A log that goes on is read from its beginning, once it had the time to
        become as long as it was: it may be on its way from somewhere else. That overwrites what is the same.
        """
        assert member.keeper is not None
        if member.is_over or member.packed is not None or not member.seen.is_named:
            if not error.is_shorter:
                self._say(f"{member.seen.name} is left alone: {error}")

            self.let_go(member, is_known=True)
            return

        if self._has_copies(member):
            self._claims.leave(member)  # it is the turn of the one that may be what was read before
            return

        is_settled = self._holdings.is_quiet(member) or not error.is_shorter
        if is_settled and member.keeper.watermark.is_idle:
            self._say(f"{error} It is read from its beginning.")
            member.keeper.rewind()

    def _wait_for(self, member: Member, reader: Member) -> None:
        """Let a copy of what another file is read for wait for its turn; in another folder that may never come."""
        if member.family is not reader.family and member.seen.key not in self._failures:
            self._failures[member.seen.key] = (
                f"{member.seen.name} begins with the same line as {reader.seen.name}: it waits until that one is over. "
                "Follow the two by runs of their own, each with its --host-label NAME, to tell them apart."
            )
            self._say(self._failures[member.seen.key])

    def fail(self, member: Member, error: InputError) -> None:
        """Go on without a file until it changes."""
        sentence = sentence_of(error)
        if self._failures.get(member.seen.key) != sentence:
            self._failures[member.seen.key] = sentence
            self._tally.sources_failed += 1
            self._say(sentence)

        self.let_go(member, is_known=member.source_id is not None and bool(member.is_wanted))

    def let_go(self, member: Member, *, is_known: bool) -> None:
        """Close a file and leave its source; it is done until it changes."""
        self._claims.leave(member)
        self._holdings.let_go(member, is_known=is_known)


def sentence_of(error: InputError) -> str:
    """Return an error as one line for people."""
    details = "".join(f" {detail}" for detail in error.details[:1])
    return f"{error}{details}" + (f" Try: {error.hint}" if error.hint else "")
