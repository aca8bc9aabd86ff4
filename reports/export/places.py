"""Where an export is: a folder of this machine, or what begins with an S3 address.

Exports are laid out as ``PREFIX/AWSDynamoDB/EXPORT/manifest-summary.json`` with data in ``EXPORT/data/``, those of
incremental exports in ``PREFIX/AWSDynamoDB/data/``, which all of them share.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, Protocol

import anyio.to_thread

from footfall.errors import SourceError
from footfall.paths import expanded
from footfall.store.objects import ObjectSettings, S3Address, is_s3, open_objects, parse_s3
from footfall.text import printable

if TYPE_CHECKING:
    from footfall.store.objects import S3Objects

SUMMARY: Final = "manifest-summary.json"
STARTED: Final = "_started"
DATA: Final = "data"
_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file of items: `name` in the export's own data folder, or in the one that incremental exports share.

    `md5` is that of the file as it is stored, base64.
    """

    name: str
    is_shared: bool
    items: int
    md5: str


class ExportPlace(Protocol):
    """The folder of one export."""

    @property
    def title(self) -> str:
        """Return what a user types for it."""
        ...

    async def read(self, name: str) -> bytes | None:
        """Return a small file of the export's folder, None when there is none."""
        ...

    def fetched(self, file: DataFile) -> AbstractAsyncContextManager[Path]:
        """Give a data file as a file of this machine; raises `SourceError` when it is missing."""
        ...

    async def exports_below(self) -> tuple[str, ...]:
        """Return some exports that are in folders below, as a user would type them."""
        ...


@dataclass(frozen=True, slots=True)
class LocalPlace:
    """An export that is a folder of this machine."""

    folder: Path

    @property
    def title(self) -> str:
        """Return the folder."""
        return str(self.folder)

    async def read(self, name: str) -> bytes | None:
        """Return a small file; raises `SourceError` when it cannot be read."""
        try:
            return await anyio.to_thread.run_sync((self.folder / name).read_bytes)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise _unreadable(self.folder / name, error) from error

    @asynccontextmanager
    async def fetched(self, file: DataFile) -> AsyncIterator[Path]:
        """Give the file where it is."""
        # Resolved, since the folder of `.` has a parent, too.
        folder = self.folder.resolve().parent if file.is_shared else self.folder
        path = folder / DATA / file.name
        if not await anyio.to_thread.run_sync(path.is_file):
            raise missing(file, self.title)

        yield path

    async def exports_below(self) -> tuple[str, ...]:
        """Return folders with a summary in them."""
        found = await anyio.to_thread.run_sync(lambda: sorted(self.folder.glob(f"**/{SUMMARY}"))[:_SHOWN])
        return tuple(str(path.parent) for path in found)


@dataclass(frozen=True, slots=True)
class S3Place:
    """An export on S3; data files pass through `temporary`, one at a time for each reader."""

    objects: S3Objects
    address: S3Address
    temporary: Path

    @property
    def title(self) -> str:
        """Return the address."""
        return self.address.uri

    async def read(self, name: str) -> bytes | None:
        """Return a small object; raises what `S3Objects.get` does."""
        return await self.objects.get_if_present(self.address.child(name))

    @asynccontextmanager
    async def fetched(self, file: DataFile) -> AsyncIterator[Path]:
        """Give a copy of the object that goes at the end."""
        parent = replace(self.address, key=self.address.key.rstrip("/").rpartition("/")[0])
        address = (parent if file.is_shared else self.address).child(f"{DATA}/{file.name}")
        with TemporaryDirectory(dir=self.temporary) as folder:
            path = Path(folder) / DATA
            await self.objects.download(address, path)
            yield path

    async def exports_below(self) -> tuple[str, ...]:
        """Return prefixes with a summary in them."""
        listed = await self.objects.list(self.address.folder)
        found = [one.address.uri for one in listed if one.address.name == SUMMARY]
        return tuple(uri.removesuffix(SUMMARY) for uri in found[:_SHOWN])


@asynccontextmanager
async def opened_places(
    texts: Sequence[str], settings: ObjectSettings
) -> AsyncIterator[tuple[ExportPlace, ...]]:
    """Give the places that ``--from-export`` names: folders, or the summary in them, here or on S3.

    Raises `SettingsError` for what is no S3 address, and what `open_objects` does.
    """
    if not any(is_s3(text) for text in texts):
        yield tuple(local_place(text) for text in texts)
        return

    async with open_objects(settings) as objects:
        with TemporaryDirectory(prefix="footfall-export-") as folder:
            temporary = Path(folder)
            yield tuple(
                s3_place(text, objects, temporary) if is_s3(text) else local_place(text) for text in texts
            )


def local_place(text: str) -> LocalPlace:
    """Return the place of an export that is a folder, or the summary in it."""
    path = expanded(text)
    return LocalPlace(path.parent if path.name == SUMMARY else path)


def s3_place(text: str, objects: S3Objects, temporary: Path) -> S3Place:
    """Return the place of an export on S3; raises `SettingsError` for what is no address."""
    address = parse_s3(text)
    if address.name == SUMMARY:
        address = replace(address, key=address.key.removesuffix(SUMMARY))

    return S3Place(objects, address, temporary)


def missing(file: DataFile, title: str) -> SourceError:
    """Return the error for a data file that is not where the manifest says."""
    where = f"{DATA}/ beside the export" if file.is_shared else f"{DATA}/ of the export"
    return SourceError(
        f"The export {printable(title, 200)} lacks the file {printable(file.name, 100)}, which belongs in {where}.",
        hint="copy the whole export: aws s3 sync s3://BUCKET/PREFIX/AWSDynamoDB AWSDynamoDB",
    )


def _unreadable(path: Path, error: OSError) -> SourceError:
    return SourceError(
        f"{printable(str(path), 200)} cannot be read: {error.strerror or error}.", hint="ls -l"
    )
