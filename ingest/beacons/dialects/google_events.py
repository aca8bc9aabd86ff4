"""What the names of Google Analytics' events mean, whichever protocol sends them."""

from __future__ import annotations

from functools import cache
from typing import Final

import polars as pl

_KINDS: Final = {
    "page_view": "pageview",
    "screen_view": "pageview",
    "user_engagement": "ping",
    "click": "click",
    "file_download": "download",
    "view_search_results": "search",
    "search": "search",
    "purchase": "transaction",
    "in_app_purchase": "transaction",
    "add_to_cart": "cart",
    "remove_from_cart": "cart",
    "view_cart": "cart",
    "begin_checkout": "cart",
    "add_shipping_info": "cart",
    "add_payment_info": "cart",
    "view_promotion": "impression",
    "ad_impression": "impression",
    "timing_complete": "timing",
    "web_vitals": "timing",
    "exception": "error",
    "app_exception": "error",
}
"""Name of an event → kind; all others are events. Source: Google Analytics Help, enhanced measurement and recommended
events."""

_WITHOUT_ACTION: Final = ("pageview", "ping")
_LINKS: Final = ("click", "outlink", "download")
_ORDERED: Final = "transaction"


@cache
def kind_of(event: str, outbound: str) -> pl.Expr:
    """Return the kind of events, of whose columns `event` has the name and `outbound` says that a link leads away."""
    kind = pl.col(event).replace_strict(_KINDS, default="event", return_dtype=pl.String)
    leads_away = (kind == "click") & pl.col(outbound).is_in(("true", "1")).fill_null(value=False)
    return pl.when(leads_away).then(pl.lit("outlink")).otherwise(kind).alias("kind")


@cache
def action_of(event: str) -> pl.Expr:
    """Return the name of an event as its action, unless its kind says all of it."""
    return pl.when(~pl.col("kind").is_in(_WITHOUT_ACTION)).then(event).alias("event_action")


def target_of(link: pl.Expr) -> pl.Expr:
    """Return `link` for events that follow or download one."""
    return pl.when(pl.col("kind").is_in(_LINKS)).then(link).alias("target")


def of_order(value: pl.Expr) -> pl.Expr:
    """Return `value` for purchases, null for other events."""
    return pl.when(kind=_ORDERED).then(value)


def of_others(value: pl.Expr) -> pl.Expr:
    """Return `value` for events that are no purchases, null for those."""
    return pl.when(pl.col("kind") != _ORDERED).then(value)
