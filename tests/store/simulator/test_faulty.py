"""Each fault over the wire: what is answered, what is stored, how long it takes, and what meets it."""

from __future__ import annotations

import msgspec
import pytest

from footfall.store.engine import NoReply, Reply
from footfall.store.outcome import Verdict, judge
from footfall.store.simulator.faults import KINDS
from tests.store.conformance.harness import item, key, put
from tests.store.simulator.direct import Rehearsal, left_of

pytestmark = pytest.mark.anyio

REPLIES = {
    "provisioned": (400, "ProvisionedThroughputExceededException", Verdict.THROTTLED),
    "throttling": (400, "ThrottlingException", Verdict.THROTTLED),
    "request_limit": (400, "RequestLimitExceeded", Verdict.THROTTLED),
    "internal_before": (500, "InternalServerError", Verdict.RETRY),
    "internal_after": (500, "InternalServerError", Verdict.RETRY),
    "unavailable": (503, "ServiceUnavailable", Verdict.RETRY),
    "bad_gateway": (502, "", Verdict.RETRY),
    "expired_token": (400, "ExpiredTokenException", None),
    "access_denied": (400, "AccessDeniedException", Verdict.FATAL),
}
LOST = {"reset_before": False, "reset_after": True, "timeout": True}
STORED = {
    "internal_before": 0, "internal_after": 25, "unavailable": 0, "reset_before": 0, "reset_after": 25,
    "provisioned": 0, "throttling": 0, "request_limit": 0, "slow": 25, "expired_token": 0, "access_denied": 0,
}  # fmt: skip
REASONS = {
    "provisioned": ("ThrottlingReasons", "TableWriteProvisionedThroughputExceeded"),
    "throttling": ("throttlingReasons", "TableWriteKeyRangeThroughputExceeded"),
    "request_limit": ("ThrottlingReasons", "TableWriteAccountLimitExceeded"),
}


async def always(fault: str, table: str = "events") -> Rehearsal:
    return await Rehearsal(f"faults={fault}:1", table).opened()


async def outcome(rehearsal: Rehearsal, first: int = 0) -> Reply | NoReply:
    try:
        return await rehearsal.send(25, first=first)
    except NoReply as lost:
        return lost


def test_every_fault_is_tried_here() -> None:
    assert {*REPLIES, *LOST, "slow", "unprocessed"} == set(KINDS)


@pytest.mark.parametrize("fault", REPLIES)
async def test_an_error_is_answered_as_dynamodb_does(fault: str) -> None:
    reply = await outcome(await always(fault))
    assert isinstance(reply, Reply)
    status, code, verdict = REPLIES[fault]
    assert (reply.status, reply.error_code) == (status, code)
    assert verdict in {None, judge(reply)}


@pytest.mark.parametrize(("fault", "maybe_applied"), LOST.items())
async def test_a_lost_reply_tells_whether_the_request_went_out(fault: str, maybe_applied: bool) -> None:
    lost = await outcome(await always(fault))
    assert isinstance(lost, NoReply)
    assert lost.maybe_applied is maybe_applied


@pytest.mark.parametrize(("fault", "stored"), STORED.items())
async def test_a_fault_is_met_before_or_after_the_batch_is_stored(fault: str, stored: int) -> None:
    rehearsal = await always(fault)
    await outcome(rehearsal)
    assert len(await rehearsal.truth.all()) == stored


@pytest.mark.parametrize("fault", ["timeout", "bad_gateway"])
async def test_who_waits_in_vain_cannot_tell_whether_it_was_stored(fault: str) -> None:
    rehearsal = await always(fault)
    for first in range(0, 40 * 25, 25):
        await outcome(rehearsal, first)

    assert 10 <= len(await rehearsal.truth.all()) // 25 <= 30


@pytest.mark.parametrize("fault", REASONS)
async def test_a_throttled_reply_says_why(fault: str) -> None:
    reply = await outcome(await always(fault))
    assert isinstance(reply, Reply)
    member, reason = REASONS[fault]
    assert [one["reason"] for one in msgspec.json.decode(reply.body)[member]] == [reason]


async def test_some_puts_are_unprocessed_but_never_all() -> None:
    rehearsal = await always("unprocessed")
    left = set()
    for number in range(200):
        reply = await rehearsal.send(25, first=25 * number)
        left.add(left_of(reply))
        assert msgspec.json.decode(reply.body)["ConsumedCapacity"][0]["CapacityUnits"] == 25 - left_of(reply)

    assert left == set(range(1, 25))


