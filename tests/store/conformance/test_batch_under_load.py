"""The rules of BatchWriteItem that no emulator shows: what a table without capacity, or a failing one, answers.

They are shown on the simulator, whose time stands still here, so that what fits is exact.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from footfall.store.embedded import EmbeddedEngine
from footfall.store.engine import NoReply, Reply
from footfall.store.outcome import Verdict, judge
from footfall.store.simulator import SimulatedEngine, parse_conditions
from footfall.store.throttling import Limit, limits_of
from tests.fakes import FakeClock
from tests.store.conformance.harness import SCHEMA, Item, Subject, item, pairs, put, sized

pytestmark = pytest.mark.anyio

TABLE = "events"
PLAN = {f"p{number}": number for number in range(25)}


@asynccontextmanager
async def table_under(conditions: str) -> AsyncIterator[tuple[Subject, Subject]]:
    """Give a simulated table, and the same table without limits, to look at what is stored."""
    clock = FakeClock()
    behind = EmbeddedEngine.open(":memory:", clock)
    simulated = SimulatedEngine(behind, parse_conditions(conditions), clock, table=TABLE)
    await Subject(behind, TABLE).on_table("CreateTable", **SCHEMA)
    yield Subject(simulated, TABLE), Subject(behind, TABLE)
    await simulated.aclose()


def batch(size: int = 1_000) -> list[dict[str, Any]]:
    """Return 25 puts in as many partitions, of one unit each unless `size` is above 1,024 bytes."""
    return [put(sized(size, name)) for name in PLAN]


def handed_back(answer: dict[str, Any]) -> list[Item]:
    return [each["PutRequest"]["Item"] for each in answer["UnprocessedItems"].get(TABLE, [])]


@pytest.mark.parametrize("fitting", [1, 10, 24])
async def test_unprocessed_puts_are_exactly_those_not_stored(fitting: int) -> None:
    async with table_under(f"write_units={fitting}") as (subject, behind):
        answer = await subject.batch(*batch())
        stored, unprocessed = pairs(await behind.all()), pairs(handed_back(answer))

    assert len(stored) == fitting
    assert sorted(stored + unprocessed) == sorted((name, "s") for name in PLAN)


async def test_unprocessed_puts_come_back_as_they_were_sent() -> None:
    async with table_under("write_units=10") as (subject, _):
        answer = await subject.batch(*batch())

    assert all(back in [each["PutRequest"]["Item"] for each in batch()] for back in handed_back(answer))


async def test_only_stored_puts_are_charged() -> None:
    async with table_under("write_units=10") as (subject, _):
        answer = await subject.batch(*batch(), ReturnConsumedCapacity="TOTAL")

    assert answer["ConsumedCapacity"] == [{"TableName": TABLE, "CapacityUnits": 10.0}]


async def test_what_is_unprocessed_may_be_sent_as_it_is() -> None:
    async with table_under("write_units=10") as (subject, behind):
        rest = (await subject.batch(*batch()))["UnprocessedItems"]
        answer = await Subject(behind.engine, TABLE).call("BatchWriteItem", RequestItems=rest)

        assert json.loads(answer.body)["UnprocessedItems"] == {}
        assert len(await behind.all()) == 25


async def test_an_internal_failure_leaves_puts_unprocessed_too() -> None:
    async with table_under("faults=unprocessed:1") as (subject, behind):
        answer = await subject.batch(*batch())
        stored = pairs(await behind.all())

    assert handed_back(answer)
    assert sorted(stored + pairs(handed_back(answer))) == sorted((name, "s") for name in PLAN)


async def exhausted(conditions: str) -> tuple[Reply, int]:
    """Send one batch after another until none of its puts fits; return that reply and how many puts are stored."""
    async with table_under(conditions) as (subject, behind):
        reply = await subject.try_batch(*batch())
        while reply.ok:
            reply = await subject.try_batch(*batch())

        return reply, len(await behind.all())


@pytest.mark.parametrize(
    ("conditions", "code", "limit"),
    [
        ("write_units=10", "ProvisionedThroughputExceededException", Limit.TABLE),
        ("max_write_units=10", "ThrottlingException", Limit.MAX_ON_DEMAND),
        ("account_write_units=10", "ThrottlingException", Limit.ACCOUNT),
        ("partition_write_units=1&warm_write_units=100000", "ThrottlingException", Limit.KEY_RANGE),
    ],
    ids=["provisioned", "maximum", "account", "key range"],
)
async def test_a_batch_of_which_nothing_fits_is_refused_with_its_reason(
    conditions: str, code: str, limit: Limit
) -> None:
    reply, _ = await exhausted(conditions)

    assert (reply.status, reply.error_code) == (400, code)
    assert judge(reply) is Verdict.THROTTLED
    assert limits_of(reply) == (limit,)


async def test_a_refused_batch_stores_nothing() -> None:
    async with table_under("write_units=1") as (subject, behind):
        await subject.batch(put(item("first")))
        reply = await subject.try_batch(*batch())

        assert judge(reply) is Verdict.THROTTLED
        assert pairs(await behind.all()) == [("first", "0")]


async def test_a_hot_partition_does_not_hold_up_the_others() -> None:
    hot = [put(item("hot", str(number))) for number in range(20)]
    async with table_under("partition_write_units=4&warm_write_units=100000") as (subject, _):
        answer = await subject.batch(*hot, *(put(item(f"cold{number}")) for number in range(5)))

    assert {back["pk"]["S"] for back in handed_back(answer)} == {"hot"}
    assert len(handed_back(answer)) == 16


@pytest.mark.parametrize(
    ("fault", "is_applied"), [("internal_before", False), ("internal_after", True)], ids=["not", "applied"]
)
async def test_a_batch_that_failed_inside_may_have_been_applied(fault: str, is_applied: bool) -> None:
    async with table_under(f"faults={fault}:1") as (subject, behind):
        reply = await subject.try_batch(*batch())

        assert reply.status == 500
        assert judge(reply) is Verdict.RETRY
        assert len(await behind.all()) == 25 * is_applied


@pytest.mark.parametrize(
    ("fault", "is_applied"), [("reset_before", False), ("reset_after", True)], ids=["not sent", "applied"]
)
async def test_a_batch_whose_reply_was_lost_tells_whether_it_may_have_been_applied(
    fault: str, is_applied: bool
) -> None:
    async with table_under(f"faults={fault}:1") as (subject, behind):
        with pytest.raises(NoReply) as lost:
            await subject.try_batch(*batch())

        assert lost.value.maybe_applied is is_applied
        assert len(await behind.all()) == 25 * is_applied


@pytest.mark.parametrize("fault", ["provisioned", "throttling", "request_limit"])
async def test_each_exception_for_lack_of_capacity_has_a_reason(fault: str) -> None:
    async with table_under(f"faults={fault}:1") as (subject, behind):
        reply = await subject.try_batch(*batch())

        assert judge(reply) is Verdict.THROTTLED
        assert len(limits_of(reply)) == 1
        assert await behind.all() == []
