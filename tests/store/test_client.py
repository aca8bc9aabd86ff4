from __future__ import annotations

import anyio
import pytest

from footfall.backoff import Backoff
from footfall.errors import AccessDenied, StoreError, StoreUnreachable, TableMissing
from footfall.store.client import GIVE_UP_AFTER_SECONDS, NEVER_REACHED_SECONDS, Progress, command, request
from footfall.store.engine import NoReply, Reply
from tests.fakes import FakeClock, ScriptedEngine, ok, refused, store_on

pytestmark = pytest.mark.anyio

THROTTLED = refused("ProvisionedThroughputExceededException")
PASSING: dict[str, Reply | NoReply] = {
    "throttled": THROTTLED,
    "too many requests": Reply(429, b""),
    "server error": refused("InternalServerError", status=500),
    "unavailable": Reply(503, b"<html>"),
    "conflict": Reply(409, b""),
    "other tables first": refused("LimitExceededException", "Subscriber limit exceeded"),
    "refused connection": NoReply("connection refused", maybe_applied=False),
    "lost reply": NoReply("connection reset", maybe_applied=True),
}


async def send(engine: ScriptedEngine, clock: FakeClock) -> Reply:
    return await request(store_on(engine, "owa_"), clock, "GetItem", b'{"a":1}', table="owa_state")


@pytest.mark.parametrize("problem", PASSING.values(), ids=PASSING.keys())
async def test_what_passes_is_sent_again_until_it_is_carried_out(problem: Reply | NoReply) -> None:
    engine, clock = ScriptedEngine([problem] * 5 + [ok({"b": 2})]), FakeClock()
    assert await send(engine, clock) == ok({"b": 2})
    assert [(call.operation, call.body) for call in engine.calls] == [("GetItem", b'{"a":1}')] * 6
    assert len(clock.sleeps) == 5


async def test_what_is_carried_out_at_once_waits_for_nothing() -> None:
    engine, clock = ScriptedEngine([ok()]), FakeClock()
    await send(engine, clock)
    assert clock.sleeps == []


async def test_waits_grow_with_full_jitter() -> None:
    clock = FakeClock(chance=0.5)
    await send(ScriptedEngine([PASSING["throttled"]] * 12 + [ok()]), clock)
    backoff = Backoff()
    assert clock.sleeps == [backoff.delay_seconds(attempt, 0.5) for attempt in range(12)]
    assert clock.sleeps[:3] == [0.025, 0.05, 0.1]
    assert clock.sleeps[-1] == 10.0


async def test_two_clients_that_are_throttled_together_do_not_come_back_together() -> None:
    clocks = FakeClock(seed=1), FakeClock(seed=2)
    for clock in clocks:
        await send(ScriptedEngine([PASSING["throttled"]] * 5 + [ok()]), clock)

    assert not set(clocks[0].sleeps) & set(clocks[1].sleeps)


@pytest.mark.parametrize("problem", PASSING.values(), ids=PASSING.keys())
async def test_a_store_that_never_recovers_is_given_up_after_the_time_it_may_take(
    problem: Reply | NoReply,
) -> None:
    engine, clock = ScriptedEngine(lambda *_: problem), FakeClock()
    was_reached = isinstance(problem, Reply) or problem.maybe_applied
    limit = GIVE_UP_AFTER_SECONDS if was_reached else NEVER_REACHED_SECONDS
    with pytest.raises(
        StoreUnreachable, match=rf"embedded:test\.db .*for {limit:.0f} seconds; last: "
    ) as caught:
        await send(engine, clock)

    assert limit < clock.monotonic() <= limit + Backoff().cap_seconds
    assert caught.value.hint


async def test_an_endpoint_that_was_reached_before_is_given_the_whole_time() -> None:
    clock, progress = FakeClock(), Progress()
    refusing = NoReply("connection refused", maybe_applied=False)
    engine = ScriptedEngine(lambda *_: refusing if progress.succeeded_seconds >= 0 else ok())
    store = store_on(engine, "owa_")
    await request(store, clock, "GetItem", b"{}", table="owa_state", progress=progress)
    with pytest.raises(StoreUnreachable, match="for 120 seconds"):
        await request(store, clock, "GetItem", b"{}", table="owa_state", progress=progress)


async def test_giving_up_names_the_last_problem() -> None:
    for problem, words in (
        (NoReply("connection reset", maybe_applied=True), "last: connection reset"),
        (refused("ThrottlingException", "slow down"), "last: ThrottlingException slow down$"),
        (Reply(503, b"<html>"), "last: HTTP 503$"),
    ):
        with pytest.raises(StoreUnreachable, match=words):
            await send(ScriptedEngine(lambda *_, answer=problem: answer), FakeClock())


async def test_a_table_without_capacity_is_not_blamed_on_the_network() -> None:
    engine = ScriptedEngine(lambda *_: PASSING["throttled"])
    with pytest.raises(
        StoreUnreachable, match=r"^Table owa_state of .* has refused GetItem for lack of capacity for 120 s"
    ) as caught:
        await send(engine, FakeClock())

    assert caught.value.hint == "raise the table's capacity or run again later"


