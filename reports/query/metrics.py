"""Every metric, by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import polars as pl

from reports.query.grain import Grain
from reports.query.metric import Count, Metric, Quantile, Ratio, Share

_COUNT: Final = pl.len().cast(pl.Int64)
_VISITS: Final = pl.col("visit").n_unique().cast(pl.Int64)


def _sum(name: str) -> pl.Expr:
    return pl.col(name).sum()


def _those(condition: pl.Expr) -> pl.Expr:
    """Count the rows for which `condition` holds."""
    return condition.sum().cast(pl.Int64)


def _visits_with(condition: pl.Expr) -> pl.Expr:
    """Count the visits of hits for which `condition` holds."""
    return pl.when(condition).then("visit").drop_nulls().n_unique().cast(pl.Int64)


def _different(name: str) -> pl.Expr:
    return pl.col(name).drop_nulls().n_unique().cast(pl.Int64)


_VISITORS: Final[Mapping[Grain, pl.Expr]] = {
    "visits": _different("visitor"),
    "hits": _different("visitor"),
    "items": _different("visitor"),
    "events": _different("who"),
}
_PAGE_VIEWS: Final[Mapping[Grain, pl.Expr]] = {
    "visits": _sum("page_views"),
    "hits": _those(pl.col("is_page")),
    "events": _those(pl.col("is_page")),
}
_ERROR: Final = (pl.col("status") >= 400).fill_null(value=False)

COUNTS: Final = (
    Count(
        "visits",
        "visits",
        "visits, as the profile defines them",
        {"visits": _COUNT, "hits": _VISITS, "items": _VISITS},
        owa=("visits",),
    ),
    Count("visitors", "visitors", "distinct visitors", _VISITORS, owa=("uniqueVisitors",)),
    Count("page_views", "page views", "pages shown", _PAGE_VIEWS, owa=("pageViews",)),
    Count(
        "bounces", "visits", "visits that bounced", {"visits": _those(pl.col("bounced"))}, owa=("bounces",)
    ),
    Count("visit_seconds", "seconds", "of all visits together", {"visits": _sum("duration_seconds")}),
    Count("requests", "requests", "requests logged", {"events": _those(pl.col("is_request"))}),
    Count("bytes", "bytes", "sent in answers", {"events": _sum("bytes")}),
    Count("errors", "requests", "answered with 4xx or 5xx", {"events": _those(_ERROR)}),
    Count(
        "clients",
        "clients",
        "distinct senders of requests and beacons, bots and visitors alike",
        {"events": _different("visitor")},
    ),
    Count("first_at", "time", "first request", {"events": pl.col("time").min()}, merge="min"),
    Count("last_at", "time", "last request", {"events": pl.col("time").max()}, merge="max"),
)

RATIOS: Final = (
    Ratio("bounce_rate", "share", "bounces of all visits", "bounces", "visits", owa=("bounceRate",)),
    Ratio(
        "pages_per_visit",
        "ratio",
        "page views a visit",
        "page_views",
        "visits",
        digits=2,
        owa=("pagesPerVisit",),
    ),
    Ratio(
        "visit_duration",
        "seconds",
        "mean duration of a visit, bounces included",
        "visit_seconds",
        "visits",
        digits=1,
        owa=("visitDuration",),
    ),
)

SHARES: Final = (Share("requests_share", "of all requests", "requests"),)

QUANTILES: Final = tuple(
    Quantile(
        f"duration_p{percent}",
        "ms",
        f"time that {percent} % of answers took at most",
        percent / 100,
        {"events": pl.col("duration_ms")},
    )
    for percent in (50, 95, 99)
)

METRICS: Final[Mapping[str, Metric]] = MappingProxyType(
    {metric.name: metric for metric in (*COUNTS, *RATIOS, *SHARES, *QUANTILES)}
)
