"""Decide how much to read at once: what is written in a while, so that the position moves on while much is left.

A position moves a chunk at a time. On a slow table a chunk of 4 MiB takes minutes; a run that is stopped more often
than that would never get on.
"""

from __future__ import annotations

from typing import Final

from ingest.tally import Tally

PORTION_SECONDS: Final = 10.0
SMALLEST_BYTES: Final = 16 * 1024
_BYTES_PER_UNIT: Final = 250
"""About the length of a line with referrer and user agent, which is an event of one write unit."""


def portion_bytes(tally: Tally, largest_bytes: int) -> int:
    """Return how many bytes to read for the next chunk: about 10 seconds' worth, `largest_bytes` at most."""
    units_per_second = tally.write_units_per_second
    if units_per_second is None:
        return largest_bytes

    wanted = int(units_per_second * PORTION_SECONDS * _BYTES_PER_UNIT)
    return min(max(wanted, SMALLEST_BYTES), largest_bytes)
