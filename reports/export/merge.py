"""The newest image of each item, out of a full export and incremental ones, in bounded memory.

What incremental exports changed is staged in buckets on disk, by a hash of the key, and so are those items of the full
export that share a partition key with a change. Each bucket is then small enough to be sorted. All other items, most
of them, pass by: events are seldom touched after the day they were stored on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import polars as pl

from footfall.event import SCHEMA
from reports.export.lines import AT, DELETED, PK, SK
from reports.temporary import writing_beside

ITEMS_PER_BUCKET: Final = 200_000
LARGEST_BUCKETS: Final = 256

_ORDER: Final = "_order"
_BUCKET: Final = "_bucket"


@dataclass(slots=True)
class Merge:
    """Changes, and what they may have changed, in `folder`; `buckets` says in how many pieces."""

    folder: Path
    buckets: int
    parts: int = 0
    changed: pl.Series = field(default_factory=lambda: pl.Series(PK, dtype=pl.String))

    def add_changes(self, rows: pl.DataFrame, order: int) -> None:
        """Stage rows of the incremental export that is number `order`."""
        self.changed = pl.concat([self.changed, rows.get_column(PK)]).unique()
        self._stage(rows, order)

    def pass_by(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Stage those rows of the full export that may have changed; return the others."""
        if self.changed.is_empty():
            return rows

        is_touched = pl.col(PK).is_in(self.changed.implode())
        self._stage(rows.filter(is_touched), -1)
        return rows.filter(~is_touched)

    def newest(self) -> Iterator[pl.DataFrame]:
        """Yield what is left of the staged rows, a bucket at a time: each item's newest image, deleted ones not."""
        for bucket in range(self.buckets):
            files = sorted(self.folder.glob(f"{bucket}-*.parquet"))
            if files:
                # Of the same moment, the export that was given later counts.
                rows = pl.concat([pl.read_parquet(path) for path in files], how="diagonal")
                last = rows.sort(AT, _ORDER).unique([PK, SK], keep="last")
                yield last.filter(~pl.col(DELETED))

    def _stage(self, rows: pl.DataFrame, order: int) -> None:
        numbered = rows.with_columns(
            pl.lit(order, dtype=pl.Int32).alias(_ORDER),
            (pl.col(SK).hash() % self.buckets).cast(pl.Int32).alias(_BUCKET),
        )
        for (bucket,), part in numbered.partition_by(_BUCKET, as_dict=True, include_key=False).items():
            with writing_beside(self.folder):
                part.write_parquet(self.folder / f"{bucket}-{self.parts}.parquet", compression="lz4")

        self.parts += 1


def bucket_count(items: int) -> int:
    """Return in how many pieces so many items are merged."""
    return max(1, min(LARGEST_BUCKETS, -(-items // ITEMS_PER_BUCKET)))


def events_only(rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows with the columns of `SCHEMA` that they have, and no others."""
    return rows.select(name for name in rows.columns if name in SCHEMA)
