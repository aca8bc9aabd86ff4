"""Hold what checkpoints account for against what a table and dead letters hold: frames and values in, findings out.

Only what lies below a checkpoint's position is promised to be there. More than that is no gap: another run stores
behind the position before it saves, another group keeps its own checkpoints, dead letters were retried, a replay with
other filters left older events.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from footfall.keys import IDENTITY_MARK
from footfall.store.state import Forgotten, Held

OTHER_DAYS: Final = "other days"
"""Dates without an entry of their own in the checkpoint, and events of runs before checkpoints had accounts."""

MOST_ROWS: Final = 200_000
"""Rows of counts that are held before they are summed up; there are as many as sources have days, mostly far fewer.
"""

# Below or beyond the position of a group, of an unknown source, identified, or foreign: none of footfall's keys.
_COUNTED: Final = ("group", "source_id", "on", "place")
_SCHEMA: Final = pl.Schema(
    {"group": pl.String, "source_id": pl.String, "on": pl.String, "place": pl.String, "items": pl.Int64}
)


@dataclass(frozen=True, slots=True)
class DayCheck:
    """A day of a source: events the checkpoint accounts for, and items the table holds below the position."""

    on: str
    accounted: int
    stored: int

    @property
    def missing(self) -> int:
        """Return how many events are accounted for and not there."""
        return max(0, self.accounted - self.stored)


@dataclass(frozen=True, slots=True)
class SourceCheck:
    """A source of a group.

    `beyond` are items at or behind the position, `letters` the distinct dead letters below it, None when no file of
    dead letters was read.
    """

    group: str
    source_id: str
    name: str
    position: int
    days: tuple[DayCheck, ...]
    beyond: int
    rejected: int
    letters: int | None

    @property
    def accounted(self) -> int:
        """Return the events that the checkpoint accounts for."""
        return sum(day.accounted for day in self.days)

    @property
    def stored(self) -> int:
        """Return the items below the position."""
        return sum(day.stored for day in self.days)

    @property
    def gaps(self) -> tuple[DayCheck, ...]:
        """Return the days of which something is missing."""
        return tuple(day for day in self.days if day.missing)

    @property
    def missing(self) -> int:
        """Return how many events are accounted for and not there."""
        return sum(day.missing for day in self.days)

    @property
    def missing_letters(self) -> int:
        """Return how many rejected lines have no dead letter."""
        return 0 if self.letters is None else max(0, self.rejected - self.letters)


@dataclass(frozen=True, slots=True)
class Stranger:
    """A source that has events in the table and no checkpoint in any group."""

    source_id: str
    items: int
    first_on: str
    last_on: str


@dataclass(frozen=True, slots=True)
class Findings:
    """What came of it; `foreign` items have keys that are none of footfall's.

    `identified` events have ids of their own: a beacon that was sent twice is one of them, so nothing can be held
    against their number.
    """

    sources: tuple[SourceCheck, ...]
    strangers: tuple[Stranger, ...]
    foreign: int
    identified: int = 0

    @property
    def missing(self) -> int:
        """Return how many events are accounted for and not there."""
        return sum(source.missing for source in self.sources)

    @property
    def missing_letters(self) -> int:
        """Return how many rejected lines have no dead letter."""
        return sum(source.missing_letters for source in self.sources)


class Count:
    """Counts the items of a table by source and day, below and beyond the position of each group."""

    def __init__(self, held: Sequence[Held]) -> None:
        self._positions = positions(held)
        self._held = [pl.DataFrame(schema=_SCHEMA)]
        self._rows = 0

    def digest(self, keys: pl.DataFrame) -> pl.DataFrame:
        """Return the counts of `keys` (source_id, on, offset; see `footfall.store.scan`); changes nothing."""
        place = (
            pl.when(pl.col("source_id").is_null())
            .then(pl.lit("foreign"))
            .when(pl.col("source_id") == IDENTITY_MARK)
            .then(pl.lit("identified"))
            .when(pl.col("group").is_null())
            .then(pl.lit("unknown"))
            .when(pl.col("offset") < pl.col("position"))
            .then(pl.lit("below"))
            .otherwise(pl.lit("beyond"))
        )
        placed = keys.join(self._positions, on="source_id", how="left").with_columns(place.alias("place"))
        return placed.group_by(_COUNTED).agg(pl.len().cast(pl.Int64).alias("items")).select(_SCHEMA.names())

    def take(self, digested: pl.DataFrame) -> None:
        """Add counts to those held so far, which are summed up when they have become many."""
        self._held.append(digested)
        self._rows += digested.height
        if self._rows > MOST_ROWS:
            self._held = [self.frame()]
            self._rows = self._held[0].height // 2  # what does not shrink must not be summed up each time

    def frame(self) -> pl.DataFrame:
        """Return group, source_id, on, place and items, one row for each combination of the first four."""
        return pl.concat(self._held).group_by(_COUNTED).agg(pl.col("items").sum())


def positions(held: Sequence[Held]) -> pl.DataFrame:
    """Return group, source_id and position of each checkpoint."""
    rows = [(one.group, one.checkpoint.source_id, one.checkpoint.position) for one in held]
    schema = {"group": pl.String, "source_id": pl.String, "position": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def compare(
    held: Sequence[Held],
    counted: pl.DataFrame,
    letters: pl.DataFrame | None,
    forgotten: Forgotten | None = None,
) -> Findings:
    """Return what is there of what `held` accounts for.

    `counted` is the frame of a `Count`; `letters` have `source_id` and `offset`, each pair once. What was
    `forgotten` on request counts as stored.
    """
    below = pl.concat([counted.filter(place="below"), _erased(held, forgotten or {})])
    stored = _by_source(below.group_by(_COUNTED).agg(pl.col("items").sum()))
    beyond = _sums(counted.filter(place="beyond"))
    kept = None if letters is None else _sums(_letters_below(positions(held), letters))
    return Findings(
        sources=tuple(
            _check(
                one,
                stored.get(_key(one), {}),
                beyond.get(_key(one), 0),
                None if kept is None else kept.get(_key(one), 0),
            )
            for one in held
        ),
        strangers=tuple(_strangers(counted.filter(place="unknown"))),
        foreign=int(counted.filter(place="foreign")["items"].sum()),
        identified=int(counted.filter(place="identified")["items"].sum()),
    )


def _erased(held: Sequence[Held], forgotten: Forgotten) -> pl.DataFrame:
    """Return erased events as items below the position of every group that has read their source."""
    rows = [
        (one.group, source_id, on.isoformat(), "below", count)
        for one in held
        for (source_id, on), count in forgotten.items()
        if one.checkpoint.source_id == source_id
    ]
    return pl.DataFrame(rows, schema=_SCHEMA, orient="row")


_Key = tuple[str, str]


def _key(one: Held) -> _Key:
    return one.group, one.checkpoint.source_id


def _by_source(below: pl.DataFrame) -> Mapping[_Key, Mapping[str, int]]:
    found: dict[_Key, dict[str, int]] = {}
    for group, source_id, on, items in below.select("group", "source_id", "on", "items").iter_rows():
        found.setdefault((group, source_id), {})[on] = items

    return found


def _sums(rows: pl.DataFrame) -> Mapping[_Key, int]:
    summed = rows.group_by("group", "source_id").agg(pl.col("items").sum())
    return {(group, source_id): items for group, source_id, items in summed.iter_rows()}


def _letters_below(below: pl.DataFrame, letters: pl.DataFrame) -> pl.DataFrame:
    joined = below.join(letters, on="source_id").filter(pl.col("offset") < pl.col("position"))
    return joined.select("group", "source_id", pl.lit(1, pl.Int64).alias("items"))


def _check(one: Held, stored: Mapping[str, int], beyond: int, letters: int | None) -> SourceCheck:
    checkpoint = one.checkpoint
    return SourceCheck(
        group=one.group,
        source_id=checkpoint.source_id,
        name=checkpoint.name,
        position=checkpoint.position,
        days=tuple(_days(one, stored)),
        beyond=beyond,
        rejected=checkpoint.rejected,
        letters=letters,
    )


def _days(one: Held, stored: Mapping[str, int]) -> Iterable[DayCheck]:
    """Yield the days that have an entry, then all others as one.

    Events of runs before there were accounts may lie on any day, so what is more than accounted on one counts there.
    """
    accounts = one.checkpoint.accounts
    days = [
        DayCheck(on.isoformat(), events, stored.get(on.isoformat(), 0))
        for on, events in sorted(accounts.days.items())
    ]
    named = {day.on for day in days}
    others = sum(items for on, items in stored.items() if on not in named)
    undated = max(0, one.checkpoint.events - one.checkpoint.identified - accounts.total)
    if undated:
        others += sum(max(0, day.stored - day.accounted) for day in days)
        days = [DayCheck(day.on, day.accounted, min(day.accounted, day.stored)) for day in days]

    yield from days
    if accounts.other or undated or others:
        yield DayCheck(OTHER_DAYS, accounts.other + undated, others)


def _strangers(unknown: pl.DataFrame) -> Iterable[Stranger]:
    summed = unknown.group_by("source_id").agg(
        pl.col("items").sum(), pl.col("on").min().alias("first"), pl.col("on").max().alias("last")
    )
    for source_id, items, first, last in summed.sort("source_id").iter_rows():
        yield Stranger(source_id, items, first, last)
