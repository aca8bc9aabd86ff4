"""What a table and each of its partitions can take, in one direction: written or read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from footfall.store.embedded.admin import WARM_UNITS
from footfall.store.embedded.keys import KeyBytes
from footfall.store.simulator.buckets import Bucket
from footfall.store.simulator.rates import Rate

KEY_RANGE: Final = "KeyRangeThroughputExceeded"
PROVISIONED: Final = "ProvisionedThroughputExceeded"
MAX_ON_DEMAND: Final = "MaxOnDemandThroughputExceeded"
ACCOUNT: Final = "AccountLimitExceeded"
"""How a ThrottlingReason ends (API_ThrottlingReason)."""

UNLIMITED_UNITS: Final = float(WARM_UNITS)
_MANY_PARTITIONS: Final = 4096


class Ceiling(Protocol):
    """A limit of a whole table: a `Bucket`, or one that grows."""

    def rate_units(self, now: float) -> float:
        """Return the units per second it takes at `now`."""
        ...

    def refill(self, now: float) -> None:
        """Move on to `now`."""
        ...

    def has(self, units: float) -> bool:
        """Tell whether `units` can be spent."""
        ...

    def spend(self, units: float) -> None:
        """Take `units`, or give them back."""
        ...


class Partitions:
    """A bucket of one second for each partition key; a hot one throttles only itself."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._buckets: dict[KeyBytes, Bucket] = {}

    def bucket(self, key: KeyBytes, now: float) -> Bucket:
        """Return the bucket of a partition key, refilled."""
        found = self._buckets.get(key)
        if found is None:
            self._forget_full(now)
            # A full bucket is the same as none: a partition starts with a second's worth.
            found = self._buckets[key] = Bucket(self._rate, now)

        found.refill(now)
        return found

    def _forget_full(self, now: float) -> None:
        if len(self._buckets) < _MANY_PARTITIONS or len(self._buckets) % _MANY_PARTITIONS:
            return

        for bucket in self._buckets.values():
            bucket.refill(now)

        self._buckets = {key: bucket for key, bucket in self._buckets.items() if not bucket.is_full}


@dataclass(frozen=True, slots=True)
class Limits:
    """The ceilings of a table by reason, and those of its partitions; none of either when it has no limit."""

    ceilings: Mapping[str, Ceiling]
    partitions: Partitions | None

    @property
    def is_limiting(self) -> bool:
        """Tell whether anything is limited."""
        return bool(self.ceilings) or self.partitions is not None

    def rate_units(self, now: float) -> float:
        """Return the units per second that the table as a whole takes at `now`."""
        return min((ceiling.rate_units(now) for ceiling in self.ceilings.values()), default=UNLIMITED_UNITS)

    def refusals(self, key: KeyBytes | None, units: float, now: float) -> list[str]:
        """Spend `units` at `now` on a partition, or on none in particular; return why not, nothing when it is spent."""
        buckets = list(self._buckets(key, now))
        reasons = [reason for reason, bucket in buckets if not bucket.has(units)]
        if not reasons:
            for _, bucket in buckets:
                bucket.spend(units)

        return reasons

    def settle(self, planned: Mapping[KeyBytes | None, float], consumed: float, now: float) -> None:
        """Charge, or give back, what `consumed` differs from the units `planned`, by each partition's part of them."""
        total = sum(planned.values())
        difference = consumed - total
        if not difference:
            return

        for ceiling in self.ceilings.values():
            ceiling.spend(difference)

        for key, units in planned.items():
            if self.partitions is not None and key is not None:
                self.partitions.bucket(key, now).spend(difference * units / total)

    def _buckets(self, key: KeyBytes | None, now: float) -> Iterable[tuple[str, Ceiling]]:
        for reason, ceiling in self.ceilings.items():
            ceiling.refill(now)
            yield reason, ceiling

        if self.partitions is not None and key is not None:
            yield KEY_RANGE, self.partitions.bucket(key, now)
