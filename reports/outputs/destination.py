"""Where files go: a folder or S3. A file appears whole or not at all.

In a folder it is written beside its place, forced to disk and renamed; S3 shows an object when all of it is there
("Amazon S3 data consistency model", S3 User Guide).
"""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO, Final, Protocol

import anyio.to_thread

from footfall.errors import FootfallError, SettingsError
from footfall.store.objects import ObjectSettings, S3Address, is_s3, open_objects, parse_s3

Write = Callable[[BinaryIO], None]

CONTENT_TYPES: Final = {
    "csv": "text/csv; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "md": "text/markdown; charset=utf-8",
    "ndjson": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
    "txt": "text/plain; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
"""What S3 tells of an object, by what files of its form end in."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that is there: where, and what is in it."""

    where: str
    size_bytes: int
    sha256: str


class Destination(Protocol):
    """A place that takes files by names with ``/`` between folders."""

    async def put(self, name: str, suffix: str, write: Write) -> Stored:
        """Store what `write` writes as `name`, whole or not at all; `suffix` says its form."""
        ...


@dataclass(frozen=True, slots=True)
class FolderDestination:
    """A folder, made when it is not there."""

    folder: Path

    async def put(self, name: str, suffix: str, write: Write) -> Stored:
        """Store a file; raises `SettingsError` when it cannot be written, and leaves what was there before."""
        return await anyio.to_thread.run_sync(self._put, self.folder / name, write)

    def _put(self, path: Path, write: Write) -> Stored:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with _replacing(path) as part:
                stored = _written(part, write)
        except OSError as error:
            raise _refused(path, error) from error

        return Stored(str(path), stored.size_bytes, stored.sha256)


@dataclass(frozen=True, slots=True)
class S3Destination:
    """A bucket, or what the keys in it begin with; `objects` is an open `footfall.store.aws.objects.S3Objects`."""

    objects: Any
    address: S3Address

    async def put(self, name: str, suffix: str, write: Write) -> Stored:
        """Store an object; raises the errors of `footfall.store.objects`, and `FootfallError` for want of room here."""
        target = self.address.child(name)
        try:
            stored = await self._put(target, write, CONTENT_TYPES.get(suffix))
        except OSError as error:
            raise FootfallError(
                f"Cannot prepare {target.uri}: {error.strerror or error}.",
                hint="free some space where temporary files are, or name another place: TMPDIR=/var/tmp",
            ) from error

        return Stored(target.uri, stored.size_bytes, stored.sha256)

    async def _put(self, target: S3Address, write: Write, content_type: str | None) -> Stored:
        with TemporaryDirectory(prefix="footfall-") as folder:
            path = Path(folder, "object")
            stored = await anyio.to_thread.run_sync(_written, path, write)
            await self.objects.put(target, path, content_type=content_type)

        return stored


def check_destination(out: str) -> None:
    """Make the folder `out`, or see that the address could be one of S3; raises `SettingsError` where it cannot be."""
    if is_s3(out):
        parse_s3(out)
        return

    try:
        Path(out).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _refused(Path(out), error) from error


@asynccontextmanager
async def open_destination(out: str, settings: ObjectSettings | None = None) -> AsyncIterator[Destination]:
    """Open ``s3://bucket/prefix``, reached as `settings` say, or a folder; close it at the end."""
    if not is_s3(out):
        yield FolderDestination(Path(out))
        return

    address = parse_s3(out)
    async with open_objects(settings) as objects:
        yield S3Destination(objects, address)


def _written(path: Path, write: Write) -> Stored:
    with path.open("xb") as stream:
        write(stream)
        stream.flush()
        os.fsync(stream.fileno())

    with path.open("rb") as stream:
        return Stored(str(path), path.stat().st_size, hashlib.file_digest(stream, "sha256").hexdigest())


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.unlink(missing_ok=True)
    try:
        yield part
        part.replace(path)
        _sync_folder(path.parent)
    finally:
        part.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _refused(path: Path, error: OSError) -> SettingsError:
    is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    hint = (
        "free some space there, or --out with another folder"
        if is_full
        else "--out takes a folder you may write to"
    )
    return SettingsError(f"Cannot write {path}: {error.strerror or error}.", hint=hint)
