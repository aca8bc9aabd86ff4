"""A rate with its bucket: when the next request may be sent, and what its reply means for those after it."""

from __future__ import annotations

from math import exp, inf
from typing import Final

from footfall.bucket import Bucket
from footfall.store.writer.rate import Rate

HELD_BACK_SECONDS: Final = 2.0
"""How long a rate counts as the limit after somebody had to wait for it."""

_SMOOTHING: Final = 1 / 32
_METER_SECONDS: Final = 1.0
_REQUEST_SECONDS: Final = 0.5
_MOST_PUTS: Final = 25


class Pace:
    """How fast puts may go to a table, or to one of its partitions; `now` is a monotonic clock's."""

    def __init__(self, rate: Rate, now: float) -> None:
        self.rate = rate
        self._bucket = Bucket(rate.units, now)
        self._meter = Meter()
        self._refused = 0.0
        self._changed_at = -inf
        self._stored_since_change = 0.0
        self._held_back_at = -inf
        self._spent_at = now
        self._has_waited = False

    def is_limiting(self, now: float) -> bool:
        """Tell whether somebody had to wait for it lately."""
        return now - self._held_back_at <= HELD_BACK_SECONDS

    def puts_at_once(self, units_per_put: float) -> int:
        """Return how many puts a request may hold: half a second's worth, or it could not be stored whole."""
        if self.rate.units == inf:
            return _MOST_PUTS

        return int(min(max(self.rate.units * _REQUEST_SECONDS / units_per_put, 1), _MOST_PUTS))

    def wait_seconds(self, now: float) -> float:
        """Return how long to wait before a request may be sent, 0 when it may be at once."""
        seconds = self._bucket.wait_seconds(now)
        if seconds > 0:
            self._held_back_at, self._has_waited = now, True

        return seconds

    def spend(self, units: float, now: float) -> None:
        """Take the `units` that a request is expected to cost; grow when it had to wait for them."""
        if self._has_waited:
            self._bucket.refill(now)
            self.rate.grow(now - self._spent_at)
            self._bucket.units_per_second = self.rate.units

        self._spent_at, self._has_waited = now, False
        self._bucket.spend(units)

    def correct(self, units: float) -> None:
        """Take what a request cost more than was expected; negative when it cost less."""
        self._bucket.spend(units)

    def charge_refused(self, units: float) -> None:
        """Take what refused puts would have cost, or refusals would speed up the next requests.

        It is half a second's worth at most: after an outage nobody has to pay for what was never written.
        """
        self._bucket.spend(min(units, self.rate.units * _REQUEST_SECONDS))

    def accept(self, units: float, refused: float, now: float) -> None:
        """Note that a reply came: what was stored, and which part of its puts was refused."""
        self._meter.add(units, now)
        self._stored_since_change += units
        self._refused += _SMOOTHING * (refused - self._refused)

    def throttle(self, sent_at: float, now: float, *, is_maximum: bool = False) -> None:
        """Slow down after a reply, noted by `accept`, that refused puts of a request sent at `sent_at`.

        Requests that were sent before the last change do not count: they tell of the rate as it was.
        """
        if sent_at <= self._changed_at:
            return

        self._bucket.refill(now)
        self.rate.fall(
            self._refused,
            reached_units=self._reached_units(now),
            stored_units=self._stored_since_change,
            is_maximum=is_maximum,
        )
        self._bucket.units_per_second = self.rate.units
        self._changed_at, self._stored_since_change = now, 0.0

    def _reached_units(self, now: float) -> float:
        """Return the rate that was really written, infinite when it is the rate itself or not known well."""
        is_known = self.rate.units == inf or self._meter.age_seconds(now) >= _METER_SECONDS
        return inf if self.is_limiting(now) or not is_known else self._meter.units_per_second(now)


class Meter:
    """Units per second over about the last second: a sum in which everything fades with e**(-age)."""

    def __init__(self) -> None:
        self._began_at: float | None = None
        self._at = 0.0
        self._units = 0.0

    def add(self, units: float, now: float) -> None:
        """Count `units` that were written just now."""
        if self._began_at is None:
            self._began_at = self._at = now

        self._fade(now)
        self._units += units

    def age_seconds(self, now: float) -> float:
        """Return for how long it has counted."""
        return 0.0 if self._began_at is None else now - self._began_at

    def units_per_second(self, now: float) -> float:
        """Return the rate; 0 when nothing was written."""
        if self._began_at is None:
            return 0.0

        self._fade(now)
        age = max(self.age_seconds(now), 0.01)
        return self._units / (_METER_SECONDS * (1 - exp(-age / _METER_SECONDS)))

    def _fade(self, now: float) -> None:
        self._units *= exp((self._at - now) / _METER_SECONDS)
        self._at = now
