"""Read pipes so that what came is used soon, and a stop is heard while they have nothing to give.

A thread that is blocked in a read cannot be cancelled, and Python waits for it before the process may end. So the
descriptor is asked, in slices of time, whether there is something to read. Standard input is read like this, and so is
a path that is no regular file: a named pipe, or what the shell makes of ``<(zcat access.log.*.gz)``.
"""

from __future__ import annotations

import io
import os
import select
import sys
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import BinaryIO, Final, cast

from footfall.errors import SourceError

SLICE_SECONDS: Final = 0.1


class StopRequested(SourceError):
    """The run was told to stop in the middle of a compressed stream; whole lines before that are given out first."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How pipes are read: until `is_stopping` says to stop, nothing kept back longer than `linger_seconds`.

    `monotonic` tells the time in seconds.
    """

    is_stopping: Callable[[], bool]
    monotonic: Callable[[], float] = lambda: 0.0
    linger_seconds: float = inf

    def standard(self) -> BinaryIO:
        """Return standard input; raises `SourceError` when the process has none."""
        if sys.stdin is None:
            raise SourceError("Standard input is closed.", hint="name a file, or pipe one in")

        return self.of(sys.stdin.fileno())

    def of(self, descriptor: int, *, owned: bool = False) -> BinaryIO:
        """Return what can be read from an open file descriptor; one that is `owned` is closed with the stream."""
        return cast("BinaryIO", StoppableInput(descriptor, self, owned=owned))


class StoppableInput(io.RawIOBase):
    """The bytes of a file descriptor as they come, until a stop, which looks like the end of the stream.

    It has no `fileno`: even when a file stands behind it, nobody but the caller knows where in it this began.
    """

    def __init__(self, descriptor: int, manner: Manner, *, owned: bool = False) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._manner = manner
        self._owned = owned
        self._first_at: float | None = None
        self.was_stopped = False

    def read(self, size: int = -1, /) -> bytes | None:
        """Return between 1 and `size` bytes, none at the end or when told to stop.

        None says that the first byte since the last None came `linger_seconds` ago.
        """
        while not self._manner.is_stopping():
            if self._first_at is not None and self._waited(self._first_at) >= self._manner.linger_seconds:
                self._first_at = None
                return None

            data = self._read_within(self._slice_seconds(), size if size >= 0 else io.DEFAULT_BUFFER_SIZE)
            if data is not None:
                self._first_at = self._manner.monotonic() if self._first_at is None else self._first_at
                return data

        self.was_stopped = True
        return b""

    def close(self) -> None:
        """Close the descriptor if it is owned."""
        if self._owned and not self.closed:
            os.close(self._descriptor)

        super().close()

    def _read_within(self, seconds: float, size: int) -> bytes | None:
        if not select.select([self._descriptor], [], [], seconds)[0]:
            return None

        try:
            return os.read(self._descriptor, size)
        except (
            BlockingIOError
        ):  # somebody else has read it: the pipe is shared, or was opened without waiting
            return None

    def _slice_seconds(self) -> float:
        if self._first_at is None:
            return SLICE_SECONDS

        left = self._manner.linger_seconds - self._waited(self._first_at)
        return max(0.0, min(SLICE_SECONDS, left))

    def _waited(self, since: float) -> float:
        return self._manner.monotonic() - since
