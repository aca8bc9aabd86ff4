"""What reading the table took, as every answer says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from footfall.store.prices import shown_dollars
from footfall.text import counted

NOTHING: Final = "nothing"
"""The method of a reading that found every day in the dataset already."""

EXPORT: Final = "export"
"""The method of a reading of files that DynamoDB exported to S3, which takes no read units."""

DATASET: Final = "dataset"
"""The method of a reading that had nothing to do with a table: a kept dataset was named."""

ROLLUPS: Final = "rollups"
"""The method of a reading of daily rollups instead of events."""

_PIECES: Final[Mapping[str, str]] = {"scan": "segments", "query": "partition keys"}


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading the table took.

    `method` is ``scan``, ``query``, ``export``, ``rollups`` or ``nothing``; `partitions` is the number of segments,
    partition keys or files read; `items` is what the table gave, `events` what was in scope; `read_units` are
    eventually consistent ones as DynamoDB reported them, `dollars` what they cost on demand, None where they cost
    nothing; `page_bytes` is the size of the replies. `fresh_days` were in the dataset already and not read again;
    `went_on` tells whether an earlier reading that was stopped was finished: what that one took is not counted.
    """

    method: str
    partitions: int
    items: int = 0
    events: int = 0
    read_units: float = 0.0
    page_bytes: int = 0
    seconds: float = 0.0
    dollars: float | None = None
    fresh_days: int = 0
    went_on: bool = False

    def sentence(self) -> str:
        """Return the reading as one line for a person."""
        fresh = (
            f"; {counted(self.fresh_days, 'day')} of the dataset had not changed" if self.fresh_days else ""
        )
        if self.method == NOTHING:
            return f"read nothing{fresh}"

        if self.method == ROLLUPS:
            return f"read {self.items:,} items of daily rollups, no events, {self.seconds:.1f} s"

        if self.method in {EXPORT, DATASET}:
            what = "items of an export" if self.method == EXPORT else "events of a dataset"
            return f"read {self.items:,} {what} in {counted(self.partitions, 'file')}, {self.seconds:.1f} s"

        cost = "free" if self.dollars is None else shown_dollars(self.dollars)
        return (
            f"read {self.items:,} items, {self.read_units:,.1f} read units (eventually consistent, {cost}), "
            f"{self.method} over {self.partitions:,} {_PIECES[self.method]}, {self.seconds:.1f} s"
            f"{'; went on where an earlier run stopped' if self.went_on else ''}{fresh}"
        )
