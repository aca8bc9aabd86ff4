"""Read, write, list and delete S3 objects over aiobotocore's client, which tries again by itself.

A PutObject and a CompleteMultipartUpload are atomic: a reader finds the whole new object or what was there before
("Amazon S3 data consistency model", User Guide). An upload has up to 10,000 parts of at least 5 MB, the last one
excepted ("Amazon S3 multipart upload limits"); one that is not completed costs storage until it is aborted.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

import anyio
import anyio.to_thread
from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession
from botocore.exceptions import BotoCoreError, ClientError

from footfall.errors import SourceError, StoreUnreachable
from footfall.store.aws.endpoint import AwsSettings, checked_url, is_local, new_session
from footfall.store.aws.errors import SEND_FAILURES, raise_translated, sentence_of
from footfall.store.aws.object_errors import is_missing, raise_refused
from footfall.store.objects import ObjectSettings, S3Address, StoredObject
from footfall.text import printable

PART_BYTES: Final = 16 * 1024**2
"""Up to this size an object is put at once, above it in parts, of which `UPLOADS` are in memory."""

LARGEST_PARTS: Final = 10_000
UPLOADS: Final = 4
DELETED_AT_ONCE: Final = 1_000
"""DeleteObjects takes so many keys (API reference, 2006-03-01)."""

READ_BYTES: Final = 1024**2
_ATTEMPTS: Final = 5
_ABORT_SECONDS: Final = 10.0
_CUSTOM_ENDPOINTS: Final = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")


class S3Objects:
    """S3 through one client. Errors of all methods are those of `footfall.store.aws.object_errors`."""

    def __init__(self, client: Any) -> None:
        self._client = client

    async def put(self, address: S3Address, body: bytes | Path, *, content_type: str | None = None) -> None:
        """Write an object, whole or not at all; what was there before is replaced.

        A file goes up in parts when it is large. Raises `OSError` when the file cannot be read.
        """
        about = {"ContentType": content_type} if content_type else {}
        with _translated("PutObject", address):
            if isinstance(body, Path):
                await self._put_file(address, body, about)
                return

            await self._client.put_object(Bucket=address.bucket, Key=address.key, Body=body, **about)

    async def get(self, address: S3Address) -> bytes:
        """Return an object's content, which has to fit in memory; raises `SourceError` when there is none."""
        with _translated("GetObject", address):
            reply = await self._client.get_object(Bucket=address.bucket, Key=address.key)
            async with reply["Body"] as stream:
                content: bytes = await stream.read()

        return content

    async def get_if_present(self, address: S3Address) -> bytes | None:
        """Return an object's content, None when there is none."""
        try:
            return await self.get(address)
        except SourceError as error:
            if isinstance(error.__cause__, ClientError) and is_missing(error.__cause__):
                return None

            raise

    async def download(self, address: S3Address, path: Path) -> int:
        """Write an object's content to a file, which is made or emptied; return its size in bytes.

        A connection that is lost goes on where it stopped, as long as the object is the same.
        """
        with path.open("wb") as file, _translated("GetObject", address):
            for _ in range(_ATTEMPTS - 1):
                try:
                    return await self._append(address, file)
                except SEND_FAILURES as error:
                    if isinstance(error, ClientError):
                        raise

            return await self._append(address, file)

    async def list(self, prefix: S3Address) -> tuple[StoredObject, ...]:
        """Return all objects whose keys begin with that of `prefix`, sorted by key."""
        found: list[StoredObject] = []
        with _translated("ListBucket", prefix):
            pages = self._client.get_paginator("list_objects_v2")
            async for page in pages.paginate(Bucket=prefix.bucket, Prefix=prefix.key):
                for one in page.get("Contents", ()):
                    found.append(StoredObject(S3Address(prefix.bucket, one["Key"]), one["Size"]))  # noqa: PERF401

        return tuple(sorted(found, key=lambda one: one.address.key))

    async def delete(self, addresses: Sequence[S3Address]) -> None:
        """Delete objects of one bucket; those that are not there are no error."""
        for place in range(0, len(addresses), DELETED_AT_ONCE):
            some = addresses[place : place + DELETED_AT_ONCE]
            keys = {"Objects": [{"Key": one.key} for one in some], "Quiet": True}
            with _translated("DeleteObject", some[0]):
                reply = await self._client.delete_objects(Bucket=some[0].bucket, Delete=keys)
                for refused in reply.get("Errors", ())[:1]:
                    raise ClientError({"Error": refused}, "DeleteObjects")

    async def _append(self, address: S3Address, file: BinaryIO) -> int:
        begins = file.tell()
        more = {"Range": f"bytes={begins}-"} if begins else {}
        reply = await self._client.get_object(Bucket=address.bucket, Key=address.key, **more)
        if begins and reply.get("ContentRange", "").partition("-")[0] != f"bytes {begins}":
            file.seek(0)
            file.truncate()

        async with reply["Body"] as stream:
            async for chunk in stream.iter_chunks(READ_BYTES):
                await anyio.to_thread.run_sync(file.write, chunk)

        return file.tell()

    async def _put_file(self, address: S3Address, path: Path, about: dict[str, str]) -> None:
        size_bytes = (await anyio.to_thread.run_sync(path.stat)).st_size
        if size_bytes <= PART_BYTES:
            content = await anyio.to_thread.run_sync(path.read_bytes)
            await self._client.put_object(Bucket=address.bucket, Key=address.key, Body=content, **about)
            return

        place = {"Bucket": address.bucket, "Key": address.key}
        upload = {
            **place,
            "UploadId": (await self._client.create_multipart_upload(**place, **about))["UploadId"],
        }
        try:
            parts = await self._put_parts(upload, path, part_ranges(size_bytes))
            await self._client.complete_multipart_upload(**upload, MultipartUpload={"Parts": [*parts]})
        except BaseException:
            await self._abort(upload)
            raise

    async def _put_parts(
        self, upload: dict[str, str], path: Path, ranges: Sequence[tuple[int, int]]
    ) -> tuple[dict[str, Any], ...]:
        done: dict[int, dict[str, Any]] = {}
        slots = anyio.CapacityLimiter(UPLOADS)

        async def put_part(number: int, begins: int, size_bytes: int) -> None:
            async with slots:
                content = await anyio.to_thread.run_sync(_read_part, path, begins, size_bytes)
                reply = await self._client.upload_part(**upload, PartNumber=number, Body=content)

            sums = {name: value for name, value in reply.items() if name.startswith("Checksum")}
            done[number] = {"ETag": reply["ETag"], "PartNumber": number, **_part_sums(sums)}

        async with _first_error(), anyio.create_task_group() as group:
            for number, (begins, size_bytes) in enumerate(ranges, start=1):
                group.start_soon(put_part, number, begins, size_bytes)

        return tuple(done[number] for number in sorted(done))

    async def _abort(self, upload: dict[str, str]) -> None:
        """Give up an upload; what fails now is told by the error that led here."""
        with anyio.move_on_after(_ABORT_SECONDS, shield=True):
            try:
                await self._client.abort_multipart_upload(**upload)
            except (*SEND_FAILURES, ClientError):
                return


