"""Exports are read where DynamoDB puts them: on S3."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import boto3
import pytest
from polars.testing import assert_frame_equal

from footfall.errors import SettingsError, SourceError
from footfall.store.objects import ObjectSettings, S3Address, open_objects
from reports.export import opened_places
from reports.export.read import read_chain, read_exports
from reports.extraction.dataset import Dataset
from tests.reports.conftest import MakeEvents
from tests.reports.export.exports import FULL_AT, Change, items_from, key_of, write_full, write_incremental
from tests.reports.store import CLOCK

pytestmark = pytest.mark.anyio


@pytest.fixture
def bucket(moto_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a bucket that the AWS environment leads to."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", moto_endpoint)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    name = f"footfall-{uuid4().hex}"
    client = boto3.client("s3", endpoint_url=moto_endpoint, region_name="us-east-1")
    client.create_bucket(Bucket=name)
    client.close()
    return name


async def upload(folder: Path, bucket: str) -> None:
    async with open_objects() as objects:
        for path in folder.rglob("*"):
            if path.is_file():
                await objects.put(S3Address(bucket, path.relative_to(folder).as_posix()), path)


@pytest.mark.parametrize("prefix", ["", "2026/mar"])
async def test_a_full_and_an_incremental_export_on_s3_are_read(
    tmp_path: Path, bucket: str, make_events: MakeEvents, prefix: str
) -> None:
    events = make_events(*({"path": f"/{number}"} for number in range(20))).collect()
    items = items_from(events)
    write_full(tmp_path / "bucket", items[:15], prefix=prefix)
    write_incremental(
        tmp_path / "bucket",
        [Change(5, key_of(item), item) for item in items[15:]],
        until=FULL_AT + timedelta(hours=1),
        prefix=prefix,
    )
    await upload(tmp_path / "bucket", bucket)

    base = f"s3://{bucket}/{prefix}/AWSDynamoDB" if prefix else f"s3://{bucket}/AWSDynamoDB"
    (tmp_path / "read").mkdir()
    sink = Dataset(tmp_path / "read", by_day=False)
    named = [f"{base}/full", f"{base}/incremental/manifest-summary.json"]
    async with opened_places(named, ObjectSettings()) as places:
        reading = await read_exports(await read_chain(places), CLOCK, None, sink)

    assert reading.events == 20
    assert_frame_equal(sink.scan().collect().drop("shard").sort("offset"), events.drop("shard"))


async def test_what_is_missing_on_s3_is_told(tmp_path: Path, bucket: str, make_events: MakeEvents) -> None:
    write_full(tmp_path, items_from(make_events({}).collect()))
    await upload(tmp_path, bucket)
    async with opened_places([f"s3://{bucket}/"], ObjectSettings()) as places:
        with pytest.raises(SourceError, match="no DynamoDB export") as caught:
            await read_exports(await read_chain(places), CLOCK, None, Dataset(tmp_path))

    assert f"s3://{bucket}/AWSDynamoDB/full/" in (caught.value.hint or "")
    with pytest.raises(SettingsError, match="no S3 bucket"):
        async with opened_places(["s3://footfall-none/x"], ObjectSettings()) as places:
            await read_exports(await read_chain(places), CLOCK, None, Dataset(tmp_path))
