from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import anyio
import anyio.lowlevel
import msgspec
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from footfall.errors import SchemaMismatch, StoreUnreachable, TableMissing
from footfall.store.client import GIVE_UP_AFTER_SECONDS
from footfall.store.engine import Reply
from footfall.store.state import Day
from reports.extraction.dataset import Dataset, open_dataset
from reports.extraction.extract import extract, request_for
from reports.extraction.plan import KeyRange, Plan, Segment, TableSize, plan_reading
from reports.extraction.reading import Reading
from reports.scope import Scope
from tests.fakes import FakeClock, ScriptedEngine, ok, refused, store_on
from tests.reports.conftest import MakeEvents
from tests.reports.store import CLOCK, SHARDS, fill, opened, write_items

START = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def three_days(make_events: MakeEvents) -> pl.DataFrame:
    """600 events of two sites over 72 hours, about 3 MB as items."""
    return make_events(
        *(
            {
                "at": (START + timedelta(minutes=7.2 * number)).isoformat(),
                "site": ("a.example", "b.example")[number % 2],
                "path": f"/{number}" + "x" * 5_000,
            }
            for number in range(600)
        )
    ).collect()


def scan_of(total: int) -> Plan:
    return Plan("scan", tuple(Segment(index, total) for index in range(total)), 0.0)


def read(
    path: Path, plan: Plan, scope: Scope | None = None, buffer_bytes: int = 2**20
) -> tuple[Reading, pl.DataFrame]:
    async def run() -> tuple[Reading, pl.DataFrame]:
        async with opened(path) as store:
            with open_dataset(None) as dataset:
                reading = await extract(
                    store, CLOCK, plan, scope or Scope(), dataset, buffer_bytes=buffer_bytes
                )
                return reading, dataset.scan().sort("offset").collect()

    return anyio.run(run)


@pytest.mark.parametrize("segments", [1, 3, 20])
def test_a_scan_reads_every_event_once(tmp_path: Path, three_days: pl.DataFrame, segments: int) -> None:
    anyio.run(fill, tmp_path / "x.db", three_days)
    reading, events = read(tmp_path / "x.db", scan_of(segments))

    assert_frame_equal(events.drop("shard"), three_days.drop("shard"))
    assert (reading.method, reading.partitions, reading.items, reading.events) == ("scan", segments, 600, 600)


def test_a_scan_costs_half_a_unit_for_four_kilobytes(tmp_path: Path, three_days: pl.DataFrame) -> None:
    anyio.run(fill, tmp_path / "x.db", three_days)
    reading, _ = read(tmp_path / "x.db", scan_of(1))

    assert 360 < reading.read_units < 410
    assert reading.page_bytes > 3_000_000


@pytest.mark.parametrize(
    "scope",
    [
        Scope(site="a.example"),
        Scope(first_on=date(2026, 3, 2), last_on=date(2026, 3, 2)),
        Scope(site="b.example", first_on=date(2026, 3, 2), time_zone="America/New_York"),
        Scope(site="b.example", last_on=date(2026, 3, 2), time_zone="Asia/Kolkata"),
        Scope(site="nobody.example"),
    ],
    ids=str,
)
def test_query_and_scan_find_the_same(tmp_path: Path, three_days: pl.DataFrame, scope: Scope) -> None:
    anyio.run(fill, tmp_path / "x.db", three_days)
    days = three_days.group_by("site", pl.col("time").dt.date()).len().rows()
    ledger = [Day(site, on, 1, count * 10_000) for site, on, count in days]
    plan = plan_reading(scope, TableSize(10**9, 10**12, SHARDS, ledger), None, 8)

    queried, from_query = read(tmp_path / "x.db", plan, scope)
    scanned, from_scan = read(tmp_path / "x.db", scan_of(2), scope)

    assert (queried.method, scanned.method) == ("query", "scan")
    assert_frame_equal(from_query, from_scan)
    assert_frame_equal(from_scan.drop("shard"), three_days.filter(scope.predicate()).drop("shard"))
    assert queried.items == queried.events <= scanned.items == 600


def test_a_small_buffer_writes_many_parts_and_loses_nothing(tmp_path: Path, three_days: pl.DataFrame) -> None:
    anyio.run(fill, tmp_path / "x.db", three_days)

    async def run() -> int:
        async with opened(tmp_path / "x.db") as store:
            dataset = Dataset(tmp_path, by_day=False)
            await extract(store, CLOCK, scan_of(4), Scope(), dataset, buffer_bytes=1)
            return dataset.scan().collect().height

    assert anyio.run(run) == 600
    assert len(list(tmp_path.glob("*.parquet"))) >= 4


