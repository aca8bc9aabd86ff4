"""Run the real writer over the simulator on virtual time, and write down what happens, second by second."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from math import inf, nan
from typing import Final

import anyio
import anyio.lowlevel
import msgspec

from footfall.store.engine import Engine, Reply
from footfall.store.simulator import SimulatedEngine, parse_conditions
from footfall.store.writer.batches import LARGEST_BATCH_ITEMS, Batch, Put, batch_of, puts_of
from footfall.store.writer.pool import Writer
from footfall.store.writer.rate import CUBIC, Law
from ingest.tally import Tally
from tests.fakes import FakeClock, store_on

TABLE: Final = "events"
PARTITIONS: Final = 8
HOT: Final = "example.org#2026-03-01#0"
_DESCRIPTION: Final = msgspec.json.encode(
    {
        "Table": {
            "TableName": TABLE,
            "KeySchema": [
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            "AttributeDefinitions": [
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
            "ProvisionedThroughput": {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0},
        }
    }
)


@dataclass(frozen=True, slots=True)
class Load:
    """What there is to write, without end: puts of one unit in batches of 25.

    `hot_share` of them belong to the partition `HOT`, the others to the other ones in turn. `tasks` batches are in hand
    at once, of which `writers` are under way.
    """

    hot_share: float = 1 / PARTITIONS
    tasks: int = 64
    writers: int = 16
    max_write_units: float | None = None


class MemoryEngine:
    """A table in a dictionary, in which each put costs one unit."""

    def __init__(self) -> None:
        self.stored: set[tuple[str, str]] = set()

    async def call(self, operation: str, body: bytes) -> Reply:
        if operation == "DescribeTable":
            return Reply(200, _DESCRIPTION)

        puts = puts_of(Batch(body, 0), TABLE)
        self.stored.update(put.key for put in puts)
        consumed = [{"TableName": TABLE, "CapacityUnits": float(len(puts))}]
        return Reply(200, msgspec.json.encode({"UnprocessedItems": {}, "ConsumedCapacity": consumed}))

    async def aclose(self) -> None:
        pass


@dataclass(slots=True)
class Second:
    """What happened in one second."""

    requests: int = 0
    throttled: int = 0
    stored: int = 0
    stored_hot: int = 0
    rate: float = nan
    limited_by: str = ""


@dataclass(slots=True)
class Recording:
    """What happened in a run of `seconds`: by second, how long each put took from its first sending to its ack."""

    seconds: int
    by_second: list[Second] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    unstored_batches: int = 0
    tally: Tally = field(default_factory=Tally)

    def units(self, start: int, end: int) -> float:
        """Return the units per second written from second `start` to before second `end`."""
        return sum(second.stored for second in self.by_second[start:end]) / (end - start)

    def hot_units(self, start: int, end: int) -> float:
        """Return the units per second written to the hot partition."""
        return sum(second.stored_hot for second in self.by_second[start:end]) / (end - start)

    def throttled_share(self, start: int, end: int) -> float:
        """Return which part of the requests was throttled, wholly or in part."""
        requests = sum(second.requests for second in self.by_second[start:end])
        return sum(second.throttled for second in self.by_second[start:end]) / max(requests, 1)

    def requests(self, start: int, end: int) -> float:
        """Return the requests per second."""
        return sum(second.requests for second in self.by_second[start:end]) / (end - start)

    @property
    def longest_wait_seconds(self) -> float:
        """Return the longest time from the first sending of a put to its ack."""
        return max(self.waits, default=0.0)

    def limits(self, start: int, end: int) -> Counter[str]:
        """Return for how many seconds the writer named what as its limit."""
        return Counter(second.limited_by for second in self.by_second[start:end])


class RecordingEngine:
    """An engine in front of another that writes down what goes by."""

    def __init__(self, engine: Engine, clock: FakeClock, recording: Recording) -> None:
        self._engine = engine
        self._clock = clock
        self._recording = recording
        self._sent_at: dict[tuple[str, str], float] = {}

    async def call(self, operation: str, body: bytes) -> Reply:
        if operation == "DescribeTable":
            return await self._engine.call(operation, body)

        puts = puts_of(Batch(body, 0), TABLE)
        for put in puts:
            self._sent_at.setdefault(put.key, self._clock.monotonic())

        self._now.requests += 1
        reply = await self._engine.call(operation, body)
        self._note(puts, reply)
        return reply

    async def aclose(self) -> None:
        await self._engine.aclose()

    @property
    def _now(self) -> Second:
        return self._recording.by_second[min(int(self._clock.monotonic()), self._recording.seconds)]

    def _note(self, puts: tuple[Put, ...], reply: Reply) -> None:
        if not reply.ok:
            self._now.throttled += reply.status == 400
            return

        left = set()
        unprocessed = msgspec.json.decode(reply.body).get("UnprocessedItems", {})
        if unprocessed:
            self._now.throttled += 1
            left = {request["PutRequest"]["Item"]["sk"]["S"] for request in unprocessed[TABLE]}

        for put in puts:
            if put.sk not in left:
                self._now.stored += 1
                self._now.stored_hot += put.pk == HOT
                self._recording.waits.append(self._clock.monotonic() - self._sent_at.pop(put.key))


def puts_without_end(load: Load) -> Iterator[Put]:
    """Yield the puts of a load; the hot ones are spread evenly."""
    due = 0.0
    for number in count():
        due += load.hot_share
        shard = 0 if due >= 1 else 1 + number % (PARTITIONS - 1)
        due -= due >= 1
        pk, sk = f"example.org#2026-03-01#{shard}", f"{number:013}"
        yield Put(
            pk, sk, b'{"PutRequest":{"Item":{"pk":{"S":"%s"},"sk":{"S":"%s"}}}}' % (pk.encode(), sk.encode())
        )


def batches_without_end(load: Load) -> Iterator[Batch]:
    """Yield the batches of a load."""
    puts = puts_without_end(load)
    while True:
        yield batch_of([next(puts) for _ in range(LARGEST_BATCH_ITEMS)], TABLE)


async def play(conditions: str, load: Load, seconds: int, *, seed: int = 0, law: Law = CUBIC) -> Recording:
    """Write `load` for `seconds` to a table under `conditions`, parameters of a store's URL; return what happened."""
    clock = FakeClock(seed=seed)
    recording = Recording(seconds, [Second() for _ in range(seconds + 1)])
    simulated = SimulatedEngine(
        MemoryEngine(), parse_conditions(f"{conditions}&seed={seed}"), clock, table=TABLE
    )
    engine = RecordingEngine(simulated, clock, recording)
    writer = Writer(store_on(engine), clock, recording.tally, give_up_after_seconds=inf, writers=load.writers,
                    max_write_units=load.max_write_units)  # fmt: skip
    await writer.begin(law)
    batches = batches_without_end(load)
    async with anyio.create_task_group() as tasks:
        for _ in range(load.tasks):
            tasks.start_soon(_write, writer, batches)

        await _watch(clock, writer, recording)
        tasks.cancel_scope.cancel()

    return recording


async def _write(writer: Writer, batches: Iterator[Batch]) -> None:
    for batch in batches:
        await writer.write(batch)


async def _watch(clock: FakeClock, writer: Writer, recording: Recording) -> None:
    for second in recording.by_second[:-1]:
        await clock.sleep(1.0)
        second.rate = writer.write_units_per_second
        second.limited_by = recording.tally.limited_by
