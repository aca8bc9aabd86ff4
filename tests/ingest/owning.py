"""A run that owns a source and does no more: `python -m tests.ingest.owning STORE SOURCE_ID`; says so, then sleeps."""

from __future__ import annotations

import sys
from pathlib import Path

import anyio

from footfall.clock import SystemClock
from footfall.store.state import read_checkpoint
from ingest.checkpoint import CheckpointKeeper
from tests.ingest.runs import embedded_store


async def main(store_path: Path, source_id: str) -> None:
    clock = SystemClock()
    async with embedded_store(store_path) as (store, _):
        saved = await read_checkpoint(store, clock, "group", source_id, "access.log")
        keeper = CheckpointKeeper(store, clock, "group", saved, lease_seconds=3600)
        await keeper.acquire()
        sys.stdout.write("owned\n")
        sys.stdout.flush()
        await anyio.sleep_forever()


if __name__ == "__main__":
    anyio.run(main, Path(sys.argv[1]), sys.argv[2])
