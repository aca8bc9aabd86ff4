"""Decide how the table is read: a Scan in segments, or a Query for each partition key that can match.

Pure: sizes and the day ledger in, partitions out. An eventually consistent read costs half a unit per 4 KB,
so a unit reads 8 KB ("Read and write unit consumption", Amazon DynamoDB Developer Guide).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal

from footfall.keys import IDENTITY_MARK, SEPARATOR
from footfall.store.partitions import KeyRange, Partition, Segment, segments_for
from footfall.store.state import Day
from reports.scope import Scope

BYTES_PER_UNIT: Final = 8192
LEAST_UNITS_PER_KEY: Final = 0.5
TYPICAL_ITEM_BYTES: Final = 500
"""What an event takes; used while DescribeTable still says 0, which it does for up to six hours."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to read, each partition independent of the others, and about how much that is."""

    method: Literal["scan", "query"]
    partitions: tuple[Partition, ...]
    estimated_units: float
    estimated_items: int = 0
    estimated_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Choice:
    """Both ways to read, the one that is taken, and why, in words that follow its name."""

    scan: Plan
    query: Plan
    chosen: Plan
    why: str


@dataclass(frozen=True, slots=True)
class TableSize:
    """What is known of the events table before it is read; the first two are up to six hours old."""

    items: int
    bytes: int
    shards: int
    days: Sequence[Day]

    @property
    def written(self) -> int:
        """Return how many puts the day ledger counts, replays included."""
        return sum(day.written for day in self.days)

    @property
    def likely_bytes(self) -> int:
        """Return the table's size, guessed from the ledger where the table does not say yet."""
        return self.bytes or self.written * TYPICAL_ITEM_BYTES

    @property
    def likely_items(self) -> int:
        """Return the number of items, taken from the ledger where the table does not say yet."""
        return self.items or self.written


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be read: of `days`, what lies between the bounds of `scope`, or all of each with `whole_days`.

    `needs_scan` says why only a Scan finds it, in words; empty where Queries do.
    """

    days: tuple[Day, ...]
    scope: Scope
    whole_days: bool = False
    needs_scan: str = ""


def wanted_in(scope: Scope, size: TableSize) -> Wanted:
    """Return what `scope` asks for when nothing is known of it yet.

    Queries need the day ledger: without it nobody knows which partition keys exist.
    """
    days = tuple(day for day in size.days if scope.site in {None, day.site} and scope.holds_day(day.on))
    if not size.days:
        return Wanted(days, scope, needs_scan="no day ledger says which partition keys there are")

    return Wanted(days, scope, needs_scan="everything is asked for" if scope.is_everything else "")


def choose(wanted: Wanted, size: TableSize, segments: int | None, concurrency: int) -> Choice:
    """Return the cheaper of a Scan and the Queries for what is wanted.

    `segments` asks for a Scan in so many pieces; None lets the size and `concurrency` (reads at a time) decide.
    """
    scan = _scan(size, segments, concurrency)
    query = _query(wanted, size)
    if not (query.partitions or wanted.needs_scan):
        return Choice(scan, query, query, "because there is no day to read")

    if segments is not None:
        return Choice(scan, query, scan, "because --segments asks for it")

    if wanted.needs_scan:
        return Choice(scan, query, scan, f"because {wanted.needs_scan}")

    chosen = query if query.estimated_units < scan.estimated_units else scan
    return Choice(scan, query, chosen, "because it takes fewer read units")


def _scan(size: TableSize, segments: int | None, concurrency: int) -> Plan:
    total = segments or segments_for(size.likely_bytes, size.likely_items, concurrency)
    pieces = tuple(Segment(index, total) for index in range(total))
    return Plan("scan", pieces, size.likely_bytes / BYTES_PER_UNIT, size.likely_items, size.likely_bytes)


def _query(wanted: Wanted, size: TableSize) -> Plan:
    bounds = Scope() if wanted.whole_days else wanted.scope
    keys = tuple(
        part
        for day in wanted.days
        for shard in range(size.shards)
        for part in _key_ranges(bounds, day, shard)
    )
    part = sum(day.written for day in wanted.days) / max(size.written, 1)
    units = part * size.likely_bytes / BYTES_PER_UNIT + LEAST_UNITS_PER_KEY * len(keys)
    return Plan("query", keys, units, round(part * size.likely_items), round(part * size.likely_bytes))


def _key_ranges(scope: Scope, day: Day, shard: int) -> tuple[KeyRange, ...]:
    pk = SEPARATOR.join((day.site, day.on.isoformat(), str(shard)))
    begins_at, ends_at = _utc_day(day.on)
    start_at, end_at = scope.start_at or begins_at, scope.end_at or ends_at
    if start_at <= begins_at and end_at >= ends_at:
        return (KeyRange(pk),)

    within = KeyRange(pk, _sort_key_at(max(start_at, begins_at)), _sort_key_at(min(end_at, ends_at)))
    if start_at <= begins_at:
        return (within,)

    # Events with an id of their own are at the day's beginning, whenever they were (`footfall.keys`).
    own_id = f"{_sort_key_at(begins_at)}{SEPARATOR}{IDENTITY_MARK}"
    return within, KeyRange(pk, own_id, f"{own_id}g")


def _utc_day(on: date) -> tuple[datetime, datetime]:
    begins_at = datetime.combine(on, time.min, UTC)
    return begins_at, datetime.max.replace(tzinfo=UTC) if on == date.max else begins_at + timedelta(days=1)


def _sort_key_at(moment: datetime) -> str:
    """Return what sorts before every sort key of `moment` and after all earlier ones."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"
