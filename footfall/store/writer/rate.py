"""Find out how many write units per second a table gives: grow while that is what holds us back, shrink when told to.

Between two decreases the rate follows, after t limited seconds ("CUBIC", RFC 9438, in shares of the peak instead of
segments),

    rate(t) = peak * (1 + C * (t - K)**3)     K = cbrt(share / C)

where `peak` is the rate that was too much and `share` the part of the recent puts that was refused, within bounds. So
it starts at ``peak * (1 - share)``, comes back to the peak's neighbourhood soon, stays there long, and only then looks
for more, ever faster. At the beginning, and after several falls in a row up to the rate that was good before them, it
doubles instead.
"""

from __future__ import annotations

from math import cbrt, inf
from typing import Final, Protocol

SLOWEST_UNITS: Final = 1.0
"""Units per second below which a rate never falls: somebody has to try whether the table is back."""

UNKNOWN_UNITS: Final = 100.0
"""Where to begin when the very first request of an unlimited rate is throttled, and nothing is known at all."""

SMALLEST_SHARE: Final = 0.05
LARGEST_SHARE: Final = 0.5
START_DOUBLING_SECONDS: Final = 5.0
RECOVERY_DOUBLING_SECONDS: Final = 0.5
LONGEST_STEP_SECONDS: Final = 0.1
LONGEST_DOUBLING_SECONDS: Final = 1.0
"""By how much time a rate moves on at most with one request. Where there are few requests a second it looks for more
less often, or too many of them would be throttled."""

DEEP: Final = 0.7
"""Below this part of the last good rate there was more than an adjustment: an outage, or a crash of our own making."""

HOLD_SECONDS: Final = 0.5
"""How long to wait after the last of several falls before doubling: what was under way has to come back first."""


class Law(Protocol):
    """How a rate falls and comes back."""

    def share(self, refused: float) -> float:
        """Return by which part to fall when this part of the recent puts was refused."""
        ...

    def rate(self, peak: float, share: float, seconds: float) -> float:
        """Return the rate when it was limited for `seconds` after it fell from `peak` by `share`."""
        ...


class Cubic:
    """The law above."""

    steepness: Final = 1.5e-4
    """C: back at the peak 7 s after a fall of 5 %, at double the peak 19 s after that."""

    def share(self, refused: float) -> float:
        """Return `refused` within bounds."""
        return min(max(refused, SMALLEST_SHARE), LARGEST_SHARE)

    def rate(self, peak: float, share: float, seconds: float) -> float:
        """Return the formula's value."""
        back_seconds = cbrt(share / self.steepness)
        return peak * (1 + self.steepness * (seconds - back_seconds) ** 3)


CUBIC: Final = Cubic()


class Rate:
    """A rate in write units per second that is never above `ceiling`; pure, the time comes from its owner.

    It begins at `units` and doubles every five limited seconds until it is throttled for the first time. An infinite
    one stays so until then.
    """

    def __init__(self, units: float, *, ceiling: float = inf, law: Law = CUBIC) -> None:
        self.ceiling = ceiling
        self.units = min(units, ceiling)
        self.is_starting = True
        self._law = law
        self._doubling_seconds: float | None = START_DOUBLING_SECONDS
        self._good_units = self._peak = inf
        self._share = 0.0
        self._seconds = self._hold_seconds = 0.0
        self._most = inf

    def grow(self, seconds: float) -> None:
        """Go on for the `seconds` since the last request, in which the rate was what held the writer back."""
        if self._doubling_seconds is not None:
            self._double(min(seconds, LONGEST_DOUBLING_SECONDS), self._doubling_seconds)
        else:
            self._seconds += min(seconds, LONGEST_STEP_SECONDS)
            self.units = max(self._law.rate(self._peak, self._share, self._seconds), SLOWEST_UNITS)

        self.units = min(self.units, self.ceiling, self._most)

    def fall(
        self,
        refused: float,
        *,
        reached_units: float = inf,
        stored_units: float = inf,
        is_maximum: bool = False,
    ) -> None:
        """Fall, because `refused` (0 to 1) of the recent puts were.

        `reached_units` are the units per second that were really written: they count when the rate itself was never
        reached. `stored_units` are what was written since the last fall. With `is_maximum` the table has told that it
        never gives more: growth ends where it is.
        """
        slowest = UNKNOWN_UNITS if self.units == inf else SLOWEST_UNITS
        peak = max(min(self.units, reached_units), slowest)
        # Not even a second's worth since the last fall: the same trouble goes on, and this peak is none to come back
        # to. Unless it was met on the way back up, by a table that gives something.
        is_on_its_way = self._doubling_seconds is not None and self._hold_seconds <= 0 and stored_units > 0
        is_first = self._good_units == inf and stored_units > 0
        if is_first or is_on_its_way or stored_units >= self.units:
            self._good_units = peak

        self.is_starting = False
        self._peak, self._share, self._seconds = peak, self._law.share(refused), 0.0
        self._most = peak if is_maximum else inf
        self.units = max(min(peak * (1 - self._share), self.ceiling), SLOWEST_UNITS)
        is_deep = self.units < DEEP * self._good_units
        self._doubling_seconds = RECOVERY_DOUBLING_SECONDS if is_deep else None
        self._hold_seconds = HOLD_SECONDS

    def _double(self, seconds: float, doubling_seconds: float) -> None:
        if self._hold_seconds > 0:
            self._hold_seconds -= seconds
            return

        self.units *= 2.0 ** (seconds / doubling_seconds)
        goal = self._good_units * (1 - SMALLEST_SHARE)
        if self.units >= goal:
            self.units, self._doubling_seconds = goal, None
            self._peak, self._share, self._seconds = self._good_units, SMALLEST_SHARE, 0.0
