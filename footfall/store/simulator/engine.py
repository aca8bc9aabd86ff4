"""A request's way through a simulated table: travel, faults, capacity, the engine behind, travel back."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from footfall.clock import Clock
from footfall.store.engine import Engine, NoReply, Reply
from footfall.store.simulator.chance import Chance
from footfall.store.simulator.conditions import Conditions
from footfall.store.simulator.faults import Fault, Scope, meet
from footfall.store.simulator.metered import BATCH, MeteredTable
from footfall.store.simulator.replies import fault_reply
from footfall.store.simulator.subjects import READS, WRITES, is_about, side
from footfall.store.simulator.writes import Members, members_of

_DESCRIPTIONS: Final = {"CreateTable": "TableDescription", "DescribeTable": "Table"}


class SimulatedEngine:
    """An engine in front of another, which does what it is asked as far as the `conditions` let it.

    Only `table` has limits; others are left alone but for latency and those faults that everything meets. Operations
    on tables rather than items always get through. What is answered as stored is stored by the engine behind, and
    nothing else is, except where a fault says so.
    """

    def __init__(
        self, engine: Engine, conditions: Conditions, clock: Clock, *, table: str = "events"
    ) -> None:
        self._engine = engine
        self._conditions = conditions
        self._clock = clock
        self._table = table
        self._chance = Chance(conditions.seed)
        self._opened_at = clock.monotonic()
        self._metered = MeteredTable(engine, table, conditions, self._seconds)
        self._requests = 0

    async def call(self, operation: str, body: bytes) -> Reply:
        """Carry out `operation`, or fail to, as the conditions say. Raises `NoReply` for a simulated loss."""
        if operation not in WRITES | READS:
            return await self._about_tables(operation, body)

        try:
            members = members_of(body)
            limited = members if is_about(members, self._table) else None
        except msgspec.MsgspecError:
            return await self._engine.call(operation, body)

        number, self._requests = self._requests, self._requests + 1
        half_seconds = self._travel_seconds(number) / 2
        await self._sleep(half_seconds)
        reply = await self._arrived(number, operation, body, limited)
        await self._sleep(half_seconds)
        return reply

    async def aclose(self) -> None:
        """Close the engine behind."""
        await self._engine.aclose()

    async def _arrived(self, number: int, operation: str, body: bytes, limited: Members | None) -> Reply:
        """Carry out request `number`, or let it meet its fault; `limited` are its members if it is about the table."""
        scopes = _scopes(operation, is_limited=limited is not None)
        fault = meet(self._conditions.faults, self._chance, number, self._seconds(), scopes)
        if fault is None:
            return await self._carry_out(number, operation, body, limited)

        if not self._is_applied(fault, number):
            return await self._failed(fault, operation, None)

        in_part = fault.kind.applied == "in part"
        reply = await self._carry_out(number, operation, body, limited, in_part=in_part)
        return await self._failed(fault, operation, reply)

    async def _carry_out(
        self, number: int, operation: str, body: bytes, limited: Members | None, *, in_part: bool = False
    ) -> Reply:
        if limited is None:
            return await self._engine.call(operation, body)

        return await self._metered.call(number, operation, body, limited, in_part=in_part)

    def _is_applied(self, fault: Fault, number: int) -> bool:
        if fault.kind.applied == "by chance":
            return self._chance.share(number, "applied") < 0.5

        return fault.kind.applied != "no"

    async def _failed(self, fault: Fault, operation: str, reply: Reply | None) -> Reply:
        """Answer as `fault` does; `reply` is that of the operation if it was carried out."""
        kind = fault.kind
        if kind.is_slow:
            await self._sleep(self._conditions.slow_seconds)

        if kind.is_lost:
            raise NoReply(f"simulated: {kind.meaning}", maybe_applied=kind.is_sent)

        if kind.reply is not None:
            return fault_reply(kind.reply, self._table, side(operation))

        assert reply is not None
        return reply

    async def _about_tables(self, operation: str, body: bytes) -> Reply:
        reply = await self._engine.call(operation, body)
        if operation in {"CreateTable", "DeleteTable"}:
            self._metered.forget()

        member = _DESCRIPTIONS.get(operation)
        if member is None or not reply.ok:
            return reply

        answer: dict[str, Any] = msgspec.json.decode(reply.body)
        if answer[member]["TableName"] != self._table:
            return reply

        told = self._metered.described(answer[member])
        return Reply(reply.status, msgspec.json.encode({**answer, member: told}))

    def _travel_seconds(self, number: int) -> float:
        jitter = self._conditions.jitter_seconds
        return self._conditions.latency_seconds + (jitter and jitter * self._chance.share(number, "jitter"))

    async def _sleep(self, seconds: float) -> None:
        if seconds > 0:
            await self._clock.sleep(seconds)

    def _seconds(self) -> float:
        return self._clock.monotonic() - self._opened_at


def _scopes(operation: str, *, is_limited: bool) -> frozenset[Scope]:
    if not is_limited:
        return frozenset({"all"})

    return frozenset({"all", "events", "batches"} if operation == BATCH else {"all", "events"})
