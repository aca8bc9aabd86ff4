"""Draw numbers from a seed: what happens to a request depends on the seed and the request's number, on nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import shake_128
from typing import Final

_BYTES: Final = 6
"""48 bits, which a float holds exactly."""


@dataclass(frozen=True, slots=True)
class Chance:
    """Draws for one `seed`; two draws of one number and purpose are the same."""

    seed: int

    def share(self, number: int, purpose: str) -> float:
        """Return a number in [0, 1)."""
        return int.from_bytes(self._bytes(number, purpose, _BYTES), "big") / 2.0 ** (8 * _BYTES)

    def order(self, number: int, count: int) -> list[int]:
        """Return the numbers from 0 to below `count`, shuffled."""
        drawn = self._bytes(number, "order", 4 * count)
        return sorted(range(count), key=lambda index: drawn[4 * index : 4 * index + 4])

    def _bytes(self, number: int, purpose: str, size: int) -> bytes:
        return shake_128(f"{self.seed} {number} {purpose}".encode()).digest(size)
