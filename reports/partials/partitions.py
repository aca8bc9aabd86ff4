"""Spread events over partitions by visitor, so that each can be worked on in memory and all of them side by side."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import polars as pl

from reports.temporary import writing_beside
from reports.visits import VisitRule
from reports.visits.hits import visitor_base

LARGEST_EVENTS: Final = 700_000
"""Events of one partition: the catalogue over 10,000,000 events took 1.4 to 1.7 GB with so many, 2.0 with a million."""

MOST_PASSES: Final = 16
"""Up to so many partitions the events are read again for each, which is cheaper than to write them down spread: of
10,000,000 a pass takes 1.7 s of CPU, writing 22 s. More partitions than that are made in two steps."""


@contextmanager
def spread(
    events: pl.LazyFrame, rule: VisitRule, largest: int = LARGEST_EVENTS, least: int = 1
) -> Iterator[Iterator[pl.LazyFrame]]:
    """Give the partitions of `events`: all events of a visitor are in one, of about `largest` events at most.

    There are a multiple of `least` of them, so that as many workers end at about the same time. One visitor with more
    events than that is still one partition. What has to be written down for many partitions is in a temporary folder,
    which goes at the end.
    """
    count = events.select(pl.len()).collect(engine="streaming").item()
    partitions = least * max(1, -(-count // (largest * least)))
    with TemporaryDirectory(prefix="footfall-") as folder:
        yield _partitions(events, visitor_base(rule), partitions, Path(folder))


def _partitions(
    events: pl.LazyFrame, visitor: pl.Expr, partitions: int, folder: Path, step: int = 0
) -> Iterator[pl.LazyFrame]:
    if partitions == 1:
        yield events
        return

    # Polars' hash may differ between its versions and machines; this one is forgotten when the run ends.
    place = visitor.hash(seed=step)
    if partitions <= MOST_PASSES:
        yield from (events.filter(place % partitions == number) for number in range(partitions))
        return

    for number in range(MOST_PASSES):
        file = folder / f"{step}-{number}.parquet"
        with writing_beside(folder):
            events.filter(place % MOST_PASSES == number).sink_parquet(
                file, compression="lz4", statistics=False
            )

        yield from _partitions(
            pl.scan_parquet(file), visitor, -(-partitions // MOST_PASSES), folder, step + 1
        )
