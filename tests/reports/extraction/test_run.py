from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from footfall.errors import SettingsError, TableMissing
from footfall.layout import encode
from footfall.store.engine import Engine, Reply
from footfall.store.state import touch_days
from reports.extraction import Request, explained, extracted
from reports.extraction.explain import Explanation
from reports.extraction.extract import Limits
from reports.extraction.journal import STAGING
from reports.extraction.manifest import NEVER_FRESH, read_manifest
from reports.extraction.reading import Reading
from reports.scope import Scope
from tests.fakes import FakeClock
from tests.reports.conftest import MakeEvents
from tests.reports.extraction.stopping import RefusingEngine
from tests.reports.store import CLOCK, fill, opened, write_items

START = datetime(2026, 3, 1, tzinfo=UTC)
SECOND = date(2026, 3, 2)
Wrap = Callable[[Engine], Engine]


@pytest.fixture
def events(make_events: MakeEvents) -> pl.DataFrame:
    """480 events of two sites over four days, 2.4 MB as items."""
    return make_events(
        *(
            {
                "at": (START + timedelta(minutes=12 * number)).isoformat(),
                "site": ("a.example", "b.example")[number % 2],
                "path": f"/{number}" + "x" * 5_000,
            }
            for number in range(480)
        )
    ).collect()


@pytest.fixture
def path(tmp_path: Path, events: pl.DataFrame) -> Path:
    anyio.run(fill, tmp_path / "x.db", events)
    return tmp_path / "x.db"


def read(
    path: Path, request: Request, wrap: Wrap = lambda engine: engine, **changes: Any
) -> tuple[Reading, pl.DataFrame]:
    async def run() -> tuple[Reading, pl.DataFrame]:
        async with opened(path) as store:
            wrapped = replace(store, engine=wrap(store.engine), **changes)
            async with extracted(wrapped, CLOCK, request, limits=Limits(buffer_bytes=2**18)) as (
                dataset,
                reading,
            ):
                return reading, dataset.scan().sort("offset").collect()

    return anyio.run(run)


def explain(path: Path, request: Request) -> Explanation:
    async def run() -> Explanation:
        async with opened(path) as store:
            return await explained(replace(store, engine=RefusingEngine(store.engine, 0)), CLOCK, request)

    return anyio.run(run)


def add(path: Path, events: pl.DataFrame) -> None:
    """Write `events` as ingest does: named by the ledger before and after."""

    async def run() -> None:
        async with opened(path) as store:
            days: dict[tuple[str, date], int] = {
                (site, moment.date()): 1 for site, moment in events.select("site", "time").rows()
            }
            await touch_days(store, CLOCK, dict.fromkeys(days, 0))
            await write_items(store, encode(events)["item"].to_list())
            await touch_days(store, CLOCK, days)

    anyio.run(run)


@pytest.mark.parametrize(
    "scope", [Scope(), Scope("a.example"), Scope(None, SECOND, SECOND, "Asia/Tokyo")], ids=str
)
def test_a_kept_dataset_gives_the_same_events_as_a_temporary_one(
    tmp_path: Path, path: Path, events: pl.DataFrame, scope: Scope
) -> None:
    _, temporary = read(path, Request(scope))
    _, kept = read(path, Request(scope, folder=tmp_path / "kept"))
    again, cached = read(path, Request(scope, folder=tmp_path / "kept"))

    assert_frame_equal(temporary.drop("shard"), events.filter(scope.predicate()).drop("shard"))
    assert_frame_equal(kept, temporary)
    assert_frame_equal(cached, temporary)
    assert (again.method, again.items, again.read_units) == ("nothing", 0, 0.0)


def test_only_days_that_changed_are_read_again(tmp_path: Path, path: Path, events: pl.DataFrame) -> None:
    request = Request(folder=tmp_path / "kept")
    first, _ = read(path, request)
    more = events[:2].with_columns(path=pl.lit("/more"), offset=pl.Series([10**6, 10**6 + 1]))
    add(path, more)
    second, kept = read(path, request)

    assert (first.method, first.items, first.fresh_days) == ("scan", 480, 0)
    assert (second.method, second.items, second.fresh_days) == ("query", 122, 6)
    assert_frame_equal(kept.drop("shard"), pl.concat([events, more]).drop("shard"))
    assert read(path, request)[0].method == "nothing"


