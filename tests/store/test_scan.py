from __future__ import annotations

from typing import Any

import msgspec
import polars as pl
import pytest

from footfall.errors import AccessDenied, TableMissing
from footfall.layout import read_page
from footfall.store import Store
from footfall.store.admin import Capacity, create_tables
from footfall.store.client import command
from footfall.store.embedded import EmbeddedEngine
from footfall.store.pages import CONCURRENCY
from footfall.store.partitions import LARGEST_SEGMENTS
from footfall.store.scan import KEYS, scan, segment_count
from tests.fakes import FakeClock, ScriptedEngine, ok, refused, store_on

pytestmark = pytest.mark.anyio

A, B = "a" * 16, "b" * 16


def item(site: str, on: str, source_id: str, offset: int, shard: int = 0) -> dict[str, dict[str, str]]:
    return {
        "pk": {"S": f"{site}#{on}#{shard}"},
        "sk": {"S": f"{on}T10:00:00.000Z#{source_id}{offset:013}"},
        "ua": {"S": "x" * 5_000},
    }


@pytest.fixture
async def store(embedded_engine: EmbeddedEngine) -> Store:
    clock, store = FakeClock(), store_on(embedded_engine)
    await create_tables(store, clock, shards=8, capacity=Capacity())
    return store


async def put(store: Store, *items: dict[str, Any]) -> None:
    for each in items:
        document = {"TableName": store.events_table, "Item": each}
        await command(store, FakeClock(), "PutItem", document, table=store.events_table)


async def scanned(store: Store, segments: int) -> tuple[list[pl.DataFrame], int]:
    pages: list[pl.DataFrame] = []
    reading = await scan(
        store, FakeClock(), KEYS, segments=segments, digest=lambda keys: keys, take=pages.append
    )
    return pages, reading.items


@pytest.mark.parametrize("segments", [1, 3, 20])
async def test_every_key_is_read_once_over_all_pages_and_segments(store: Store, segments: int) -> None:
    await put(store, *(item("a.org", f"2026-03-0{1 + n % 5}", A, n, n % 8) for n in range(300)))
    pages, items = await scanned(store, segments)
    found = pl.concat(pages).sort("offset")
    assert found["offset"].to_list() == list(range(300))
    assert found.row(7) == (A, "2026-03-03", 7)
    assert items == 300
    assert len(pages) > 1, "1 MB is a page"


async def test_keys_are_all_that_travels_and_what_is_read_is_counted(store: Store) -> None:
    await put(store, item("a.org", "2026-03-01", A, 5))
    document = {"TableName": "events", "ProjectionExpression": "pk, sk", "ReturnConsumedCapacity": "TOTAL"}
    reply = await store.engine.call("Scan", msgspec.json.encode(document))
    page = read_page(reply.body)
    assert b"xxx" not in reply.body
    assert (KEYS.frame_of(page).rows(), page.last_key, page.consumed_units) == (
        [(A, "2026-03-01", 5)],
        None,
        1.0,
    )
    reading = await scan(
        store, FakeClock(), KEYS, segments=1, digest=lambda keys: keys.head(0), take=lambda _: None
    )
    assert reading.read_units == 2.0, "strongly consistent reads of 5 KB"


async def test_keys_that_are_none_of_footfalls_have_no_source(store: Store) -> None:
    foreign = [("what", "ever"), ("a#2026-03-01#0", "2026-03-01T10:00:00.000Z#" + "g" * 16 + "0" * 13)]
    await put(
        store, item("a.org", "2026-03-01", A, 5), *({"pk": {"S": pk}, "sk": {"S": sk}} for pk, sk in foreign)
    )
    [page], items = await scanned(store, 1)
    assert items == 3
    assert page.filter(pl.col("source_id").is_null()).height == 2
    assert page.filter(source_id=A)["offset"].to_list() == [5]


async def test_an_empty_table_has_no_keys(store: Store) -> None:
    [page], items = await scanned(store, 1)
    assert (items, page.height, page.columns) == (0, 0, ["source_id", "on", "offset"])


async def test_throttled_pages_are_asked_for_again(store: Store) -> None:
    await put(store, item("a.org", "2026-03-01", A, 5))
    reply = await store.engine.call("Scan", msgspec.json.encode({"TableName": "events"}))
    engine = ScriptedEngine([refused("ProvisionedThroughputExceededException"), reply])
    pages, items = await scanned(store_on(engine), 1)
    assert (len(pages), items) == (1, 1)


@pytest.mark.parametrize(
    ("code", "kind"),
    [("ResourceNotFoundException", TableMissing), ("AccessDeniedException", AccessDenied)],
)
async def test_a_refused_scan_is_the_error_that_says_why(code: str, kind: type[Exception]) -> None:
    with pytest.raises(ExceptionGroup) as caught:
        await scanned(store_on(ScriptedEngine([refused(code)])), 1)

    assert caught.group_contains(kind)


@pytest.mark.parametrize(
    ("size_bytes", "items", "likely_items", "expected"),
    [
        (0, 0, 0, 1),
        (10**6, 2_000, 0, 1),
        (10**6, 0, 4_001, 3),
        (10**9, 10**6, 0, CONCURRENCY),
        (10**11, 10**8, 0, 47),
        (10**13, 10**10, 0, LARGEST_SEGMENTS),
    ],
)
async def test_segments_follow_the_size_of_the_table(
    size_bytes: int, items: int, likely_items: int, expected: int
) -> None:
    facts = {"TableStatus": "ACTIVE", "ItemCount": items, "TableSizeBytes": size_bytes}
    keys: dict[str, Any] = {"KeySchema": [], "AttributeDefinitions": []}
    engine = ScriptedEngine([ok({"Table": facts | keys})])
    assert await segment_count(store_on(engine), FakeClock(), likely_items) == expected
