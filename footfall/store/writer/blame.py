"""Say what refused puts: the table, or single partitions that are hot.

A throttling error names its reasons. ``UnprocessedItems`` in a reply that is otherwise good name none, so it is
inferred from who was refused. A table that is out of units refuses whatever comes next, of all partitions; a hot
partition has its own puts refused while those of the others go through.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, log
from typing import Final

from footfall.store.outcome import Limit
from footfall.store.writer.batches import Put

FEW: Final = 2
"""So many partitions may be hot at once in one request; when more are, it is the table."""

ENOUGH_EVIDENCE: Final = log(1000)
"""How much less likely it must be that a table without units refused just these puts."""


@dataclass(frozen=True, slots=True)
class Blame:
    """Who refused puts: the table by its `limit`, or the partitions `hot`."""

    limit: Limit | None = None
    hot: frozenset[str] = frozenset()


class Suspicion:
    """Remembers which partitions alone had puts refused lately, and how much speaks for it that they are hot."""

    def __init__(self) -> None:
        self._suspects: frozenset[str] = frozenset()
        self._evidence = 0.0

    def told(self, limits: Sequence[Limit], sent: Sequence[Put]) -> Blame:
        """Return who refused all of the puts `sent`, when the error named these `limits`."""
        others = [limit for limit in limits if limit is not Limit.KEY_RANGE]
        if others or not limits:
            return Blame(others[0] if others else Limit.TABLE)

        # An on-demand table that has to grow says so, too, of every partition.
        partitions = frozenset(put.pk for put in sent)
        return Blame(hot=partitions) if len(partitions) <= FEW else Blame(Limit.TABLE)

    def inferred(self, sent: Sequence[Put], left: Sequence[Put]) -> Blame:
        """Return who refused the puts `left` of those `sent`, when the reply gave no reason.

        Were the r refused of n puts drawn by lot, all of them would fall on partitions with m of the n puts in
        C(m, r) of C(n, r) cases. The logarithm of that is the evidence, summed up while it is the same partitions;
        the first time they might have been any others.
        """
        suspects = frozenset(put.pk for put in left)
        partitions = {put.pk for put in sent}
        theirs = sum(put.pk in suspects for put in sent)
        if len(suspects) > FEW or suspects == partitions:
            self._suspects, self._evidence = frozenset(), 0.0
            return Blame(Limit.TABLE)

        if suspects != self._suspects:
            self._suspects = suspects
            self._evidence = -log(comb(len(partitions), len(suspects)))

        self._evidence += log(comb(len(sent), len(left)) / comb(theirs, len(left)))
        return Blame(hot=suspects) if self._evidence >= ENOUGH_EVIDENCE else Blame(Limit.TABLE)