def test_days_outside_of_the_scope_stay_as_they_are(tmp_path: Path, path: Path, events: pl.DataFrame) -> None:
    folder = tmp_path / "kept"
    read(path, Request(folder=folder))
    add(path, events[-1:].with_columns(offset=pl.lit(10**6, dtype=pl.Int64)))
    reading, _ = read(path, Request(Scope("a.example", SECOND, SECOND), folder=folder))
    everything, kept = read(path, Request(folder=folder))

    assert (reading.method, reading.fresh_days) == ("nothing", 1)
    assert everything.items == 61
    assert kept.height == 481


class WritingEngine:
    """An engine in front of another, during the first page of which somebody writes."""

    def __init__(self, engine: Engine, write: Callable[[], None]) -> None:
        self._engine = engine
        self._write: Callable[[], None] | None = write

    async def call(self, operation: str, body: bytes) -> Reply:
        reply = await self._engine.call(operation, body)
        if operation == "Scan" and self._write is not None:
            write, self._write = self._write, None
            await anyio.to_thread.run_sync(write)

        return reply

    async def aclose(self) -> None:
        await self._engine.aclose()


def test_what_is_written_while_a_day_is_read_makes_it_stale(
    tmp_path: Path, path: Path, events: pl.DataFrame
) -> None:
    request = Request(folder=tmp_path / "kept", segments=1)
    late = events[:1].with_columns(
        path=pl.lit("/late"), time=pl.lit(START + timedelta(seconds=1)), offset=pl.lit(10**6, dtype=pl.Int64)
    )
    read(path, request, lambda engine: WritingEngine(engine, lambda: add(path, late)))
    second, kept = read(path, replace(request, segments=None))

    assert second.items == 61
    assert kept.height == 481


def test_a_day_just_written_is_not_trusted_where_reads_are_eventually_consistent(
    tmp_path: Path, path: Path
) -> None:
    folder = tmp_path / "kept"
    read(path, Request(folder=folder), location="dynamodb:")
    assert {day.revision for day in read_manifest(folder).days} == {NEVER_FRESH}

    again, kept = read(path, Request(folder=folder), location="dynamodb:")
    assert (again.items, kept.height) == (480, 480)


def test_days_that_the_ledger_does_not_name_are_scanned_each_time(
    tmp_path: Path, events: pl.DataFrame
) -> None:
    async def make() -> None:
        await fill(tmp_path / "y.db", events, ledger=False)

    anyio.run(make)
    request = Request(Scope("a.example"), folder=tmp_path / "kept")
    for _ in range(2):
        reading, kept = read(tmp_path / "y.db", request)
        assert (reading.method, reading.items, kept.height) == ("scan", 480, 240)


def test_a_reading_that_was_stopped_is_gone_on_with(tmp_path: Path, path: Path, events: pl.DataFrame) -> None:
    request = Request(folder=tmp_path / "kept", segments=2)
    with pytest.RaisesGroup(TableMissing):
        read(path, request, lambda engine: RefusingEngine(engine, 2))

    told = explain(path, request)
    reading, kept = read(path, request)

    assert told.chosen == "scan"
    assert told.partitions == 2
    assert reading.went_on
    assert 0 < reading.items < 480
    assert_frame_equal(kept.drop("shard"), events.drop("shard"))
    assert "went on" in reading.sentence()


def test_days_that_changed_since_a_reading_was_stopped_are_read_after_it(
    tmp_path: Path, path: Path, events: pl.DataFrame
) -> None:
    request = Request(folder=tmp_path / "kept", segments=2)
    with pytest.RaisesGroup(TableMissing):
        read(path, request, lambda engine: RefusingEngine(engine, 2))

    more = events[:1].with_columns(path=pl.lit("/more"), offset=pl.lit(10**6, dtype=pl.Int64))
    add(path, more)
    reading, kept = read(path, replace(request, segments=None))

    assert reading.went_on
    assert_frame_equal(kept.drop("shard"), pl.concat([events, more]).drop("shard"))
    assert read(path, request)[0].method == "nothing"


def test_what_is_written_while_a_stopped_reading_is_finished_is_read_after_it(
    tmp_path: Path, path: Path, events: pl.DataFrame
) -> None:
    request = Request(folder=tmp_path / "kept", segments=2)
    with pytest.RaisesGroup(TableMissing):
        read(path, request, lambda engine: RefusingEngine(engine, 2))

    late = events[:1].with_columns(path=pl.lit("/late"), offset=pl.lit(10**6, dtype=pl.Int64))
    _, kept = read(
        path, replace(request, segments=None), lambda engine: WritingEngine(engine, lambda: add(path, late))
    )

    assert_frame_equal(kept.drop("shard"), pl.concat([events, late]).drop("shard"))


