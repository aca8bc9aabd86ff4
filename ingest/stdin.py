"""Read standard input so that a stop is heard while it has nothing to give.

A thread that is blocked in a read cannot be cancelled, and Python waits for it before the process may end. So the
descriptor is asked, in slices of time, whether there is something to read.
"""

from __future__ import annotations

import io
import os
import select
import sys
from collections.abc import Callable
from typing import BinaryIO, Final, cast

from footfall.errors import SourceError

SLICE_SECONDS: Final = 0.1


class StopRequested(SourceError):
    """The run was told to stop while standard input was read; whole lines read before are given out first."""


class StoppableInput(io.RawIOBase):
    """The bytes of a file descriptor as they come, until `is_stopping` says to stop.

    It has no `fileno`: even when a file stands behind it, nobody but the caller knows where in it this began.
    """

    def __init__(self, descriptor: int, is_stopping: Callable[[], bool]) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._is_stopping = is_stopping

    @classmethod
    def standard(cls, is_stopping: Callable[[], bool]) -> BinaryIO:
        """Return standard input; raises `SourceError` when the process has none."""
        if sys.stdin is None:
            raise SourceError("Standard input is closed.", hint="name a file, or pipe one in")

        return cls.of(sys.stdin.fileno(), is_stopping)

    @classmethod
    def of(cls, descriptor: int, is_stopping: Callable[[], bool]) -> BinaryIO:
        """Return what can be read from an open file descriptor, which stays open."""
        return cast("BinaryIO", cls(descriptor, is_stopping))

    def read(self, size: int = -1, /) -> bytes:
        """Return between 1 and `size` bytes, none at the end; raises `StopRequested`."""
        while not self._is_stopping():
            if select.select([self._descriptor], [], [], SLICE_SECONDS)[0]:
                return os.read(self._descriptor, size if size >= 0 else io.DEFAULT_BUFFER_SIZE)

        raise StopRequested("Stopped while reading standard input.")
