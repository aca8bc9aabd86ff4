"""Work out a day of derived tables: events in, items in files out, so that what writing costs is known before it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from footfall.event import EXPIRY
from footfall.store.derived import ROLLUPS as ROLLUPS_TABLE
from footfall.store.derived import SESSIONS
from reports.materialize.days import ToMake
from reports.materialize.layouts import encode
from reports.materialize.rollups import ROLLUPS, as_report, keyed
from reports.materialize.sessions import SESSION_FIELDS, sessions_on
from reports.partials.contribution import combine, contribute, finish
from reports.partials.partitions import spread
from reports.report import View
from reports.scope import Scope
from reports.temporary import writing_beside
from reports.visits import Facts

UNIT_BYTES: Final = 1024
"""A write unit is up to 1 KB of an item."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A day's items of one table, in a file: their number, the units they take at most, and when events expire."""

    day: ToMake
    table: str
    file: Path
    items: int
    units: int
    expires_at: int | None

    def read(self) -> pl.DataFrame:
        """Return `pk`, `sk` and `item` of each."""
        return pl.read_parquet(self.file)


def prepare(
    events: pl.LazyFrame, day: ToMake, view: View, tables: Iterable[str], folder: Path
) -> list[Prepared]:
    """Work out the items of a day for each of `tables`, sessions or rollups, and put them into files of `folder`."""
    wanted = frozenset(tables)
    window = events.filter(day.window.predicate())
    expires_at = window.select(pl.col(EXPIRY).min()).collect(engine="streaming").item()
    reports = [as_report(rollup, day.on) for rollup in ROLLUPS] if ROLLUPS_TABLE in wanted else []
    sessions, contributions = [], []
    with spread(window, view.rule) as partitions:
        for part in partitions:
            facts = Facts(part, view.rule, Scope(time_zone=view.time_zone))
            if SESSIONS in wanted:
                sessions.append(encode(sessions_on(facts, day.on), SESSION_FIELDS))

            if reports:
                contributions.append(contribute(facts, reports, view))

    frames = {SESSIONS: sessions} if sessions else {}
    if reports:
        rows = finish(combine(contributions), reports, view)
        frames[ROLLUPS_TABLE] = [
            encode(keyed(rollup, frame, day.on), rollup.fields)
            for rollup, frame in zip(ROLLUPS, rows, strict=True)
        ]

    return [_kept(pl.concat(parts), day, table, folder, expires_at) for table, parts in frames.items()]


def _kept(items: pl.DataFrame, day: ToMake, table: str, folder: Path, expires_at: int | None) -> Prepared:
    number = sum(1 for _ in folder.iterdir())
    file = folder / f"{number:06}-{table}.parquet"
    with writing_beside(folder):
        items.sort("pk", "sk").write_parquet(file, compression="lz4")

    # JSON is longer than what DynamoDB counts, so it is at most so many.
    units = items.select((pl.col("item").str.len_bytes() / UNIT_BYTES).ceil().sum()).item()
    return Prepared(day, table, file, items.height, int(units or 0), expires_at)
