"""An ingest in a process of its own that kills itself: `python -m tests.ingest.killed STORE LOG CALLS SECONDS`.

After that many calls of the engine and so many seconds more it sends itself SIGKILL, from another thread, wherever the
others are. With CALLS of 0 it runs to its end.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from dataclasses import replace
from pathlib import Path

import anyio

from footfall.store.engine import Engine, Reply
from tests.ingest.runs import embedded_store, ingest_into


class KillingEngine:
    """An engine in front of another that starts the timer of the kill at the call of that number."""

    def __init__(self, engine: Engine, calls: int, seconds: float) -> None:
        self._engine = engine
        self._left = calls
        self._seconds = seconds

    async def call(self, operation: str, body: bytes) -> Reply:
        self._left -= 1
        if self._left == 0:
            threading.Timer(self._seconds, os.kill, [os.getpid(), signal.SIGKILL]).start()

        return await self._engine.call(operation, body)

    async def aclose(self) -> None:
        await self._engine.aclose()


async def main(store_path: Path, log: Path, calls: int, seconds: float) -> None:
    async with embedded_store(store_path) as (store, meta):
        engine = KillingEngine(store.engine, calls, seconds)
        await ingest_into(
            replace(store, engine=engine), meta, log, chunk_bytes=64 * 1024, checkpoint_seconds=5.0, writers=4
        )


if __name__ == "__main__":
    anyio.run(main, Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