async def test_a_lost_connection_is_blamed_on_the_network() -> None:
    engine = ScriptedEngine(lambda *_: PASSING["refused connection"])
    with pytest.raises(StoreUnreachable, match=r"^GetItem got no good answer from embedded:test") as caught:
        await send(engine, FakeClock())

    assert "network" in (caught.value.hint or "")


async def test_a_call_waits_as_long_as_another_of_its_group_gets_on() -> None:
    clock, progress, until_seconds = FakeClock(), Progress(), 5 * GIVE_UP_AFTER_SECONDS

    def answer(_: str, body: bytes) -> Reply:
        is_starved = body == b"starved" and clock.monotonic() < until_seconds
        return THROTTLED if is_starved else ok()

    store = store_on(ScriptedEngine(answer))

    async def starve() -> None:
        assert await request(store, clock, "Scan", b"starved", table="events", progress=progress) == ok()

    async with anyio.create_task_group() as group:
        group.start_soon(starve)
        while clock.monotonic() < until_seconds:
            await request(store, clock, "Scan", b"lucky", table="events", progress=progress)
            await clock.sleep(GIVE_UP_AFTER_SECONDS / 3)

    assert clock.monotonic() >= until_seconds


async def test_a_group_that_gets_nowhere_is_given_up_and_says_what_helps() -> None:
    clock, progress = FakeClock(), Progress(capacity_hint="raise it")
    store = store_on(ScriptedEngine([ok(), *[THROTTLED] * 1_000]))
    await request(store, clock, "Scan", b"", table="events", progress=progress)
    with pytest.raises(StoreUnreachable) as caught:
        await request(store, clock, "Scan", b"", table="events", progress=progress)

    assert caught.value.hint == "raise it"
    assert GIVE_UP_AFTER_SECONDS < clock.monotonic() <= GIVE_UP_AFTER_SECONDS + Backoff().cap_seconds


async def test_a_call_after_a_long_pause_of_its_group_has_the_whole_time() -> None:
    clock, progress = FakeClock(), Progress()
    store = store_on(ScriptedEngine([ok(), THROTTLED, ok()]))
    await request(store, clock, "Scan", b"", table="events", progress=progress)
    clock.advance(10 * GIVE_UP_AFTER_SECONDS)
    assert await request(store, clock, "Scan", b"", table="events", progress=progress) == ok()


async def test_a_refusal_is_returned_for_the_caller_to_read() -> None:
    answer = refused("ConditionalCheckFailedException")
    assert await send(ScriptedEngine([PASSING["throttled"], answer]), FakeClock()) == answer


async def test_a_request_too_large_for_a_proxy_is_returned_for_the_caller_to_split() -> None:
    answer = Reply(413, b"<html>")
    assert await send(ScriptedEngine([answer]), FakeClock()) == answer


@pytest.mark.parametrize("status", [400, 403, 404, 407])
async def test_the_page_of_a_proxy_that_refuses_is_not_waited_for(status: int) -> None:
    clock = FakeClock()
    with pytest.raises(StoreError, match="a proxy or another web server") as caught:
        await send(ScriptedEngine([Reply(status, b"<html>")]), clock)

    assert clock.sleeps == []
    assert "--endpoint-url" in (caught.value.hint or "")


async def test_a_store_that_answers_is_not_blamed_on_the_network() -> None:
    engine = ScriptedEngine(lambda *_: PASSING["other tables first"])
    with pytest.raises(StoreUnreachable, match="LimitExceededException Subscriber limit") as caught:
        await send(engine, FakeClock())

    assert caught.value.hint == "run the same command again later"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("ResourceNotFoundException", TableMissing),
        ("AccessDeniedException", AccessDenied),
        ("UnrecognizedClientException", AccessDenied),
        ("UnknownOperationException", StoreError),
    ],
)
async def test_what_only_a_person_can_mend_is_raised_at_once(code: str, kind: type[StoreError]) -> None:
    engine, clock = ScriptedEngine([refused(code)]), FakeClock()
    with pytest.raises(kind):
        await send(engine, clock)

    assert clock.sleeps == []


async def test_a_command_is_sent_as_json_and_answered_decoded() -> None:
    engine = ScriptedEngine([ok({"Item": {"pk": {"S": "é"}}})])
    answer = await command(store_on(engine), FakeClock(), "GetItem", {"Key": "é"}, table="state")
    assert (engine.calls[0].document, answer) == ({"Key": "é"}, {"Item": {"pk": {"S": "é"}}})


async def test_a_command_that_is_refused_raises() -> None:
    engine = ScriptedEngine([refused("ValidationException", "no such thing")])
    with pytest.raises(
        StoreError, match="UpdateItem on state was refused, ValidationException: no such thing"
    ):
        await command(store_on(engine), FakeClock(), "UpdateItem", {}, table="state")


async def test_a_fault_of_ours_is_not_retried() -> None:
    engine, clock = ScriptedEngine([ZeroDivisionError("ours")]), FakeClock()
    with pytest.raises(ZeroDivisionError):
        await send(engine, clock)

    assert len(engine.calls) == 1
