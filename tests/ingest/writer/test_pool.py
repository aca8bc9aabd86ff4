from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import anyio
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.backoff import Backoff
from footfall.errors import AccessDenied, StoppedEarly, StoreError, TableMissing
from footfall.store.engine import NoReply, Reply
from ingest.tally import Tally
from ingest.writer.batches import Batch, request_body
from ingest.writer.pool import Writer, read_reply
from tests.fakes import Answer, Answers, FakeClock, ScriptedEngine, ok, refused, store_on

pytestmark = pytest.mark.anyio

THROTTLED = refused("ProvisionedThroughputExceededException")
LOST = NoReply("connection reset", maybe_applied=True)
PASSING = [
    THROTTLED,
    refused("ThrottlingException"),
    refused("InternalServerError", status=500),
    Reply(503, b"<html>Service Unavailable</html>"),
    Reply(200, b"<html>Welcome to the hotel's network</html>"),
    NoReply("connection refused", maybe_applied=False),
    LOST,
]


class Stage:
    """A writer on a scripted engine and virtual time."""

    def __init__(
        self, answers: Sequence[Answer] | Answers, *, give_up_after_seconds: float = 600.0, **clock: Any
    ) -> None:
        self.engine = ScriptedEngine(answers)
        self.clock = FakeClock(**clock)
        self.tally = Tally()
        self.writer = Writer(
            store_on(self.engine),
            self.clock,
            self.tally,
            give_up_after_seconds=give_up_after_seconds,
            backoff=Backoff(base_seconds=1.0, cap_seconds=8.0),
        )

    def puts_sent(self) -> list[list[str]]:
        return [[request["PutRequest"]["Item"]["pk"]["S"] for request in call.document["RequestItems"]["events"]]
                for call in self.engine.calls]  # fmt: skip


def put(name: str) -> dict[str, Any]:
    return {"PutRequest": {"Item": {"pk": {"S": name}}}}


def batch_of(*names: str) -> Batch:
    puts = ",".join(msgspec.json.encode(put(name)).decode() for name in names)
    return Batch(request_body("events", puts), len(names))


def stored(*, units: float = 1.0, left: tuple[str, ...] = (), indent: int = 0) -> Reply:
    unprocessed = {"events": [put(name) for name in left]} if left else {}
    consumed = [{"TableName": "events", "CapacityUnits": units}]
    body = msgspec.json.encode({"UnprocessedItems": unprocessed, "ConsumedCapacity": consumed})
    return Reply(200, msgspec.json.format(body, indent=indent) if indent else body)


async def test_a_batch_that_is_stored_is_sent_once() -> None:
    stage = Stage([stored(units=3.5)])
    await stage.writer.write(batch_of("a", "b"))
    assert stage.puts_sent() == [["a", "b"]]
    assert (stage.tally.batches, stage.tally.requests, stage.tally.retried) == (1, 1, 0)
    assert stage.tally.consumed_write_units == 3.5
    assert stage.clock.sleeps == []


@pytest.mark.parametrize("indent", [0, 1, 8])
async def test_exactly_the_unprocessed_items_are_sent_again(indent: int) -> None:
    stage = Stage([stored(left=("b", "d"), indent=indent), stored(left=("d",), indent=indent), stored()])
    await stage.writer.write(batch_of("a", "b", "c", "d"))
    assert stage.puts_sent() == [["a", "b", "c", "d"], ["b", "d"], ["d"]]
    assert (stage.tally.batches, stage.tally.requests, stage.tally.retried) == (1, 3, 2)
    assert (stage.tally.throttled, stage.tally.unprocessed) == (2, 3)
    assert stage.tally.consumed_write_units == 3.0


async def test_what_is_sent_again_reports_its_capacity_too() -> None:
    stage = Stage([stored(left=("b",)), stored()])
    await stage.writer.write(batch_of("a", "b"))
    assert [call.document["ReturnConsumedCapacity"] for call in stage.engine.calls] == ["TOTAL", "TOTAL"]


@pytest.mark.parametrize("answer", PASSING, ids=str)
async def test_a_passing_failure_sends_the_whole_batch_again(answer: Answer) -> None:
    stage = Stage([answer, stored()])
    await stage.writer.write(batch_of("a", "b"))
    assert stage.puts_sent() == [["a", "b"], ["a", "b"]]
    assert (stage.tally.batches, stage.tally.requests, stage.tally.retried) == (1, 2, 1)


@pytest.mark.parametrize(
    ("answer", "throttled"), [(THROTTLED, 1), (LOST, 0), (refused("InternalServerError", status=500), 0)]
)
async def test_only_throttling_counts_as_throttled(answer: Answer, throttled: int) -> None:
    stage = Stage([answer, stored()])
    await stage.writer.write(batch_of("a"))
    assert stage.tally.throttled == throttled


async def test_delays_double_up_to_the_cap() -> None:
    stage = Stage([*[THROTTLED] * 6, stored()], chance=0.5)
    await stage.writer.write(batch_of("a"))
    assert stage.clock.sleeps == [0.5, 1.0, 2.0, 4.0, 4.0, 4.0]


async def test_delays_begin_anew_after_progress() -> None:
    answers: list[Answer] = [THROTTLED, LOST, stored(left=("b",)), THROTTLED, stored()]
    stage = Stage(answers, chance=0.5)
    await stage.writer.write(batch_of("a", "b"))
    assert stage.clock.sleeps == [0.5, 1.0, 0.5, 1.0]


