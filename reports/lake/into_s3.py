"""From a source to a dataset on S3: only days that changed are read and written."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from footfall.clock import Clock
from footfall.errors import SettingsError
from footfall.text import printable
from reports.extraction.dataset import Dataset
from reports.extraction.manifest import Manifest, write_manifest
from reports.extraction.reading import NOTHING, Reading
from reports.extraction.request import Request
from reports.lake.mirror import Mirrored, mirror
from reports.lake.target import Target

Extract = Callable[[Request], AbstractAsyncContextManager[tuple[Dataset, Reading]]]
"""What reads a request: of a store, of exports, or of a kept dataset."""


async def extract_to_s3(
    extract: Extract, source_id: str, request: Request, target: Target, clock: Clock
) -> tuple[Reading, Mirrored]:
    """Make the days in scope on S3 those of the source; return what reading took, and what was written.

    With a folder in `request`, that keeps the events as well. Without one, the days that S3 has already are taken for
    a folder's, so that only others are read. `source_id` is what the source calls itself in manifests. Raises what
    `extract` and `mirror` raise, and `SettingsError` when S3 has another source's days.
    """
    there = (await target.claim()).dataset
    if there.store_id not in {"", source_id}:
        raise SettingsError(
            f"{printable(target.address.uri, 200)} holds the events of another store, "
            f"{printable(there.location, 200)}.",
            hint="--out takes a new prefix",
        )

    async with _folder(request, there) as folder, extract(replace(request, folder=folder)) as (_, reading):
        was_read = reading.method != NOTHING
        return reading, await mirror(folder, request.scope, target, clock, was_read=was_read)


@asynccontextmanager
async def _folder(request: Request, there: Manifest) -> AsyncIterator[Path]:
    """Give the folder to read into: the one asked for, or one for the time being that passes for what S3 has."""
    if request.folder is not None:
        yield request.folder
        return

    with TemporaryDirectory(prefix="footfall-") as temporary:
        folder = Path(temporary)
        write_manifest(folder, there)
        yield folder
