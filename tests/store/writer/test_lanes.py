from __future__ import annotations

from collections import Counter

import anyio
import msgspec
import pytest

from footfall.backoff import Backoff
from footfall.errors import TableMissing
from footfall.store.engine import Reply
from footfall.store.writer.batches import Batch, Put, batch_of
from footfall.store.writer.lanes import LARGEST_REQUEST_BYTES, Lane, Lanes, Ticket
from footfall.store.writer.pace import Pace
from footfall.store.writer.pool import Writer
from footfall.store.writer.rate import Rate
from ingest.tally import Tally
from tests.fakes import Answer, FakeClock, ScriptedEngine, ok, refused, store_on

pytestmark = pytest.mark.anyio

HOT = "example.org#2026-03-01#5"


def put(pk: str, number: int) -> Put:
    raw = msgspec.json.encode({"PutRequest": {"Item": {"pk": {"S": pk}, "sk": {"S": str(number)}}}})
    return Put(pk, str(number), raw)


def key_range() -> Reply:
    reasons = [{"reason": "TableWriteKeyRangeThroughputExceeded", "resource": "arn"}]
    body = {"__type": "x#ThrottlingException", "message": "hot", "throttlingReasons": reasons}
    return Reply(400, msgspec.json.encode(body))


class Table:
    """A table that refuses the puts of `HOT` until `cold_at` as DynamoDB does, and counts what it stores."""

    def __init__(self, cold_at: float = 0.5) -> None:
        self.clock = FakeClock(chance=0.5)
        self.engine = ScriptedEngine(self.answer)
        self.tally = Tally()
        self.writer = Writer(store_on(self.engine), self.clock, self.tally, give_up_after_seconds=600,
                             backoff=Backoff(0.1, 0.1))  # fmt: skip
        self.stored: Counter[str] = Counter()
        self.sizes: list[tuple[str, int]] = []
        self.cold_at = cold_at

    def answer(self, _: str, body: bytes) -> Answer:
        requests = msgspec.json.decode(body)["RequestItems"]["events"]
        keys = [(request["PutRequest"]["Item"]["pk"]["S"], request) for request in requests]
        is_hot = self.clock.monotonic() < self.cold_at
        left = [request for pk, request in keys if pk == HOT and is_hot]
        self.sizes += [
            (pk, len(requests)) for pk in {pk for pk, _ in keys} if len({pk for pk, _ in keys}) == 1
        ]
        if len(left) == len(requests):
            return key_range()

        self.stored.update(pk for pk, request in keys if request not in left)
        consumed = [{"CapacityUnits": len(requests) - len(left)}]
        return ok({"UnprocessedItems": {"events": left} if left else {}, "ConsumedCapacity": consumed})

    def batch(self, number: int, hot: int = 10, cold: int = 15) -> Batch:
        puts = [put(HOT, number * 100 + place) for place in range(hot)]
        puts += [put(f"cold {place % 5}", number * 100 + place) for place in range(cold)]
        return batch_of(puts, "events")


async def test_hot_puts_of_all_batches_go_in_full_requests_and_cold_ones_do_not_wait() -> None:
    table = Table()
    async with anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(table.writer.write, table.batch(number))

        await table.clock.sleep(0.4)
        assert sum(table.stored.values()) - table.stored[HOT] == 300
        assert table.stored[HOT] == 0
        assert table.tally.limited_by in {f"hot partition {HOT}", "table"}

    assert table.stored[HOT] == 200
    assert table.tally.batches == 20
    assert [size for pk, size in table.sizes if pk == HOT][-8:] == [25] * 8


async def test_a_hot_partition_does_not_slow_the_table() -> None:
    table = Table(cold_at=5.0)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(table.writer.write, table.batch(0, hot=25, cold=0))
        await table.clock.sleep(2)
        assert table.writer.write_units_per_second == float("inf")
        assert table.tally.limited_by == f"hot partition {HOT}"


