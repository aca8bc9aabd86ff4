"""The pieces that a table is read in, each independent of the others: segments of a Scan, and ranges of keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final, Literal

from footfall.store.wire import text

SEGMENT_BYTES: Final = 2 * 1024**3
"""One segment per 2 GB ("Best practices for querying and scanning data", Amazon DynamoDB Developer Guide)."""

LARGEST_SEGMENTS: Final = 256

_ITEMS_PER_SEGMENT: Final = 2_000
"""A page or two: fewer items than this are not worth a request of their own."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Part `index` of `total` of a parallel Scan."""

    index: int
    total: int

    operation: ClassVar[Literal["Scan"]] = "Scan"

    def fields(self) -> dict[str, Any]:
        """Return the members of the request that say what to read."""
        return {"Segment": self.index, "TotalSegments": self.total}


@dataclass(frozen=True, slots=True)
class KeyRange:
    """A partition key, and the bounds of its sort keys, both included, where only a part of it is read."""

    pk: str
    first_sk: str | None = None
    last_sk: str | None = None

    operation: ClassVar[Literal["Query"]] = "Query"

    def fields(self) -> dict[str, Any]:
        """Return the members of the request that say what to read."""
        if self.first_sk is None or self.last_sk is None:
            return {
                "KeyConditionExpression": "pk = :pk",
                "ExpressionAttributeValues": {":pk": text(self.pk)},
            }

        return {
            "KeyConditionExpression": "pk = :pk AND sk BETWEEN :first AND :last",
            "ExpressionAttributeValues": {
                ":pk": text(self.pk),
                ":first": text(self.first_sk),
                ":last": text(self.last_sk),
            },
        }


Partition = Segment | KeyRange


def segments_for(size_bytes: int, items: int, concurrency: int) -> int:
    """Return how many segments to scan: one per 2 GB, but enough to keep `concurrency` reads busy."""
    for_size = -(-size_bytes // SEGMENT_BYTES)
    worthwhile = -(-items // _ITEMS_PER_SEGMENT)
    return max(1, min(LARGEST_SEGMENTS, max(for_size, min(concurrency, worthwhile))))