def part_ranges(size_bytes: int, part_bytes: int = PART_BYTES) -> tuple[tuple[int, int], ...]:
    """Return begin and size of the parts that an upload of `size_bytes` goes in: the fewest that the limits allow."""
    step = max(part_bytes, -(-size_bytes // LARGEST_PARTS))
    return tuple((begins, min(step, size_bytes - begins)) for begins in range(0, size_bytes, step))


@asynccontextmanager
async def opened_client(settings: ObjectSettings) -> AsyncIterator[S3Objects]:
    """Give S3 as `settings` and the AWS environment say; raises what a wrong environment means to a user."""
    endpoint = checked_url(settings.endpoint_url) if settings.endpoint_url else None
    aws = AwsSettings(settings.region, settings.profile, endpoint)
    try:
        session = new_session(aws)
        await _let_emulators_take_anybody(session, endpoint)
        maker = session.create_client("s3", endpoint_url=endpoint, config=_config(session, endpoint))
        client = await maker.__aenter__()
    except (BotoCoreError, OSError, ValueError) as error:
        raise_translated(error)

    try:
        yield S3Objects(client)
    finally:
        await client.close()


def _config(session: AioSession, endpoint: str | None) -> AioConfig:
    """Return how to ask: a server that is not AWS's seldom answers to ``BUCKET.its-name``."""
    is_custom = endpoint or any(os.environ.get(name) for name in _CUSTOM_ENDPOINTS)
    is_said = "addressing_style" in (session.get_scoped_config().get("s3") or {})
    retries = {"mode": "standard", "total_max_attempts": _ATTEMPTS}
    return AioConfig(retries=retries, s3={"addressing_style": "path"} if is_custom and not is_said else None)


async def _let_emulators_take_anybody(session: AioSession, endpoint: str | None) -> None:
    if is_local(endpoint) and await session.get_credentials() is None:
        session.set_credentials("local", "local")


@contextmanager
def _translated(operation: str, address: S3Address) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        raise_refused(error, operation, address)
    except SEND_FAILURES as error:
        if isinstance(error, OSError) and error.filename is not None:
            raise  # a file of ours

        _raise_lost(error, address)


def _raise_lost(error: Exception, address: S3Address) -> None:
    if isinstance(error, BotoCoreError):
        raise_translated(error)

    raise StoreUnreachable(
        f"The connection to {printable(address.uri, 200)} was lost: {sentence_of(error)}",
        hint="check the network, then run the same command again",
    ) from error


@asynccontextmanager
async def _first_error() -> AsyncIterator[None]:
    """Raise the first error of a group as if there had been one task."""
    try:
        yield
    except BaseExceptionGroup as group:
        raise group.exceptions[0] from group


def _read_part(path: Path, begins: int, size_bytes: int) -> bytes:
    with path.open("rb") as file:
        file.seek(begins)
        return file.read(size_bytes)


def _part_sums(sums: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in sums.items() if name != "ChecksumType"}
