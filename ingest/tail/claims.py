"""Claim the sources of the files that are held: for one file of each log, and for this run."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from anyio.abc import TaskGroup

from footfall.clock import Clock
from ingest.checkpoint import CheckpointKeeper
from ingest.register import Register
from ingest.settings import IngestSettings
from ingest.tail.member import Member
from ingest.tail.watch import Bell


class Claims:
    """Whose each source is: of the files that hold the same log one reads it, and of all runs this one, or it waits."""

    def __init__(
        self,
        settings: IngestSettings,
        register: Register,
        clock: Clock,
        bell: Bell,
        say: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._register = register
        self._clock = clock
        self._bell = bell
        self._say = say
        self._active: dict[str, Member] = {}
        self._left: set[str] = set()

    def reader(self, source_id: str, member: Member) -> Member:
        """Return the file that is read for a source: the one that is, else `member` from now on."""
        return self._active.setdefault(source_id, member)

    async def keeper(self, member: Member) -> CheckpointKeeper:
        """Return the checkpoint of a file's source; one that was left before has to be acquired again."""
        assert member.source_id is not None
        keeper = await self._register.keeper(member.source_id, member.seen.name)
        member.has_left = member.source_id in self._left
        self._left.discard(member.source_id)
        return keeper

    def is_ours(self, member: Member, tasks: TaskGroup) -> bool:
        """Tell whether the source is this run's; if not, see to it that it becomes so, however long that takes."""
        assert member.keeper is not None
        if member.keeper.is_owned and not member.has_left:
            return True

        if not member.is_acquiring:
            member.is_acquiring = True
            tasks.start_soon(self._become_owner, member, member.keeper)

        return False

    async def _become_owner(self, member: Member, keeper: CheckpointKeeper) -> None:
        is_unmoved = await keeper.acquire(patience_seconds=inf, say=self._say)
        member.is_acquiring = False
        if member.keeper is keeper:
            member.has_left = False
            member.is_begun = member.is_begun and is_unmoved
        else:
            keeper.leave()  # the file has become another log while it waited

        self._bell.ring()

    def rest(self, member: Member) -> None:
        """Leave a source to others when nothing has come for a lease."""
        lease_seconds = self._settings.lease_seconds
        if member.keeper is None or member.has_left or not member.keeper.is_owned:
            return

        if member.is_quiet(self._clock.monotonic(), lease_seconds):
            member.has_left = True
            member.keeper.leave()

    def leave(self, member: Member) -> None:
        """Let other files, and other runs, read the source of a file."""
        if member.source_id is None or self._active.get(member.source_id) is not member:
            return

        del self._active[member.source_id]
        self._left.add(member.source_id)
        if member.keeper is not None:
            member.keeper.leave()

    def forget_left(self) -> None:
        """Drop the checkpoints of sources that were left, when all of them is saved."""
        self._left = {one for one in self._left if one not in self._active and not self._register.forget(one)}
