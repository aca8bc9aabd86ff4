"""Bring the days of a dataset in a folder to S3: those that are other ones there, and no others.

Days are switched a batch at a time: their new objects are put under names of this run, the manifest is switched to
them, the old objects are deleted. A crash leaves every day whole, old or new, and perhaps objects that no manifest
names; the next run deletes those. Only one run may write to a prefix at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from footfall.clock import Clock
from reports.extraction.dataset import PART, day_folder
from reports.extraction.manifest import NEVER_FRESH, KeptDay, Manifest, read_manifest
from reports.lake.manifest import LakeFile, LakeManifest, day_path, new_run
from reports.lake.target import Target
from reports.scope import Scope

BATCH_BYTES: Final = 64 * 1024**2
BATCH_DAYS: Final = 50


@dataclass(frozen=True, slots=True)
class Mirrored:
    """What was brought to S3: days that changed, those that were as they are, and the objects put and deleted."""

    days: int = 0
    same_days: int = 0
    put_objects: int = 0
    put_bytes: int = 0
    deleted_objects: int = 0

    def sentence(self) -> str:
        """Return it as one line for a person."""
        return (
            f"wrote {self.days:,} days in {self.put_objects:,} objects, {self.put_bytes:,} bytes; "
            f"{self.same_days:,} days had not changed; deleted {self.deleted_objects:,} objects"
        )


@dataclass(frozen=True, slots=True)
class _Upload:
    """The new objects of a day, which replace all that it had; no files where it has no events any more."""

    day: KeptDay
    files: tuple[tuple[Path, LakeFile], ...]
    is_gone: bool = False

    @property
    def size_bytes(self) -> int:
        return sum(file.bytes for _, file in self.files)


async def mirror(folder: Path, scope: Scope, target: Target, clock: Clock, *, was_read: bool) -> Mirrored:
    """Make the days in `scope` on S3 those of the dataset in `folder`; all other days there stay as they are.

    `was_read` tells whether days of unknown revision were read just now. Raises the errors of
    `footfall.store.aws.objects`, in an ExceptionGroup where objects go side by side.
    """
    lake = await target.claim()
    after, run = read_manifest(folder), new_run(clock)
    known = {_key(day): day for day in lake.dataset.holds(scope)}
    kept = after.holds(scope)
    changed = [day for day in kept if _needs_upload(day, known.get(_key(day)), was_read=was_read)]
    left = {_key(day) for day in kept}
    gone = [_Upload(day, (), is_gone=True) for key, day in known.items() if key not in left]
    uploads = [*(_upload(folder, day, run) for day in changed), *gone]

    lake = _begun(lake, after, run, clock)
    await target.save(lake)
    deleted = 0
    for batch in _batches(uploads):
        lake, old = await _switch(target, lake, batch)
        deleted += len(old)

    dataset = msgspec.structs.replace(lake.dataset, complete=True)
    lake = msgspec.structs.replace(lake, complete=True, written_at=clock.now(), dataset=dataset)
    await target.save(lake)
    strays = await target.strays(lake)
    await target.delete(strays)
    return Mirrored(
        days=len(uploads),
        same_days=len(kept) - len(changed),
        put_objects=sum(len(one.files) for one in uploads),
        put_bytes=sum(one.size_bytes for one in uploads),
        deleted_objects=deleted + len(strays),
    )


def _begun(lake: LakeManifest, after: Manifest, run: str, clock: Clock) -> LakeManifest:
    """Return the manifest of a run that has not switched a day yet; days with other columns are none any more."""
    days = lake.dataset.usable_days()
    dataset = msgspec.structs.replace(after, complete=False, days=days)
    files = {day_path(day): lake.files_of(day) for day in days if lake.files_of(day)}
    return LakeManifest(run=run, written_at=clock.now(), dataset=dataset, files=files)


async def _switch(
    target: Target, lake: LakeManifest, batch: Sequence[_Upload]
) -> tuple[LakeManifest, set[str]]:
    """Put the new objects of some days, switch the manifest to them, delete the old ones; return both."""
    await target.put(
        [(path, f"{day_path(one.day)}/{file.name}") for one in batch for path, file in one.files]
    )
    switched = _switched(lake, batch)
    await target.save(switched)
    old = set(lake.object_keys() - switched.object_keys())
    await target.delete(old)
    return switched, old


def _switched(lake: LakeManifest, batch: Sequence[_Upload]) -> LakeManifest:
    keys = {_key(one.day) for one in batch}
    days = [day for day in lake.dataset.days if _key(day) not in keys]
    days += [one.day for one in batch if not one.is_gone]
    files = {
        path: files for path, files in lake.files.items() if path not in {day_path(one.day) for one in batch}
    }
    files |= {day_path(one.day): tuple(file for _, file in one.files) for one in batch if one.files}
    dataset = msgspec.structs.replace(lake.dataset, days=tuple(sorted(days)))
    return msgspec.structs.replace(lake, dataset=dataset, files=dict(sorted(files.items())))


def _needs_upload(day: KeptDay, there: KeptDay | None, *, was_read: bool) -> bool:
    """Tell whether a day of the folder may be another one on S3; the same revision is the same day."""
    return there != day or (day.revision == NEVER_FRESH and was_read)


def _upload(folder: Path, day: KeptDay, run: str) -> _Upload:
    parts = sorted(day_folder(folder, day).glob(PART))
    return _Upload(
        day,
        tuple(
            (path, LakeFile(f"part-{run}-{number}.parquet", path.stat().st_size))
            for number, path in enumerate(parts)
        ),
    )


def _batches(uploads: Sequence[_Upload]) -> Iterator[list[_Upload]]:
    """Yield days that are switched together: few enough that nobody finds many of them twice for long."""
    batch: list[_Upload] = []
    held = 0
    for upload in uploads:
        if batch and (held + upload.size_bytes > BATCH_BYTES or len(batch) == BATCH_DAYS):
            yield batch
            batch, held = [], 0

        batch.append(upload)
        held += upload.size_bytes

    if batch:
        yield batch


def _key(day: KeptDay) -> tuple[str, object]:
    return day.site, day.on
