"""Stand-ins that several tests share: a clock whose time is virtual, an engine whose replies are written down."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import anyio
import anyio.lowlevel
import msgspec

from footfall.store import Store
from footfall.store.engine import Engine, Reply

START: Final = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)

Answer = Reply | Exception
Answers = Callable[[str, bytes], Answer]


class FakeClock:
    """Virtual time: `sleep` lets others run, then moves time on; sleeps of several tasks overlap, as they should.

    `sleeps` are the seconds asked for, in order. Chance and tokens are the same for the same `seed`; with `chance`,
    `random` always draws that.
    """

    def __init__(self, start: datetime = START, *, seed: int = 0, chance: float | None = None) -> None:
        self.sleeps: list[float] = []
        self._start = start
        self._passed_seconds = 0.0
        self._sleepers: list[_Sleeper] = []
        self._numbers = itertools.count()
        self._random = random.Random(seed)
        self._chance = chance

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._passed_seconds)

    def monotonic(self) -> float:
        return self._passed_seconds

    def random(self) -> float:
        return self._random.random() if self._chance is None else self._chance

    def token(self, size_bytes: int) -> bytes:
        return self._random.randbytes(size_bytes)

    def advance(self, seconds: float) -> None:
        """Let time pass without anybody sleeping."""
        self._passed_seconds += seconds

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        sleeper = _Sleeper(self._passed_seconds + seconds, next(self._numbers))
        heapq.heappush(self._sleepers, sleeper)
        try:
            await anyio.lowlevel.checkpoint()
            while self._passed_seconds < sleeper.deadline:
                await self._pass_time(sleeper)
        finally:
            self._forget(sleeper)

    async def _pass_time(self, sleeper: _Sleeper) -> None:
        """Wait for one's turn; the one who wakes first lets the others run, then moves the time on."""
        if self._sleepers[0] is not sleeper:
            await sleeper.first.wait()
            sleeper.first = anyio.Event()
            return

        await anyio.lowlevel.checkpoint()
        await anyio.lowlevel.checkpoint()
        if self._sleepers[0] is sleeper:
            self._passed_seconds = max(self._passed_seconds, sleeper.deadline)

    def _forget(self, sleeper: _Sleeper) -> None:
        if self._sleepers[0] is sleeper:
            heapq.heappop(self._sleepers)
        else:
            self._sleepers.remove(sleeper)
            heapq.heapify(self._sleepers)

        if self._sleepers:
            self._sleepers[0].first.set()


class _Sleeper:
    """Somebody who sleeps until `deadline`; `first` is set when nobody wakes earlier."""

    __slots__ = ("deadline", "first", "number")

    def __init__(self, deadline: float, number: int) -> None:
        self.deadline = deadline
        self.number = number
        self.first = anyio.Event()

    def __lt__(self, other: _Sleeper) -> bool:
        return (self.deadline, self.number) < (other.deadline, other.number)


@dataclass(frozen=True, slots=True)
class Call:
    """What an engine was asked."""

    operation: str
    body: bytes

    @property
    def document(self) -> Any:
        return msgspec.json.decode(self.body)


class ScriptedEngine:
    """An engine that answers as told: by a list, one answer per call, or by a function of operation and body.

    An answer that is an exception is raised. A call beyond the end of the list fails the test.
    """

    def __init__(self, answers: Iterable[Answer] | Answers) -> None:
        self.calls: list[Call] = []
        self.is_closed = False
        self._answers: Answers = answers if callable(answers) else _in_order(answers)

    async def call(self, operation: str, body: bytes) -> Reply:
        self.calls.append(Call(operation, body))
        await anyio.lowlevel.checkpoint()
        answer = self._answers(operation, body)
        if isinstance(answer, Exception):
            raise answer

        return answer

    async def aclose(self) -> None:
        self.is_closed = True


def ok(document: object = None) -> Reply:
    """Return a reply of an operation that was carried out."""
    return Reply(200, msgspec.json.encode({} if document is None else document))


def refused(code: str, message: str = "as scripted", status: int = 400) -> Reply:
    """Return an error reply as DynamoDB words it."""
    document = {"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": message}
    return Reply(status, msgspec.json.encode(document))


def store_on(engine: Engine, prefix: str = "", location: str = "embedded:test.db") -> Store:
    """Return a store on `engine`; its tables are not made."""
    return Store(
        engine=engine, events_table=f"{prefix}events", state_table=f"{prefix}state", location=location
    )


def _in_order(answers: Iterable[Answer]) -> Answers:
    left = iter(answers)

    def following(operation: str, body: bytes) -> Answer:
        answer = next(left, None)
        assert answer is not None, f"nothing is scripted for this {operation}"
        return answer

    return following
