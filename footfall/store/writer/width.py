"""How many requests may be under way at once: fewer while the store fails, so that a brown-out is not hammered."""

from __future__ import annotations

from math import inf
from typing import Final

from footfall.backoff import Backoff

PROBES: Final = Backoff(base_seconds=0.05, cap_seconds=2.0)
"""How long to wait before the next try when not even one request at a time gets through."""


class Width:
    """A limit between 1 and `most`: halved by a failure, once per round trip, and one more for each success.

    When there is only one request at a time left and it fails, too, the next one waits, longer each time.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.limit = most
        self._changed_at = -inf
        self._failed_probes = 0
        self._closed_until = -inf

    @property
    def is_reduced(self) -> bool:
        """Tell whether it is below `most`."""
        return self.limit < self.most

    def wait_seconds(self, now: float) -> float:
        """Return how long nothing should be sent."""
        return max(self._closed_until - now, 0.0) if self._failed_probes else 0.0

    def succeed(self) -> None:
        """Note a reply that was no failure of the store."""
        if self.limit < self.most or self._failed_probes:
            self.limit = min(self.limit + 1, self.most)
            self._failed_probes = 0

    def fail(self, sent_at: float, now: float, chance: float) -> None:
        """Note that a request sent at `sent_at` met a 500, a 503, a reset or a time-out; `chance` is in [0, 1)."""
        if sent_at <= self._changed_at:
            return

        if self.limit == 1:
            self._closed_until = now + PROBES.delay_seconds(self._failed_probes, chance)
            self._failed_probes += 1

        self.limit = max(1, self.limit // 2)
        self._changed_at = now
