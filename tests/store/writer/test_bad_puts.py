"""A batch of 25 with one item of 500 KB, one empty key and one duplicate key stores all it can and names the rest."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from footfall.event import conform
from footfall.layout import encode
from footfall.store.writer.batches import Batch, cut_batches, request_body
from footfall.store.writer.checks import (
    DUPLICATE_KEY,
    EMPTY_KEY,
    ITEM_TOO_LARGE,
    REFUSED_BY_STORE,
    find_unstorable,
)
from footfall.store.writer.pool import Writer
from ingest.tally import Tally
from tests.fakes import FakeClock
from tests.ingest.runs import embedded_store, table_of

pytestmark = pytest.mark.anyio

LARGE, EMPTY, DOUBLE = 4, 9, 17
"""Which of the 25 are bad; number 17 has the key of number 18."""

GOOD = [number for number in range(25) if number not in {LARGE, EMPTY, DOUBLE}]


def events() -> pl.DataFrame:
    number = pl.int_range(25, eager=True)
    return conform(
        pl.DataFrame(
            {
                "site": pl.select(pl.when(number != EMPTY).then(pl.lit("example.org"))).to_series(),
                "time": [datetime(2026, 3, 1, tzinfo=UTC)] * 25,
                "shard": number % 4 + 1,
                "source_id": "0123456789abcdef",
                "offset": [18 if place == DOUBLE else place for place in range(25)],
                "path": [f"/{place}" for place in range(25)],
                "user_agent": ["x" * 500_000 if place == LARGE else "x" for place in range(25)],
            }
        ).with_columns(shard=pl.lit(1))
    )


async def test_before_sending(tmp_path: Path) -> None:
    frame = events()
    items = encode(frame)
    reasons = find_unstorable(frame, items)
    assert reasons is not None
    assert {place: reason for place, reason in enumerate(reasons) if reason} == {
        LARGE: ITEM_TOO_LARGE,
        EMPTY: EMPTY_KEY,
        DOUBLE: DUPLICATE_KEY,
    }
    async with embedded_store(tmp_path / "store.db") as (store, _):
        writer = Writer(store, FakeClock(), Tally(), give_up_after_seconds=60)
        [batch] = cut_batches(items.filter(reasons.is_null()), store.events_table)
        assert await writer.write(batch) == ()
        stored = await table_of(store)

    assert sorted(item["p"]["S"] for item in stored.values()) == sorted(f"/{number}" for number in GOOD)


async def test_by_what_the_store_says_when_nothing_was_checked(tmp_path: Path) -> None:
    items = encode(events().with_columns(pl.col("site").fill_null("example.org")))
    rows = items.get_column("item").to_list()
    rows[EMPTY] = rows[EMPTY].replace('"pk":{"S":"example.org#2026-03-01#1"}', '"pk":{"S":""}')
    puts = ",".join(f'{{"PutRequest":{{"Item":{row}}}}}' for row in rows)
    tally = Tally()
    async with embedded_store(tmp_path / "store.db") as (store, _):
        writer = Writer(store, FakeClock(), tally, give_up_after_seconds=60)
        named = await writer.write(Batch(request_body(store.events_table, puts), 25))
        stored = await table_of(store)

    assert sorted(item["p"]["S"] for item in stored.values()) == sorted(f"/{number}" for number in GOOD)
    assert {(one.sk[-2:], one.reason, one.pk == "") for one in named} == {
        ("04", REFUSED_BY_STORE, False),
        ("09", REFUSED_BY_STORE, True),
        ("18", DUPLICATE_KEY, False),
    }
    assert any("size" in one.sentence for one in named)
    assert (tally.batches, tally.throttled) == (1, 0)
