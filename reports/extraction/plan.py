"""Decide how the table is read: a Scan in segments, or a Query for each partition key that can match.

Pure: sizes and the day ledger in, partitions out. An eventually consistent read costs half a unit per 4 KB,
so a unit reads 8 KB ("Read and write unit consumption", Amazon DynamoDB Developer Guide).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal

from footfall.keys import SEPARATOR
from footfall.store.state import Day
from reports.scope import Scope

BYTES_PER_UNIT: Final = 8192
LEAST_UNITS_PER_KEY: Final = 0.5
SEGMENT_BYTES: Final = 2 * 1024**3
"""One segment per 2 GB ("Best practices for querying and scanning data")."""

LARGEST_SEGMENTS: Final = 256
TYPICAL_ITEM_BYTES: Final = 500
"""What an event takes; used while DescribeTable still says 0, which it does for up to six hours."""

_ITEMS_PER_SEGMENT: Final = 2_000
"""A page or two: fewer items than this are not worth a request of their own."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Part `index` of `total` of a parallel Scan."""

    index: int
    total: int


@dataclass(frozen=True, slots=True)
class KeyRange:
    """A partition key, and the bounds of its sort keys where the range of time cuts it."""

    pk: str
    first_sk: str | None = None
    last_sk: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What to read, each partition independent of the others, and about how many read units it takes."""

    method: Literal["scan", "query"]
    partitions: tuple[Segment | KeyRange, ...]
    estimated_units: float


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


def plan_reading(scope: Scope, size: TableSize, segments: int | None, concurrency: int) -> Plan:
    """Return the cheaper of a Scan and the Queries that `scope` allows.

    `segments` asks for a Scan in so many pieces; None lets the size and `concurrency` (reads at a time)
    decide. Queries need the day ledger: without it nobody knows which partition keys exist.
    """
    scan = _scan(size, segments, concurrency)
    if segments is not None or scope.is_everything or not size.days:
        return scan

    query = _query(scope, size)
    return query if query.estimated_units < scan.estimated_units or not query.partitions else scan


def segment_count(size: TableSize, concurrency: int) -> int:
    """Return how many segments to scan: one per 2 GB, but enough to keep `concurrency` reads busy."""
    for_size = -(-size.likely_bytes // SEGMENT_BYTES)
    worthwhile = -(-size.likely_items // _ITEMS_PER_SEGMENT)
    return max(1, min(LARGEST_SEGMENTS, max(for_size, min(concurrency, worthwhile))))


def _scan(size: TableSize, segments: int | None, concurrency: int) -> Plan:
    total = segments or segment_count(size, concurrency)
    units = size.likely_bytes / BYTES_PER_UNIT
    return Plan("scan", tuple(Segment(index, total) for index in range(total)), units)


def _query(scope: Scope, size: TableSize) -> Plan:
    days = [day for day in size.days if scope.site in {None, day.site} and scope.holds_day(day.on)]
    keys = tuple(_key_range(scope, day, shard) for day in days for shard in range(size.shards))
    part = sum(day.written for day in days) / max(size.written, 1)
    units = part * size.likely_bytes / BYTES_PER_UNIT + LEAST_UNITS_PER_KEY * len(keys)
    return Plan("query", keys, units)


def _key_range(scope: Scope, day: Day, shard: int) -> KeyRange:
    pk = SEPARATOR.join((day.site, day.on.isoformat(), str(shard)))
    begins_at, ends_at = _utc_day(day.on)
    start_at, end_at = scope.start_at or begins_at, scope.end_at or ends_at
    if start_at <= begins_at and end_at >= ends_at:
        return KeyRange(pk)

    return KeyRange(pk, _sort_key_at(max(start_at, begins_at)), _sort_key_at(min(end_at, ends_at)))


def _utc_day(on: date) -> tuple[datetime, datetime]:
    begins_at = datetime.combine(on, time.min, UTC)
    return begins_at, datetime.max.replace(tzinfo=UTC) if on == date.max else begins_at + timedelta(days=1)


def _sort_key_at(moment: datetime) -> str:
    """Return what sorts before every sort key of `moment` and after all earlier ones."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"
