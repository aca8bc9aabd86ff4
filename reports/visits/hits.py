"""The events that take part in visits: which are page views, which are done by visitors, and by whom.

A log without methods or statuses still has pages: what a log does not say is taken to be usual.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from reports.visits.rule import PageRule, VisitRule

ACTIONS: Final = (
    "event", "click", "outlink", "download", "search", "transaction", "item", "cart", "goal", "feed",
)  # fmt: skip
"""Kinds of beacons by which a visitor does something other than to look at a page."""

PRESENCE: Final = ("ping", "timing", "identify", "recording", "impression", "error")
"""Kinds of beacons that say that the visitor is still there; they lengthen a visit and begin none."""

CLIENT: Final = (
    "browser", "browser_version", "os", "os_version", "device", "screen", "language", "country", "region", "city",
    "ip", "user", "user_agent", "bot", "bot_class",
)  # fmt: skip
"""Columns of a visit that are those of the first hit that has them."""

ORIGIN: Final = (
    "referrer", "referrer_host", "medium", "source", "campaign", "campaign_term", "campaign_content", "click_id",
)  # fmt: skip
"""Columns of a visit that are those of its first hit."""

DOING: Final = (
    "method", "status", "bytes", "duration_ms", "kind", "resource", "dialect", "host", "path", "query", "title",
    "page_type", "event_category", "event_action", "event_label", "event_value", "target", "order", "revenue", "tax",
    "shipping", "currency", "items", "props",
)  # fmt: skip
"""Further columns of a hit."""

AMOUNTS: Final = ("revenue", "tax", "shipping")
"""Columns with money: of an order where a beacon tells of one, else of a cart, a goal or whatever was done."""

_ENDING: Final = r"\.([A-Za-z0-9]{1,12})$"


def is_request() -> pl.Expr:
    """Tell for each event whether it is a request to the web server rather than a beacon; never null."""
    return pl.col("kind").fill_null("request") == "request"


def is_order() -> pl.Expr:
    """Tell for each event whether it says that something was ordered; never null."""
    return (pl.col("kind") == "transaction").fill_null(value=False)


def is_counted(rule: VisitRule) -> pl.Expr:
    """Tell for each event whether it is by somebody whom `rule` counts; never null."""
    return pl.lit(value=True) if rule.bots else pl.col("bot").is_null()


def is_page(rule: VisitRule) -> pl.Expr:
    """Tell for each event whether it is a page view by somebody who counts; never null."""
    shown = (pl.col("kind") == "pageview").fill_null(value=False)
    return is_counted(rule) & (shown | (is_request() & _is_read(rule.page)))


def is_download(rule: VisitRule) -> pl.Expr:
    """Tell for each event whether it fetched a file to keep, or says so; never null."""
    told = (pl.col("kind") == "download").fill_null(value=False)
    fetched = (
        is_request() & _is_answered(rule.page) & (pl.col("resource") == "download").fill_null(value=False)
    )
    return is_counted(rule) & (told | fetched)


def is_action(rule: VisitRule) -> pl.Expr:
    """Tell for each event whether a visitor did something other than to look at a page; never null."""
    return (is_counted(rule) & pl.col("kind").is_in(ACTIONS).fill_null(value=False)) | is_download(rule)


def is_hit(rule: VisitRule) -> pl.Expr:
    """Tell for each event whether it takes part in a visit; never null."""
    if rule.counts == "requests":
        status = pl.col("status")
        ignored = [status.is_between(low, high).fill_null(value=False) for low, high in rule.ignored]
        return is_counted(rule) & ~pl.any_horizontal(pl.lit(value=False), *ignored)

    if rule.counts == "views":
        return is_page(rule)

    present = is_counted(rule) & pl.col("kind").is_in(PRESENCE).fill_null(value=False)
    return is_page(rule) | is_action(rule) | present


def visitor_key(rule: VisitRule, local_time: pl.Expr) -> pl.Expr:
    """Return what tells visitors of a site apart, as text; null where nobody knows."""
    key = visitor_base(rule)
    return pl.concat_str(key, local_time.dt.strftime("%Y-%m-%d"), separator=" ") if rule.is_daily else key


def visitor_base(rule: VisitRule) -> pl.Expr:
    """Return what tells visitors apart on one day, as text; null where nobody knows."""
    address = pl.col("ip")
    keys = {
        "visitor": pl.col("visitor"),
        "address": address,
        "address-agent": pl.concat_str(address, pl.col("user_agent").fill_null(""), separator=" "),
    }
    return keys[rule.who]


def _is_answered(page: PageRule) -> pl.Expr:
    status = pl.col("status")
    answered = pl.any_horizontal(status.is_between(low, high) for low, high in page.statuses)
    asked = pl.col("method").fill_null("GET").is_in(page.methods)
    return asked & answered.fill_null(value=True)


def _is_read(page: PageRule) -> pl.Expr:
    path = pl.col("path")
    ending = path.str.extract(_ENDING).str.to_lowercase()
    by_path = ~ending.is_in(page.static_endings).fill_null(value=False) & ~path.is_in(page.not_pages)
    read = by_path.fill_null(value=False)
    if page.believes_resource:
        resource = pl.col("resource")
        read = pl.when(resource.is_null()).then(read).otherwise(path.is_not_null() & (resource == "page"))

    return read & _is_answered(page)
