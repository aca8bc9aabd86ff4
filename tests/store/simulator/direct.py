"""The embedded engine without threads: on a fake clock, the same calls are answered in the same order each time.

The real one answers from threads, in real time, while a fake clock lets hours pass: what is stored would be as exact,
but when it is stored would differ from run to run.
"""

from __future__ import annotations

import sqlite3
from copy import copy

import anyio.lowlevel
import msgspec

from footfall.clock import Clock
from footfall.store.embedded.engine import MAX_REQUEST_BYTES, OPERATIONS
from footfall.store.embedded.file import _CREATE
from footfall.store.embedded.problem import Problem, invalid
from footfall.store.embedded.session import Session
from footfall.store.engine import Reply
from footfall.store.simulator import SimulatedEngine, parse_conditions
from tests.fakes import FakeClock
from tests.store.conformance.harness import SCHEMA, Subject, item, put


class DirectEngine:
    """The embedded engine's operations on a database in memory, carried out in the caller's own task."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._connection = sqlite3.connect(":memory:", isolation_level=None)
        self.calls: list[str] = []
        for statement in _CREATE:
            self._connection.execute(statement)

    async def call(self, operation: str, body: bytes) -> Reply:
        self.calls.append(operation)
        await anyio.lowlevel.checkpoint()
        if len(body) > MAX_REQUEST_BYTES:
            return invalid("Request size exceeded").reply()

        known = OPERATIONS[operation]
        self._connection.execute("BEGIN")
        try:
            content = known.answer(Session(self._connection, self._clock.now()), known.prepare(body))
        except Problem as problem:
            self._connection.execute("ROLLBACK")
            return problem.reply()

        self._connection.execute("COMMIT")
        return Reply(200, content)

    async def aclose(self) -> None:
        self._connection.close()


class Rehearsal:
    """An events table under conditions: `subject` is the simulated one, `truth` what is really stored."""

    def __init__(self, parameters: str, table: str = "events") -> None:
        self.clock = FakeClock()
        self.behind = DirectEngine(self.clock)
        self.engine = SimulatedEngine(self.behind, parse_conditions(parameters), self.clock)
        self.subject = Subject(self.engine, table)
        self.truth = Subject(self.behind, table)

    async def opened(self) -> Rehearsal:
        """Make the table; return this."""
        await self.subject.on_table("CreateTable", **SCHEMA)
        return self

    def beside(self, table: str) -> Rehearsal:
        """Return another table of the same store."""
        other = copy(self)
        other.subject, other.truth = Subject(self.engine, table), Subject(self.behind, table)
        return other

    async def send(self, count: int, pk: str = "p", first: int = 0) -> Reply:
        """Put `count` items of one unit each into one partition, in one batch."""
        writes = [put(item(pk, f"{number:06}")) for number in range(first, first + count)]
        return await self.subject.try_batch(*writes, ReturnConsumedCapacity="TOTAL")

    async def stored_of(self, count: int, pk: str = "p", first: int = 0) -> int:
        """Put `count` items as `send` does; return how many were stored, by what the reply says."""
        reply = await self.send(count, pk, first)
        return 0 if not reply.ok else count - left_of(reply)


def left_of(reply: Reply) -> int:
    """Return how many writes a reply hands back."""
    unprocessed = msgspec.json.decode(reply.body)["UnprocessedItems"]
    return sum(len(writes) for writes in unprocessed.values())
