"""Daily rollups: which figures are kept of which rows by which dimensions, and how a day's are worked out.

A row counts on the day that its visit began (`visits`), or on its own (`hits` and `events` of rollups without
dimensions, which are what series are made of). Figures add up over days; distinct visitors are kept as sketches.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, Final, cast

import polars as pl

from footfall.event import TIME
from reports.materialize.keys import rollup_keys
from reports.materialize.layouts import Field
from reports.partials.part import How, Part
from reports.partials.sketches import sketch_of
from reports.query.dimensions import DIMENSIONS
from reports.query.grain import Grain, rows_of
from reports.query.metric import Count
from reports.query.metrics import METRICS
from reports.report import Report, View
from reports.visits import Facts

_OF_VISITS: Final = (
    "visits", "bounces", "engaged_visits", "visit_seconds", "page_views", "actions", "hits", "orders",
    "buying_visits", "revenue", "tax", "shipping", "item_quantity", "item_revenue",
)  # fmt: skip
_OF_HITS: Final = (
    "page_views", "hits", "actions", "events", "event_value", "clicks", "outlinks", "searches", "carts", "downloads",
    "entries", "exits", "page_seconds", "continued_views", "revenue", "tax", "shipping",
)  # fmt: skip
_OF_PAGES: Final = ("visits", "unique_page_views", *_OF_HITS)
_OF_EVENTS: Final = (
    "requests", "beacons", "bytes", "errors", "client_errors", "server_errors", "not_found", "redirects",
    "not_modified", "bot_requests", "cache_hits", "cache_lookups", "timed_requests", "answer_ms", "page_views",
    "first_at", "last_at",
)  # fmt: skip
_WHO: Final[Mapping[Grain, Mapping[str, str]]] = {
    "visits": {"visitors": "visitor"},
    "hits": {"visitors": "visitor"},
    "events": {"visitors": "who", "clients": "visitor"},
}
"""Metric of distinct things that sketches are kept for, and the column they are told apart by, by grain."""

_DAY: Final = "_date"
_BY: Final = "_by_"
_WHO_COLUMN: Final = "_who"


@dataclass(frozen=True, slots=True)
class Rollup:
    """A rollup: `figures` of rows of a `grain`, by site, day and the dimensions `by`.

    `dates_visits` tells whether a hit counts on the day its visit began, as it does in a report without days.
    """

    name: str
    grain: Grain
    figures: tuple[str, ...]
    by: tuple[str, ...] = ()
    dates_visits: bool = False

    @property
    def sketched(self) -> Mapping[str, str]:
        """Return the metrics that sketches are kept for, and by which column things are told apart."""
        return _WHO[self.grain]

    @property
    def merge(self) -> dict[str, How]:
        """Return how figures of one day, or of several, become one."""
        return {name: counted(name).merge for name in self.figures}

    @property
    def fields(self) -> tuple[Field, ...]:
        """Return what an item has beside its key, which tells site and day."""
        return (
            *(Field(name, pl.String, name, DIMENSIONS[name].meaning) for name in self.by),
            *(Field(name, _dtype(name), name, counted(name).meaning) for name in self.figures),
            *(Field(f"{name}_sketch", pl.Binary, f"{name}_sketch", name) for name in self.sketched),
        )


def _of(name: str, *by: str) -> Rollup:
    return Rollup(name, "visits", _OF_VISITS, by, dates_visits=True)


ROLLUPS: Final[tuple[Rollup, ...]] = (
    Rollup("visits", "visits", _OF_VISITS, (), dates_visits=True),
    Rollup("hits", "hits", _OF_HITS),
    Rollup("requests", "events", _OF_EVENTS),
    _of("origins", "medium", "source", "campaign"),
    _of("entries", "entry_page"),
    _of("exits", "exit_page"),
    _of("places", "country", "region"),
    _of("browsers", "browser", "browser_version"),
    _of("systems", "os", "os_version"),
    _of("devices", "device"),
    _of("languages", "language"),
    Rollup("pages", "hits", _OF_PAGES, ("path",), dates_visits=True),
    Rollup("answers", "events", _OF_EVENTS, ("kind", "method", "status")),
    Rollup("bots", "events", _OF_EVENTS, ("bot", "bot_operator", "bot_class")),
)


def counted(name: str) -> Count:
    """Return the metric `name`, which is counted."""
    return cast("Count", METRICS[name])


def as_report(rollup: Rollup, on: date) -> Report:
    """Return what measures a day of `rollup`, partition by partition, as a report does."""
    return Report(rollup.name, "", (), "", (), partial(_measure, rollup, on), partial(_finish, rollup))


def _measure(rollup: Rollup, on: date, facts: Facts, view: View) -> Sequence[Part]:
    rows = rows_of(rollup.grain, facts, view)
    day = (
        pl.col("date").first().over("visit")
        if rollup.grain == "hits" and rollup.dates_visits
        else pl.col("date")
    )
    # Under names of their own: figures are counted in the columns that dimensions are made of.
    made = [DIMENSIONS[name].rows[rollup.grain](view).cast(pl.String).alias(_BY + name) for name in rollup.by]
    rows = rows.with_columns(day.alias(_DAY), *made).filter(pl.col(_DAY) == on)
    keys = ["site", *(_BY + name for name in rollup.by)]
    figures = rows.group_by(keys).agg(counted(name).rows[rollup.grain].alias(name) for name in rollup.figures)
    who = (
        Part(name, rows.select(*keys, pl.col(column).alias(_WHO_COLUMN)).drop_nulls(_WHO_COLUMN).unique())
        for name, column in rollup.sketched.items()
    )
    return (Part("figures", figures, rollup.merge), *who)


def _finish(rollup: Rollup, parts: Mapping[str, pl.LazyFrame], view: View) -> pl.LazyFrame:
    del view
    keys = ["site", *(_BY + name for name in rollup.by)]
    rows = parts["figures"]
    for name in rollup.sketched:
        # A visitor of another site is another one.
        things = (
            parts[name].group_by(keys).agg(pl.concat_str("site", _WHO_COLUMN, separator=" ").alias("_things"))
        )
        sketch = pl.col("_things").map_batches(_sketches, return_dtype=pl.Binary).alias(f"{name}_sketch")
        rows = rows.join(things.select(*keys, sketch), on=keys, how="left", nulls_equal=True)

    return rows.rename({_BY + name: name for name in rollup.by})


def _sketches(things: pl.Series) -> pl.Series:
    return pl.Series(things.name, [sketch_of(values) for values in things], dtype=pl.Binary)


def keyed(rollup: Rollup, rows: pl.DataFrame, on: date) -> pl.DataFrame:
    """Return the rows of a day of `rollup` with their keys, as they are stored: in order, sums rounded."""
    floats = [pl.col(name).round(6) for name in rollup.figures if _dtype(name) == pl.Float64]
    casts = [pl.col(name).cast(cast("Any", _dtype(name))) for name in rollup.figures]
    dated = rows.with_columns(pl.lit(on).alias("date"), *casts)
    cut = dated.with_columns(*floats)
    named = rollup_keys(cut, rollup.name, rollup.by)
    return named.sort("pk", "sk")


def _dtype(name: str) -> Any:
    metric = counted(name)
    if metric.unit == "time":
        return TIME

    return _FLOATS.get(name, pl.Int64)


_FLOATS: Final[Mapping[str, Any]] = {
    "visit_seconds": pl.Float64,
    "page_seconds": pl.Float64,
    "answer_ms": pl.Float64,
    "event_value": pl.Float64,
    "item_quantity": pl.Float64,
    "revenue": pl.Decimal(38, 4),
    "tax": pl.Decimal(38, 4),
    "shipping": pl.Decimal(38, 4),
    "item_revenue": pl.Decimal(38, 4),
}
