"""Events, hits and visits as tables for SQL, of all partitions together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Final

import polars as pl

from reports.temporary import writing_beside
from reports.visits import Facts

TABLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "events": "requests and beacons of people and bots, as they are stored, with what the profile says of them",
        "hits": "the events that are part of visits, in the visitor's order, with the number of their visit",
        "visits": "a row for each visit",
    }
)
"""Name and meaning. Times are UTC, `date` is the day in the view's time zone."""

_ONLY_HERE: Final = "visitor_code"
"""A number that means something in one partition only."""


@contextmanager
def tables(partitions: Iterable[Facts]) -> Iterator[Mapping[str, pl.LazyFrame]]:
    """Give the tables of all `partitions`; visits are numbered through, from 0.

    One partition stays in memory; several are written to a temporary folder one by one, which goes at the end, so that
    a statement over them needs no more memory than it asks for itself.
    """
    left = iter(partitions)
    first, second = next(left), next(left, None)
    if second is None:
        yield _frames(first)
        return

    with TemporaryDirectory(prefix="footfall-") as folder:
        yield _written(chain((first, second), left), Path(folder))


def _written(partitions: Iterable[Facts], folder: Path) -> Mapping[str, pl.LazyFrame]:
    visits = 0
    for name in TABLES:
        (folder / name).mkdir()

    for number, facts in enumerate(partitions):
        frames = _frames(facts)
        for name, rows in frames.items():
            numbered = rows if name == "events" else rows.with_columns(pl.col("visit") + visits)
            with writing_beside(folder):
                numbered.sink_parquet(folder / name / f"{number}.parquet", compression="lz4")

        visits += frames["visits"].select(pl.len()).collect().item()

    return {name: pl.scan_parquet(folder / name / "*.parquet") for name in TABLES}


def _frames(facts: Facts) -> Mapping[str, pl.LazyFrame]:
    """Return the tables of one partition, whose visits are numbered without gaps."""
    visits = facts.visits.with_row_index("_number").with_columns(pl.col("_number").cast(pl.Int64))
    numbers = visits.select("visit", "_number")
    hits = facts.hits.join(numbers, on="visit", how="inner", maintain_order="left")
    return {
        "events": facts.events,
        "hits": hits.with_columns(visit="_number").drop("_number", _ONLY_HERE),
        "visits": visits.with_columns(visit="_number").drop("_number", _ONLY_HERE),
    }
