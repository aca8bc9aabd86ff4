"""A kept dataset as a source: no store is needed, and nothing is written to it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio.to_thread
import polars as pl

from footfall.clock import Clock
from footfall.errors import SourceError
from footfall.paths import expanded
from footfall.store.objects import ObjectSettings, is_s3, open_objects, parse_s3
from footfall.text import printable
from reports.extraction.dataset import Dataset, day_folder
from reports.extraction.manifest import MARKER, Manifest, read_manifest, write_manifest
from reports.extraction.reading import Reading
from reports.extraction.request import Request
from reports.lake.manifest import day_path
from reports.lake.target import Target
from reports.scope import Scope


@asynccontextmanager
async def extracted_from_dataset(
    place: str, clock: Clock, request: Request, settings: ObjectSettings
) -> AsyncIterator[tuple[Dataset, Reading]]:
    """Give the dataset at `place`, a folder or an S3 address, and what reading it took.

    From S3 the objects of the days in scope are copied here for the time being. Raises `SourceError` where there is no
    dataset, or one that is not finished or that another version kept.
    """
    started = clock.monotonic()
    if not is_s3(place):
        dataset = Dataset(_checked_folder(place), request.scope, now=clock.now())
        yield dataset, await _reading(dataset, clock.monotonic() - started)
        return

    with TemporaryDirectory(prefix="footfall-") as temporary:
        await _fetch(place, request.scope, Path(temporary), settings)
        dataset = Dataset(Path(temporary), request.scope, now=clock.now())
        yield dataset, await _reading(dataset, clock.monotonic() - started)


def _checked_folder(place: str) -> Path:
    folder = expanded(place)
    if not (folder / MARKER).is_file():
        raise _no_dataset(place)

    _check(read_manifest(folder), place)
    return folder


async def _fetch(uri: str, scope: Scope, folder: Path, settings: ObjectSettings) -> None:
    """Copy the days in `scope` of a dataset on S3 into an empty folder, which is then a dataset of those."""
    async with open_objects(settings) as objects:
        target = Target(objects, parse_s3(uri))
        lake = await target.manifest()
        if lake is None:
            raise _no_dataset(uri)

        _check(lake.dataset, uri)
        days = lake.dataset.holds(scope)
        files = [(day, file) for day in days for file in lake.files_of(day)]
        for day in days:
            await anyio.to_thread.run_sync(lambda path: path.mkdir(parents=True), day_folder(folder, day))

        wanted = [
            (f"{day_path(day)}/{file.name}", day_folder(folder, day) / file.name) for day, file in files
        ]
        sizes = await target.get(wanted)

    for (key, _), size_bytes, (_, file) in zip(wanted, sizes, files, strict=True):
        if size_bytes != file.bytes:
            raise SourceError(
                f"{printable(uri, 200)} lacks bytes of {key}: {size_bytes:,} of {file.bytes:,}.",
                hint=f"footfall extract --out {printable(uri, 200)}",
            )

    write_manifest(folder, lake.dataset)


def _check(manifest: Manifest, place: str) -> None:
    shown = printable(place, 200)
    if not manifest.complete:
        raise SourceError(
            f"The dataset {shown} is not finished: a run that writes it was stopped, or is still at it.",
            hint=f"footfall extract --out {shown}   (with the options it was made with)",
        )

    if manifest.days and not manifest.usable_days():
        raise SourceError(
            f"The dataset {shown} has other columns than this version of footfall.",
            hint=f"footfall extract --out {shown}   (makes it anew)",
        )


async def _reading(dataset: Dataset, seconds: float) -> Reading:
    files = dataset.files()
    counted = dataset.scan().select(pl.len())
    events = int(
        (await anyio.to_thread.run_sync(lambda: counted.collect(engine="streaming"))).item() if files else 0
    )
    return Reading("dataset", len(files), items=events, events=events, seconds=round(seconds, 3))


def _no_dataset(place: str) -> SourceError:
    shown = printable(place, 200)
    return SourceError(
        f"There is no dataset in {shown}.", hint=f"footfall extract --out {shown}   (leaves one there)"
    )
