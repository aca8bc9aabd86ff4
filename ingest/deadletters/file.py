"""Append records to the dead-letter file so that neither a crash nor a neighbour can tear them.

Several processes may append to one file. Each append is one write of whole records to the file's end, under a lock;
what a crash or a full disk has torn before it is closed by a newline first, so that it swallows no later record.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import msgspec

from footfall.clock import Clock
from footfall.errors import SourceError
from ingest.deadletters.record import Record

OTHER_FILE: Final = "name another file with --dead-letters"


class DeadLetterFile:
    """An append-only NDJSON file, made when the first record comes; only its owner may read it.

    `hint` is what the user is told to do when it cannot be written.
    """

    def __init__(self, path: Path, clock: Clock, *, hint: str = OTHER_FILE) -> None:
        self.path = path
        self._clock = clock
        self._hint = hint
        self._is_named_on_disk = False

    def append(self, records: Iterable[Record]) -> None:
        """Write `records`, stamped with the time, and return when they are on the disk.

        Raises `SourceError` when they cannot be kept; some of them may be in the file then.
        """
        now = self._clock.now().replace(microsecond=0)
        data = b"".join(_ENCODER.encode(msgspec.structs.replace(each, at=now)) + b"\n" for each in records)
        try:
            self._write(data)
        except OSError as error:
            raise SourceError(
                f"Cannot keep refused lines in {self.path}: {error.strerror or error}.", hint=self._hint
            ) from error

    def _write(self, data: bytes) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with opened(self.path) as descriptor:
            size = os.fstat(descriptor).st_size
            _write_all(descriptor, b"\n" + data if _is_torn(descriptor, size) else data)
            os.fsync(descriptor)

        # Once also for a file that was there already: who made it may have died before its folder knew it.
        if not size or not self._is_named_on_disk:
            _sync_folder(self.path.resolve().parent)
            self._is_named_on_disk = True


_ENCODER: Final = msgspec.json.Encoder()


@contextmanager
def opened(path: Path, *, appends: bool = True) -> Iterator[int]:
    """Open the file, alone among those who write to it: for appending, or for overwriting what stands in it."""
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND * appends | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        # Some network mounts have no locks. One write to the end of a file is what is left there.
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)

        yield descriptor
    finally:
        os.close(descriptor)


def _is_torn(descriptor: int, size: int) -> bool:
    """Tell whether the last record lacks its end, because a crash or a full disk cut it."""
    return size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"


def _write_all(descriptor: int, data: bytes) -> None:
    """Write `data` at once; more than one write is needed only where the system takes no more, as on a full disk."""
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


def _sync_folder(folder: Path) -> None:
    """Make the name of a new file durable; a folder that may be entered but not read cannot be synchronised."""
    with suppress(PermissionError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
