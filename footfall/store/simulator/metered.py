"""The table whose capacity is limited: as much of a request is carried out as there is capacity for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import msgspec

from footfall.store.embedded.engine import MAX_REQUEST_BYTES
from footfall.store.embedded.keys import KeySchema
from footfall.store.embedded.problem import CONDITION_FAILED, Problem
from footfall.store.engine import Engine, Reply
from footfall.store.simulator.buckets import Bucket
from footfall.store.simulator.chance import Chance
from footfall.store.simulator.conditions import Ceilings, Conditions
from footfall.store.simulator.growth import GrowingBucket
from footfall.store.simulator.limits import (
    ACCOUNT,
    KEY_RANGE,
    MAX_ON_DEMAND,
    PROVISIONED,
    Ceiling,
    Limits,
    Partitions,
)
from footfall.store.simulator.replies import PROVISIONED_EXCEEDED, THROTTLING, described, throttled
from footfall.store.simulator.subjects import WRITES, partition_key, schema_of, side
from footfall.store.simulator.writes import (
    CAPACITY,
    ITEMS,
    Members,
    Write,
    answer_of,
    asking,
    body_of,
    consumed_units,
    members_of,
    planned,
    read_writes,
    wants_capacity,
)

BATCH: Final = "BatchWriteItem"
_LEAST_UNITS: Final = {True: 1.0, False: 0.5}
"""What a single write, or a read, costs at least."""


class MeteredTable:
    """A table of the engine behind, and what it can take; `seconds` tells how long the store has been open."""

    def __init__(
        self, engine: Engine, table: str, conditions: Conditions, seconds: Callable[[], float]
    ) -> None:
        self._engine = engine
        self._table = table
        self._conditions = conditions
        self._seconds = seconds
        self._chance = Chance(conditions.seed)
        self._limits = {
            True: limits_of(conditions.write, conditions.burst_seconds),
            False: limits_of(conditions.read, conditions.burst_seconds),
        }
        self._schema: KeySchema | None = None

    async def call(
        self, number: int, operation: str, body: bytes, members: Members, *, in_part: bool = False
    ) -> Reply:
        """Carry out request `number` as far as there is capacity; `in_part`, not all of a batch even so.

        What is wrong with a request is for the engine behind to say, and costs nothing.
        """
        limits = self._limits[operation in WRITES]
        if len(body) > MAX_REQUEST_BYTES or not (limits.is_limiting or in_part):
            return await self._engine.call(operation, body)

        schema = await self._keys()
        if schema is None:
            return await self._engine.call(operation, body)

        if operation != BATCH:
            return await self._single(operation, body, members, schema)

        try:
            writes = read_writes(members[ITEMS], self._table, schema)
        except (Problem, msgspec.MsgspecError):
            return await self._engine.call(operation, body)

        order = [writes[index] for index in self._chance.order(number, len(writes))]
        return await self._batch(body, members, order, self._held_back(number, len(order)) if in_part else 0)

    def described(self, description: Mapping[str, Any]) -> dict[str, Any]:
        """Return the table's description with the capacity it has at this moment."""
        now = self._seconds()
        return described(
            description,
            self._conditions,
            read_units=self._limits[False].rate_units(now),
            write_units=self._limits[True].rate_units(now),
            second=now,
        )

    def forget(self) -> None:
        """Look up the table's keys anew: it may be another one."""
        self._schema = None

    async def _batch(self, body: bytes, members: Members, writes: list[Write], held_back: int) -> Reply:
        """Send on those writes there is capacity for, but the first `held_back`; hand the others back."""
        sent, left, reasons = self._admitted(writes[held_back:])
        if not sent:
            return self._throttled(BATCH, reasons)

        left += writes[:held_back]
        is_whole = not left and wants_capacity(members)
        reply = await self._engine.call(BATCH, body if is_whole else body_of(members, sent))
        told = members_of(reply.body) if reply.ok else {}
        self._limits[True].settle(planned(sent), consumed_units(told, self._table), self._seconds())
        if is_whole or not reply.ok:
            return reply

        return Reply(reply.status, answer_of(members, told, left))

    def _admitted(self, writes: list[Write]) -> tuple[list[Write], list[Write], list[str]]:
        """Spend what the writes cost; return those there was capacity for, the others, and why not."""
        now = self._seconds()
        sent: list[Write] = []
        left: list[Write] = []
        reasons: list[str] = []
        for write in writes:
            why = [] if write.key is None else self._limits[True].refusals(write.key, write.units, now)
            reasons += why
            (left if why else sent).append(write)

        return sent, left, reasons

    async def _single(self, operation: str, body: bytes, members: Members, schema: KeySchema) -> Reply:
        """Charge one item or page with the least it can cost, and afterwards with what it did."""
        is_write = operation in WRITES
        limits, least = self._limits[is_write], _LEAST_UNITS[is_write]
        key = partition_key(operation, members, schema)
        reasons = limits.refusals(key, least, self._seconds())
        if reasons:
            return self._throttled(operation, reasons)

        is_asking = wants_capacity(members)
        reply = await self._engine.call(
            operation, body if is_asking else msgspec.json.encode(asking(members))
        )
        told = members_of(reply.body) if reply.ok else {}
        # A condition that fails has cost a write all the same.
        consumed = least if reply.error_code == CONDITION_FAILED else consumed_units(told, self._table)
        limits.settle({key: least}, consumed, self._seconds())
        if is_asking or not reply.ok:
            return reply

        told.pop(CAPACITY, None)
        return Reply(reply.status, msgspec.json.encode(told))

    async def _keys(self) -> KeySchema | None:
        """Return the keys of the table; None while there is no such table."""
        if self._schema is None:
            reply = await self._engine.call("DescribeTable", msgspec.json.encode({"TableName": self._table}))
            if reply.ok:
                self._schema = schema_of(msgspec.json.decode(reply.body)["Table"])

        return self._schema

    def _held_back(self, number: int, writes: int) -> int:
        """Draw how many of a batch's writes come back unprocessed: at least one, but never all."""
        return min(1 + int(self._chance.share(number, "held back") * (writes - 1)), writes - 1)

    def _throttled(self, operation: str, reasons: Iterable[str]) -> Reply:
        named = [f"Table{side(operation)}{reason}" for reason in dict.fromkeys(reasons)]
        code = PROVISIONED_EXCEEDED if self._conditions.is_provisioned else THROTTLING
        return throttled(code, self._table, named)


def limits_of(ceilings: Ceilings, burst_seconds: float) -> Limits:
    """Return the buckets for `ceilings`, as they are when the store is opened."""
    found: dict[str, Ceiling] = {}
    if ceilings.provisioned is not None:
        found[PROVISIONED] = Bucket(ceilings.provisioned, 0.0, burst_seconds=burst_seconds)

    if ceilings.maximum is not None:
        found[MAX_ON_DEMAND] = Bucket(ceilings.maximum, 0.0)

    if ceilings.account is not None:
        found[ACCOUNT] = Bucket(ceilings.account, 0.0)

    if ceilings.warm is not None:
        found[KEY_RANGE] = GrowingBucket(ceilings.warm, 0.0)

    return Limits(found, None if ceilings.partition is None else Partitions(ceilings.partition))
