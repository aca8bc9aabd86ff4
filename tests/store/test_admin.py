from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from footfall.errors import (
    FootfallError,
    SchemaMismatch,
    SettingsError,
    StoreError,
    StoreUnreachable,
    TableMissing,
)
from footfall.store import Store
from footfall.store.admin import (
    ACTIVE_AFTER_SECONDS,
    DEFAULT_SHARDS,
    Capacity,
    TableFacts,
    create_tables,
    describe,
    open_tables,
    set_expiry,
)
from footfall.store.client import command
from footfall.store.embedded import EmbeddedEngine
from footfall.store.engine import Reply
from footfall.store.state import read_meta
from tests.fakes import FakeClock, ScriptedEngine, ok, refused, store_on

pytestmark = pytest.mark.anyio


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def store(clock: FakeClock) -> AsyncIterator[Store]:
    engine = EmbeddedEngine.open(":memory:", clock)
    yield store_on(engine, "owa_")
    await engine.aclose()


async def create(store: Store, clock: FakeClock, shards: int = 8, capacity: Capacity | None = None) -> Any:
    return await create_tables(store, clock, shards=shards, capacity=capacity or Capacity())


async def delete_table(store: Store, clock: FakeClock, table: str) -> None:
    await command(store, clock, "DeleteTable", {"TableName": table}, table=table)


async def test_creating_twice_changes_nothing(store: Store, clock: FakeClock) -> None:
    first = await create(store, clock)
    assert await create(store, clock) == first
    assert await read_meta(store, clock) == first


async def test_creating_with_other_shards_is_refused_and_changes_nothing(
    store: Store, clock: FakeClock
) -> None:
    first = await create(store, clock, shards=8)
    with pytest.raises(SettingsError, match="made with 8 shards and cannot change to 16") as caught:
        await create(store, clock, shards=16)

    assert "--shards" in (caught.value.hint or "")
    assert await read_meta(store, clock) == first


@pytest.mark.parametrize("table", ["owa_events", "owa_state"])
async def test_creating_again_makes_what_is_missing(store: Store, clock: FakeClock, table: str) -> None:
    await create(store, clock)
    await delete_table(store, clock, table)
    await create(store, clock)
    assert (await describe(store, clock, table)).status == "ACTIVE"


async def test_a_new_table_is_empty_keyed_and_billed_on_demand(store: Store, clock: FakeClock) -> None:
    await create(store, clock)
    expected = TableFacts("owa_events", "ACTIVE", 0, 0, "on demand", ("pk (S)", "sk (S)"))
    assert await describe(store, clock, "owa_events") == expected


async def test_provisioned_units_are_those_of_the_events_table(store: Store, clock: FakeClock) -> None:
    await create(store, clock, capacity=Capacity(read_units=7, write_units=25))
    billing = {table: (await describe(store, clock, f"owa_{table}")).billing for table in ("events", "state")}
    assert billing == {"events": "7 read and 25 write units/s", "state": "on demand"}
    limits = {
        table: (await describe(store, clock, f"owa_{table}")).read_units for table in ("events", "state")
    }
    assert limits == {"events": 7, "state": None}


@pytest.mark.parametrize("units", [{"read_units": 5}, {"write_units": 5}])
async def test_provisioned_capacity_needs_both(units: dict[str, int]) -> None:
    with pytest.raises(SettingsError, match="both --read-units and --write-units") as caught:
        Capacity(**units)

    assert caught.value.hint == "--read-units 5 --write-units 5, or neither for on demand"


async def test_describing_a_table_that_is_not_there_says_so(store: Store, clock: FakeClock) -> None:
    with pytest.raises(TableMissing, match="Table owa_events does not exist"):
        await describe(store, clock, "owa_events")


async def test_opening_creates_when_told_to(store: Store, clock: FakeClock) -> None:
    meta = await open_tables(store, clock, create=True)
    assert meta.shards == DEFAULT_SHARDS
    assert await open_tables(store, clock, create=False) == meta


async def test_opening_creates_nothing_unless_told_to(store: Store, clock: FakeClock) -> None:
    with pytest.raises(TableMissing):
        await open_tables(store, clock, create=False)

    with pytest.raises(TableMissing):
        await describe(store, clock, "owa_state")


async def test_opening_keeps_the_shards_that_were_chosen(store: Store, clock: FakeClock) -> None:
    meta = await create(store, clock, shards=DEFAULT_SHARDS + 1)
    assert await open_tables(store, clock, create=True) == meta


@pytest.mark.parametrize("create", [True, False])
async def test_opening_heals_a_state_table_without_meta_when_it_may(
    store: Store, clock: FakeClock, create: bool
) -> None:
    # A run that was killed between making the table and writing its meta leaves this.
    await open_tables(store, clock, create=True)
    key = {"pk": {"S": "meta"}, "sk": {"S": "table"}}
    await command(store, clock, "DeleteItem", {"TableName": "owa_state", "Key": key}, table="owa_state")
    if create:
        assert await open_tables(store, clock, create=True) == await read_meta(store, clock)
        return

    with pytest.raises(SchemaMismatch):
        await open_tables(store, clock, create=False)


