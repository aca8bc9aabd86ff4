"""Say what waits in a dead-letter file, by reason and source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from ingest.deadletters.read import Letters, letters_at, places_of
from ingest.deadletters.record import DeadLetter


@dataclass(frozen=True, slots=True)
class Group:
    """The waiting letters of one reason and source: how many, when the first and the last came, and the first itself.

    `cut` of them are lines of which only the beginning was kept. The times are None where no letter has one.
    """

    reason: str
    source: str
    letters: int
    cut: int
    first_at: datetime | None
    last_at: datetime | None
    example: DeadLetter


def groups(letters: Letters) -> Iterator[Group]:
    """Yield the groups of waiting letters, the largest first; raises `SourceError` when the file cannot be read."""
    rows = (
        letters.waiting.with_columns(pl.col("reason", "source").cast(pl.String))
        .group_by("reason", "source")
        .agg(
            pl.len().alias("letters"),
            pl.col("is_cut").sum().alias("cut"),
            pl.col("at").min().alias("first_at"),
            pl.col("at").max().alias("last_at"),
            pl.col("record_at", "record_bytes").first(),
        )
        .sort("letters", "reason", "source", descending=[True, False, False])
    )
    examples = letters_at(letters.path, places_of(rows))
    for row, example in zip(rows.iter_rows(named=True), examples, strict=True):
        yield Group(
            reason=row["reason"],
            source=row["source"],
            letters=row["letters"],
            cut=row["cut"],
            first_at=row["first_at"],
            last_at=row["last_at"],
            example=example,
        )