async def test_a_single_put_is_never_unprocessed() -> None:
    rehearsal = await always("unprocessed")
    assert await rehearsal.stored_of(1) == 1


async def test_unprocessed_puts_cost_nothing() -> None:
    rehearsal = await Rehearsal("write_units=1000&faults=unprocessed:1&burst_seconds=1").opened()
    stored = [await rehearsal.stored_of(25, f"p{number}") for number in range(100)]
    assert sum(stored) == 1000


async def test_a_slow_reply_is_a_whole_one_that_takes_its_time() -> None:
    rehearsal = await Rehearsal("faults=slow:1&slow_ms=7000").opened()
    assert await rehearsal.stored_of(25) == 25
    assert rehearsal.clock.monotonic() == 7


async def test_a_time_out_takes_its_time() -> None:
    rehearsal = await Rehearsal("faults=timeout:1").opened()
    await outcome(rehearsal)
    assert rehearsal.clock.monotonic() == 5


async def test_a_request_takes_its_latency_and_some_jitter() -> None:
    rehearsal = await Rehearsal("latency_ms=20&jitter_ms=10").opened()
    took = []
    for number in range(300):
        before = rehearsal.clock.monotonic()
        await rehearsal.send(1, first=number)
        took.append(rehearsal.clock.monotonic() - before)

    assert 0.02 <= min(took) < 0.021
    assert 0.029 < max(took) < 0.03 + 1e-9
    assert sum(took) / 300 == pytest.approx(0.025, abs=0.001)


async def test_half_of_the_latency_passes_before_a_request_is_carried_out() -> None:
    rehearsal = await Rehearsal("latency_ms=2000&write_units=10,0@1").opened()
    assert await rehearsal.stored_of(5) == 0


@pytest.mark.parametrize("fault", ["internal_after", "reset_after", "unavailable", "expired_token"])
@pytest.mark.parametrize("operation", ["GetItem", "Query", "Scan", "PutItem", "UpdateItem", "DeleteItem"])
async def test_errors_are_met_by_everything_on_both_tables(operation: str, fault: str) -> None:
    rehearsal = await always(fault, "state")
    try:
        assert not (await rehearsal.subject.call(operation, TableName="state")).ok
    except NoReply:
        assert fault == "reset_after"


async def test_a_conditional_write_to_the_state_may_be_applied_and_lost() -> None:
    rehearsal = await always("reset_after", "state")
    with pytest.raises(NoReply):
        await rehearsal.subject.call("PutItem", TableName="state", Item=item("p", "s"))

    assert await rehearsal.truth.get(key("p", "s")) is not None


@pytest.mark.parametrize("fault", ["unprocessed", "provisioned", "throttling", "request_limit"])
async def test_throttling_is_met_by_the_events_table_only(fault: str) -> None:
    rehearsal = await always(fault, "state")
    assert await rehearsal.stored_of(25) == 25


@pytest.mark.parametrize("fault", KINDS)
async def test_tables_can_be_made_and_described_whatever_happens(fault: str) -> None:
    rehearsal = await always(fault)
    assert (await rehearsal.subject.on_table("DescribeTable"))["Table"]["TableStatus"] == "ACTIVE"


async def test_a_brown_out_passes() -> None:
    rehearsal = await Rehearsal("faults=internal_before:1@30-50").opened()
    found = []
    for second in range(0, 80, 10):
        found.append((second, (await rehearsal.send(1)).status))
        rehearsal.clock.advance(10)

    assert [second for second, status in found if status == 500] == [30, 40]


async def test_what_is_refused_for_a_fault_uses_no_capacity() -> None:
    rehearsal = await Rehearsal("write_units=25&faults=internal_before:1@0-0.5").opened()
    for _ in range(5):
        await outcome(rehearsal)

    rehearsal.clock.advance(0.5)
    assert await rehearsal.stored_of(25) == 25


async def test_what_is_stored_and_lost_uses_capacity() -> None:
    rehearsal = await Rehearsal("write_units=30&burst_seconds=1&faults=reset_after:1@0-0.5").opened()
    await outcome(rehearsal)
    rehearsal.clock.advance(0.5)
    assert await rehearsal.subject.batch(*(put(item("q", str(number))) for number in range(25)))
    assert len(await rehearsal.truth.all()) == 25 + 20
