"""A row for each visit: when, what was done, where it began and ended, where it came from and what came before it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import polars as pl

from footfall.event import MONEY, SCHEMA, TIME
from reports.visits.hits import AMOUNTS, CLIENT, ORIGIN, is_order
from reports.visits.items import items_by_visit
from reports.visits.rule import VisitRule

_PAGE: Final = {"page": "path", "title": "title", "type": "page_type", "host": "host"}

_COLUMNS: Final[Mapping[str, Any]] = (
    {
        "visit": pl.Int64,
        "site": pl.String,
        "visitor": pl.String,
        "visitor_code": pl.UInt32,
        "date": pl.Date,
        "started_at": TIME,
        "ended_at": TIME,
        "duration_seconds": pl.Float64,
        "hits": pl.Int64,
        "page_views": pl.Int64,
        "actions": pl.Int64,
        "bounced": pl.Boolean,
        "orders": pl.Int64,
        "revenue": MONEY,
        "tax": MONEY,
        "shipping": MONEY,
        "item_quantity": pl.Float64,
        "item_revenue": MONEY,
        "distinct_items": pl.Int64,
        "goals": pl.Int64,
        "goal_starts": pl.Int64,
        "goal_abandons": pl.Int64,
        "goal_value": pl.Float64,
        "visit_number": pl.Int64,
        "is_new": pl.Boolean,
        "first_started_at": TIME,
        "since_prior_seconds": pl.Float64,
        "days_since_prior": pl.Int64,
        "days_since_first": pl.Int64,
        "first_medium": pl.String,
        "first_source": pl.String,
        "first_campaign": pl.String,
    }
    | {f"{end}_{name}": pl.String for end in ("entry", "exit") for name in _PAGE}
    | {name: SCHEMA[name] for name in (*CLIENT, *ORIGIN)}
)
VISIT_SCHEMA: Final = pl.Schema(_COLUMNS)
"""Columns of a frame of visits. `visit` numbers those of a partition from 0; times are UTC, `date` is the day that the
visit began on in the view's time zone. What came before is what the events at hand tell: `visit_number` counts a
visitor's visits from 1, and the first of them `is_new`."""

INTERNAL: Final = "internal"
"""Medium of a hit that came from the site itself: of a visit that began so nobody knows where it came from."""

DIRECT: Final = "direct"
_TOUCH: Final = ("medium", "source", "campaign")


def visits_of(hits: pl.DataFrame, rule: VisitRule) -> pl.DataFrame:
    """Return the visits of `hits`, as `hits_in_order` gives them, visitor after visitor, each one's in order."""
    grouped = hits.lazy().set_sorted("visit").group_by("visit", maintain_order=True)
    rows = grouped.agg(_aggregates(hits.columns)).collect()
    visits = _with_pages(rows, hits)
    visits = visits.with_columns(_duration(rule), _bounced(rule))
    return _conformed(_with_history(_with_items(visits, hits)).with_columns(_origin(visits.columns)))


def _aggregates(columns: list[str]) -> list[pl.Expr]:
    first = [
        pl.col(name).first()
        for name in ("site", "visitor", "visitor_code", "date", *ORIGIN)
        if name in columns
    ]
    known = [pl.col(name).first(ignore_nulls=True) for name in CLIENT if name in columns]
    sums = [pl.col(name).filter(is_order()).sum() for name in AMOUNTS if {name, "kind"} <= set(columns)]
    return [
        *first,
        *known,
        *sums,
        pl.col("time").first().alias("started_at"),
        pl.col("time").last().alias("ended_at"),
        pl.len().cast(pl.Int64).alias("hits"),
        pl.col("is_page").sum().cast(pl.Int64).alias("page_views"),
        pl.col("is_action").sum().cast(pl.Int64).alias("actions"),
        _orders(columns).alias("orders"),
    ]


def _orders(columns: list[str]) -> pl.Expr:
    """Count orders: different order ids, and transactions without one."""
    if "kind" not in columns:
        return pl.lit(0, pl.Int64)

    bought = is_order()
    if "order" not in columns:
        return bought.sum().cast(pl.Int64)

    named = pl.col("order").filter(bought).drop_nulls().n_unique()
    return (named + (bought & pl.col("order").is_null()).sum()).cast(pl.Int64)


