"""Ask what a table is known to take, so that writing begins near it: a ramp, not a crash."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Final

import msgspec

from footfall.store import Store
from footfall.store.engine import NoReply

NEW_ON_DEMAND_UNITS: Final = 4000.0
"""What a new on-demand table takes ("DynamoDB on-demand capacity mode", Amazon DynamoDB Developer Guide)."""

UNLIMITED_UNITS: Final = 1_000_000.0
"""A table that says it takes this much per second is a file on this machine."""


@dataclass(frozen=True, slots=True)
class TableCapacity:
    """Write units per second to begin with, and the table's own maximum; infinite where there is none."""

    units: float = inf
    maximum: float = inf


async def ask_capacity(store: Store, table: str) -> TableCapacity:
    """Return what DescribeTable tells of `table`.

    It is asked once: a role that may only write is not allowed to ask, and begins as a new table would. What is wrong
    with the store otherwise, the first batch finds out.
    """
    try:
        reply = await store.engine.call("DescribeTable", msgspec.json.encode({"TableName": table}))
    except NoReply:
        return TableCapacity(NEW_ON_DEMAND_UNITS)

    return read_capacity(reply.body) if reply.ok else TableCapacity(NEW_ON_DEMAND_UNITS)


def read_capacity(body: bytes) -> TableCapacity:
    """Return what the body of a DescribeTable says; no limits when it describes no table."""
    try:
        table = _DESCRIBED.decode(body).table
    except msgspec.MsgspecError:
        return TableCapacity()

    warm = table.warm.write_units if table.warm else None
    if warm is not None and warm >= UNLIMITED_UNITS:
        return TableCapacity()

    if table.provisioned and table.provisioned.write_units:
        return TableCapacity(table.provisioned.write_units)

    maximum = table.on_demand.write_units if table.on_demand else -1.0
    return TableCapacity(warm or NEW_ON_DEMAND_UNITS, maximum if maximum > 0 else inf)


class _Warm(msgspec.Struct):
    write_units: float | None = msgspec.field(name="WriteUnitsPerSecond", default=None)


class _Provisioned(msgspec.Struct):
    write_units: float = msgspec.field(name="WriteCapacityUnits", default=0.0)


class _OnDemand(msgspec.Struct):
    write_units: float = msgspec.field(name="MaxWriteRequestUnits", default=-1.0)


class _Table(msgspec.Struct):
    warm: _Warm | None = msgspec.field(name="WarmThroughput", default=None)
    provisioned: _Provisioned | None = msgspec.field(name="ProvisionedThroughput", default=None)
    on_demand: _OnDemand | None = msgspec.field(name="OnDemandThroughput", default=None)


class _Described(msgspec.Struct):
    table: _Table = msgspec.field(name="Table")


_DESCRIBED: Final = msgspec.json.Decoder(_Described)
