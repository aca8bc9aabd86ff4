"""Readings that are stopped: by a table that is gone, and by SIGKILL at a chosen file operation.

`python -m tests.reports.extraction.stopping STORE FOLDER OPERATIONS` reads STORE into FOLDER, a few items a page, and
kills itself just before that many files were opened for writing, renamed or removed below FOLDER; with 0 it runs to
its end and prints what it took.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import anyio

from footfall.store.engine import Engine, Reply
from reports.extraction import Request, extracted
from reports.extraction.extract import Limits
from tests.fakes import refused
from tests.ingest.runs import HurriedClock
from tests.reports.store import opened

UNITS = 2.0
"""Read units a second: pages of 32 items, since they are to take about a second."""

WATCHED = frozenset({"open", "os.rename", "os.remove", "os.rmdir", "os.mkdir"})


class RefusingEngine:
    """An engine in front of another whose table is gone after the first `good` pages of it."""

    def __init__(self, engine: Engine, good: int) -> None:
        self.left = good
        self._engine = engine

    async def call(self, operation: str, body: bytes) -> Reply:
        if operation in {"Scan", "Query"} and b'"events"' in body:
            self.left -= 1
            if self.left < 0:
                return refused("ResourceNotFoundException")

        return await self._engine.call(operation, body)

    async def aclose(self) -> None:
        await self._engine.aclose()


def kill_before(folder: Path, operations: int) -> None:
    """Have this process killed before it changes something below `folder` for that many times."""
    left = operations

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal left
        if event in WATCHED and str(arguments[0]).startswith(str(folder)) and arguments[1:2] != ("r",):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)


async def main(store_path: Path, folder: Path, operations: int) -> None:
    async with opened(store_path) as store:
        if operations:
            kill_before(folder, operations)

        request = Request(folder=folder, max_read_units=UNITS)
        async with extracted(store, HurriedClock(), request, limits=Limits(buffer_bytes=1)) as (_, reading):
            sys.stdout.write(reading.sentence())


if __name__ == "__main__":
    anyio.run(main, Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
