"""What reports are built from: events, hits and visits of one partition, each worked out when it is first asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import polars as pl

from footfall.event import SCHEMA
from reports.scope import Scope
from reports.visits.goals import Goal, reached, with_goals
from reports.visits.hits import is_action, is_download, is_hit, is_page, is_request, visitor_key
from reports.visits.items import line_items
from reports.visits.rule import VisitRule
from reports.visits.sessions import HIT_SCHEMA, hits_in_order, without_empty
from reports.visits.visits import VISIT_SCHEMA, visits_of

_MARKS: Final[Mapping[str, Any]] = {
    "who": pl.String,
    "date": pl.Date,
    "is_page": pl.Boolean,
    "is_action": pl.Boolean,
    "is_download": pl.Boolean,
    "is_request": pl.Boolean,
}
EVENT_SCHEMA: Final = pl.Schema(dict(SCHEMA) | dict(_MARKS))
"""Columns of the events of `Facts`: those that are stored, and what the rule says of them. `who` is the visitor where
the event takes part in a visit, `date` the day in the view's time zone."""


@dataclass(frozen=True)
class Facts:
    """Events of some visitors, all of theirs, and what follows from them by `rule`.

    `everything` has columns of `footfall.event.SCHEMA`, those that it lacks are null; those of `lookback_days`
    before the range of `scope` are looked at for who came before, and counted nowhere. A range without bounds counts
    all. Of `goals` the visits say what was reached.
    """

    everything: pl.LazyFrame
    rule: VisitRule
    scope: Scope = field(default_factory=Scope)
    lookback_days: int = 0
    goals: tuple[Goal, ...] = ()

    def over(self, scope: Scope) -> Facts:
        """Return the facts of another range of the same events."""
        return Facts(self._collected.lazy(), self.rule, scope, self.lookback_days, self.goals)

    @property
    def events(self) -> pl.LazyFrame:
        """Return the events in range, requests and beacons of people and bots, with the columns of `EVENT_SCHEMA`."""
        return _completed(self._events, EVENT_SCHEMA)

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

    @property
    def goals_reached(self) -> pl.LazyFrame:
        """Return what visits did of `goals`, with the columns of `REACHED_SCHEMA`; visits out of range among them."""
        return self._visits_and_goals[1].lazy()

    @cached_property
    def _collected(self) -> pl.DataFrame:
        # Read once: every report asks for a few columns, and looking into Parquet for each took most of the time.
        return without_empty(self.everything.collect(engine="streaming"), needed=frozenset({"site", "time"}))

    @cached_property
    def _events(self) -> pl.DataFrame:
        everything = _completed(self._collected, SCHEMA)
        marks = everything.filter(self.scope.predicate()).select(
            pl.all(), *_marks(self.rule, self.scope.time_zone)
        )
        return marks.select(*self._collected.columns, *_MARKS).collect(engine="streaming")

    @cached_property
    def _all_hits(self) -> pl.DataFrame:
        bounds = (self.scope.start_at, self.scope.end_at)
        edges = tuple(edge for edge in bounds if edge is not None)
        seen = _completed(self._collected, SCHEMA).filter(self.scope.since(self.lookback_days).predicate())
        return hits_in_order(seen, self.rule, self.scope.time_zone, edges)

    @cached_property
    def _hits(self) -> pl.DataFrame:
        return self._all_hits.filter(self.scope.predicate())

    @property
    def _visits(self) -> pl.DataFrame:
        return self._visits_and_goals[0]

    @cached_property
    def _visits_and_goals(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        visits = visits_of(self._all_hits, self.rule)
        done = reached(_completed(self._all_hits, HIT_SCHEMA), visits.lazy(), self.goals)
        if self.goals:
            visits = with_goals(visits, done)

        return visits.filter(self.scope.predicate("started_at")), done


def _marks(rule: VisitRule, time_zone: str) -> list[pl.Expr]:
    local = pl.col("time").dt.convert_time_zone(time_zone)
    return [
        pl.when(is_hit(rule)).then(visitor_key(rule, local)).alias("who"),
        local.dt.date().alias("date"),
        is_page(rule).alias("is_page"),
        is_action(rule).alias("is_action"),
        is_download(rule).alias("is_download"),
        is_request().alias("is_request"),
    ]


def _completed(frame: pl.DataFrame, schema: pl.Schema) -> pl.LazyFrame:
    """Return `frame` with the columns of `schema`; those it lacks are null, and cost nothing unasked."""
    lacking = (
        pl.lit(None, dtype=dtype).alias(name) for name, dtype in schema.items() if name not in frame.columns
    )
    return frame.lazy().with_columns(lacking).select(schema.names())


__all__ = ["EVENT_SCHEMA", "HIT_SCHEMA", "VISIT_SCHEMA", "Facts"]