def test_what_nobody_asks_for_any_more_is_not_gone_on_with(
    tmp_path: Path, path: Path, events: pl.DataFrame
) -> None:
    folder = tmp_path / "kept"
    with pytest.RaisesGroup(TableMissing):
        read(path, Request(folder=folder, segments=2), lambda engine: RefusingEngine(engine, 2))

    scope = Scope("a.example", SECOND, SECOND)
    reading, kept = read(path, Request(scope, folder=folder))

    assert not reading.went_on
    assert_frame_equal(kept.drop("shard"), events.filter(scope.predicate()).drop("shard"))
    assert not (folder / STAGING).exists()


def test_explaining_reads_no_event_and_makes_no_folder(tmp_path: Path, path: Path) -> None:
    told = explain(path, Request(Scope("a.example", SECOND, SECOND), folder=tmp_path / "kept"))

    assert told.chosen == "query"
    assert told.query is not None
    assert told.query.items == 60
    assert not (tmp_path / "kept").exists()


def test_an_explained_reading_takes_what_was_said(tmp_path: Path, path: Path) -> None:
    for scope in (Scope(), Scope("a.example", SECOND, SECOND)):
        told = explain(path, Request(scope))
        reading, _ = read(path, Request(scope))
        said = told.scan if reading.method == "scan" else told.query

        assert told.chosen == reading.method
        assert said is not None
        assert (said.partitions, said.items) == (reading.partitions, reading.items)
        assert said.read_units == pytest.approx(reading.read_units, rel=0.1)


def test_what_reading_cost_is_said_in_dollars(path: Path) -> None:
    free, _ = read(path, Request(read_price=1_000_000.0))
    paid, _ = read(path, Request(read_price=1_000_000.0), location="dynamodb:")

    assert (free.dollars, "free" in free.sentence()) == (None, True)
    assert paid.dollars == paid.read_units
    assert f"${paid.read_units:,.2f}" in paid.sentence()


@pytest.mark.parametrize("folder", [None, "kept"])
def test_a_dear_scan_wants_a_yes(tmp_path: Path, path: Path, folder: str | None) -> None:
    request = Request(folder=tmp_path / folder if folder else None, ask_above_units=100.0)
    with pytest.raises(
        SettingsError, match=r"Scan of events takes about 300 read units, \$0\.0000\d+"
    ) as caught:
        read(path, request, lambda engine: RefusingEngine(engine, 0), location="dynamodb:")

    assert "--yes" in str(caught.value.hint)
    assert read(path, replace(request, yes=True), location="dynamodb:")[0].items == 480


def test_queries_cheap_scans_and_embedded_stores_want_no_yes(path: Path) -> None:
    dear = Request(ask_above_units=1.0)
    assert read(path, dear)[0].items == 480
    assert read(path, replace(dear, ask_above_units=1_000.0), location="dynamodb:")[0].items == 480
    one_day = replace(dear, scope=Scope("a.example", SECOND, SECOND))
    assert read(path, one_day, location="dynamodb:")[0].method == "query"


def test_the_folder_of_another_store_is_refused(tmp_path: Path, path: Path, events: pl.DataFrame) -> None:
    request = Request(folder=tmp_path / "kept")
    read(path, request)
    path.unlink()
    anyio.run(fill, path, events[:10])

    with pytest.raises(SettingsError, match="another store"):
        read(path, request)

    with pytest.raises(SettingsError, match="another store"):
        explain(path, request)


@pytest.mark.parametrize("folder", [None, "kept"])
def test_expired_items_are_left_out_also_of_days_that_were_kept(
    tmp_path: Path, make_events: MakeEvents, folder: str | None
) -> None:
    """DynamoDB deletes them within two days only, and a kept day does not change when it does."""
    soon = CLOCK.now() + timedelta(hours=1)
    rows = make_events({"path": "/a"}, *({"expires_at": int(soon.timestamp()) + more} for more in (0, 7200)))
    anyio.run(fill, tmp_path / "y.db", rows.collect())
    request = Request(folder=tmp_path / folder if folder else None)

    async def read_at(hours: int) -> int:
        clock = FakeClock(CLOCK.now() + timedelta(hours=hours))
        async with opened(tmp_path / "y.db") as store, extracted(store, clock, request) as (dataset, _):
            return dataset.scan().collect().height

    assert [anyio.run(read_at, hours) for hours in (0, 2, 4)] == [3, 2, 1]
