from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import anyio
import anyio.lowlevel
import msgspec
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from footfall.clock import Clock
from footfall.errors import SchemaMismatch, StoreUnreachable, TableMissing
from footfall.store import Store
from footfall.store.client import GIVE_UP_AFTER_SECONDS
from footfall.store.engine import Reply
from footfall.store.partitions import Segment
from footfall.store.state import Day
from reports.extraction.dataset import Dataset, temporary_dataset
from reports.extraction.extract import Extraction, Limits, OnPage, Parts, Positions, extract
from reports.extraction.plan import Plan, TableSize, choose, wanted_in
from reports.extraction.reading import Reading
from reports.scope import Scope
from tests.fakes import FakeClock, ScriptedEngine, ok, refused, store_on
from tests.reports.conftest import MakeEvents
from tests.reports.extraction.stopping import RefusingEngine
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


async def extract_into(
    store: Store,
    clock: Clock,
    plan: Plan,
    scope: Scope,
    dataset: Dataset,
    *,
    on_page: OnPage | None = None,
    buffer_bytes: int = 2**20,
) -> Reading:
    started = clock.monotonic()
    extraction = Extraction(
        clock,
        Reading(plan.method, len(plan.partitions)),
        Parts(dataset),
        on_page=on_page,
        limits=Limits(buffer_bytes),
    )
    await extract(store, clock, list(enumerate(plan.partitions)), scope.predicate(), extraction)
    return replace(extraction.reading, seconds=clock.monotonic() - started)


def read(
    path: Path, plan: Plan, scope: Scope | None = None, buffer_bytes: int = 2**20
) -> tuple[Reading, pl.DataFrame]:
    async def run() -> tuple[Reading, pl.DataFrame]:
        async with opened(path) as store:
            with temporary_dataset() as dataset:
                reading = await extract_into(
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
    size = TableSize(10**9, 10**12, SHARDS, ledger)
    plan = choose(wanted_in(scope, size), size, None, 8).chosen

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
            await extract_into(store, CLOCK, scan_of(1), Scope(), dataset, buffer_bytes=1)
            return dataset.scan().collect().height

    assert anyio.run(run) == 600
    assert len(list(tmp_path.glob("*.parquet"))) >= 3


def test_progress_is_told_after_each_page(tmp_path: Path, three_days: pl.DataFrame) -> None:
    anyio.run(fill, tmp_path / "x.db", three_days)
    seen: list[Reading] = []

    async def run() -> Reading:
        async with opened(tmp_path / "x.db") as store:
            with temporary_dataset() as dataset:
                return await extract_into(store, CLOCK, scan_of(1), Scope(), dataset, on_page=seen.append)

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
        with temporary_dataset() as dataset:
            return await extract_into(store_on(ScriptedEngine(answer)), clock, scan_of(2), Scope(), dataset)

    assert anyio.run(run).seconds > 5 * GIVE_UP_AFTER_SECONDS


def test_a_table_that_gives_no_reader_capacity_says_which_units_to_raise() -> None:
    async def run() -> None:
        with temporary_dataset() as dataset:
            store = store_on(ScriptedEngine(lambda *_: THROTTLED))
            await extract_into(store, FakeClock(), scan_of(1), Scope(), dataset)

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


class BreakingSink:
    """Keeps what it is given, but not the second time."""

    def __init__(self) -> None:
        self.kept: list[tuple[int, Positions]] = []
        self.calls = 0

    def commit(self, events: pl.DataFrame | None, positions: Positions) -> None:
        self.calls += 1
        if self.calls == 2:
            raise OSError("disk full")

        self.kept.append((0 if events is None else events.height, positions))


def test_after_a_commit_that_failed_nothing_is_committed(tmp_path: Path, three_days: pl.DataFrame) -> None:
    """Positions of a later one would say that the events of the lost one are there."""
    anyio.run(fill, tmp_path / "x.db", three_days)
    sink = BreakingSink()

    async def run() -> None:
        async with opened(tmp_path / "x.db") as store:
            extraction = Extraction(CLOCK, Reading("scan", 4), sink, limits=Limits(buffer_bytes=1))
            pieces = list(enumerate(scan_of(4).partitions))
            await extract(store, CLOCK, pieces, None, extraction)

    with pytest.RaisesGroup(OSError):
        anyio.run(run)

    assert (len(sink.kept), sink.calls) == (1, 2)


class HoldingSink:
    """Keeps how much it was given, and up to where."""

    def __init__(self) -> None:
        self.events = 0
        self.positions: dict[int, bytes | None] = {}

    def commit(self, events: pl.DataFrame | None, positions: Positions) -> None:
        self.events += 0 if events is None else events.height
        self.positions |= positions


def test_what_was_read_is_committed_when_reading_fails(tmp_path: Path, three_days: pl.DataFrame) -> None:
    anyio.run(fill, tmp_path / "x.db", three_days)
    sink = HoldingSink()

    async def run() -> Reading:
        async with opened(tmp_path / "x.db") as store:
            breaking = replace(store, engine=RefusingEngine(store.engine, good=2))
            extraction = Extraction(CLOCK, Reading("scan", 1), sink)
            with pytest.RaisesGroup(TableMissing):
                await extract(breaking, CLOCK, [(7, Segment(0, 1))], None, extraction)

            return extraction.reading

    reading = anyio.run(run)
    assert 0 < sink.events == reading.events < 600
    assert list(sink.positions) == [7]
    assert sink.positions[7] is not None


def test_slow_pages_are_committed_by_the_clock() -> None:
    clock, sink = StandingClock(), HoldingSink()
    seen: list[int] = []

    def answer(_: str, body: bytes) -> Reply:
        seen.append(len(sink.positions))
        clock.advance(10.0)
        return ok(EMPTY_PAGE if len(seen) == 5 else EMPTY_PAGE | {"LastEvaluatedKey": {"pk": {"S": "a"}}})

    async def run() -> None:
        extraction = Extraction(clock, Reading("scan", 1), sink, limits=Limits(commit_seconds=15.0))
        store = store_on(ScriptedEngine(answer))
        await extract(store, clock, [(0, Segment(0, 1))], None, extraction)

    anyio.run(run)
    assert seen == [0, 0, 1, 1, 1]
    assert sink.positions == {0: None}
