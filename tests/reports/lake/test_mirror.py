"""A dataset on S3 is what the store has, whatever was there before and wherever a run was cut off."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import boto3
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from footfall.errors import FootfallError, SettingsError, SourceError
from footfall.event import SCHEMA
from footfall.store import Store
from footfall.store.objects import ObjectSettings, open_objects, parse_s3
from footfall.store.state import read_meta, touch_days
from reports.extraction import Request, extracted
from reports.extraction.dataset import Dataset
from reports.extraction.manifest import store_id
from reports.extraction.reading import Reading
from reports.lake.into_s3 import extract_to_s3
from reports.lake.kept import extracted_from_dataset
from reports.lake.manifest import NAME, decode, is_ours
from reports.lake.mirror import Mirrored
from reports.lake.target import Target
from reports.scope import Scope
from tests.reports.conftest import MakeEvents
from tests.reports.export.exports import items_from
from tests.reports.lake.objects import MemoryObjects
from tests.reports.store import CLOCK, fill, opened, write_items

pytestmark = pytest.mark.anyio

START = datetime(2026, 3, 1, tzinfo=UTC)
SECOND = date(2026, 3, 2)


@pytest.fixture
def events(make_events: MakeEvents) -> pl.DataFrame:
    """60 events of two sites on three days."""
    return make_events(
        *(
            {
                "at": (START + timedelta(hours=1.2 * number)).isoformat(),
                "site": ("a.example", "b.example")[number % 2],
                "path": f"/{number}",
            }
            for number in range(60)
        )
    ).collect()


@asynccontextmanager
async def store_of(path: Path, events: pl.DataFrame) -> AsyncIterator[Store]:
    if not path.exists():
        await fill(path, events)

    async with opened(path) as store:
        yield store


async def to_s3(
    store: Store, target: Target, scope: Scope | None = None, folder: Path | None = None
) -> tuple[Reading, Mirrored]:
    request = Request(scope or Scope(), folder=folder)
    source_id = store_id(store, await read_meta(store, CLOCK))
    return await extract_to_s3(
        lambda asked: extracted(store, CLOCK, asked), source_id, request, target, CLOCK
    )


def by_manifest(objects: MemoryObjects) -> pl.DataFrame:
    """The events that a reader finds who goes by the manifest."""
    lake = decode(objects.content[f"events/{NAME}"], "")
    frames = [pl.read_parquet(objects.content[f"events/{key}"]) for key in sorted(lake.object_keys())]
    return ordered(pl.concat([pl.DataFrame(schema=SCHEMA), *frames]))


def by_listing(objects: MemoryObjects) -> pl.DataFrame:
    """The events that a reader finds who takes every Parquet object."""
    found = sorted(key for key in objects.keys if key.endswith(".parquet"))
    frames = [pl.read_parquet(objects.content[f"events/{key}"]) for key in found]
    return ordered(pl.concat([pl.DataFrame(schema=SCHEMA), *frames]))


def ordered(events: pl.DataFrame) -> pl.DataFrame:
    return events.drop("shard").sort("source_id", "offset")


async def add(store: Store, events: pl.DataFrame) -> None:
    """Write events to an open store, and their days to the ledger."""
    for item in items_from(events):
        await write_items(store, [_text(item)])

    counted = events.group_by("site", pl.col("time").dt.date()).len().rows()
    await touch_days(store, CLOCK, {(site, on): count for site, on, count in counted})


def _text(item: object) -> str:
    return json.dumps(item)


async def test_days_become_objects_under_the_names_of_hive(tmp_path: Path, events: pl.DataFrame) -> None:
    objects = MemoryObjects()
    async with store_of(tmp_path / "x.db", events) as store:
        reading, mirrored = await to_s3(store, objects.target())

    assert_frame_equal(by_manifest(objects), ordered(events))
    assert_frame_equal(by_listing(objects), ordered(events))
    assert (reading.items, mirrored.days, mirrored.put_objects) == (60, 6, 6)
    folders = {key.rpartition("/")[0] for key in objects.keys - {NAME}}
    days = [START.date() + timedelta(days=number) for number in range(3)]
    assert folders == {f"site={site}/date={on}" for site in ("a.example", "b.example") for on in days}
    assert all(is_ours(key) for key in objects.keys - {NAME})
    assert decode(objects.content[f"events/{NAME}"], "").complete


async def test_what_has_not_changed_is_neither_read_nor_written(tmp_path: Path, events: pl.DataFrame) -> None:
    objects = MemoryObjects()
    async with store_of(tmp_path / "x.db", events) as store:
        await to_s3(store, objects.target())
        before = objects.keys
        reading, mirrored = await to_s3(store, objects.target())
        assert (reading.items, mirrored.days, mirrored.same_days) == (0, 0, 6)
        assert objects.keys == before

        later = events[25:27].with_columns(pl.col("offset") + 10_000)
        await add(store, later)
        reading, mirrored = await to_s3(store, objects.target())

    assert reading.fresh_days == 6 - mirrored.days
    assert mirrored.days == later.select("site").n_unique() == mirrored.deleted_objects
    assert len(objects.keys & before) == len(before) - mirrored.days
    assert_frame_equal(by_listing(objects), ordered(pl.concat([events, later])))


async def test_only_days_in_scope_are_replaced_and_those_whole(tmp_path: Path, events: pl.DataFrame) -> None:
    objects = MemoryObjects()
    # In New York the second of March begins and ends within UTC days; both are kept whole.
    scope = Scope("a.example", SECOND, SECOND, "America/New_York")
    async with store_of(tmp_path / "x.db", events) as store:
        await to_s3(store, objects.target(), scope)
        within = (pl.col("site") == "a.example") & (pl.col("time").dt.date() >= SECOND)
        assert_frame_equal(by_listing(objects), ordered(events.filter(within)))

        _, mirrored = await to_s3(store, objects.target())

    assert (mirrored.days, mirrored.same_days) == (4, 2)
    assert_frame_equal(by_listing(objects), ordered(events))


async def test_a_folder_can_be_kept_as_well(tmp_path: Path, events: pl.DataFrame) -> None:
    objects, folder = MemoryObjects(), tmp_path / "kept"
    async with store_of(tmp_path / "x.db", events) as store:
        await to_s3(store, objects.target(), folder=folder)
        assert_frame_equal(ordered(Dataset(folder).scan().collect()), ordered(events))

        # What the folder has is not read again for another prefix, nor written again for the same one.
        elsewhere = MemoryObjects()
        reading, mirrored = await to_s3(store, elsewhere.target(), folder=folder)
        assert (reading.items, mirrored.days) == (0, 6)
        assert (await to_s3(store, objects.target(), folder=folder))[1].days == 0

    assert_frame_equal(by_listing(elsewhere), ordered(events))


async def test_objects_of_others_stay_and_are_not_mixed_in(tmp_path: Path, events: pl.DataFrame) -> None:
    objects = MemoryObjects({"events/site=a.example/date=2026-03-01/part-0.parquet": b"theirs"})
    async with store_of(tmp_path / "x.db", events) as store:
        with pytest.raises(SettingsError, match="other objects") as caught:
            await to_s3(store, objects.target())

        assert caught.value.hint
        assert len(objects.content) == 1

        objects.content.clear()
        objects.content["events-of-others/x"] = b"beside"
        await to_s3(store, objects.target())
        objects.content["events/notes.txt"] = b"theirs"
        await add(store, events[:1].with_columns(pl.col("offset") + 10_000))
        await to_s3(store, objects.target())

    assert {"events/notes.txt", "events-of-others/x"} <= objects.content.keys()


async def test_another_store_is_refused(tmp_path: Path, events: pl.DataFrame) -> None:
    objects = MemoryObjects()
    async with store_of(tmp_path / "x.db", events) as store:
        await to_s3(store, objects.target())

    before = dict(objects.content)
    async with store_of(tmp_path / "y.db", events) as store:
        with pytest.raises(SettingsError, match="another store"):
            await to_s3(store, objects.target())

    assert objects.content == before


async def test_a_day_without_events_is_gone(tmp_path: Path, events: pl.DataFrame) -> None:
    objects = MemoryObjects()
    async with store_of(tmp_path / "x.db", events) as store:
        await to_s3(store, objects.target())
        gone = events.filter((pl.col("site") == "a.example") & (pl.col("time").dt.date() == SECOND))
        for item in items_from(gone):
            key = _text({"TableName": store.events_table, "Key": {"pk": item["pk"], "sk": item["sk"]}})
            assert (await store.engine.call("DeleteItem", key.encode())).ok

        await touch_days(store, CLOCK, {("a.example", SECOND): 1})
        await to_s3(store, objects.target())

    assert f"site=a.example/date={SECOND}" not in {key.rpartition("/")[0] for key in objects.keys}
    assert_frame_equal(by_listing(objects), ordered(events.join(gone, on="offset", how="anti")))


async def test_a_run_that_is_cut_off_anywhere_leaves_whole_days(tmp_path: Path, events: pl.DataFrame) -> None:
    events = events.filter(pl.col("site") == "a.example")
    later = events.with_columns(pl.col("offset") + 10_000, path=pl.lit("/later"))
    first = MemoryObjects()
    async with store_of(tmp_path / "x.db", events) as store:
        await to_s3(store, first.target())
        await add(store, later)
        whole = MemoryObjects(dict(first.content))
        await to_s3(store, whole.target())

        for calls in range(len(whole.log)):
            objects = MemoryObjects(dict(first.content), calls_left=calls)
            with pytest.raises((FootfallError, ExceptionGroup)):
                await to_s3(store, objects.target())

            found = by_manifest(objects)
            counts = found.group_by("site", pl.col("time").dt.date()).len().get_column("len")
            assert set(counts) <= {10, 20}, "each day is as it was or as it is"
            assert not found.get_column("offset").is_duplicated().any()

            objects.calls_left = 10**9
            await to_s3(store, objects.target())
            assert_frame_equal(by_listing(objects), ordered(pl.concat([events, later])))

    assert len(whole.log) > 8


async def test_an_unfinished_dataset_is_no_source(tmp_path: Path, events: pl.DataFrame) -> None:
    with pytest.raises(SourceError, match="no dataset") as caught:
        async with extracted_from_dataset(str(tmp_path), CLOCK, Request(), ObjectSettings()):
            pass

    assert "footfall extract --out" in (caught.value.hint or "")
    folder = tmp_path / "kept"
    async with store_of(tmp_path / "x.db", events) as store, extracted(store, CLOCK, Request(folder=folder)):
        pass

    marker = folder / ".footfall.json"
    marker.write_bytes(re.sub(rb'("complete":\s*)true', rb"\1false", marker.read_bytes()))
    with pytest.raises(SourceError, match="not finished"):
        async with extracted_from_dataset(str(folder), CLOCK, Request(), ObjectSettings()):
            pass


async def test_a_dataset_on_s3_is_a_source(
    tmp_path: Path, events: pl.DataFrame, moto_endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", moto_endpoint)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    bucket = f"footfall-{uuid4().hex}"
    client = boto3.client("s3", endpoint_url=moto_endpoint, region_name="us-east-1")
    client.create_bucket(Bucket=bucket)
    place = f"s3://{bucket}/lake/events/"
    async with store_of(tmp_path / "x.db", events) as store, open_objects() as objects:
        _, mirrored = await to_s3(store, Target(objects, parse_s3(place)))

    assert mirrored.days == 6
    request = Request(Scope(site="a.example", first_on=SECOND))
    async with extracted_from_dataset(place, CLOCK, request, ObjectSettings()) as (dataset, reading):
        found = dataset.scan().collect()

    assert_frame_equal(ordered(found), ordered(events.filter(request.scope.predicate())))
    assert (reading.method, reading.partitions, reading.events) == ("dataset", 2, found.height)

    (day, *_) = client.list_objects_v2(Bucket=bucket, Prefix="lake/events/site=a.example/date=2026-03-02")[
        "Contents"
    ]
    client.put_object(Bucket=bucket, Key=day["Key"], Body=b"short")
    with pytest.raises(SourceError, match="lacks bytes"):
        async with extracted_from_dataset(place, CLOCK, request, ObjectSettings()):
            pass

    client.delete_object(Bucket=bucket, Key=f"lake/events/{NAME}")
    with pytest.raises(SourceError, match="no dataset"):
        async with extracted_from_dataset(place, CLOCK, request, ObjectSettings()):
            pass

    client.close()
