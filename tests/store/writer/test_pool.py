from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Any

import anyio
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.backoff import Backoff
from footfall.errors import AccessDenied, StoppedEarly, StoreError, TableMissing
from footfall.store.engine import NoReply, Reply
from footfall.store.writer.batches import Batch, request_body
from footfall.store.writer.checks import REFUSED_BY_STORE
from footfall.store.writer.pool import Writer
from ingest.tally import Tally
from tests.fakes import Answer, Answers, FakeClock, ScriptedEngine, refused, store_on

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
        self,
        answers: Sequence[Answer] | Answers,
        *,
        give_up_after_seconds: float = 600.0,
        max_write_units: float | None = None,
        **clock: Any,
    ) -> None:
        self.engine = ScriptedEngine(answers)
        self.clock = FakeClock(**clock)
        self.tally = Tally()
        self.writer = Writer(
            store_on(self.engine),
            self.clock,
            self.tally,
            give_up_after_seconds=give_up_after_seconds,
            max_write_units=max_write_units,
            backoff=Backoff(base_seconds=1.0, cap_seconds=8.0),
        )

    def puts_sent(self) -> list[list[str]]:
        return [names_in(call.body) for call in self.engine.calls]


def names_in(body: bytes) -> list[str]:
    requests = msgspec.json.decode(body)["RequestItems"]["events"]
    return [request["PutRequest"]["Item"]["pk"]["S"] for request in requests]


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


async def test_where_puts_turn_out_to_be_dear_fewer_of_them_go_into_a_request_on_a_slow_table() -> None:
    stage = Stage(lambda _, body: stored(units=5.0 * len(names_in(body))), max_write_units=20.0)
    for _ in range(40):
        await stage.writer.write(batch_of(*map(str, range(10))))

    sizes = [len(names) for names in stage.puts_sent()]
    assert (sizes[0], sizes[-1]) == (10, 2)  # half a second's worth


async def test_a_server_that_does_not_report_what_it_consumed_is_paced_by_what_was_expected() -> None:
    stage = Stage(lambda *_: Reply(200, b"{}"), chance=0.0)
    names = [str(number) for number in range(25)]
    while stage.clock.monotonic() < 5:
        await stage.writer.write(batch_of(*names))
        stage.clock.advance(0.125)

    stage.engine._answers = lambda *_: THROTTLED if stage.tally.throttled == 0 else Reply(200, b"{}")
    await stage.writer.write(batch_of(*names))
    assert stage.writer.write_units_per_second == pytest.approx(200 * 0.95, rel=0.15)
    assert stage.tally.consumed_write_units == 0


async def test_a_table_that_throttles_is_known_to_have_limits() -> None:
    stage = Stage([stored(), THROTTLED, stored()])
    await stage.writer.write(batch_of("a"))
    assert not stage.writer.is_limited
    await stage.writer.write(batch_of("b"))
    assert stage.writer.is_limited


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
    stage = Stage([stored(left=("a",))] * 3 + [stored()], chance=0.5)
    await stage.writer.write(batch_of("a"))
    pauses = [seconds for seconds in stage.clock.sleeps if seconds in {0.5, 1.0, 2.0}]
    assert pauses == [0.5, 1.0, 2.0]


async def test_delays_are_jittered_over_the_whole_interval() -> None:
    stage = Stage([THROTTLED] * 200 + [stored()], give_up_after_seconds=1e9)
    await stage.writer.write(batch_of("a"))
    late = stage.clock.sleeps[4:]
    assert 0 <= min(late) < 1 < 7 < max(late) <= 8
    assert len(set(late)) == len(late)


async def test_a_lone_put_that_is_refused_is_named_with_the_words_of_dynamodb_and_not_sent_again() -> None:
    stage = Stage([refused("ValidationException", "Item size has\x1b exceeded")])
    [named] = await stage.writer.write(batch_of("a"))
    assert (named.pk, named.sk, named.reason) == ("a", "", REFUSED_BY_STORE)
    assert "ValidationException Item size has\\x1b exceeded" in named.sentence
    assert (stage.tally.requests, stage.tally.batches) == (1, 1)


async def test_a_bad_put_is_cut_out_and_its_neighbours_are_stored() -> None:
    table: list[str] = []

    def answer(operation: str, body: bytes) -> Answer:
        names = names_in(body)
        if {"bad", "worse"} & set(names):
            return refused("ValidationException", "no")

        table.extend(names)
        return stored()

    stage = Stage(answer)
    names = [*"abcdef", "bad", *"ghijkl", "worse", "m"]
    named = await stage.writer.write(batch_of(*names))
    assert {one.pk for one in named} == {"bad", "worse"}
    assert sorted(table) == list("abcdefghijklm")
    assert stage.tally.requests < 2 * len(names)


async def test_a_batch_of_which_no_put_is_good_is_a_fault_of_the_table() -> None:
    stage = Stage(lambda *_: refused("ValidationException", "something is wrong here"))
    with pytest.raises(StoreError, match="something is wrong here"):
        await stage.writer.write(batch_of("a", "b", "c"))


async def test_a_log_is_not_buried_put_by_put_when_the_table_takes_none() -> None:
    stage = Stage(lambda *_: refused("ValidationException", "no"))
    for number in range(24):
        assert len(await stage.writer.write(batch_of(str(number)))) == 1

    with pytest.raises(StoreError):
        await stage.writer.write(batch_of("24"))


