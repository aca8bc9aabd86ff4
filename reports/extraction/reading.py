"""What reading the table took, as every answer says it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading the table took.

    `method` is ``scan`` or ``query``; `partitions` is the number of segments or of partition keys read;
    `items` is what the table gave, `events` what was in scope; `read_units` are eventually consistent ones as
    DynamoDB reported them; `page_bytes` is the size of the replies.
    """

    method: str
    partitions: int
    items: int = 0
    events: int = 0
    read_units: float = 0.0
    page_bytes: int = 0
    seconds: float = 0.0

    def sentence(self) -> str:
        """Return the reading as one line for a person."""
        pieces = "segments" if self.method == "scan" else "partition keys"
        return (
            f"read {self.items:,} items, {self.read_units:,.1f} read units (eventually consistent), "
            f"{self.method} over {self.partitions:,} {pieces}, {self.seconds:.1f} s"
        )