def _with_pages(visits: pl.DataFrame, hits: pl.DataFrame) -> pl.DataFrame:
    """Add the first and the last page of each visit."""
    present = {name: column for name, column in _PAGE.items() if column in hits.columns}
    pages = hits.lazy().filter("is_page").group_by("visit", maintain_order=True)
    ends = pages.agg(
        *(pl.col(column).first().alias(f"entry_{name}") for name, column in present.items()),
        *(pl.col(column).last().alias(f"exit_{name}") for name, column in present.items()),
    )
    return visits.join(ends.collect(), on="visit", how="left", maintain_order="left")


def _with_items(visits: pl.DataFrame, hits: pl.DataFrame) -> pl.DataFrame:
    if not {"items", "kind"} <= set(hits.columns):
        return visits

    return visits.join(items_by_visit(hits), on="visit", how="left", maintain_order="left")


def _duration(rule: VisitRule) -> pl.Expr:
    span = (pl.col("ended_at") - pl.col("started_at")).dt.total_milliseconds() / 1000
    if rule.duration == "span-plus-one":
        span = pl.when(pl.col("hits") > 1).then(span + 1).otherwise(0.0)

    return span.alias("duration_seconds")


def _bounced(rule: VisitRule) -> pl.Expr:
    started, ended = (pl.col(name).dt.truncate("1s") for name in ("started_at", "ended_at"))
    rules = {
        "one-page": (pl.col("page_views") <= 1) & (pl.col("actions") == 0),
        "one-action": pl.col("page_views") + pl.col("actions") <= 1
        if rule.counts == "pages"
        else pl.col("hits") == 1,
        "same-second": started == ended,
    }
    return rules[rule.bounce].alias("bounced")


def _with_history(visits: pl.DataFrame) -> pl.DataFrame:
    """Add what is known of the visitor's earlier visits; `visits` are in the visitor's order."""
    who = ("site", "visitor")
    before = pl.col("ended_at").shift(1)
    number = (pl.int_range(pl.len(), dtype=pl.Int64) + 1).over(who)
    numbered = visits.with_columns(
        number.alias("visit_number"), pl.col("started_at").first().over(who).alias("first_started_at")
    )
    again = pl.col("visit_number") > 1
    since_prior = pl.when(again).then((pl.col("started_at") - before).dt.total_milliseconds() / 1000)
    days_before = (pl.col("date") - pl.col("date").shift(1)).dt.total_days()
    return numbered.with_columns(
        (~again).alias("is_new"),
        since_prior.alias("since_prior_seconds"),
        pl.when(again).then(days_before).alias("days_since_prior"),
        (pl.col("date") - pl.col("date").first().over(who)).dt.total_days().alias("days_since_first"),
    )


def _origin(columns: list[str]) -> list[pl.Expr]:
    """Say where the visitor's first visit came from, and take a link of the site's own for no origin."""
    inside = (
        (pl.col("medium") == INTERNAL).fill_null(value=False) if "medium" in columns else pl.lit(value=False)
    )
    texts: dict[str, pl.Expr] = {
        name: pl.when(~inside).then(pl.col(name)) for name in _TOUCH if name in columns
    }
    if "medium" in columns:
        texts["medium"] = pl.when(inside).then(pl.lit(DIRECT)).otherwise(pl.col("medium"))

    firsts = [text.first().over("site", "visitor").alias(f"first_{name}") for name, text in texts.items()]
    return [*(text.alias(name) for name, text in texts.items()), *firsts]


def _conformed(visits: pl.DataFrame) -> pl.DataFrame:
    """Give `visits` the columns of `VISIT_SCHEMA`: counts that nobody counted are 0, other absent values null."""
    counts = {
        "item_quantity",
        "item_revenue",
        "distinct_items",
        "goals",
        "goal_starts",
        "goal_abandons",
        "goal_value",
        *AMOUNTS,
    }
    full = visits.select(
        pl.col(name).cast(dtype) if name in visits.columns else pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in VISIT_SCHEMA.items()
    )
    return full.with_columns(pl.col(name).fill_null(0) for name in counts)
