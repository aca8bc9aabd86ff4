"""How fast a table is read: by the units that its replies report, however many readers there are."""

from __future__ import annotations

from math import inf
from typing import Final

from footfall.bucket import Bucket
from footfall.clock import Clock

LARGEST_PAGE_UNITS: Final = 128.0
"""1 MB read eventually consistent: what a page costs at most ("Best practices for querying and scanning data")."""

_ITEMS_PER_UNIT: Final = 16
"""Items of 500 bytes in 8 KB."""


class ReadPace:
    """Units per second that all readers of a run share; infinite for no limit.

    What a page costs is known only from its reply, so it is charged beforehand with what the last one cost, and the
    difference afterwards. Without that all readers would send at once whenever the debt is paid.
    """

    def __init__(self, units_per_second: float, clock: Clock) -> None:
        self._clock = clock
        self._bucket = Bucket(units_per_second, clock.monotonic())
        self._likely_units = min(LARGEST_PAGE_UNITS, units_per_second)

    @property
    def page_items(self) -> int | None:
        """Return how many items a page should hold so that it costs about a second's units; None for 1 MB."""
        units = self._bucket.units_per_second
        return None if units >= LARGEST_PAGE_UNITS else max(1, int(units * _ITEMS_PER_UNIT))

    async def turn(self) -> float:
        """Return when a page may be asked for, with the units that are charged for it already."""
        while (seconds := self._bucket.wait_seconds(self._clock.monotonic())) > 0:
            await self._clock.sleep(seconds)

        self._bucket.spend(self._likely_units)
        return self._likely_units

    def settle(self, charged_units: float, consumed_units: float) -> None:
        """Take what a page really cost instead of what was charged for it."""
        self._bucket.spend(consumed_units - charged_units)
        self._likely_units = consumed_units


def unlimited(clock: Clock) -> ReadPace:
    """Return the pace of those who read as fast as they can."""
    return ReadPace(inf, clock)
