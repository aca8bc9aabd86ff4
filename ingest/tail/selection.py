"""Find out which log each file holds, and decide which files are read that nobody named."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from anyio import to_thread

from ingest.register import Register
from ingest.settings import IngestSettings
from ingest.tail import reading
from ingest.tail.holdings import Holdings
from ingest.tail.look import Look, Seen
from ingest.tail.member import Member


class Selection:
    """Decides about the files that are held; `let_go` closes one that is not read."""

    def __init__(
        self,
        settings: IngestSettings,
        register: Register,
        holdings: Holdings,
        let_go: Callable[[Member], None],
        is_stopping: Callable[[], bool],
    ) -> None:
        self._settings = settings
        self._register = register
        self._holdings = holdings
        self._let_go = let_go
        self._is_stopping = is_stopping

    async def identify(self, member: Member) -> None:
        """Find the id of the log that a file holds, if its first line has come; raises `InputError`."""
        is_final = self._holdings.is_final(member)
        if not (member.is_stirred or is_final):
            return

        is_quiet = self._holdings.is_quiet(member)
        member.source_id = await to_thread.run_sync(
            reading.identify, member, self._settings, is_final, is_quiet, self._is_stopping
        )
        if member.source_id is None and is_final:
            self._let_go(member)

    async def decide(self, look: Look) -> None:
        """Decide about the files of each log of which that is not decided yet."""
        for files in look.families.values():
            members = [self._holdings.member(seen.key) for seen in files]
            if any(member is not None and member.is_wanted is None for member in members):
                await self._decide(files)

    async def _decide(self, files: Sequence[Seen]) -> None:
        """Decide which files of a log are read that nobody named: from the oldest on that was ever read of it.

        Files that come while the log is followed are read in any case, unless what they hold was left alone before. A
        file waits for the decision about all older ones.
        """
        is_known = False
        for seen in files:
            member = self._holdings.member(seen.key)
            if member is not None and member.is_wanted is None:
                if member.source_id is None:
                    return

                member.is_wanted = is_known or await self._is_wanted(member, member.source_id)
                if not member.is_wanted:
                    member.family.left_alone.add(member.source_id)
                    self._let_go(member)
                    continue

            is_known = is_known or await self._was_read(seen, member)

    async def _is_wanted(self, member: Member, source_id: str) -> bool:
        is_new = member.seen.key not in member.family.first_seen and source_id not in member.family.left_alone
        return is_new or await self._register.is_known(source_id)

    async def _was_read(self, seen: Seen, member: Member | None) -> bool:
        if member is None:
            return self._holdings.was_known(seen.key)

        if not member.seen.is_named:
            return True

        return member.source_id is not None and await self._register.is_known(member.source_id)
