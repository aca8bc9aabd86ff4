"""What the tests of whole runs share: synthetic logs, a hurried clock, engines that fail, the table read back."""

from __future__ import annotations

import gzip
import random
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import anyio
import msgspec

from footfall.clock import SystemClock
from footfall.store import Store
from footfall.store.admin import open_tables
from footfall.store.embedded import EmbeddedEngine
from footfall.store.engine import Engine, NoReply, Reply
from footfall.store.state import SALT_BYTES, Checkpoint, TableMeta, read_checkpoint
from ingest.run import Outcome, run_ingest
from ingest.settings import IngestSettings
from ingest.sources import find_sources, open_source
from tests.fakes import refused, store_on

SITE: Final = "example.org"
HURRY: Final = 100
START: Final = datetime(2026, 3, 1, tzinfo=UTC)

Table = dict[tuple[str, str], dict[str, Any]]


class HurriedClock(SystemClock):
    """Time that passes a hundred times as fast; jitter and the table's salt are the same each time."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        self._chance = random.Random(seed)

    def monotonic(self) -> float:
        return super().monotonic() * HURRY

    def token(self, size_bytes: int) -> bytes:
        return b"\7" * size_bytes if size_bytes == SALT_BYTES else super().token(size_bytes)

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds / HURRY)


def combined_lines(count: int, *, first: int = 0) -> list[bytes]:
    """Return `count` different lines in Combined Log Format, ten to a second, of a hundred visitors."""
    return [_combined_line(number) for number in range(first, first + count)]


def _combined_line(number: int) -> bytes:
    at = (START + timedelta(seconds=number // 10)).strftime("%d/%b/%Y:%H:%M:%S +0000")
    address = f"192.0.2.{number % 100}"
    text = (
        f'{address} - - [{at}] "GET /page/{number} HTTP/1.1" 200 {number} "-" "Agent/{number % 7} (test)"\n'
    )
    return text.encode()


def write_log(path: Path, count: int, *, first: int = 0) -> Path:
    """Write a synthetic log and return its path."""
    path.write_bytes(b"".join(combined_lines(count, first=first)))
    return path


def packed_copy(log: Path, name: str) -> Path:
    """Write a gzip copy of a log beside it and return its path."""
    copy = log.with_name(name)
    copy.write_bytes(gzip.compress(log.read_bytes()))
    return copy


def rotate(log: Path, name: str) -> Path:
    """Rename a log and return its new path."""
    return log.rename(log.with_name(name))


def size_of(path: Path) -> int:
    """Return the size of a file in bytes."""
    return path.stat().st_size


@asynccontextmanager
async def embedded_store(path: Path) -> AsyncIterator[tuple[Store, TableMeta]]:
    """Open an embedded store, made when it is missing; two stores made here have the same salt."""
    clock = HurriedClock()
    engine = EmbeddedEngine.open(path, clock)
    try:
        store = store_on(engine, location=f"embedded:{path}")
        yield store, await open_tables(store, clock, create=True)
    finally:
        await engine.aclose()


async def ingest(store_path: Path, *paths: Path, **settings: Any) -> Outcome:
    """Carry out one run with the site `SITE` over `paths` and return its outcome, checked for figures that add up."""
    async with embedded_store(store_path) as (store, meta):
        return await ingest_into(store, meta, *paths, **settings)


async def ingest_into(store: Store, meta: TableMeta, *paths: Path, **settings: Any) -> Outcome:
    """Carry out one run into an open store; see `ingest`."""
    usual: dict[str, Any] = {"site": SITE, "dead_letters": paths[0].parent / "dead.ndjson"}
    chosen = IngestSettings(**(usual | settings))
    sources = find_sources([str(path) for path in paths])
    outcome = await run_ingest(sources, chosen, store, meta, HurriedClock())
    assert outcome.tally.counts.adds_up
    return outcome


async def table(store_path: Path) -> Table:
    """Return the events table: item by key."""
    async with embedded_store(store_path) as (store, _):
        return await table_of(store)


async def table_of(store: Store) -> Table:
    """Return the events table of an open store: item by key."""
    found: Table = {}
    document: dict[str, Any] = {"TableName": store.events_table}
    while True:
        reply = await store.engine.call("Scan", msgspec.json.encode(document))
        assert reply.ok
        page = msgspec.json.decode(reply.body)
        for item in page["Items"]:
            found[item["pk"]["S"], item["sk"]["S"]] = item

        if "LastEvaluatedKey" not in page:
            return found

        document["ExclusiveStartKey"] = page["LastEvaluatedKey"]


async def checkpoint_of(store_path: Path, log: Path, group: str = "default") -> Checkpoint:
    """Return how far a log has been read."""
    with open_source(find_sources([str(log)])[0]) as opened:
        assert opened.id is not None
        async with embedded_store(store_path) as (store, _):
            return await read_checkpoint(store, HurriedClock(), group, opened.id, log.name)


class FaultyEngine:
    """An engine in front of another that, by chance from a seed, does what DynamoDB and networks do.

    Batches are throttled, stored in part, answered with an error after all was stored, or lost before or after; other
    writes are lost after they were carried out. What was made of the batches is counted.
    """

    def __init__(self, engine: Engine, seed: int, share: float = 0.4) -> None:
        self._engine = engine
        self._random = random.Random(seed)
        self._share = share
        self.requests = 0
        self.throttled = 0
        self.unprocessed = 0

    async def call(self, operation: str, body: bytes) -> Reply:
        if operation == "BatchWriteItem":
            self.requests += 1
            return await self._batch(body)

        reply = await self._engine.call(operation, body)
        if operation in {"PutItem", "UpdateItem"} and self._random.random() < self._share:
            raise NoReply("lost after it was carried out", maybe_applied=True)

        return reply

    async def aclose(self) -> None:
        await self._engine.aclose()

    async def _batch(self, body: bytes) -> Reply:
        if self._random.random() >= self._share:
            return await self._engine.call("BatchWriteItem", body)

        fault = self._random.choice(
            [self._throttle, self._in_part, self._in_part, self._fail, self._lose, self._lose_reply]
        )
        return await fault(body)

    async def _throttle(self, _: bytes) -> Reply:
        self.throttled += 1
        return refused("ProvisionedThroughputExceededException")

    async def _in_part(self, body: bytes) -> Reply:
        document = msgspec.json.decode(body)
        [(name, puts)] = document["RequestItems"].items()
        self._random.shuffle(puts)
        kept = puts[self._random.randint(0, len(puts) - 1) :]
        left = puts[: len(puts) - len(kept)]
        if not left:
            return await self._engine.call("BatchWriteItem", body)

        document["RequestItems"] = {name: kept}
        reply = msgspec.json.decode(
            (await self._engine.call("BatchWriteItem", msgspec.json.encode(document))).body
        )
        reply["UnprocessedItems"] = {name: left}
        self.throttled += 1
        self.unprocessed += len(left)
        return Reply(200, msgspec.json.format(msgspec.json.encode(reply), indent=3))

    async def _fail(self, body: bytes) -> Reply:
        await self._engine.call("BatchWriteItem", body)
        return refused("InternalServerError", status=500)

    async def _lose(self, _: bytes) -> Reply:
        raise NoReply("lost on the way there", maybe_applied=False)

    async def _lose_reply(self, body: bytes) -> Reply:
        await self._engine.call("BatchWriteItem", body)
        raise NoReply("lost on the way back", maybe_applied=True)


class BreakingEngine:
    """An engine in front of another whose table is gone for batches after the first `good` ones."""

    def __init__(self, engine: Engine, good: int) -> None:
        self._engine = engine
        self._left = good

    async def call(self, operation: str, body: bytes) -> Reply:
        if operation == "BatchWriteItem":
            self._left -= 1
            if self._left < 0:
                return refused("ResourceNotFoundException")

        return await self._engine.call(operation, body)

    async def aclose(self) -> None:
        await self._engine.aclose()


def leaves(error: BaseException) -> Iterator[BaseException]:
    """Yield the errors in an exception group, however deep."""
    if not isinstance(error, BaseExceptionGroup):
        yield error
        return

    for part in error.exceptions:
        yield from leaves(part)


def only_leaf(
    error: BaseException, kinds: Collection[type[BaseException]] = (BaseException,)
) -> BaseException:
    """Return the one distinct error in a group; fails the test when there are several sentences."""
    found = {str(leaf): leaf for leaf in leaves(error)}
    assert len(found) == 1, found
    [leaf] = found.values()
    assert isinstance(leaf, tuple(kinds))
    return leaf