async def test_a_reply_that_leaves_everything_unprocessed_is_no_progress() -> None:
    stage = Stage([stored(left=("a", "b"))] * 3 + [stored()], chance=0.5)
    await stage.writer.write(batch_of("a", "b"))
    assert stage.clock.sleeps == [0.5, 1.0, 2.0]


async def test_delays_are_jittered_over_the_whole_interval() -> None:
    stage = Stage([THROTTLED] * 200 + [stored()], give_up_after_seconds=1e9)
    await stage.writer.write(batch_of("a"))
    late = stage.clock.sleeps[4:]
    assert 0 <= min(late) < 1 < 7 < max(late) <= 8
    assert len(set(late)) == len(late)


async def test_a_refused_request_is_an_error_and_not_sent_again() -> None:
    stage = Stage([refused("ValidationException", "Item size has exceeded")])
    with pytest.raises(StoreError, match="Item size has exceeded"):
        await stage.writer.write(batch_of("a"))

    assert (stage.tally.requests, stage.tally.batches) == (1, 0)


@pytest.mark.parametrize(
    ("code", "error"),
    [("ResourceNotFoundException", TableMissing), ("AccessDeniedException", AccessDenied),
     ("UnrecognizedClientException", AccessDenied)],
)  # fmt: skip
async def test_a_store_that_cannot_be_used_ends_the_writing(code: str, error: type[StoreError]) -> None:
    stage = Stage([refused(code)])
    with pytest.raises(error) as caught:
        await stage.writer.write(batch_of("a"))

    assert caught.value.hint


async def test_it_gives_up_when_nothing_could_be_written_for_the_time_given() -> None:
    stage = Stage(lambda *_: LOST, give_up_after_seconds=60, chance=0.99)
    with pytest.raises(StoppedEarly, match="Nothing is lost") as caught:
        await stage.writer.write(batch_of("a"))

    assert 60 < sum(stage.clock.sleeps) <= 60 + 8
    assert caught.value.details == ("last: connection reset",)


async def test_progress_of_any_batch_puts_giving_up_off() -> None:
    """Two batches: one is throttled for 120 s and then stored, the other leaves one item less every 50 s."""
    throttled_until = 120.0
    stage = Stage([], give_up_after_seconds=60, chance=0.99)

    def answer(operation: str, body: bytes) -> Answer:
        if b"stuck" in body:
            return stored() if stage.clock.monotonic() > throttled_until else THROTTLED

        stage.clock.advance(50)
        names = [request["PutRequest"]["Item"]["pk"]["S"]
                 for request in msgspec.json.decode(body)["RequestItems"]["events"]]  # fmt: skip
        return stored(left=tuple(names[1:]))

    stage.engine._answers = answer
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(stage.writer.write, batch_of("stuck"))
        tasks.start_soon(stage.writer.write, batch_of("a", "b", "c"))

    assert stage.tally.batches == 2


async def test_a_pause_without_anything_to_write_is_no_reason_to_give_up() -> None:
    stage = Stage([stored(), THROTTLED, stored()], give_up_after_seconds=60)
    await stage.writer.write(batch_of("a"))
    stage.clock.advance(3600)
    await stage.writer.write(batch_of("b"))
    assert stage.tally.batches == 2


async def test_cancelled_while_it_waits_it_has_counted_what_it_did_and_no_more() -> None:
    stage = Stage([THROTTLED])

    async def sleep(seconds: float) -> None:
        scope.cancel()
        await anyio.sleep_forever()

    stage.clock.sleep = sleep  # type: ignore[method-assign]
    with anyio.CancelScope() as scope:
        await stage.writer.write(batch_of("a"))

    assert scope.cancelled_caught
    tally = stage.tally
    assert (tally.requests, tally.throttled, tally.batches, tally.retried) == (1, 1, 0, 0)
    assert (tally.unprocessed, tally.consumed_write_units) == (0, 0.0)


@given(st.lists(st.integers(0, 24), max_size=8), st.integers(1, 25), st.integers(0, 2**32))
async def test_whatever_is_left_unprocessed_everything_is_stored_once(
    left: list[int], count: int, seed: int
) -> None:
    table: list[str] = []
    script = iter(left)

    def answer(operation: str, body: bytes) -> Answer:
        names = [request["PutRequest"]["Item"]["pk"]["S"]
                 for request in msgspec.json.decode(body)["RequestItems"]["events"]]  # fmt: skip
        kept = names[: max(len(names) - next(script, 0), 0)]
        table.extend(kept)
        return stored(left=tuple(names[len(kept) :]))

    stage = Stage(answer, seed=seed)
    names = [str(number) for number in range(count)]
    await stage.writer.write(batch_of(*names))
    assert table == names
    assert stage.tally.requests == stage.tally.batches + stage.tally.retried


def test_a_reply_says_what_is_left_and_what_it_cost() -> None:
    reply = read_reply(stored(units=2.5, left=("a", "b")).body)
    assert (reply.unprocessed_count, reply.consumed_units) == (2, 2.5)
    assert msgspec.json.decode(reply.unprocessed or b"") == {"events": [put("a"), put("b")]}


def test_a_reply_without_anything_left_or_counted_is_done() -> None:
    assert read_reply(ok().body) == read_reply(b'{"UnprocessedItems":{},"ConsumedCapacity":[]}')
    assert read_reply(ok().body).unprocessed is None
