"""Measure the embedded engine: items written and scanned per second, by concurrency.

    python benchmarks/embedded.py [ITEMS]

An item is about 500 bytes in 20 attributes; partition keys are those of one site's four days in eight shards.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio
import msgspec

from footfall.clock import SystemClock
from footfall.store.embedded import EmbeddedEngine

TABLE = "bench_events"
BATCH_ITEMS = 25
COLUMNS = (
    "kind",
    "method",
    "host",
    "path",
    "query",
    "protocol",
    "user_agent",
    "referrer",
    "visitor",
    "browser",
)
NUMBERS = ("time", "status", "bytes", "duration", "offset", "line", "hour", "source")
CREATE = {
    "TableName": TABLE,
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    "AttributeDefinitions": [
        {"AttributeName": "pk", "AttributeType": "S"},
        {"AttributeName": "sk", "AttributeType": "S"},
    ],
    "BillingMode": "PAY_PER_REQUEST",
}


def main(items: int) -> None:
    """Print one row per measurement."""
    bodies = list(batches(items))
    print(f"{'operation':24} {'at once':>8} {'items/s':>10}")
    for writers in (1, 4, 16):
        anyio.run(measure, bodies, items, writers)


async def measure(bodies: list[bytes], items: int, at_once: int) -> None:
    """Write all batches into a new file, write them again, scan them."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "bench.db"
        engine = EmbeddedEngine.open(path, SystemClock())
        await checked(engine, "CreateTable", msgspec.json.encode(CREATE))
        for label in ("write", "write again (replay)"):
            await timed(label, at_once, items, lambda: write(engine, bodies, at_once))
        # Closing folds the write-ahead log into the file, as the end of an ingest does.
        await engine.aclose()
        engine = EmbeddedEngine.open(path, SystemClock())
        await timed("scan", at_once, items, lambda: scan(engine, at_once))
        await engine.aclose()


async def timed(label: str, at_once: int, items: int, run: Callable[[], Awaitable[None]]) -> None:
    """Run and print items per second."""
    started = time.perf_counter()
    await run()
    print(f"{label:24} {at_once:8} {items / (time.perf_counter() - started):10,.0f}")


async def write(engine: EmbeddedEngine, bodies: list[bytes], writers: int) -> None:
    """Send all bodies with `writers` tasks."""
    waiting = iter(bodies)

    async def writer() -> None:
        for body in waiting:
            await checked(engine, "BatchWriteItem", body)

    async with anyio.create_task_group() as tasks:
        for _ in range(writers):
            tasks.start_soon(writer)


async def scan(engine: EmbeddedEngine, segments: int) -> None:
    """Read every page of every segment."""
    async with anyio.create_task_group() as tasks:
        for segment in range(segments):
            tasks.start_soon(scan_segment, engine, segment, segments)


async def scan_segment(engine: EmbeddedEngine, segment: int, segments: int) -> None:
    """Read every page of one segment."""
    request: dict[str, object] = {"TableName": TABLE, "Segment": segment, "TotalSegments": segments}
    while True:
        body = await checked(engine, "Scan", msgspec.json.encode(request))
        # The key to go on from stands near the end of the page, behind the items.
        _, found, rest = body.rpartition(b'"LastEvaluatedKey":')
        if not found:
            return

        request["ExclusiveStartKey"] = msgspec.json.decode(rest[:-1])


async def checked(engine: EmbeddedEngine, operation: str, body: bytes) -> bytes:
    """Return the reply's body; an error ends the benchmark."""
    reply = await engine.call(operation, body)
    if not reply.ok:
        sys.exit(f"{operation}: {reply.error_code}: {reply.error_message}")

    return reply.body


def batches(items: int) -> Iterator[bytes]:
    """Return bodies of BatchWriteItem."""
    for start in range(0, items, BATCH_ITEMS):
        puts = [
            {"PutRequest": {"Item": item(number)}} for number in range(start, min(start + BATCH_ITEMS, items))
        ]
        yield msgspec.json.encode({"RequestItems": {TABLE: puts}})


def item(number: int) -> dict[str, dict[str, str]]:
    """Return an item like an event's."""
    texts = {name: {"S": f"{name}-{number % 97}-{'x' * (number % 11)}"} for name in COLUMNS}
    numbers = {name: {"N": str(number * 7919 % 10_000_019)} for name in NUMBERS}
    pk = f"example.org#2015-05-{17 + number % 4}#{number * 7919 % 8}"
    time_of_day = f"{number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02}.000"
    sk = f"2015-05-17T{time_of_day}Z#0123456789abcdef{number:013}"
    return {"pk": {"S": pk}, "sk": {"S": sk}, **texts, **numbers}


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
