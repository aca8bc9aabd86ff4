"""Put the files of a run in their places, and the manifest when all of them are there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import BinaryIO

import anyio.to_thread

from footfall.store.objects import ObjectSettings, is_s3
from reports.answer import Answer
from reports.outputs.deliver import Delivered, deliver
from reports.outputs.destination import open_destination
from reports.schedule.manifest import Occurrence

Check = Callable[[], Awaitable[None]]
"""Raises when the run is another worker's by now."""


async def put_files(
    occurrence: Occurrence,
    answers: Sequence[Answer],
    objects: ObjectSettings,
    check: Check,
    manifest_of: Callable[[Sequence[Delivered]], bytes],
) -> tuple[str, tuple[Delivered, ...]]:
    """Write `answers` as the job says; return where the manifest is, and the files that it names.

    `check` is asked before the first file is put and before the manifest is. Raises `SettingsError` when a file cannot
    be written, and the errors of S3.
    """
    job, at = occurrence.job, occurrence.scheduled_at
    await check()
    if occurrence.attempt > 1:
        await anyio.to_thread.run_sync(sweep, job.out, [*job.files_at(at), job.manifest_at(at)])

    files = await deliver(answers, job.outputs, at, objects)
    await check()
    content = manifest_of(files)

    def write(stream: BinaryIO) -> None:
        stream.write(content)

    async with open_destination(job.out, objects) as destination:
        manifest = await destination.put(job.manifest_at(at), "json", write)

    return manifest.where, files


def sweep(out: str, names: Sequence[str]) -> None:
    """Remove what a worker that was killed has left of files that it was about to put."""
    if is_s3(out):
        return

    for name in names:
        place = Path(out, name)
        for part in place.parent.glob(f".{place.name}.*.part"):
            part.unlink(missing_ok=True)
