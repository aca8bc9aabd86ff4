"""Turn a reading that is done into days of the dataset, a batch of days at a time, so that memory stays bounded.

A day's files are replaced one by one under the names they have, so whoever reads the folder meanwhile finds the old
day or the new one; only of a day with more than `LARGEST_PART_EVENTS` may they find both. A kill in between leaves
the reading and its journal, and all of it is done again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
import polars as pl

from reports.extraction.dataset import PART, day_folder, writing_to
from reports.extraction.journal import Journal, Staging
from reports.extraction.manifest import (
    NEVER_FRESH,
    KeptDay,
    Manifest,
    is_in,
    read_manifest,
    write_manifest,
)

LARGEST_PART_EVENTS: Final = 250_000
"""With what sorting takes, some hundred megabytes."""

Key = tuple[str, date]
"""A site and a UTC date."""

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Batch:
    """The events from one moment up to another, and the number of their parts: above 0 in days of many parts."""

    start_at: datetime
    end_at: datetime
    part: int = 0


def publish(
    folder: Path, staging: Staging, reading: dict[str, Any], largest: int = LARGEST_PART_EVENTS
) -> None:
    """Replace the days that were read, say so in the manifest, and forget the reading.

    `reading` is what it took, for the manifest; no batch has many more events than `largest`.
    """
    journal = staging.journal
    assert journal is not None
    with writing_to(folder):
        _publish(folder, staging, journal, reading, largest)


def _publish(folder: Path, staging: Staging, journal: Journal, reading: dict[str, Any], largest: int) -> None:
    written: dict[Key, set[str]] = {}
    events = _with_values(staging.scan())
    for batch in _batches(_counts(events), largest):
        for key, name in _write_batch(folder, staging, events, batch):
            written.setdefault(key, set()).add(name)

    manifest = read_manifest(folder)
    days, reads = _days_after(manifest, journal, written.keys()), _reads(journal)
    for key in {_key(day) for day in days if reads(day)}:
        _remove_parts(_folder(folder, key), but=written.get(key, set()))

    write_manifest(folder, msgspec.structs.replace(manifest, complete=True, days=days, reading=reading))
    sweep(folder)
    staging.clear()


def sweep(folder: Path) -> None:
    """Remove parts of days that the manifest does not name; everything else in the folder stays."""
    named = {day_folder(folder, day) for day in read_manifest(folder).usable_days()}
    for part in folder.glob(f"site=*/date=*/{PART}"):
        if part.parent not in named:
            part.unlink()


def _days_after(manifest: Manifest, journal: Journal, written: Iterable[Key]) -> tuple[KeptDay, ...]:
    """Return the days that the dataset has now: those that were not read again, and those that were."""
    reads = _reads(journal)
    others = [day for day in manifest.usable_days() if not reads(day)]
    named = {_key(day) for day in journal.days}
    unnamed = [KeptDay(*key, NEVER_FRESH) for key in written if key not in named]
    return tuple(sorted([*others, *journal.days, *unnamed]))


def _reads(journal: Journal) -> Callable[[KeptDay], bool]:
    """Return what tells whether the reading was to find all events of a day."""
    scope, fresh = journal.scope, {_key(day) for day in journal.fresh}
    return lambda day: is_in(scope, day.site, day.on) and _key(day) not in fresh


def _key(day: KeptDay) -> Key:
    return day.site, day.on


def _folder(folder: Path, key: Key) -> Path:
    return day_folder(folder, KeptDay(*key, NEVER_FRESH))


def _remove_parts(folder: Path, but: set[str]) -> None:
    for part in folder.glob(PART):
        if part.name not in but:
            part.unlink()


def _with_values(events: pl.LazyFrame) -> pl.LazyFrame:
    """Return `events` without the columns that have nothing in them: those would be most of the memory."""
    nulls = events.select(pl.len().alias("_all"), pl.all().null_count()).collect(engine="streaming").row(0)
    names = events.collect_schema().names()
    have = [name for name, null in zip(names, nulls[1:], strict=True) if null < nulls[0]]
    return events.select(have or names)


def _counts(events: pl.LazyFrame) -> list[tuple[date, int]]:
    """Return how many events each UTC day has, of all sites, in order."""
    counted = events.group_by(pl.col("time").dt.date().alias("on")).len().sort("on")
    return counted.collect(engine="streaming").rows()


def _batches(counts: list[tuple[date, int]], largest: int) -> Iterator[_Batch]:
    """Yield what to write at a time: days in a row that fit together, or equal parts of a day that does not fit."""
    first, last, held = None, date.min, 0
    for on, count in counts:
        if first is not None and held + count > largest:
            yield _Batch(_midnight(first), _midnight(on))
            first, held = None, 0

        if count > largest:
            yield from _slices(on, -(-count // largest))
            continue

        first, held = first or on, held + count
        last = on

    if first is not None:
        yield _Batch(_midnight(first), _midnight(last) + _DAY)


def _slices(on: date, pieces: int) -> Iterator[_Batch]:
    bounds = [_midnight(on) + _DAY * piece / pieces for piece in range(pieces + 1)]
    for piece in range(pieces):
        yield _Batch(bounds[piece], bounds[piece + 1], piece)


def _write_batch(
    folder: Path, staging: Staging, events: pl.LazyFrame, batch: _Batch
) -> Iterator[tuple[Key, str]]:
    """Write the parts of a batch; yield of each the day and the name."""
    within = pl.col("time").is_between(batch.start_at, batch.end_at, closed="left")
    rows = events.filter(within).collect(engine="streaming")
    days = rows.sort("site", "time", "source_id", "offset").with_columns(_on=pl.col("time").dt.date())
    for (site, on), part in days.partition_by("site", "_on", as_dict=True).items():
        key: Key = (str(site), on)
        name = f"part-{batch.part}.parquet"
        staging.replace(part.drop("_on"), _folder(folder, key) / name)
        yield key, name


def _midnight(on: date) -> datetime:
    return datetime.combine(on, time.min, UTC)
