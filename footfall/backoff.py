"""Full-jitter exponential backoff.

delay = random * min(cap, base * 2 ** attempt), after Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog,
2015: spreading retries over the whole interval is what keeps many workers from coming back together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_LARGEST_EXPONENT: Final = 30


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait before a retry, in seconds."""

    base_seconds: float = 0.05
    cap_seconds: float = 20.0

    def delay_seconds(self, attempt: int, chance: float) -> float:
        """Return the wait before retry number `attempt`, from 0, for a `chance` drawn from [0, 1)."""
        # The exponent is clamped before the power: 2.0 ** 1100 overflows, and a long outage gets there.
        ceiling = self.base_seconds * 2.0 ** min(max(attempt, 0), _LARGEST_EXPONENT)
        return chance * min(self.cap_seconds, ceiling)
