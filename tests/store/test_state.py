from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import msgspec
import pytest

from footfall.errors import SchemaMismatch, SourceTaken, StoreError, TableMissing
from footfall.keys import SCHEMA_VERSION
from footfall.store import Store
from footfall.store.admin import Capacity, create_tables
from footfall.store.client import command
from footfall.store.embedded import EmbeddedEngine
from footfall.store.engine import Engine, NoReply, Reply
from footfall.store.state import (
    Accounts,
    Checkpoint,
    Day,
    Owner,
    Process,
    Seen,
    TableMeta,
    create_meta,
    find_meta,
    read_checkpoint,
    read_days,
    read_held,
    read_meta,
    save_checkpoint,
    touch_days,
)
from tests.fakes import FakeClock, store_on

pytestmark = pytest.mark.anyio

SOURCE = "0123456789abcdef"
MARCH_1, MARCH_2 = date(2026, 3, 1), date(2026, 3, 2)


class Faulty:
    """An engine that passes requests on, changed by `change`, and loses the first `lost` replies of an operation."""

    def __init__(self, engine: Engine, operation: str, *, lost: int = 0, **change: Any) -> None:
        self._engine = engine
        self._operation = operation
        self._lost = lost
        self._change = change
        self.replies: list[Reply] = []

    async def call(self, operation: str, body: bytes) -> Reply:
        if operation != self._operation:
            return await self._engine.call(operation, body)

        reply = await self._engine.call(
            operation, msgspec.json.encode(msgspec.json.decode(body) | self._change)
        )
        self.replies.append(reply)
        if len(self.replies) <= self._lost:
            raise NoReply("connection reset", maybe_applied=True)

        return reply

    async def aclose(self) -> None:
        await self._engine.aclose()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def empty(clock: FakeClock) -> AsyncIterator[Store]:
    """A store without tables."""
    engine = EmbeddedEngine.open(":memory:", clock)
    yield store_on(engine)
    await engine.aclose()


@pytest.fixture
async def store(empty: Store, clock: FakeClock) -> Store:
    await create_tables(empty, clock, shards=8, capacity=Capacity())
    return empty


async def put(store: Store, clock: FakeClock, **attributes: dict[str, str]) -> None:
    document = {"TableName": store.state_table, "Item": attributes}
    await command(store, clock, "PutItem", document, table=store.state_table)


async def get(store: Store, clock: FakeClock, pk: str, sk: str) -> dict[str, Any]:
    document = {"TableName": store.state_table, "Key": {"pk": {"S": pk}, "sk": {"S": sk}}}
    reply = await command(store, clock, "GetItem", document, table=store.state_table)
    item: dict[str, Any] = reply["Item"]
    return item


async def test_meta_is_written_once_and_read_back(empty: Store, clock: FakeClock) -> None:
    created = await create_tables(empty, clock, shards=5, capacity=Capacity())
    assert (created.layout, created.shards, created.schema_version) == ("items", 5, SCHEMA_VERSION)
    assert await read_meta(empty, clock) == created
    assert await find_meta(empty, clock) == created


async def test_a_second_create_gives_the_first_meta(store: Store, clock: FakeClock) -> None:
    first = await read_meta(store, clock)
    second = await create_meta(store, clock, layout="items", shards=16)
    assert second == first
    assert await read_meta(store, clock) == first


async def test_every_store_has_its_own_salt(store: Store, clock: FakeClock) -> None:
    engine = EmbeddedEngine.open(":memory:", clock)
    try:
        other = await create_tables(store_on(engine), clock, shards=8, capacity=Capacity())
    finally:
        await engine.aclose()

    first = await read_meta(store, clock)
    assert len(first.salt) == len(other.salt) == 32
    assert first.salt != other.salt


async def test_a_lost_reply_to_the_meta_leaves_one_meta(store: Store, clock: FakeClock) -> None:
    await delete(store, clock, "meta", "table")
    faulty = Faulty(store.engine, "PutItem", lost=1)
    meta = await create_meta(replace(store, engine=faulty), clock, layout="items", shards=3)
    assert [reply.status for reply in faulty.replies] == [200, 400]
    assert meta == await read_meta(store, clock)


