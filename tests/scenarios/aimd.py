"""The other way to look for a ceiling: additive increase, multiplicative decrease. For comparison only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Aimd:
    """Falls by `decrease` (a share), rises by `increase_units` per second every second."""

    decrease: float
    increase_units: float

    def share(self, refused: float) -> float:
        del refused
        return self.decrease

    def rate(self, peak: float, share: float, seconds: float) -> float:
        return peak * (1 - share) + self.increase_units * seconds
