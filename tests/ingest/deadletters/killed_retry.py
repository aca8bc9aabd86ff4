"""A retry in a process of its own that kills itself: `python -m tests.ingest.deadletters.killed_retry STORE FILE CALL`.

It sends itself SIGKILL when the engine is called for that time, before the call is carried out; 0 is never. It says
which operations were carried out, one a line.
"""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import anyio

from footfall.store.engine import Engine, Reply
from tests.ingest.deadletters.retries import retry_into
from tests.ingest.runs import embedded_store


class KillingEngine:
    """An engine in front of another that kills the process instead of carrying out the call of that number."""

    def __init__(self, engine: Engine, call: int) -> None:
        self._engine = engine
        self._left = call

    async def call(self, operation: str, body: bytes) -> Reply:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

        reply = await self._engine.call(operation, body)
        sys.stdout.write(f"{operation}\n")
        sys.stdout.flush()
        return reply

    async def aclose(self) -> None:
        await self._engine.aclose()


async def main(store_path: Path, file: Path, call: int) -> None:
    async with embedded_store(store_path) as (store, meta):
        await retry_into(replace(store, engine=KillingEngine(store.engine, call)), meta, file, writers=1)


if __name__ == "__main__":
    anyio.run(main, Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