async def delete(store: Store, clock: FakeClock, pk: str, sk: str) -> None:
    document = {"TableName": store.state_table, "Key": {"pk": {"S": pk}, "sk": {"S": sk}}}
    await command(store, clock, "DeleteItem", document, table=store.state_table)


async def test_without_a_state_table_the_table_is_missing(empty: Store, clock: FakeClock) -> None:
    with pytest.raises(TableMissing, match="Table state does not exist") as caught:
        await read_meta(empty, clock)

    assert caught.value.hint == "footfall table create --store embedded:test.db"


async def test_without_meta_there_is_none_to_find_and_reading_it_is_an_error(
    store: Store, clock: FakeClock
) -> None:
    await delete(store, clock, "meta", "table")
    assert await find_meta(store, clock) is None
    with pytest.raises(SchemaMismatch, match="Table state holds no footfall meta") as caught:
        await read_meta(store, clock)

    assert caught.value.hint == "footfall table create --store embedded:test.db"


async def test_another_schema_version_is_refused_whatever_else_it_holds(
    store: Store, clock: FakeClock
) -> None:
    await put(
        store, clock, pk={"S": "meta"}, sk={"S": "table"}, schema_version={"N": str(SCHEMA_VERSION + 1)}
    )
    with pytest.raises(
        SchemaMismatch, match=f"schema version {SCHEMA_VERSION + 1}, this footfall .* {SCHEMA_VERSION}"
    ):
        await find_meta(store, clock)


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {"schema_version": {"S": "1"}},
        {"schema_version": {"N": str(SCHEMA_VERSION)}},
        {
            "schema_version": {"N": str(SCHEMA_VERSION)},
            "layout": {"S": "items"},
            "shards": {"N": "8"},
            "salt": {"S": "no hex"},
        },
    ],
)
async def test_a_meta_item_of_somebody_else_is_refused(
    store: Store, clock: FakeClock, attributes: dict[str, dict[str, str]]
) -> None:
    await put(store, clock, pk={"S": "meta"}, sk={"S": "table"}, **attributes)
    with pytest.raises(SchemaMismatch, match="not footfall's"):
        await find_meta(store, clock)


async def test_a_state_table_with_other_keys_is_refused(empty: Store, clock: FakeClock) -> None:
    document = {
        "TableName": "state",
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    }
    await command(empty, clock, "CreateTable", document, table="state")
    with pytest.raises(SchemaMismatch, match="Table state has other keys than footfall's"):
        await read_meta(empty, clock)


def checkpoint(**fields: Any) -> Checkpoint:
    return Checkpoint(source_id=SOURCE, name="access.log", **fields)


async def read(store: Store, clock: FakeClock, group: str = "main") -> Checkpoint:
    return await read_checkpoint(store, clock, group, SOURCE, "access.log")


async def test_a_source_that_was_never_read_is_at_its_beginning(store: Store, clock: FakeClock) -> None:
    assert await read(store, clock) == checkpoint()


async def test_a_checkpoint_comes_back_as_it_was_saved(store: Store, clock: FakeClock) -> None:
    reached = checkpoint(position=10**12, lines=9, events=5, rejected=2, skipped=1, filtered=1)
    saved = await save_checkpoint(store, clock, "main", reached)
    assert saved == replace(reached, revision=1)
    assert await read(store, clock) == saved


async def test_a_checkpoint_moves_on_from_save_to_save(store: Store, clock: FakeClock) -> None:
    saved = await save_checkpoint(store, clock, "main", checkpoint(position=10))
    saved = await save_checkpoint(store, clock, "main", replace(saved, position=20))
    assert (await read(store, clock)) == checkpoint(position=20, revision=2)
    assert saved.revision == 2


async def test_groups_have_their_own_checkpoints(store: Store, clock: FakeClock) -> None:
    await save_checkpoint(store, clock, "main", checkpoint(position=10))
    assert await read(store, clock, "other") == checkpoint()


async def test_two_runs_from_the_start_cannot_both_advance(store: Store, clock: FakeClock) -> None:
    await save_checkpoint(store, clock, "main", checkpoint(position=10))
    with pytest.raises(
        StoreError, match=r"Another run is reading access\.log for group 'main': it is at byte 10\."
    ):
        await save_checkpoint(store, clock, "main", checkpoint(position=20))

    assert (await read(store, clock)).position == 10


