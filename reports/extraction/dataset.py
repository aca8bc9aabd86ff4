"""Keep events as Parquet files while reports are made, and for other tools when somebody asks for it.

::

    DIR/.footfall.json                                   says that the folder is ours and whether it is complete
    DIR/site=example.org/date=2026-01-31/part-0.parquet  events of a site and a UTC date, sorted by time

Each file has all columns of the event, `site` too, so Spark, DuckDB, Athena and Polars (``DIR/**/*.parquet``) read
the folder as it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from urllib.parse import quote

import msgspec
import polars as pl

from footfall.errors import SettingsError
from footfall.event import SCHEMA, conform

MARKER: Final = ".footfall.json"
"""Begins with a dot, so that Spark and Hive pass over it."""

_PART: Final = "part-*.parquet"
_PARTS: Final = f"site=*/date=*/{_PART}"
_LONGEST_NAME_BYTES: Final = 200
"""File systems stop at 255; a site's name may be 253 long and grows when it is quoted."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """A folder of events; a temporary one is not cut `by_day`, since a year of a small site would be 365 files."""

    folder: Path
    by_day: bool = True

    def write(self, events: pl.DataFrame, name: str) -> None:
        """Add `events`, any columns of `SCHEMA`, as a part called `name`; no two parts may share one."""
        if not self.by_day:
            _write(events, self.folder, name)
            return

        days = events.with_columns(pl.col("time").dt.date().alias("_date"))
        for (site, on), part in days.partition_by(
            "site", "_date", as_dict=True, maintain_order=False
        ).items():
            folder = self.folder / hive_name("site", str(site)) / hive_name("date", str(on))
            folder.mkdir(parents=True, exist_ok=True)
            _write(part.sort("time", "source_id", "offset"), folder, name)

    def scan(self) -> pl.LazyFrame:
        """Return all events as a query with the columns of `SCHEMA`."""
        files = sorted(self.folder.glob(_PARTS if self.by_day else _PART))
        if not files:
            return pl.LazyFrame(schema=SCHEMA)

        return pl.scan_parquet(files, schema=SCHEMA, hive_partitioning=False, glob=False)

    def finish(self, about: dict[str, object]) -> None:
        """Say in the folder that everything has been written, and what it is."""
        self._mark({"complete": True} | about)

    def begin(self) -> None:
        """Make the folder ours and empty: earlier parts of ours go, everything else stays."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._mark({"complete": False})
        for part in self.folder.glob(_PARTS):
            part.unlink()

    def _mark(self, state: dict[str, object]) -> None:
        part = self.folder / f"{MARKER}.part"
        part.write_bytes(msgspec.json.format(msgspec.json.encode(state)) + b"\n")
        part.replace(self.folder / MARKER)


@contextmanager
def open_dataset(folder: Path | None) -> Iterator[Dataset]:
    """Give an empty dataset in `folder`, which stays, or in a temporary one, which goes at the end.

    Raises `SettingsError` when `folder` holds what is not ours, or cannot be written.
    """
    if folder is None:
        with TemporaryDirectory(prefix="footfall-") as temporary:
            yield Dataset(Path(temporary), by_day=False)
        return

    dataset = Dataset(folder)
    try:
        check_folder(folder)
        dataset.begin()
    except OSError as error:
        raise SettingsError(
            f"Cannot keep a dataset in {folder}: {error.strerror or error}.",
            hint="--dataset takes a new folder",
        ) from error

    yield dataset


def check_folder(folder: Path) -> None:
    """Raise `SettingsError` unless `folder` is absent, empty or a dataset of ours."""
    if not folder.exists() or (folder / MARKER).exists() or not any(folder.iterdir()):
        return

    raise SettingsError(
        f"{folder} holds other files, so no dataset is kept there.", hint="--dataset takes a new folder"
    )


def _write(events: pl.DataFrame, folder: Path, name: str) -> None:
    conform(events).write_parquet(folder / f"part-{name}.parquet", compression="zstd", statistics=True)


def hive_name(column: str, value: str) -> str:
    """Return the name of a partition's folder, ``column=value``, percent-encoded as Hive does.

    Values that make it too long are cut and end in a hash of the whole.
    """
    name = f"{column}={quote(value, safe=' ')}"
    if len(name) <= _LONGEST_NAME_BYTES:
        return name

    digest = hashlib.blake2b(value.encode(), digest_size=8).hexdigest()
    return f"{name[: _LONGEST_NAME_BYTES - 20]}-{digest}"
