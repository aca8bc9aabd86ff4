"""How a table on demand grows: it takes twice its previous peak, and what is beyond that half an hour later.

AWSDG, "On-demand capacity mode": a new table takes 4,000 write and 12,000 read units per second; a table takes up to
double its previous peak at once; throttling can occur when that is exceeded within 30 minutes. Real tables often grow
sooner; this one never does.
"""

from __future__ import annotations

from typing import Final

from footfall.store.simulator.buckets import Bucket
from footfall.store.simulator.rates import steady

PERIOD_SECONDS: Final = 1800.0
PEAK_SECONDS: Final = 60.0
"""A peak is what a whole minute took, per second: a moment's burst does not make a table larger."""


class GrowingBucket:
    """A bucket of one second whose rate, each half hour, becomes twice the peak if that is more."""

    def __init__(self, warm_units: float, now: float) -> None:
        self._bucket = Bucket(steady(warm_units), now)
        self._period_at = self._minute_at = now
        self._minute_units = self._peak = 0.0

    def rate_units(self, now: float) -> float:
        """Return the units per second it takes at `now`."""
        self.refill(now)
        return self._bucket.rate_units(now)

    def refill(self, now: float) -> None:
        """Add what the rate has given until `now`, and grow if it is time."""
        if now - self._minute_at >= PEAK_SECONDS:
            self._end_minute(now)

        if now - self._period_at >= PERIOD_SECONDS:
            self._bucket.refill(now)
            self._bucket.rate = steady(max(self._bucket.rate_units(now), 2 * self._peak))
            self._period_at = now

        self._bucket.refill(now)

    def has(self, units: float) -> bool:
        """Tell whether `units` can be spent."""
        return self._bucket.has(units)

    def spend(self, units: float) -> None:
        """Take `units`, or give them back."""
        self._bucket.spend(units)
        self._minute_units += units

    def _end_minute(self, now: float) -> None:
        self._peak = max(self._peak, self._minute_units / PEAK_SECONDS)
        self._minute_units = 0.0
        self._minute_at = now
