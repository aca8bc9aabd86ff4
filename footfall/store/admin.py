"""Create and describe a store's tables, and have what has expired deleted."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from footfall.clock import Clock
from footfall.errors import SchemaMismatch, SettingsError, StoreUnreachable, TableMissing
from footfall.event import EXPIRY_ATTRIBUTE
from footfall.store import Store
from footfall.store.client import command, request
from footfall.store.outcome import error_for
from footfall.store.state import TableMeta, create_meta, find_meta, read_meta

DEFAULT_SHARDS: Final = 8
"""Eight partitions of 1,000 write units each: 8,000 events a second for a site's day, read back by eight Queries."""

KEYS: Final = ("pk (S)", "sk (S)")
LARGEST_SHARDS: Final = 1024
ACTIVE_AFTER_SECONDS: Final = 300.0
_POLL_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Capacity:
    """How a table is billed: on demand when both are None, else provisioned units per second."""

    read_units: int | None = None
    write_units: int | None = None

    def __post_init__(self) -> None:
        if (self.read_units is None) != (self.write_units is None):
            raise SettingsError(
                "Provisioned capacity needs both --read-units and --write-units.",
                hint="--read-units 5 --write-units 5, or neither for on demand",
            )

    def fields(self) -> dict[str, Any]:
        """Return the members of CreateTable that say so."""
        if self.read_units is None:
            return {"BillingMode": "PAY_PER_REQUEST"}

        units = {"ReadCapacityUnits": self.read_units, "WriteCapacityUnits": self.write_units}
        return {"BillingMode": "PROVISIONED", "ProvisionedThroughput": units}


@dataclass(frozen=True, slots=True)
class TableFacts:
    """What DescribeTable says of a table; DynamoDB updates `items` and `bytes` about every six hours.

    `read_units` are what it gives per second: provisioned ones, or the maximum of a table on demand; None for no limit.
    """

    name: str
    status: str
    items: int
    bytes: int
    billing: str
    keys: tuple[str, ...]
    read_units: float | None = None


async def create_tables(store: Store, clock: Clock, *, shards: int, capacity: Capacity) -> TableMeta:
    """Create what is missing of a store's tables and its meta; return the meta, an earlier one when there was one.

    Raises `SettingsError` when the store already has another number of shards.
    """
    for table, billing in ((store.state_table, Capacity()), (store.events_table, capacity)):
        await _create_table(store, clock, table, billing)

    for table in (store.state_table, store.events_table):
        _check_keys(await _wait_until_active(store, clock, table))

    meta = await create_meta(store, clock, layout="items", shards=shards)
    if meta.shards != shards:
        raise SettingsError(
            f"The store was made with {meta.shards} shards and cannot change to {shards}: replays would double events.",
            hint=f"leave out --shards, or choose another store than {store.location}",
        )

    return meta


async def create_table(store: Store, clock: Clock, table: str, capacity: Capacity | None = None) -> None:
    """Create `table` unless it is there, and wait until it can be used; on demand where `capacity` is None."""
    await _create_table(store, clock, table, capacity or Capacity())
    _check_keys(await _wait_until_active(store, clock, table))


async def open_tables(store: Store, clock: Clock, *, create: bool) -> TableMeta:
    """Return the meta of a store; with `create`, make its tables when they are missing."""
    if not create:
        return await read_meta(store, clock)

    with suppress(TableMissing):
        meta = await find_meta(store, clock)
        if meta is not None:
            return meta

    return await create_tables(store, clock, shards=DEFAULT_SHARDS, capacity=Capacity())


async def describe(store: Store, clock: Clock, table: str) -> TableFacts:
    """Return what is known of `table`; raises `TableMissing`."""
    reply = await command(store, clock, "DescribeTable", {"TableName": table}, table=table)
    facts = reply["Table"]
    return TableFacts(
        name=table,
        status=facts["TableStatus"],
        items=facts.get("ItemCount", 0),
        bytes=facts.get("TableSizeBytes", 0),
        billing=_billing(facts),
        keys=_keys(facts),
        read_units=_read_units(facts),
    )


async def set_expiry(store: Store, clock: Clock, *, is_on: bool) -> None:
    """Have DynamoDB delete events that have expired, or no more; it takes up to an hour until it does.

    Raises `SettingsError` for an embedded store, which deletes nothing by itself.
    """
    if store.is_embedded:
        raise SettingsError(
            "An embedded store deletes nothing by itself.",
            hint="reports leave out what has expired all the same",
        )

    table = store.events_table
    specification = {"AttributeName": EXPIRY_ATTRIBUTE, "Enabled": is_on}
    body = msgspec.json.encode({"TableName": table, "TimeToLiveSpecification": specification})
    reply = await request(store, clock, "UpdateTimeToLive", body, table=table)
    if not reply.ok and "already" not in reply.error_message:
        raise error_for("UpdateTimeToLive", table, reply, store.location)


def _keys(facts: dict[str, Any]) -> tuple[str, ...]:
    """Return the table's keys with their types, partition key first, as ``pk (S)``."""
    types = {each["AttributeName"]: each["AttributeType"] for each in facts["AttributeDefinitions"]}
    ordered = sorted(facts["KeySchema"], key=lambda key: key["KeyType"] != "HASH")
    return tuple(f"{key['AttributeName']} ({types[key['AttributeName']]})" for key in ordered)


def _billing(facts: dict[str, Any]) -> str:
    if facts.get("BillingModeSummary", {}).get("BillingMode") == "PAY_PER_REQUEST":
        return "on demand"

    units = facts.get("ProvisionedThroughput", {})
    return f"{units.get('ReadCapacityUnits', 0)} read and {units.get('WriteCapacityUnits', 0)} write units/s"


def _read_units(facts: dict[str, Any]) -> float | None:
    """Return the units that bound reading; DynamoDB says 0 or -1 for those that do not."""
    provisioned = facts.get("ProvisionedThroughput", {}).get("ReadCapacityUnits", 0)
    largest = facts.get("OnDemandThroughput", {}).get("MaxReadRequestUnits", 0)
    return max(provisioned, largest) if max(provisioned, largest) > 0 else None


async def _create_table(store: Store, clock: Clock, table: str, capacity: Capacity) -> None:
    document = {
        "TableName": table,
        "KeySchema": [
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
        **capacity.fields(),
    }
    reply = await request(store, clock, "CreateTable", msgspec.json.encode(document), table=table)
    if not reply.ok and reply.error_code != "ResourceInUseException":
        raise error_for("CreateTable", table, reply, store.location)


def _check_keys(facts: TableFacts) -> None:
    if facts.keys != KEYS:
        raise SchemaMismatch(
            f"Table {facts.name} is there already with other keys than footfall's: {', '.join(facts.keys)}, "
            f"not {', '.join(KEYS)}.",
            hint="choose another prefix: --store dynamodb:PREFIX",
        )


async def _wait_until_active(store: Store, clock: Clock, table: str) -> TableFacts:
    started = clock.monotonic()
    while True:
        # DescribeTable is eventually consistent: just after CreateTable it may not know the table yet.
        with suppress(TableMissing):
            facts = await describe(store, clock, table)
            if facts.status == "ACTIVE":
                return facts

        if clock.monotonic() - started > ACTIVE_AFTER_SECONDS:
            raise StoreUnreachable(
                f"Table {table} is not active {ACTIVE_AFTER_SECONDS:.0f} seconds after it was created.",
                hint=f"footfall table describe --store {store.location}",
            )

        await clock.sleep(_POLL_SECONDS)
