"""What a row can be. Metrics and dimensions say in which rows they can be had; a query takes the first that has all."""

from __future__ import annotations

from typing import Final, Literal

import polars as pl

from reports.report import View
from reports.visits import Facts
from reports.visits.hits import is_action, is_download, is_hit, is_page, is_request, visitor_key

Grain = Literal["visits", "hits", "items", "events"]

GRAINS: Final[tuple[Grain, ...]] = ("visits", "hits", "items", "events")
"""From the fewest rows to the most."""


def rows_of(grain: Grain, facts: Facts, view: View) -> pl.LazyFrame:
    """Return the rows of `grain`; those of hits and items have the number of their `visit` to join it by.

    Events get what the profile says of them: `who`, the visitor where the event takes part in a visit, `date`,
    `is_page`, `is_action`, `is_download` and `is_request`.
    """
    if grain == "events":
        return marked_events(facts.events, view)

    return {"visits": facts.visits, "hits": facts.hits, "items": facts.items}[grain]


def marked_events(events: pl.LazyFrame, view: View) -> pl.LazyFrame:
    """Return `events` with what the profile says of them (see `rows_of`)."""
    rule, local = view.rule, pl.col("time").dt.convert_time_zone(view.time_zone)
    return events.with_columns(
        pl.when(is_hit(rule)).then(visitor_key(rule, local)).alias("who"),
        local.dt.date().alias("date"),
        is_page(rule).alias("is_page"),
        is_action(rule).alias("is_action"),
        is_download(rule).alias("is_download"),
        is_request().alias("is_request"),
    )
