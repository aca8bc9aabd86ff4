"""A token bucket: what a rate has given and nobody has taken yet."""

from __future__ import annotations

from typing import Final

from footfall.store.simulator.rates import Rate

_ROUNDING: Final = 1e-6
"""Many small refills add up to a little less than one large one."""


class Bucket:
    """Units to spend: filled at `rate`, holding at most what the rate gives in `burst_seconds`.

    It begins with what the rate gives in one second: capacity is saved by not using it, and a table that was just
    opened has saved none. It may be in debt, for what is only known afterwards; it then gives nothing until the debt
    is paid. Moments are seconds of the rate's own time.
    """

    def __init__(self, rate: Rate, now: float, *, burst_seconds: float = 1.0) -> None:
        self.rate = rate
        self._burst_seconds = burst_seconds
        self._at = now
        self._capacity = rate.at(now) * burst_seconds
        self.units = rate.at(now) * min(1.0, burst_seconds)

    def rate_units(self, now: float) -> float:
        """Return the units per second that it is filled with at `now`."""
        return self.rate.at(now)

    def refill(self, now: float) -> None:
        """Add what the rate has given until `now`."""
        if now <= self._at:
            return

        for units, last in self.rate.pieces(self._at, now):
            self.units = min(self.units + units, last * self._burst_seconds)

        self._at = now
        self._capacity = self.rate.at(now) * self._burst_seconds
        self.units = min(self.units, self._capacity)

    def has(self, units: float) -> bool:
        """Tell whether `units` can be spent; more than ever fits can be when the bucket is full, or it never could."""
        return self._capacity > 0 and self.units + _ROUNDING >= min(units, self._capacity)

    def spend(self, units: float) -> None:
        """Take `units`, on credit if need be; negative ones are given back, as far as they fit."""
        self.units = min(self.units - units, self._capacity)

    @property
    def is_full(self) -> bool:
        """Tell whether there is as much as fits."""
        return self.units >= self._capacity
