"""S3 through moto's server, and what S3 refuses through one that says what it is told."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.s3.models import s3_backends

from footfall.errors import (
    AccessDenied,
    FootfallError,
    SettingsError,
    SourceError,
    StoreError,
    StoreUnreachable,
)
from footfall.store.aws.object_errors import raise_refused
from footfall.store.aws.objects import LARGEST_PARTS, PART_BYTES, S3Objects, part_ranges
from footfall.store.objects import ObjectSettings, S3Address, open_objects
from footfall.store.outcome import CREDENTIAL_CODES
from tests.store.aws.serving import SetEnv, http, serving

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


@pytest.fixture
async def objects(moto_endpoint: str) -> AsyncIterator[S3Objects]:
    async with open_objects(ObjectSettings(region=REGION, endpoint_url=moto_endpoint)) as opened:
        yield opened


async def test_what_is_put_is_what_is_got(objects: S3Objects, bucket: str) -> None:
    address = S3Address(bucket, "site=a b/date=2026-01-31/ü+%3D.bin")
    await objects.put(address, b"first")
    await objects.put(address, b"second", content_type="text/plain")

    assert await objects.get(address) == b"second"
    assert [one.address for one in await objects.list(S3Address(bucket))] == [address]


async def test_a_small_file_and_a_large_one_arrive_whole(
    objects: S3Objects, bucket: str, tmp_path: Path
) -> None:
    # A pattern without a period that divides a part, so that exchanged parts show.
    large = b"".join(number.to_bytes(7, "big") for number in range((2 * PART_BYTES + 5_000_000) // 7))
    for name, content in (("small", b"x"), ("empty", b""), ("large", large)):
        (tmp_path / name).write_bytes(content)
        await objects.put(S3Address(bucket, name), tmp_path / name)
        size_bytes = await objects.download(S3Address(bucket, name), tmp_path / "back")
        assert size_bytes == len(content)
        assert (tmp_path / "back").read_bytes() == content

    sizes = {one.address.key: one.size_bytes for one in await objects.list(S3Address(bucket))}
    assert sizes == {"small": 1, "empty": 0, "large": len(large)}


async def test_an_upload_that_fails_leaves_nothing(
    objects: S3Objects, bucket: str, moto_endpoint: str, tmp_path: Path
) -> None:
    (tmp_path / "large").write_bytes(bytes(2 * PART_BYTES))

    async def no_part(**_: Any) -> dict[str, Any]:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "UploadPart")

    objects._client.upload_part = no_part
    with pytest.raises(AccessDenied, match="PutObject"):
        await objects.put(S3Address(bucket, "large"), tmp_path / "large")

    client = boto3.client("s3", endpoint_url=moto_endpoint, region_name=REGION)
    assert client.list_multipart_uploads(Bucket=bucket).get("Uploads", []) == []
    assert await objects.list(S3Address(bucket)) == ()
    client.close()


async def test_a_listing_has_all_pages_of_a_prefix_and_nothing_else(objects: S3Objects, bucket: str) -> None:
    backend = s3_backends["123456789012"][
        "aws"
    ]  # the server is in this process: a request for each takes long
    for number in range(1_100):
        backend.put_object(bucket, f"a/{number:04}", b"")

    await objects.put(S3Address(bucket, "b/0"), b"12")
    listed = await objects.list(S3Address(bucket, "a/"))
    assert [one.address.key for one in listed] == [f"a/{number:04}" for number in range(1_100)]

    await objects.delete([one.address for one in listed])
    assert [one.address.key for one in await objects.list(S3Address(bucket))] == ["b/0"]


async def test_deleting_what_is_not_there_is_no_error(objects: S3Objects, bucket: str) -> None:
    await objects.delete([S3Address(bucket, "nothing")])
    await objects.delete([])


async def test_a_missing_object_and_a_missing_bucket_are_told_apart(objects: S3Objects, bucket: str) -> None:
    with pytest.raises(SourceError, match="There is no s3://"):
        await objects.get(S3Address(bucket, "x/nothing"))

    assert await objects.get_if_present(S3Address(bucket, "x/nothing")) is None
    for refused in (objects.get, objects.get_if_present, objects.list):
        with pytest.raises(SettingsError, match="no S3 bucket footfall-none") as caught:
            await refused(S3Address("footfall-none", "x"))

        assert caught.value.hint == "aws s3 mb s3://footfall-none"


async def test_a_lost_connection_goes_on_where_it_stopped(tmp_path: Path, environment: SetEnv) -> None:
    content, asked = bytes(range(256)) * 40, list[str]()

    def half_then_rest(request: bytes) -> bytes:
        wanted = re.search(rb"(?im)^range: bytes=(\d+)-", request)
        asked.append(wanted[1].decode() if wanted else "")
        begins = int(wanted[1]) if wanted else 0
        head = f"HTTP/1.1 {206 if wanted else 200} OK\r\nContent-Length: {len(content) - begins}\r\n"
        head += f"Content-Range: bytes {begins}-{len(content) - 1}/{len(content)}\r\n" if wanted else ""
        body = content[begins:] if len(asked) > 2 else content[begins : begins + 3_000]
        return head.encode() + b"Connection: close\r\n\r\n" + body

    async with (
        serving(half_then_rest) as server,
        open_objects(ObjectSettings(region=REGION, endpoint_url=server.url)) as objects,
    ):
        size_bytes = await objects.download(S3Address("abc", "x"), tmp_path / "x")

    assert size_bytes == len(content)
    assert (tmp_path / "x").read_bytes() == content
    assert asked == ["", "3000", "6000"]


@pytest.mark.parametrize(
    ("code", "kind", "told"),
    [
        ("AccessDenied", AccessDenied, "s3:PutObject"),
        ("403", AccessDenied, "s3:PutObject"),
        ("PermanentRedirect", SettingsError, "--region"),
        ("SlowDown", StoreUnreachable, "again"),
        ("InvalidObjectState", SourceError, "restore-object"),
        ("KMS.DisabledException", AccessDenied, "KMS"),
        ("RequestTimeTooSkewed", AccessDenied, "clock"),
        ("EntityTooLarge", StoreError, "bucket"),
        *((code, AccessDenied, "aws sts") for code in sorted(CREDENTIAL_CODES)),
    ],
)
def test_every_refusal_has_a_class_and_a_hint(code: str, kind: type[FootfallError], told: str) -> None:
    error = ClientError({"Error": {"Code": code, "Message": "because \x1b[2J"}}, "PutObject")
    with pytest.raises(FootfallError) as caught:
        raise_refused(error, "PutObject", S3Address("abc", "x/y"))

    assert type(caught.value) is kind
    assert told in (caught.value.hint or "")
    assert "\x1b" not in str(caught.value)


async def test_refused_credentials_are_told_without_the_secret(environment: SetEnv) -> None:
    environment(AWS_SECRET_ACCESS_KEY="very-secret", AWS_ACCESS_KEY_ID="AKIAEXAMPLE")
    body = b"<Error><Code>InvalidAccessKeyId</Code><Message>The key does not exist</Message></Error>"
    async with (
        serving(lambda _request: http(body, "403 Forbidden")) as server,
        open_objects(ObjectSettings(region=REGION, endpoint_url=server.url)) as objects,
    ):
        with pytest.raises(AccessDenied) as caught:
            await objects.list(S3Address("abc"))

    assert "very-secret" not in f"{caught.value} {caught.value.hint} {caught.value.details}"


async def test_no_credentials_are_an_error_of_the_first_call(environment: SetEnv) -> None:
    environment(AWS_SECRET_ACCESS_KEY=None, AWS_ACCESS_KEY_ID=None)
    async with open_objects(ObjectSettings(region=REGION)) as objects:
        with pytest.raises(AccessDenied, match="credentials"):
            await objects.get(S3Address("abc", "x"))


async def test_an_unknown_profile_is_a_wrong_setting(environment: SetEnv) -> None:
    environment()
    with pytest.raises(SettingsError, match="nobody"):
        async with open_objects(ObjectSettings(profile="nobody")):
            pass


async def test_the_endpoint_of_the_environment_is_asked_by_path(environment: SetEnv) -> None:
    async with serving(lambda _request: http(b"content")) as server:
        environment(AWS_ENDPOINT_URL_S3=server.url, AWS_REGION=REGION)
        async with open_objects() as objects:
            assert await objects.get(S3Address("abc", "x/y")) == b"content"

    assert server.requests[0].startswith(b"GET /abc/x/y ")


@pytest.mark.parametrize("size_bytes", [1, PART_BYTES, PART_BYTES + 1, 5 * 1024**4])
def test_parts_cover_a_file_within_the_limits(size_bytes: int) -> None:
    ranges = part_ranges(size_bytes)
    assert sum(size for _, size in ranges) == size_bytes
    ends = [begins + size for begins, size in ranges]
    assert [begins for begins, _ in ranges] == [0, *ends[:-1]]
    assert len(ranges) <= LARGEST_PARTS
    assert all(size >= min(size_bytes, PART_BYTES) for _, size in ranges[:-1])