class SlowTables:
    """Answers as DynamoDB does when tables are made: unknown at first, then CREATING, then ACTIVE."""

    def __init__(self, *statuses: str | None) -> None:
        self._left = {"events": list(statuses), "state": list(statuses)}

    def __call__(self, operation: str, body: bytes) -> Reply:
        if operation != "DescribeTable":
            return ok({})

        statuses = self._left[msgspec.json.decode(body)["TableName"]]
        status = statuses.pop(0) if len(statuses) > 1 else statuses[0]
        if status is None:
            return refused("ResourceNotFoundException")

        keys = [{"AttributeName": "sk", "KeyType": "RANGE"}, {"AttributeName": "pk", "KeyType": "HASH"}]
        types = [{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")]
        return ok({"Table": {"TableStatus": status, "KeySchema": keys, "AttributeDefinitions": types}})


async def test_a_table_that_is_being_made_is_waited_for(clock: FakeClock) -> None:
    engine = ScriptedEngine(SlowTables(None, None, "CREATING", "ACTIVE"))
    await create(store_on(engine), clock)
    operations = [call.operation for call in engine.calls]
    assert operations == ["CreateTable"] * 2 + ["DescribeTable"] * 8 + ["PutItem"]
    assert clock.monotonic() == 6.0


@pytest.mark.parametrize("status", ["CREATING", None])
async def test_a_table_that_never_becomes_active_is_given_up(clock: FakeClock, status: str | None) -> None:
    with pytest.raises(StoreUnreachable, match="Table state is not active 300 seconds after"):
        await create(store_on(ScriptedEngine(SlowTables(status))), clock)

    assert clock.monotonic() == pytest.approx(ACTIVE_AFTER_SECONDS, abs=2)


@pytest.mark.parametrize(
    ("code", "kind"),
    [("ValidationException", StoreError), ("AccessDeniedException", FootfallError)],
)
async def test_a_table_that_may_not_be_made_is_an_error(
    clock: FakeClock, code: str, kind: type[FootfallError]
) -> None:
    with pytest.raises(kind, match="CreateTable on state"):
        await create(store_on(ScriptedEngine([refused(code, "why")])), clock)


async def test_a_table_is_made_with_both_keys_as_strings(clock: FakeClock) -> None:
    engine = ScriptedEngine(SlowTables("ACTIVE"))
    await create(store_on(engine), clock, capacity=Capacity(read_units=1, write_units=2))
    state, events = (call.document for call in engine.calls[:2])
    assert (state["TableName"], state["BillingMode"]) == ("state", "PAY_PER_REQUEST")
    assert (events["TableName"], events["BillingMode"]) == ("events", "PROVISIONED")
    assert events["ProvisionedThroughput"] == {"ReadCapacityUnits": 1, "WriteCapacityUnits": 2}
    assert {tuple(key.values()) for key in events["KeySchema"]} == {("pk", "HASH"), ("sk", "RANGE")}
    assert {one["AttributeType"] for one in events["AttributeDefinitions"]} == {"S"}


@pytest.mark.parametrize(("name", "kind"), [("sk", "N"), ("id", "S")])
async def test_a_table_with_other_keys_is_not_called_ready(
    embedded_engine: EmbeddedEngine, clock: FakeClock, name: str, kind: str
) -> None:
    store = store_on(embedded_engine, "owa_")
    document = {
        "TableName": "owa_events",
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": name, "KeyType": "RANGE"},
        ],
        "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": name, "AttributeType": kind},
        ],
    }
    await command(store, clock, "CreateTable", document, table="owa_events")
    with pytest.raises(SchemaMismatch, match=rf"other keys than footfall's: pk \(S\), {name} \({kind}\)"):
        await create_tables(store, clock, shards=8, capacity=Capacity())


@pytest.mark.parametrize("is_on", [True, False])
async def test_ttl_looks_at_the_attribute_of_expiry(clock: FakeClock, is_on: bool) -> None:
    engine = ScriptedEngine([ok()])
    await set_expiry(store_on(engine, "owa_", "dynamodb:owa_"), clock, is_on=is_on)
    [call] = engine.calls
    assert call.operation == "UpdateTimeToLive"
    assert call.document == {
        "TableName": "owa_events",
        "TimeToLiveSpecification": {"AttributeName": "xp", "Enabled": is_on},
    }


async def test_ttl_that_is_on_already_is_no_error_and_another_refusal_is(clock: FakeClock) -> None:
    code = "ValidationException"
    done = ScriptedEngine([refused(code, "TimeToLive is already enabled")])
    await set_expiry(store_on(done, "", "dynamodb:"), clock, is_on=True)
    refusing = ScriptedEngine([refused(code, "Time to live has been modified multiple times")])
    with pytest.raises(StoreError, match="modified multiple times"):
        await set_expiry(store_on(refusing, "", "dynamodb:"), clock, is_on=True)
