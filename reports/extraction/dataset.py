"""Events as Parquet files: the ones that reports are made of, and other tools read.

::

    DIR/.footfall.json                                   says that the folder is ours, and what it holds
    DIR/site=example.org/date=2026-01-31/part-0.parquet  events of a site and a UTC date, sorted by time

Each file has all columns of the event, `site` too, so Spark, DuckDB, Athena and Polars (``DIR/**/*.parquet``) read
the folder as it is. A temporary dataset is not cut by day, since a year of a small site would be 365 files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from urllib.parse import quote

import polars as pl

from footfall.errors import SettingsError
from footfall.event import EXPIRY, SCHEMA, conform
from footfall.text import printable
from reports.extraction.manifest import KeptDay, read_manifest
from reports.scope import Scope
from reports.temporary import writing_beside

PART: Final = "part-*.parquet"
FOLDER_HINT: Final = "--dataset takes a new folder"
_LONGEST_NAME_BYTES: Final = 200
"""File systems stop at 255; a site's name may be 253 long and grows when it is quoted."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """A folder of events, of which those in `scope` are looked at that have not expired `now`; None for all."""

    folder: Path
    scope: Scope = field(default_factory=Scope)
    by_day: bool = True
    now: datetime | None = None

    def write(self, events: pl.DataFrame, name: str) -> None:
        """Add `events`, any columns of `SCHEMA`, to a temporary dataset, as a part that no other is called like."""
        with writing_beside(self.folder):
            write_part(events, self.folder, name)

    def files(self) -> list[Path]:
        """Return the files that hold the events, of a kept dataset only those of days in scope."""
        if not self.by_day:
            return sorted(self.folder.glob(PART))

        days = read_manifest(self.folder).holds(self.scope)
        return [part for day in days for part in sorted(day_folder(self.folder, day).glob(PART))]

    def scan(self) -> pl.LazyFrame:
        """Return the events in scope as a query with the columns of `SCHEMA`."""
        events = open_parts(self.files())
        if self.now is not None:
            events = events.filter(is_kept(self.now))

        return events if self.scope.is_everything else events.filter(self.scope.predicate())


def is_kept(now: datetime) -> pl.Expr:
    """Return the expression that is true for events that have not expired.

    DynamoDB deletes those that have within two days, until then they show up in every Scan and Query ("How it works:
    DynamoDB Time to Live").
    """
    return pl.col(EXPIRY).is_null() | (pl.col(EXPIRY) > int(now.timestamp()))


@contextmanager
def temporary_dataset(now: datetime | None = None) -> Iterator[Dataset]:
    """Give an empty dataset that is gone at the end."""
    with TemporaryDirectory(prefix="footfall-") as temporary:
        yield Dataset(Path(temporary), by_day=False, now=now)


@contextmanager
def writing_to(folder: Path) -> Iterator[None]:
    """Turn the errors of a folder that cannot be written into a `SettingsError`."""
    try:
        yield
    except (OSError, pl.exceptions.ComputeError) as error:
        reason = getattr(error, "strerror", None) or str(error).partition("\n")[0]
        raise SettingsError(
            f"Cannot keep a dataset in {printable(str(folder), 200)}: {printable(str(reason), 200)}.",
            hint=FOLDER_HINT,
        ) from error


def write_part(events: pl.DataFrame, folder: Path, name: str) -> None:
    """Write `events`, any columns of `SCHEMA`, to a file of `folder`."""
    conform(events).write_parquet(folder / f"part-{name}.parquet", compression="zstd", statistics=True)


def open_parts(files: Sequence[Path]) -> pl.LazyFrame:
    """Return the events of `files` as a query with the columns of `SCHEMA`."""
    if not files:
        return pl.LazyFrame(schema=SCHEMA)

    return pl.scan_parquet(list(files), schema=SCHEMA, hive_partitioning=False, glob=False)


def day_folder(folder: Path, day: KeptDay) -> Path:
    """Return where a kept dataset has the events of a day."""
    return folder / hive_name("site", day.site) / hive_name("date", day.on.isoformat())


def hive_name(column: str, value: str) -> str:
    """Return the name of a partition's folder, ``column=value``, percent-encoded as Hive does.

    Values that make it too long are cut and end in a hash of the whole.
    """
    name = f"{column}={quote(value, safe=' ')}"
    if len(name) <= _LONGEST_NAME_BYTES:
        return name

    digest = hashlib.blake2b(value.encode(), digest_size=8).hexdigest()
    return f"{name[: _LONGEST_NAME_BYTES - 20]}-{digest}"
