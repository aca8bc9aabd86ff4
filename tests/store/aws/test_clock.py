"""A clock that is wrong: the server's is moved, ours stands still."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import format_datetime

import anyio
import pytest

from footfall.errors import AccessDenied
from footfall.store.aws.signing import server_time
from footfall.store.engine import Reply
from footfall.store.outcome import Verdict, error_for, judge
from tests.fakes import START, FakeClock
from tests.store.aws.service import TimedService, signed_at
from tests.store.aws.serving import connected, headers_of, refusal, serving

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("code", ["InvalidSignatureException", "RequestTimeTooSkewed", "RequestExpired"])
@pytest.mark.parametrize("ahead", [timedelta(hours=3), timedelta(days=-400), timedelta(minutes=6)], ids=str)
async def test_a_refused_time_is_replaced_by_the_services(ahead: timedelta, code: str) -> None:
    clock = FakeClock()
    async with serving(TimedService(clock, ahead, code)) as server, connected(server.url, clock) as engine:
        replies = [await engine.call("ListTables", b"{}") for _ in range(3)]

    assert [reply.ok for reply in replies] == [True] * 3
    assert [signed_at(request) for request in server.requests] == [START, *[START + ahead] * 3]


async def test_scope_header_and_signature_have_the_same_time() -> None:
    clock = FakeClock()
    async with (
        serving(TimedService(clock, timedelta(days=2))) as server,
        connected(server.url, clock) as engine,
    ):
        await engine.call("ListTables", b"{}")

    day = f"{START + timedelta(days=2):%Y%m%d}"
    assert f"/{day}/eu-central-1/dynamodb/aws4_request" in headers_of(server.requests[1])["authorization"]


@pytest.mark.parametrize(
    ("ahead", "words"),
    [(timedelta(hours=3), "180 minutes slow"), (timedelta(hours=-3), "180 minutes fast")],
)
async def test_a_clock_that_is_far_off_is_told_once(ahead: timedelta, words: str) -> None:
    clock, notices = FakeClock(), list[str]()
    service = TimedService(clock, ahead)
    async with serving(service) as server, connected(server.url, clock, notices.append) as engine:
        await engine.call("ListTables", b"{}")
        service.ahead *= 2
        await engine.call("ListTables", b"{}")

    assert len(server.requests) == 4
    (notice,) = notices
    assert words in notice
    assert "timedatectl" in notice


async def test_a_clock_that_is_set_right_during_a_run_is_followed() -> None:
    clock = FakeClock()
    service = TimedService(clock, timedelta(hours=1))
    async with serving(service) as server, connected(server.url, clock) as engine:
        await engine.call("ListTables", b"{}")
        clock.advance(3600)
        service.ahead = timedelta(0)
        assert (await engine.call("ListTables", b"{}")).ok

    assert signed_at(server.requests[-1]) == clock.now()


async def test_a_machine_that_slept_between_signing_and_sending_has_no_wrong_clock() -> None:
    clock, notices = FakeClock(), list[str]()

    def after_a_nap(request: bytes) -> bytes:
        if len(server.requests) == 1:
            clock.advance(3600)

        return TimedService(clock, timedelta(0))(request)

    async with serving(after_a_nap) as server, connected(server.url, clock, notices.append) as engine:
        assert (await engine.call("ListTables", b"{}")).ok

    assert notices == []


async def test_requests_that_are_refused_together_are_all_sent_again() -> None:
    clock = FakeClock()
    async with (
        serving(TimedService(clock, timedelta(hours=3))) as server,
        connected(server.url, clock) as engine,
        anyio.create_task_group() as tasks,
    ):
        for _ in range(8):
            tasks.start_soon(engine.call, "ListTables", b"{}")

    assert [signed_at(request) for request in server.requests[-8:]] == [START + timedelta(hours=3)] * 8


@pytest.mark.parametrize(
    "date", [None, "yesterday", format_datetime(START, usegmt=True)], ids=["none", "odd", "ours"]
)
async def test_without_another_time_to_sign_with_the_refusal_is_final(date: str | None) -> None:
    answer = refusal(
        "InvalidSignatureException",
        "Signature expired: x is now earlier than y",
        **({"Date": date} if date else {}),
    )
    async with serving(answer) as server, connected(server.url) as engine:
        reply = await engine.call("ListTables", b"{}")

    assert len(server.requests) == 1
    assert_told(reply)


async def test_a_time_that_is_refused_again_is_final() -> None:
    date = format_datetime(START + timedelta(hours=3), usegmt=True)
    answer = refusal("RequestTimeTooSkewed", "Signature expired: x is now earlier than y", Date=date)
    async with serving(answer) as server, connected(server.url) as engine:
        reply = await engine.call("ListTables", b"{}")

    assert len(server.requests) == 2
    assert_told(reply)


def assert_told(reply: Reply) -> None:
    error = error_for("ListTables", "events", reply, "dynamodb:")
    assert judge(reply) is Verdict.FATAL
    assert type(error) is AccessDenied
    assert "clock" in str(error)
    assert "set the clock" in (error.hint or "")


async def test_a_wrong_signature_is_no_matter_of_the_clock() -> None:
    date = format_datetime(START + timedelta(hours=3), usegmt=True)
    answer = refusal(
        "InvalidSignatureException", "The request signature we calculated does not match", Date=date
    )
    async with serving(answer) as server, connected(server.url) as engine:
        await engine.call("ListTables", b"{}")

    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("date", "told"),
    [
        ("Sun, 01 Mar 2026 12:00:00 GMT", START),
        ("Sun, 01 Mar 2026 13:00:00 +0100", START),
        ("Sun, 01 Mar 2026 12:00:00 -0000", START),
        ("", None),
        (None, None),
        ("99 Foo 0000", None),
    ],
)
def test_a_date_header_is_read(date: str | None, told: datetime | None) -> None:
    assert server_time(date) == told
