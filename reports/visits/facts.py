"""What reports are built from: events, hits and visits of one partition, each worked out when it is first asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from reports.scope import Scope
from reports.visits.items import line_items
from reports.visits.rule import VisitRule
from reports.visits.sessions import HIT_SCHEMA, hits_in_order
from reports.visits.visits import VISIT_SCHEMA, visits_of


@dataclass(frozen=True)
class Facts:
    """Events of some visitors, all of theirs, and what follows from them by `rule`.

    `everything` has the columns of `footfall.event.SCHEMA`; events before the range of `scope` are looked at for who
    came before, and counted nowhere. A range without bounds counts all.
    """

    everything: pl.LazyFrame
    rule: VisitRule
    scope: Scope = field(default_factory=Scope)

    @property
    def events(self) -> pl.LazyFrame:
        """Return the events in range, requests and beacons of people and bots, as they are stored."""
        return (
            self.everything.filter(self.scope.predicate())
            if not self.scope.is_everything
            else self.everything
        )

    @property
    def hits(self) -> pl.LazyFrame:
        """Return the events that are part of a visit, with the columns of `HIT_SCHEMA`, in the visitor's order."""
        return _completed(self._hits, HIT_SCHEMA)

    @property
    def items(self) -> pl.LazyFrame:
        """Return the line items that were bought, with the columns of their hits and of `ITEM_SCHEMA`."""
        return line_items(self.hits)

    @property
    def visits(self) -> pl.LazyFrame:
        """Return the visits, with the columns of `VISIT_SCHEMA`, in the visitor's order."""
        return self._visits.lazy()

    @cached_property
    def _all_hits(self) -> pl.DataFrame:
        bounds = (self.scope.start_at, self.scope.end_at)
        edges = tuple(edge for edge in bounds if edge is not None)
        return hits_in_order(self.everything, self.rule, self.scope.time_zone, edges)

    @cached_property
    def _hits(self) -> pl.DataFrame:
        return self._all_hits.filter(self.scope.predicate())

    @cached_property
    def _visits(self) -> pl.DataFrame:
        return visits_of(self._all_hits, self.rule).filter(self.scope.predicate("started_at"))


def _completed(frame: pl.DataFrame, schema: pl.Schema) -> pl.LazyFrame:
    """Return `frame` with the columns of `schema`; those it lacks are null, and cost nothing unasked."""
    lacking = (
        pl.lit(None, dtype=dtype).alias(name) for name, dtype in schema.items() if name not in frame.columns
    )
    return frame.lazy().with_columns(lacking).select(schema.names())


__all__ = ["HIT_SCHEMA", "VISIT_SCHEMA", "Facts"]
