from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

import boto3
import pytest

from footfall.errors import FootfallError, SettingsError
from footfall.store.objects import ObjectSettings, S3Address, open_objects
from reports.outputs.destination import check_destination, open_destination

pytestmark = pytest.mark.anyio

REGION = "eu-central-1"


@pytest.fixture
def bucket(moto_endpoint: str) -> Iterator[str]:
    """The name of a bucket that no other test has."""
    name = f"footfall-{uuid4().hex}"
    client = boto3.client("s3", endpoint_url=moto_endpoint, region_name=REGION)
    client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    yield name
    client.close()


def fail(stream: BinaryIO) -> None:
    stream.write(b"half")
    raise OSError(28, "No space left on device")


async def test_a_file_is_there_with_its_size_and_sum(tmp_path: Path) -> None:
    async with open_destination(str(tmp_path / "a")) as destination:
        stored = await destination.put("b/c.csv", "csv", lambda stream: _write(stream, b"1,2\n"))

    assert Path(stored.where) == tmp_path / "a" / "b" / "c.csv"
    assert Path(stored.where).read_bytes() == b"1,2\n"
    assert (stored.size_bytes, stored.sha256) == (4, hashlib.sha256(b"1,2\n").hexdigest())


async def test_a_failed_write_leaves_the_earlier_file_and_no_rest(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_bytes(b"before")
    async with open_destination(str(tmp_path)) as destination:
        with pytest.raises(SettingsError, match="No space left"):
            await destination.put("c.csv", "csv", fail)

    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("c.csv", b"before")]


async def test_who_reads_the_earlier_file_goes_on_reading_it(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_bytes(b"before")
    with (tmp_path / "c.csv").open("rb") as reader:
        async with open_destination(str(tmp_path)) as destination:
            await destination.put("c.csv", "csv", lambda stream: _write(stream, b"after"))

        assert reader.read() == b"before"

    assert (tmp_path / "c.csv").read_bytes() == b"after"


async def test_a_rest_of_a_killed_run_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / f".c.csv.{os.getpid()}.part").write_bytes(b"rest")
    async with open_destination(str(tmp_path)) as destination:
        await destination.put("c.csv", "csv", lambda stream: _write(stream, b"new"))

    assert [path.name for path in tmp_path.iterdir()] == ["c.csv"]


async def test_files_have_the_usual_permissions(tmp_path: Path) -> None:
    (tmp_path / "usual").touch()
    async with open_destination(str(tmp_path)) as destination:
        stored = await destination.put("c.csv", "csv", lambda stream: _write(stream, b"new"))

    assert Path(stored.where).stat().st_mode == (tmp_path / "usual").stat().st_mode


async def test_a_file_where_a_folder_should_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "taken").touch()

    with pytest.raises(SettingsError, match="Cannot write"):
        check_destination(str(tmp_path / "taken"))

    async with open_destination(str(tmp_path)) as destination:
        with pytest.raises(SettingsError, match="Cannot write"):
            await destination.put("taken/c.csv", "csv", lambda stream: _write(stream, b"new"))


async def test_an_object_is_there_with_its_type(moto_endpoint: str, bucket: str) -> None:
    settings = ObjectSettings(region=REGION, endpoint_url=moto_endpoint)
    async with open_destination(f"s3://{bucket}/web/", settings) as destination:
        stored = await destination.put("2026/c.csv", "csv", lambda stream: _write(stream, b"1,2\n"))

    assert stored.where == f"s3://{bucket}/web/2026/c.csv"
    assert (stored.size_bytes, stored.sha256) == (4, hashlib.sha256(b"1,2\n").hexdigest())
    client = boto3.client("s3", endpoint_url=moto_endpoint, region_name=REGION)
    found = client.get_object(Bucket=bucket, Key="web/2026/c.csv")
    assert (found["Body"].read(), found["ContentType"]) == (b"1,2\n", "text/csv; charset=utf-8")
    client.close()


async def test_a_failed_write_leaves_the_earlier_object(moto_endpoint: str, bucket: str) -> None:
    settings = ObjectSettings(region=REGION, endpoint_url=moto_endpoint)
    async with open_destination(f"s3://{bucket}", settings) as destination:
        await destination.put("c.csv", "csv", lambda stream: _write(stream, b"before"))
        with pytest.raises(FootfallError, match="No space left"):
            await destination.put("c.csv", "csv", fail)

    async with open_objects(settings) as objects:
        assert await objects.get(S3Address(bucket, "c.csv")) == b"before"
        assert len(await objects.list(S3Address(bucket))) == 1


def test_what_is_no_bucket_is_refused_at_once() -> None:
    with pytest.raises(SettingsError, match="bucket"):
        check_destination("s3://No_Bucket/x")


def _write(stream: BinaryIO, text: bytes) -> None:
    stream.write(text)
