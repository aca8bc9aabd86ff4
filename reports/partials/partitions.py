"""Spread events over partitions by visitor, so that each can be worked on in memory and all of them side by side."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import polars as pl

from reports.visits import VisitRule
from reports.visits.hits import visitor_base

LARGEST_EVENTS: Final = 2_000_000
"""Events of one partition: with all that is worked out from them they take about half a gigabyte."""

_PARTITION: Final = "_partition"


@contextmanager
def spread(
    events: pl.LazyFrame, rule: VisitRule, largest: int = LARGEST_EVENTS
) -> Iterator[tuple[pl.LazyFrame, ...]]:
    """Give the partitions of `events`: all events of a visitor are in one, of about `largest` events at most.

    Few events are one partition, which is `events` itself; others are written to a temporary folder, which goes at
    the end. One visitor with more events than that is still one partition.
    """
    count = events.select(pl.len()).collect(engine="streaming").item()
    if count <= largest:
        yield (events,)
        return

    with TemporaryDirectory(prefix="footfall-") as folder:
        yield _written(events, rule, -(-count // largest), Path(folder))


def _written(
    events: pl.LazyFrame, rule: VisitRule, partitions: int, folder: Path
) -> tuple[pl.LazyFrame, ...]:
    # Polars' hash may differ between its versions and machines; this one is forgotten when the run ends.
    place = (visitor_base(rule).hash() % partitions).alias(_PARTITION)
    target = pl.PartitionBy(folder, key=place, include_key=False)
    events.sink_parquet(target, compression="lz4", statistics=False, mkdir=True, engine="streaming")
    return tuple(pl.scan_parquet(files) for files in _files(folder))


def _files(folder: Path) -> list[list[Path]]:
    return [sorted(part.rglob("*.parquet")) for part in sorted(folder.iterdir())]
