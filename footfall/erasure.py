"""Erase a person's rows from Parquet files of events: datasets that reports left, and what was made of exports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from footfall.errors import SourceError
from footfall.person import TRACES, Person, is_person
from footfall.salts import Salts
from footfall.text import printable


def find_rows(folder: Path, person: Person, salts: Sequence[Salts]) -> dict[Path, int]:
    """Return how many rows of the person's each Parquet file of events below `folder` has, those without left out.

    Raises `SourceError` when there is no such folder or a file in it cannot be read.
    """
    if not folder.is_dir():
        shown = printable(str(folder), 200)
        raise SourceError(f"There is no folder {shown}.", hint="--dataset takes a folder of Parquet files")

    counts = {path: int(_mask(path, person, salts).sum()) for path in _event_files(folder)}
    return {path: count for path, count in counts.items() if count}


def erase_rows(path: Path, person: Person, salts: Sequence[Salts]) -> None:
    """Write a file of events again without the person's rows, in one step: a crash leaves the old file or the new."""
    frame = pl.read_parquet(path, hive_partitioning=False)
    kept = frame.filter(~is_person(frame.select(TRACES), person, salts))
    part = path.with_name(f".{path.name}.part")
    try:
        kept.write_parquet(part, compression="zstd", statistics=True)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise _unusable(path, "written", error) from error


def _event_files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*.parquet")):
        if set(TRACES) <= _columns(path):
            yield path


def _columns(path: Path) -> set[str]:
    try:
        return set(pl.read_parquet_schema(path))
    except (OSError, pl.exceptions.PolarsError) as error:
        raise _unusable(path, "read", error) from error


def _mask(path: Path, person: Person, salts: Sequence[Salts]) -> pl.Series:
    try:
        return is_person(pl.read_parquet(path, columns=list(TRACES), hive_partitioning=False), person, salts)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise _unusable(path, "read", error) from error


def _unusable(path: Path, done: str, error: Exception) -> SourceError:
    reason = printable(str(error).partition("\n")[0], 200)
    return SourceError(f"{printable(str(path), 200)} cannot be {done}: {reason}.", hint="ls -l")
