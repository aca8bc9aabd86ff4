"""A token bucket in capacity units that may go into debt: what a request really cost is known only from its reply."""

from __future__ import annotations

from math import inf
from typing import Final

BURST_SECONDS: Final = 0.5
"""For how long unused units are kept: long enough for an event loop that is late, too short to make a crash of it."""

_ROUNDING: Final = 1e-6
"""Many small refills add up to a little less than the debt."""


class Bucket:
    """Units to spend, filled at `units_per_second` (infinite for no limit), holding what that gives in half a second.

    Over any t seconds no more than ``(t + BURST_SECONDS) * units_per_second`` and one request is spent. Moments are
    seconds of a monotonic clock.
    """

    def __init__(self, units_per_second: float, now: float) -> None:
        self.units_per_second = units_per_second
        self._level = 0.0
        self._at = now

    def refill(self, now: float) -> None:
        """Add what the rate has given since the last time."""
        if self.units_per_second == inf:
            self._level, self._at = 0.0, now
            return

        gained = self._level + (now - self._at) * self.units_per_second
        self._level, self._at = min(gained, self.units_per_second * BURST_SECONDS), now

    def wait_seconds(self, now: float) -> float:
        """Return how long it takes until the debt is paid, 0 when something may be sent at once."""
        self.refill(now)
        return -self._level / self.units_per_second if self._level < -_ROUNDING else 0.0

    def spend(self, units: float) -> None:
        """Take `units`, on credit if need be; negative ones are given back."""
        self._level -= units