async def test_a_lane_is_closed_when_its_partition_has_cooled() -> None:
    table = Table()
    await table.writer.write(table.batch(0, hot=25, cold=0))
    table.clock.advance(60)
    await table.writer.write(table.batch(1, hot=0))
    before = table.tally.requests
    await table.writer.write(table.batch(2))
    assert table.tally.requests == before + 1
    assert table.tally.limited_by == ""


async def test_a_writer_that_is_cancelled_leaves_nothing_in_a_lane_and_another_drives_on() -> None:
    table = Table(cold_at=3.0)
    async with anyio.create_task_group() as tasks, anyio.create_task_group() as doomed:
        doomed.start_soon(table.writer.write, table.batch(0, hot=25, cold=0))
        await table.clock.sleep(0.2)
        tasks.start_soon(table.writer.write, table.batch(1, hot=5, cold=0))
        await table.clock.sleep(0.2)
        doomed.cancel_scope.cancel()

    assert table.stored == {HOT: 5}
    assert table.tally.batches == 1


async def test_an_error_of_one_driver_leaves_nobody_waiting_for_ever() -> None:
    table = Table(cold_at=1.0)
    found: list[type[BaseException]] = []

    async def write(number: int) -> None:
        try:
            await table.writer.write(table.batch(number, hot=5, cold=0))
        except TableMissing as error:
            found.append(type(error))

    table_answer = table.answer
    table.engine._answers = lambda operation, body: (
        table_answer(operation, body)
        if table.clock.monotonic() < 0.9
        else refused("ResourceNotFoundException")
    )
    async with anyio.create_task_group() as tasks:
        for number in range(6):
            tasks.start_soon(write, number)

    assert found == [TableMissing] * 6


async def test_a_bad_put_in_a_lane_is_named_to_the_batch_it_came_from() -> None:
    table = Table()
    named: dict[int, tuple[str, ...]] = {}

    async def write(number: int) -> None:
        done = await table.writer.write(table.batch(number, hot=5, cold=0))
        named[number] = tuple(one.sk for one in done)

    table_answer = table.answer
    table.engine._answers = lambda operation, body: (
        refused("ValidationException")
        if b'"S":"303"' in body and table.clock.monotonic() > 0.5
        else table_answer(operation, body)
    )
    async with anyio.create_task_group() as tasks:
        for number in range(6):
            tasks.start_soon(write, number)

    assert named == {number: ("303",) if number == 3 else () for number in range(6)}
    assert table.stored[HOT] == 29


def test_a_request_of_a_lane_never_has_too_many_bytes() -> None:
    lane = Lane("a", Pace(Rate(1000), 0.0), 0.0)
    size = LARGEST_REQUEST_BYTES // 3
    lane.add(Ticket(Put("a", str(number), b"x" * size), number) for number in range(7))
    assert [len(lane.take(25)) for _ in range(4)] == [3, 3, 1, 0]


def test_puts_of_a_lane_go_oldest_batch_first() -> None:
    lanes = Lanes()
    lanes.heat("a", 0.0)
    for order in (3, 1, 2):
        cold, tickets = lanes.divert([put("a", order), put("b", order)], order)
        assert ([one.pk for one in cold], [ticket.put.pk for ticket in tickets]) == (["b"], ["a"])

    [lane] = lanes
    assert [ticket.order for ticket in lane.take(25)] == [1, 2, 3]


def test_an_abandoned_put_is_not_taken_and_a_lane_that_waits_is_not_closed() -> None:
    lanes = Lanes()
    lanes.heat("a", 0.0)
    _, tickets = lanes.divert([put("a", 1), put("a", 2)], 1)
    lanes.abandon(tickets[:1])
    lanes.cool(1000.0)
    [lane] = lanes
    assert lane.take(25) == tickets[1:]
    lanes.cool(1000.0)
    assert not lanes
