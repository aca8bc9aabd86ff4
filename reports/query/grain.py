"""What a row can be. Metrics and dimensions say in which rows they can be had; a query takes the first that has all."""

from __future__ import annotations

from typing import Final, Literal

import polars as pl

from reports.report import View
from reports.visits import Facts
from reports.visits.hits import is_download

Grain = Literal["visits", "hits", "items", "events"]

GRAINS: Final[tuple[Grain, ...]] = ("visits", "hits", "items", "events")
"""From the fewest rows to the most."""


def rows_of(grain: Grain, facts: Facts, view: View) -> pl.LazyFrame:
    """Return the rows of `grain`; those of hits and items have the number of their `visit` to join it by.

    Events get what the profile says of them: `who`, the visitor where the event takes part in a visit, `date`,
    `is_page`, `is_action`, `is_download` and `is_request`. Hits get what follows from those around them: `is_entry`,
    `is_exit`, `page_seconds` (until the visit's next page), and `is_download`.
    """
    if grain == "events":
        return facts.events

    if grain == "hits":
        return _marked_hits(facts.hits, view)

    return facts.visits if grain == "visits" else facts.items


def _marked_hits(hits: pl.LazyFrame, view: View) -> pl.LazyFrame:
    page, visit = pl.col("is_page"), pl.col("visit")
    before = pl.when(page).then(visit).forward_fill().shift(1)
    after = pl.when(page).then(visit).backward_fill().shift(-1)
    next_at = pl.when(page).then("time").backward_fill().shift(-1)
    goes_on = (page & (after == visit)).fill_null(value=False)
    return hits.with_columns(
        (page & (before != visit).fill_null(value=True)).alias("is_entry"),
        (page & ~goes_on).alias("is_exit"),
        (pl.when(goes_on).then((next_at - pl.col("time")).dt.total_milliseconds()) / 1000).alias(
            "page_seconds"
        ),
        is_download(view.rule).alias("is_download"),
    )


def of_page_before(column: str) -> pl.Expr:
    """Return what the page before has in `column`, in the visit that a hit is part of; hits must be in order.

    Null for the first page of a visit, and where the page before has nothing there.
    """
    page, visit = pl.col("is_page"), pl.col("visit")
    # What is null must not be filled from the page before that one.
    value = pl.when(page).then(pl.col(column).fill_null("")).forward_fill().shift(1)
    same = pl.when(page).then(visit).forward_fill().shift(1) == visit
    return pl.when(same & (value != "")).then(value)
