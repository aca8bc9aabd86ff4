"""Run reads and writes of one SQLite file in threads, so that the event loop never waits for the disk.

Writes queue for one connection. Whoever's turn it is takes every write that is waiting into one transaction: a commit
costs as much as inserting a batch, and concurrent batches touch the same pages. Each write is answered after the
commit that holds it, so it is atomic and survives a kill. Reads run side by side, each on a connection and a snapshot
of its own.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from anyio import CapacityLimiter, Lock, to_thread

from footfall.errors import StoreError
from footfall.store.embedded.file import connect, is_busy, open_file, store_error
from footfall.store.embedded.problem import INTERNAL, Problem

Work: TypeAlias = Callable[[sqlite3.Connection], bytes]
"""Something to do inside a transaction; returns the body of the reply or raises `Problem` before it has written."""

READERS: Final = 8
GROUP_WRITES: Final = 64


@dataclass(slots=True, eq=False)
class _Write:
    work: Work
    body: bytes | None = None
    error: Exception | None = None

    def run(self, connection: sqlite3.Connection) -> None:
        try:
            self.body = self.work(connection)
        except Problem as problem:
            self.error = problem


class Database:
    """One file: a connection that writes, and connections that read."""

    def __init__(self, path: Path, busy_seconds: float) -> None:
        """Open the file; see `open_file` for what it raises."""
        self._path = path
        self._busy_seconds = busy_seconds
        self._writer = open_file(path, busy_seconds)
        self._idle: list[sqlite3.Connection] = []
        self._waiting: deque[_Write] = deque()
        self._turn = Lock()
        self._one = CapacityLimiter(1)
        self._readers = CapacityLimiter(READERS)
        self._closed = False

    async def write(self, work: Work) -> bytes:
        """Run `work` in a transaction and return its body once it is committed.

        Raises `Problem` when the work refused or the file stayed busy, `StoreError` when the file cannot be written.
        Cancelled before its turn it leaves no trace; afterwards it is carried out.
        """
        write = _Write(work)
        self._waiting.append(write)
        try:
            async with self._turn:
                if write.body is None and write.error is None:
                    await to_thread.run_sync(self._commit_waiting, limiter=self._one)
        finally:
            with suppress(ValueError):
                self._waiting.remove(write)

        if write.error is not None:
            raise write.error

        assert write.body is not None
        return write.body

    async def read(self, work: Work) -> bytes:
        """Run `work` on a snapshot and return its body; raises as `write` does."""
        return await to_thread.run_sync(self._read, work, limiter=self._readers)

    async def close(self) -> None:
        """Wait for the writes under way, fold the write-ahead log into the file and close it."""
        async with self._turn:
            await to_thread.run_sync(self._close)

    def _commit_waiting(self) -> None:
        group = self._take_waiting()
        try:
            self._refuse_closed()
            self._writer.execute("BEGIN IMMEDIATE")
            for write in group:
                write.run(self._writer)
            self._writer.execute("COMMIT")
        except Exception as error:  # handed to every write of the group, none of which was kept
            self._roll_back()
            for write in group:
                write.error = self._translated(error)

    def _take_waiting(self) -> list[_Write]:
        group: list[_Write] = []
        # A cancelled write takes itself out of the queue, in another thread: popping must not count on a length.
        with suppress(IndexError):
            while len(group) < GROUP_WRITES:
                group.append(self._waiting.popleft())

        return group

    def _roll_back(self) -> None:
        with suppress(sqlite3.Error):
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")

    def _read(self, work: Work) -> bytes:
        self._refuse_closed()
        try:
            connection = (
                self._idle.pop() if self._idle else connect(self._path, busy_seconds=self._busy_seconds)
            )
        except sqlite3.Error as error:
            raise self._translated(error) from error

        try:
            connection.execute("BEGIN")
            return work(connection)
        except sqlite3.Error as error:
            raise self._translated(error) from error
        finally:
            self._put_back(connection)

    def _put_back(self, connection: sqlite3.Connection) -> None:
        try:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        except sqlite3.Error:
            connection.close()
            return

        self._idle.append(connection)
        if self._closed:
            self._close_readers()

    def _close(self) -> None:
        self._closed = True
        self._close_readers()
        self._writer.close()

    def _close_readers(self) -> None:
        with suppress(IndexError):
            while True:
                self._idle.pop().close()

    def _refuse_closed(self) -> None:
        if self._closed:
            raise StoreError(f"{self._path} is closed.")

    def _translated(self, error: Exception) -> Exception:
        if not isinstance(error, sqlite3.Error):
            return error

        if is_busy(error):
            return Problem(INTERNAL, f"The embedded store is busy with another process: {error}")

        return store_error(error, self._path)
