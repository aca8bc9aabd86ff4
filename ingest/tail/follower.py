"""Follow logs into chunks: the feed of `footfall tail`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from math import inf
from typing import Final

import anyio
from anyio import from_thread, to_thread
from anyio.abc import TaskGroup
from anyio.streams.memory import MemoryObjectSendStream

from footfall.clock import Clock
from footfall.errors import FootfallError, InputError
from footfall.store import Store
from footfall.store.state import TableMeta
from ingest.checkpoint import CheckpointKeeper
from ingest.flow import Work
from ingest.portion import portion_bytes
from ingest.register import Register
from ingest.settings import IngestSettings
from ingest.stdin import StopRequested
from ingest.tail.claims import Claims
from ingest.tail.holdings import Holdings
from ingest.tail.look import Look, Lookout
from ingest.tail.member import Member
from ingest.tail.plain import Replaced
from ingest.tail.reading import Unrecognised
from ingest.tail.selection import Selection
from ingest.tail.turns import Turns, sentence_of
from ingest.tail.watch import Bell, Watcher, WatchMode
from ingest.tally import Tally

POLL_SECONDS: Final = 1.0
GRACE_SECONDS: Final = 10.0
"""How long a rotated file has to be quiet until nobody is thought to write to it: servers go on with it for a while."""

MOST_NOTICES: Final = 1000
SHORTEST_NAP_SECONDS: Final = 0.02
REST_FACTOR: Final = 2.0


class Follower:
    """Follows what `arguments` name until it is stopped.

    Each round looks which files there are, opens those that are new, and reads what is due of each in turn; then it
    waits for a change or `poll_seconds`. `say` is told each notice as it comes; without it they are kept in `notices`.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        settings: IngestSettings,
        store: Store,
        meta: TableMeta,
        clock: Clock,
        tally: Tally,
        *,
        poll_seconds: float = POLL_SECONDS,
        watch: WatchMode = "auto",
        grace_seconds: float = GRACE_SECONDS,
        say: Callable[[str], None] | None = None,
    ) -> None:
        self._clock = clock
        self._poll_seconds = poll_seconds
        self._told = say
        self._register = Register(settings, store, meta, clock)
        self._lookout = Lookout(arguments, clock.monotonic)
        chunk_bytes = partial(portion_bytes, tally, settings.chunk_bytes)
        self._holdings = Holdings(settings, chunk_bytes, clock, grace_seconds)
        self._bell = Bell(clock)
        self._watcher = Watcher(watch, self._bell, clock, self._say)
        self._claims = Claims(settings, self._register, clock, self._bell, self._say)
        self._turns = Turns(settings, self._register, self._holdings, self._claims, clock, tally, self._say)
        self._selection = Selection(
            settings, self._register, self._holdings, self._leave_alone, self._is_stopping
        )
        self._scope = anyio.CancelScope()
        self._standing: set[str] = set()
        self.problems: list[FootfallError] = []
        self.notices: list[str] = []
        self.stopping = False

    @property
    def keepers(self) -> list[CheckpointKeeper]:
        """Return the checkpoints of the sources that are being read, or were and are not quite saved."""
        return self._register.keepers

    def stop(self) -> None:
        """Read no further."""
        self.stopping = True
        self._scope.cancel()

    def raw_bytes(self) -> int:
        """Return how much was read."""
        return self._turns.raw_bytes

    async def run(self, chunks: MemoryObjectSendStream[Work]) -> None:
        """Send chunks until `stop` is called, then close the stream."""
        async with chunks:
            try:
                with self._scope:
                    async with anyio.create_task_group() as tasks:
                        tasks.start_soon(self._watcher.run)
                        await self._follow(chunks, tasks)

                await self._read_what_is_gone(chunks)
            finally:
                self._holdings.close()
                for keeper in self._register.keepers:
                    keeper.leave()

    async def _follow(self, chunks: MemoryObjectSendStream[Work], tasks: TaskGroup) -> None:
        while not self.stopping:
            looked_at = self._clock.monotonic()
            look = await to_thread.run_sync(self._lookout.look)
            unopened = await to_thread.run_sync(self._holdings.meet, look)
            self._complain([*look.complaints, *unopened])
            self._watcher.watch(self._lookout.folders)
            await self._select(look)
            look_seconds = self._clock.monotonic() - looked_at
            is_through = await self._read_in_turn(chunks, tasks, until=looked_at + self._poll_seconds)
            self._claims.forget_left()
            self._turns.appeared_at = looked_at
            # What a notification tells of has only just appeared.
            if is_through and await self._bell.wait(self._nap_seconds()):
                self._turns.appeared_at = self._clock.monotonic()
                # With thousands of files a look takes time: busy logs must not have them looked at all the time.
                await self._clock.sleep(min(self._poll_seconds, REST_FACTOR * look_seconds))

    async def _select(self, look: Look) -> None:
        for member in self._holdings.members:
            if member.source_id is None:
                await self._guarded(member, self._selection.identify(member))

        await self._selection.decide(look)

    async def _read_what_is_gone(self, chunks: MemoryObjectSendStream[Work]) -> None:
        await self._turns.deliver_last(chunks)
        for member in self._holdings.members:
            while member.plain.is_deleted() and await self._guarded(
                member, self._turns.take_last(member, chunks)
            ):
                pass

    async def _read_in_turn(
        self, chunks: MemoryObjectSendStream[Work], tasks: TaskGroup, until: float
    ) -> bool:
        """Send a chunk of each file that has one, again and again; return whether all are through for now."""
        is_through = False
        while not is_through:
            is_through = True
            for member in self._holdings.members:
                if await self._guarded(member, self._turns.take(member, chunks, tasks)):
                    is_through = False

            if not is_through and self._clock.monotonic() >= until:
                return False

        return True

    async def _guarded(self, member: Member, step: Awaitable[object]) -> bool:
        """Take a step with a file; what goes wrong with it stops no other."""
        try:
            return bool(await step)
        except Replaced:
            self._claims.leave(member)
            member.start_again(self._clock.monotonic())
        except Unrecognised as error:
            self._turns.meet_stranger(member, error)
        except StopRequested:
            self.stop()
        except InputError as error:
            self._turns.fail(member, error)

        return False

    def _leave_alone(self, member: Member) -> None:
        self._turns.let_go(member, is_known=False)

    def _nap_seconds(self) -> float:
        now = self._clock.monotonic()
        due = min((one.due_at for one in self._holdings.members if one.due_at is not None), default=inf)
        return max(SHORTEST_NAP_SECONDS, min(self._poll_seconds, due - now))

    def _is_stopping(self) -> bool:
        from_thread.check_cancelled()
        return self.stopping

    def _complain(self, complaints: Sequence[InputError]) -> None:
        sentences = {sentence_of(one): None for one in complaints}
        for sentence in sentences:
            if sentence not in self._standing:
                self._say(sentence)

        self._standing = set(sentences)

    def _say(self, sentence: str) -> None:
        if self._told is not None:
            self._told(sentence)
            return

        self.notices.append(sentence)
        del self.notices[:-MOST_NOTICES]