def test_progress_is_told_after_each_page(tmp_path: Path, three_days: pl.DataFrame) -> None:
    anyio.run(fill, tmp_path / "x.db", three_days)
    seen: list[Reading] = []

    async def run() -> Reading:
        async with opened(tmp_path / "x.db") as store:
            with open_dataset(None) as dataset:
                return await extract(store, CLOCK, scan_of(1), Scope(), dataset, on_page=seen.append)

    assert anyio.run(run).items == seen[-1].items == 600
    assert [reading.items for reading in seen] == sorted({reading.items for reading in seen})
    assert len(seen) > 2


def test_an_empty_table_gives_no_events(tmp_path: Path, make_events: MakeEvents) -> None:
    anyio.run(fill, tmp_path / "x.db", make_events().collect())
    reading, events = read(tmp_path / "x.db", scan_of(4))

    assert events.is_empty()
    assert (reading.items, reading.events) == (0, 0)


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.RaisesGroup(pytest.RaisesExc(TableMissing, match="events")):
        read(tmp_path / "x.db", scan_of(1))


class StandingClock(FakeClock):
    """Time goes on only when a test says so: threads at work would otherwise be overtaken by virtual sleeps."""

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        await anyio.lowlevel.checkpoint()


EMPTY_PAGE = {"Items": [], "Count": 0, "ScannedCount": 0}
THROTTLED = refused("ProvisionedThroughputExceededException")


def test_a_starved_reader_goes_on_while_another_gets_pages() -> None:
    clock = StandingClock()

    def answer(_: str, body: bytes) -> Reply:
        """Serve segment 0 a page each third of the limit, for five times the limit; only then segment 1."""
        is_over = clock.monotonic() > 5 * GIVE_UP_AFTER_SECONDS
        if msgspec.json.decode(body)["Segment"] == 1:
            return ok(EMPTY_PAGE) if is_over else THROTTLED

        clock.advance(GIVE_UP_AFTER_SECONDS / 3)
        return ok(EMPTY_PAGE if is_over else EMPTY_PAGE | {"LastEvaluatedKey": {"pk": {"S": "a"}}})

    async def run() -> Reading:
        with open_dataset(None) as dataset:
            return await extract(store_on(ScriptedEngine(answer)), clock, scan_of(2), Scope(), dataset)

    assert anyio.run(run).seconds > 5 * GIVE_UP_AFTER_SECONDS


def test_a_table_that_gives_no_reader_capacity_says_which_units_to_raise() -> None:
    async def run() -> None:
        with open_dataset(None) as dataset:
            store = store_on(ScriptedEngine(lambda *_: THROTTLED))
            await extract(store, FakeClock(), scan_of(1), Scope(), dataset)

    with pytest.RaisesGroup(
        pytest.RaisesExc(
            StoreUnreachable,
            match="Table events of .* has refused Scan for lack of capacity",
            check=lambda error: "read units or lower --segments" in str(error.hint),
        )
    ):
        anyio.run(run)


def test_an_item_that_is_no_event_is_refused(tmp_path: Path, make_events: MakeEvents) -> None:
    async def spoil() -> None:
        await fill(tmp_path / "x.db", make_events({}).collect())
        async with opened(tmp_path / "x.db") as store:
            await write_items(store, ['{"pk":{"S":"orders"},"sk":{"S":"42"}}'])

    anyio.run(spoil)
    with pytest.RaisesGroup(SchemaMismatch):
        read(tmp_path / "x.db", scan_of(1))


def test_requests_are_dynamodbs() -> None:
    assert request_for(Segment(1, 4), "t") == (
        "Scan",
        {"TableName": "t", "ReturnConsumedCapacity": "TOTAL", "Segment": 1, "TotalSegments": 4},
    )
    assert request_for(KeyRange("p", "a", "b"), "t") == (
        "Query",
        {
            "TableName": "t",
            "ReturnConsumedCapacity": "TOTAL",
            "KeyConditionExpression": "pk = :pk AND sk BETWEEN :first AND :last",
            "ExpressionAttributeValues": {":pk": {"S": "p"}, ":first": {"S": "a"}, ":last": {"S": "b"}},
        },
    )
