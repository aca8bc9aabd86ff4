"""Foresee what a request costs, from what those before it did."""

from __future__ import annotations

from typing import Final

from footfall.store.writer.batches import Batch

_SMOOTHING: Final = 0.1
_UNIT_BYTES: Final = 1024


class Costs:
    """Write units per unit of weight, which is a put or a KB of JSON, whichever is more of them."""

    def __init__(self) -> None:
        self._units_per_weight = 1.0

    def units_of(self, batch: Batch) -> float:
        """Return what `batch` is expected to cost."""
        return self._units_per_weight * weight_of(batch)

    def learn(self, batch: Batch, stored: int, units: float) -> None:
        """Note that `stored` of the puts of `batch` cost `units`."""
        if stored and units > 0:
            found = units / (weight_of(batch) * stored / batch.puts)
            self._units_per_weight += _SMOOTHING * (found - self._units_per_weight)


def weight_of(batch: Batch) -> float:
    """Return the weight of a batch: its puts, or the KB of its body if those are more."""
    return max(batch.puts, len(batch.body) / _UNIT_BYTES)