async def test_now_and_then_a_bad_put_is_no_fault_of_the_table() -> None:
    stage = Stage(lambda _, body: refused("ValidationException") if b"bad" in body else stored())
    for number in range(60):
        assert len(await stage.writer.write(batch_of(f"bad {number}"))) == 1
        assert await stage.writer.write(batch_of(str(number))) == ()


@pytest.mark.parametrize(
    "reply", [Reply(413, b"<html>Too Large</html>"), refused("RequestEntityTooLargeException")]
)
async def test_a_request_that_is_too_large_on_its_way_goes_in_parts(reply: Reply) -> None:
    stage = Stage(lambda _, body: reply if len(names_in(body)) > 2 else stored())
    assert await stage.writer.write(batch_of(*"abcdefgh")) == ()
    assert [len(names) for names in stage.puts_sent()] == [8, 4, 2, 2, 4, 2, 2]


async def test_what_a_part_of_a_refused_batch_leaves_is_sent_again() -> None:
    throttled = iter([True])

    def answer(_: str, body: bytes) -> Answer:
        if "bad" in names_in(body):
            return refused("ValidationException")

        return stored(left=("c",)) if "c" in names_in(body) and next(throttled, False) else stored()

    stage = Stage(answer)
    [named] = await stage.writer.write(batch_of("bad", "b", "c", "d"))
    assert named.pk == "bad"
    assert stage.puts_sent()[-1] == ["c"]


async def test_unprocessed_items_are_known_by_their_keys_whatever_their_order_and_spelling() -> None:
    spelled = [{"PutRequest": {"Item": {"n": {"N": "01"}, "pk": {"S": name}}}} for name in ("d", "b")]
    left = Reply(200, msgspec.json.encode({"UnprocessedItems": {"events": spelled}}))
    stage = Stage([left, stored()])
    await stage.writer.write(batch_of(*"abcd"))
    again = stage.engine.calls[1].document["RequestItems"]["events"]
    assert again == [put("b"), put("d")]


@pytest.mark.parametrize(
    "unprocessed",
    [
        {"events": [put("z")]},
        {"events": [put("a"), put("z")]},
        {"events": [put("a"), put("a")]},
        {"others": [put("a")]},
        {"events": [{"DeleteRequest": {"Key": {}}}]},
    ],
    ids=str,
)
async def test_a_reply_that_names_what_was_not_sent_is_none_of_dynamodb(unprocessed: object) -> None:
    foreign = Reply(200, msgspec.json.encode({"UnprocessedItems": unprocessed}))
    stage = Stage([foreign, stored()])
    await stage.writer.write(batch_of("a", "b"))
    assert stage.puts_sent() == [["a", "b"], ["a", "b"]]
    assert (stage.tally.unprocessed, stage.tally.throttled) == (0, 0)


async def test_a_batch_is_not_done_before_all_it_left_was_sent_again() -> None:
    """A newer put of a key may be written as soon as the batch with the older one has returned."""
    stage = Stage([stored(left=("b",)), LOST, THROTTLED, stored()])
    await stage.writer.write(batch_of("a", "b"))
    calls = len(stage.engine.calls)
    stage.clock.advance(3600)
    assert (calls, stage.puts_sent()[-1]) == (4, ["b"])


async def test_without_a_limit_to_give_up_it_goes_on_for_ever() -> None:
    stage = Stage(
        lambda *_: stored() if stage.clock.monotonic() > 86_400 else LOST, give_up_after_seconds=inf
    )
    await stage.writer.write(batch_of("a"))
    assert stage.tally.batches == 1


async def test_a_store_that_fails_is_asked_less_and_less_and_then_by_all_again() -> None:
    stage = Stage(lambda *_: stored() if stage.clock.monotonic() > 60 else LOST)
    async with anyio.create_task_group() as tasks:
        for number in range(64):
            tasks.start_soon(stage.writer.write, batch_of(str(number)))

        await stage.clock.sleep(59)
        assert (stage.writer.requests_at_once, stage.tally.limited_by) == (1, "errors")
        assert stage.tally.requests < 150

    assert (stage.writer.requests_at_once, stage.tally.limited_by) == (16, "")


async def test_throttling_is_counted_by_the_reasons_that_dynamodb_gives() -> None:
    reasons = {
        "throttlingReasons": [{"reason": "TableWriteMaxOnDemandThroughputExceeded", "resource": "arn"}]
    }
    told = Reply(400, msgspec.json.encode({"__type": "x#ThrottlingException", "message": "slow", **reasons}))
    stage = Stage([told, THROTTLED, stored(left=("a",)), stored()])
    await stage.writer.write(batch_of("a"))
    assert stage.tally.throttle_reasons == {
        "TableWriteMaxOnDemandThroughputExceeded": 1,
        "ProvisionedThroughputExceededException": 1,
        "UnprocessedItems": 1,
    }


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
        names = names_in(body)
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
        names = names_in(body)
        kept = names[: max(len(names) - next(script, 0), 0)]
        table.extend(kept)
        return stored(left=tuple(names[len(kept) :]))

    stage = Stage(answer, seed=seed)
    names = [str(number) for number in range(count)]
    await stage.writer.write(batch_of(*names))
    assert sorted(table) == sorted(names)
    assert stage.tally.requests >= stage.tally.batches + stage.tally.retried
