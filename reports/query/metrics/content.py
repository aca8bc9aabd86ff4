"""Metrics of pages, and of what visitors do on them."""

from __future__ import annotations

from typing import Final

import polars as pl

from reports.query.grain import Grain
from reports.query.metric import Count, Distinct, Metric, Quantile, Ratio, Share
from reports.query.metrics.counting import (
    IS_VISITORS,
    ROWS,
    different,
    of_kind,
    those,
    total,
    visits_with,
)

_IS_PAGE: Final = pl.col("is_page")
_PAGE: Final = pl.when(_IS_PAGE).then(
    pl.concat_str("site", pl.col("host").fill_null(""), pl.col("path").fill_null(""), separator=" ")
)


def _kind(name: str, unit: str, meaning: str, kind: str, *owa: str, remark: str = "") -> Count:
    """Return the metric that counts what visitors did of one kind."""
    rows: dict[Grain, pl.Expr] = {"hits": those(of_kind(kind)), "events": those(of_kind(kind) & IS_VISITORS)}
    return Count(name, unit, meaning, rows, owa=owa, remark=remark)


_PAGES: Final[tuple[Metric, ...]] = (
    Count(
        "page_views",
        "page views",
        "pages shown",
        {"visits": total("page_views"), "hits": those(_IS_PAGE), "events": those(_IS_PAGE)},
        owa=("pageViews",),
    ),
    Count(
        "unique_page_views",
        "page views",
        "pages shown, each once a visit",
        {"hits": different(pl.concat_str(pl.col("visit"), _PAGE, separator=" "))},
    ),
    Distinct(
        "unique_pages",
        "pages",
        "different pages shown, by site, host and path",
        {"hits": _PAGE, "events": _PAGE},
        owa=("uniquePageViews",),
        remark="OWA calls the number of different pages so; unique_page_views counts a page once in each visit.",
    ),
    Ratio(
        "pages_per_visit", "ratio", "page views a visit", "page_views", "visits", 2, owa=("pagesPerVisit",)
    ),
    Ratio("pages_per_visitor", "ratio", "page views a visitor", "page_views", "visitors", digits=2),
    *(
        Quantile(
            f"pages_per_visit_p{percent}",
            "page views",
            f"page views that {percent} % of visits did not exceed",
            percent / 100,
            "page_views",
            {"visits": pl.col("page_views")},
        )
        for percent in (50, 90)
    ),
    Count(
        "entries",
        "visits",
        "visits that began with the page",
        {"visits": those(pl.col("page_views") > 0), "hits": those(pl.col("is_entry"))},
    ),
    Count(
        "exits",
        "visits",
        "visits that ended with the page",
        {"visits": those(pl.col("page_views") > 0), "hits": those(pl.col("is_exit"))},
    ),
    Ratio("entry_rate", "share", "page views that began a visit, of all", "entries", "page_views"),
    Ratio("exit_rate", "share", "page views that ended a visit, of all", "exits", "page_views"),
    Count("page_seconds", "seconds", "until the visit's next page, all together", {"hits": total("page_seconds")}),
    Count(
        "continued_views",
        "page views",
        "page views after which another page of the visit came",
        {"hits": those(_IS_PAGE & ~pl.col("is_exit"))},
    ),
    Ratio(
        "time_on_page",
        "seconds",
        "mean time until the visit's next page; of its last page nobody knows",
        "page_seconds",
        "continued_views",
        digits=1,
    ),
    Share("page_views_share", "of all page views", "page_views"),
)  # fmt: skip

_ACTIONS: Final[tuple[Metric, ...]] = (
    Count("hits", "hits", "events that take part in visits", {"visits": total("hits"), "hits": ROWS}),
    Count(
        "actions",
        "actions",
        "what visitors did other than to look at a page: events, clicks, downloads, searches, orders …",
        {
            "visits": total("actions"),
            "hits": those(pl.col("is_action")),
            "events": those(pl.col("is_action") & IS_VISITORS),
        },
    ),
    _kind("events", "events", "beacons that say that something was done", "event", "actions"),
    Distinct(
        "unique_events",
        "names",
        "different names of what was done",
        {
            "hits": pl.when(of_kind("event")).then("event_action"),
            "events": pl.when(of_kind("event") & IS_VISITORS).then("event_action"),
        },
        owa=("uniqueActions",),
    ),
    Count(
        "event_value",
        "value",
        "value of what was done",
        {
            "hits": pl.col("event_value").filter(of_kind("event")).sum(),
            "events": pl.col("event_value").filter(of_kind("event") & IS_VISITORS).sum(),
        },
        owa=("actionsValue",),
        remark="With fractions, which OWA cuts off.",
    ),
    Count("event_visits", "visits", "visits in which something was done", {"hits": visits_with(of_kind("event"))}),
    Ratio("events_per_visit", "ratio", "events a visit", "events", "visits", 2, owa=("actionsPerVisit",)),
    _kind("clicks", "clicks", "clicks that a beacon tells of", "click", "domClicks"),
    _kind("outlinks", "clicks", "links to other sites followed, as a beacon tells", "outlink"),
    _kind("searches", "searches", "uses of the site's own search, as a beacon tells", "search"),
    _kind("carts", "carts", "changes of a shopping cart", "cart"),
    _kind("impressions", "impressions", "advertisements shown", "impression"),
    _kind("recordings", "recordings", "beacons with movements on a page", "recording"),
    _kind("client_faults", "errors", "errors in browser or app, as a beacon tells", "error"),
    Count(
        "downloads",
        "downloads",
        "files to keep that were fetched, or that a beacon tells of",
        {"hits": those(pl.col("is_download")), "events": those(pl.col("is_download") & IS_VISITORS)},
    ),
    Count("search_visits", "visits", "visits that used the site's search", {"hits": visits_with(of_kind("search"))}),
    Count("cart_visits", "visits", "visits with a shopping cart", {"hits": visits_with(of_kind("cart"))}),
)  # fmt: skip

CONTENT: Final[tuple[Metric, ...]] = (*_PAGES, *_ACTIONS)
