"""Hold the files of all logs open, and know which of them are over."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from footfall.clock import Clock
from footfall.errors import SourceError
from ingest.chunks import ChunkBytes
from ingest.settings import IngestSettings
from ingest.sources import Source
from ingest.sources.opened import unreadable
from ingest.tail.look import FamilyKey, Key, Look, Seen, Stamp, order_of
from ingest.tail.member import Family, Member
from ingest.tail.plain import PlainFile

ABSENCE_FACTOR: Final = 30
"""How many times longer a file is held that is gone without another in its place: the server has it open still."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Done:
    """A file that is held no longer: as it was, and whether it was read, now or before."""

    stamp: Stamp
    is_known: bool


class Holdings:
    """The files that are held open, and those that are done until they change."""

    def __init__(
        self, settings: IngestSettings, chunk_bytes: ChunkBytes, clock: Clock, grace_seconds: float
    ) -> None:
        self._settings = settings
        self._chunk_bytes = chunk_bytes
        self._clock = clock
        self._grace_seconds = grace_seconds
        self._families: dict[FamilyKey, Family] = {}
        self._members: dict[Key, Member] = {}
        self._done: dict[Key, Done] = {}

    @property
    def members(self) -> list[Member]:
        """Return the files that are held, in the order they were met: of one log, the oldest first."""
        return list(self._members.values())

    def member(self, key: Key) -> Member | None:
        """Return the file if it is held."""
        return self._members.get(key)

    def was_known(self, key: Key) -> bool:
        """Tell whether the file was read and is done."""
        return key in self._done and self._done[key].is_known

    def meet(self, look: Look) -> list[SourceError]:
        """Take in what was seen: hold what is new, note what changed; return what could not be opened. Blocks."""
        complaints = []
        seen = {one.key: one for files in look.families.values() for one in files}
        for key, files in look.families.items():
            family = self._families.setdefault(key, Family(key, frozenset(one.key for one in files)))
            for one in files:
                if one.key not in self._members and not self._is_done(one):
                    try:
                        self._hold(one, family)
                    except OSError as error:
                        complaints.append(_cannot_open(one, error))

        for member in self._members.values():
            self._note(member, seen.get(member.seen.key), look.families.get(member.family.key, ()))

        self._done = {key: done for key, done in self._done.items() if key in seen}
        return complaints

    def let_go(self, member: Member, *, is_known: bool) -> None:
        """Close a file; it is done until it changes."""
        key = member.seen.key
        del self._members[key]
        self._done[key] = Done(member.stamp, is_known)
        member.plain.close()

    def close(self) -> None:
        """Close all files."""
        for member in self._members.values():
            member.plain.close()

        self._members.clear()

    def is_quiet(self, member: Member) -> bool:
        """Tell whether nothing has happened to a file for so long that nobody seems to write to it any more."""
        return member.is_quiet(self._clock.monotonic(), self._grace_seconds)

    def is_final(self, member: Member) -> bool:
        """Tell whether nothing more comes to a file: the log goes on elsewhere and it has been quiet, or it is gone."""
        if member.is_over:
            return self.is_quiet(member)

        patience_seconds = ABSENCE_FACTOR * self._grace_seconds
        return not member.is_present and member.is_quiet(self._clock.monotonic(), patience_seconds)

    def _is_done(self, seen: Seen) -> bool:
        done = self._done.get(seen.key)
        return done is not None and done.stamp == seen.stamp

    def _hold(self, seen: Seen, family: Family) -> None:
        descriptor = os.open(seen.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        found = os.fstat(descriptor)
        if (found.st_dev, found.st_ino) != seen.key:
            os.close(descriptor)  # another file has come in between: it is met in the next round
            return

        settings = self._settings
        plain = PlainFile(descriptor, chunk_bytes=self._chunk_bytes, max_line_bytes=settings.max_line_bytes)
        # A file that is met was rotated before: it has been quiet since it was written to or renamed last.
        wall_seconds = (self._clock.now() - _EPOCH).total_seconds()
        quiet_seconds = max(0.0, wall_seconds - seen.touched_ns / 1e9)
        changed_at = self._clock.monotonic() - quiet_seconds
        is_wanted = True if seen.is_named else None
        self._members[seen.key] = Member(
            seen, family, plain, changed_at, is_wanted, order_of(seen), seen.stamp
        )

    def _note(self, member: Member, seen: Seen | None, files: Sequence[Seen]) -> None:
        """Note where a file is now, and whether it changed or is over."""
        now = self._clock.monotonic()
        member.is_present = seen is not None
        if seen is not None:
            member.seen, member.order = seen, order_of(seen)

        stamp = seen.stamp if seen is not None else _stamp_of(member)
        is_over = _is_over(member, files)
        has_changed = stamp != member.stamp
        if has_changed or (is_over and not member.is_over and member.was_noted):
            member.changed_at = now

        member.is_stirred = member.is_stirred or has_changed
        member.stamp, member.is_over, member.was_noted = stamp, is_over, True


def _stamp_of(member: Member) -> Stamp:
    try:
        return member.plain.stamp()
    except OSError:  # gone on the server of a network file system: reading it will say so
        return member.stamp


def _is_over(member: Member, files: Sequence[Seen]) -> bool:
    """Tell whether a newer file of the log has something in it, by the order of the names."""
    newer = (one for one in files if one.key != member.seen.key and one.stamp.size_bytes)
    if member.is_present:
        return any(order_of(one) > member.order for one in newer)

    return any(order_of(one) >= member.order for one in newer)


def _cannot_open(seen: Seen, error: OSError) -> SourceError:
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return SourceError(
            "There are more files to follow than may be open at once; the others wait.",
            hint="ulimit -n 65536",
        )

    return unreadable(Source(seen.name, seen.path.name, seen.path), error)