async def test_two_runs_from_one_checkpoint_cannot_both_advance(store: Store, clock: FakeClock) -> None:
    seen = await save_checkpoint(store, clock, "main", checkpoint(position=10))
    await save_checkpoint(store, clock, "main", replace(seen, position=2_000))
    with pytest.raises(StoreError, match=r"it is at byte 2,000\.") as caught:
        await save_checkpoint(store, clock, "main", replace(seen, position=30))

    assert "--group" in (caught.value.hint or "")
    assert (await read(store, clock)).position == 2_000


@pytest.mark.parametrize("revision", [0, 1])
async def test_two_runs_in_step_cannot_both_advance(store: Store, clock: FakeClock, revision: int) -> None:
    seen = checkpoint(position=10)
    if revision:
        seen = await save_checkpoint(store, clock, "main", seen)

    ahead = replace(seen, position=20, lines=2)
    await save_checkpoint(store, clock, "main", ahead)
    with pytest.raises(StoreError, match="Another run"):
        await save_checkpoint(store, clock, "main", ahead)


async def test_a_checkpoint_that_somebody_removed_is_not_written_over(store: Store, clock: FakeClock) -> None:
    seen = await save_checkpoint(store, clock, "main", checkpoint(position=10))
    await delete(store, clock, "source#main", SOURCE)
    with pytest.raises(StoreError, match="its checkpoint is gone"):
        await save_checkpoint(store, clock, "main", replace(seen, position=20))


async def test_a_save_nobody_waited_for_does_not_stop_the_run_that_sent_it(
    store: Store, clock: FakeClock
) -> None:
    seen = await save_checkpoint(store, clock, "main", checkpoint(position=10), "one run")
    await save_checkpoint(store, clock, "main", replace(seen, position=20), "one run")
    saved = await save_checkpoint(store, clock, "main", replace(seen, position=30), "one run")
    assert saved == await read(store, clock) == checkpoint(position=30, revision=3)
    with pytest.raises(StoreError, match="Another run"):
        await save_checkpoint(store, clock, "main", replace(seen, position=40), "another run")


@pytest.mark.parametrize("lost", [1, 3])
async def test_a_save_whose_reply_was_lost_is_known_as_our_own(
    store: Store, clock: FakeClock, lost: int
) -> None:
    faulty = Faulty(store.engine, "PutItem", lost=lost)
    saved = await save_checkpoint(replace(store, engine=faulty), clock, "main", checkpoint(position=10))
    assert faulty.replies[-1].error_code == "ConditionalCheckFailedException"
    assert saved == await read(store, clock) == checkpoint(position=10, revision=1)


async def test_a_checkpoint_tells_people_when_and_what(store: Store, clock: FakeClock) -> None:
    await save_checkpoint(store, clock, "main", checkpoint(position=10))
    item = await get(store, clock, "source#main", SOURCE)
    assert (item["name"]["S"], item["saved_at"]["S"]) == ("access.log", "2026-03-01T12:00:00.000+00:00")


OWNER = Owner(Process("web-1", 4711, "boot", "9"), "token", datetime(2026, 3, 1, 11, 59, tzinfo=UTC), 30.0)


async def test_owner_accounts_and_what_was_seen_come_back_as_they_were_saved(
    store: Store, clock: FakeClock
) -> None:
    seen = Seen(clock.now(), 2_000, clock.now(), 12.5)
    reached = checkpoint(position=10, events=7, accounts=Accounts({MARCH_1: 5}, 2), seen=seen, owner=OWNER)
    saved = await save_checkpoint(store, clock, "main", reached)
    assert await read(store, clock) == saved == replace(reached, revision=1)


async def test_the_error_says_who_reads_the_source(store: Store, clock: FakeClock) -> None:
    await save_checkpoint(store, clock, "main", checkpoint(position=1_000, owner=OWNER))
    with pytest.raises(
        SourceTaken, match=r"'main': web-1 pid 4711 since 2026-03-01 11:59:00 UTC, at byte 1,000\."
    ):
        await save_checkpoint(store, clock, "main", checkpoint(position=20))


async def test_a_release_nobody_waited_for_is_not_taken_for_the_save_after_it(
    store: Store, clock: FakeClock
) -> None:
    """They are at the same position, and only one of them has an owner."""
    seen = await save_checkpoint(store, clock, "main", checkpoint(position=10, owner=OWNER), "one run")
    await save_checkpoint(store, clock, "main", seen, "one run")
    await save_checkpoint(store, clock, "main", replace(seen, owner=None), "one run")
    assert (await read(store, clock)).owner is None


async def test_a_checkpoint_of_a_footfall_without_owners_and_accounts_is_read(
    store: Store, clock: FakeClock
) -> None:
    saved = await save_checkpoint(store, clock, "main", checkpoint(position=10, events=3, lines=3))
    item = await get(store, clock, "source#main", SOURCE)
    kept = {name: value for name, value in item.items() if name not in {"days", "events_per_second"}}
    await put(store, clock, **kept)
    assert await read(store, clock) == saved
    [held] = await read_held(store, clock)
    assert (held.checkpoint, held.checkpoint.accounts) == (saved, Accounts())


async def test_checkpoints_are_listed_of_one_group_or_of_all(store: Store, clock: FakeClock) -> None:
    await touch_days(store, clock, {("example.org", MARCH_1): 1})
    for group, name in (("main", "b.log"), ("main", "a.log"), ("m", "c.log"), ("main#2", "a.log")):
        await save_checkpoint(store, clock, group, Checkpoint(f"{name:0>16}", name, position=5))

    held = await read_held(store, clock)
    assert [(one.group, one.checkpoint.name) for one in held] == [
        ("m", "c.log"), ("main", "a.log"), ("main", "b.log"), ("main#2", "a.log"),
    ]  # fmt: skip
    assert {one.saved_at for one in held} == {clock.now()}
    assert [one.checkpoint.name for one in await read_held(store, clock, "main")] == ["a.log", "b.log"]
    assert await read_held(store, clock, "other") == []


async def test_a_day_counts_its_writes_and_its_revisions(store: Store, clock: FakeClock) -> None:
    await touch_days(store, clock, {("example.org", MARCH_1): 25, ("example.org", MARCH_2): 1})
    await touch_days(store, clock, {("example.org", MARCH_1): 5})
    assert await read_days(store, clock) == [
        Day("example.org", MARCH_1, revision=2, written=30),
        Day("example.org", MARCH_2, revision=1, written=1),
    ]


async def test_a_day_says_when_it_was_touched_last(store: Store, clock: FakeClock) -> None:
    await touch_days(store, clock, {("example.org", MARCH_1): 25})
    clock.advance(60)
    await touch_days(store, clock, {("example.org", MARCH_1): 0})
    [day] = await read_days(store, clock)
    assert day.touched_at == clock.now()


async def test_no_day_is_touched_by_nothing(store: Store, clock: FakeClock) -> None:
    await touch_days(store, clock, {})
    assert await read_days(store, clock) == []


SITES = ("a.com", "a.com.au", "a.co", "a-b", "a", "default")


async def test_days_of_a_site_are_not_those_of_a_longer_name(store: Store, clock: FakeClock) -> None:
    await touch_days(store, clock, {(site, MARCH_1): 1 for site in SITES})
    for site in SITES:
        assert await read_days(store, clock, site) == [Day(site, MARCH_1, 1, 1)]


async def test_days_are_ordered_by_site_and_date(store: Store, clock: FakeClock) -> None:
    days = [(site, on) for site in SITES for on in (MARCH_2, MARCH_1, date(2025, 12, 31))]
    await touch_days(store, clock, dict.fromkeys(days, 1))
    assert [(day.site, day.on) for day in await read_days(store, clock)] == sorted(days)


@pytest.mark.parametrize("site", [None, "a.com"])
async def test_days_are_read_over_all_pages(store: Store, clock: FakeClock, site: str | None) -> None:
    days = [("a.com", date(2026, 3, day)) for day in range(1, 8)]
    await touch_days(store, clock, dict.fromkeys(days, 1))
    paged = Faulty(store.engine, "Query", Limit=2)
    found = await read_days(replace(store, engine=paged), clock, site)
    assert [(day.site, day.on) for day in found] == days
    assert len(paged.replies) == 4


def test_meta_is_a_value() -> None:
    assert TableMeta("items", 8, b"salt") == TableMeta("items", 8, b"salt", schema_version=SCHEMA_VERSION)
