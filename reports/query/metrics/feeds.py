"""Metrics of feeds: requests for them in logs, and OWA's beacons that tell of them."""

from __future__ import annotations

from typing import Final

import polars as pl

from reports.query.metric import Count, Distinct, Metric
from reports.query.metrics.counting import of_kind, those

IS_FEED: Final = of_kind("feed") | (
    pl.col("is_request") & (pl.col("resource") == "feed").fill_null(value=False)
)
_REMARK: Final = "Bots included: who reads feeds is one."


def _told(name: str) -> pl.Expr:
    return pl.when(of_kind("feed")).then(pl.col("props").str.json_path_match(f"$.{name}"))


FEEDS: Final[tuple[Metric, ...]] = (
    Count(
        "feed_requests",
        "requests",
        "requests for feeds",
        {"events": those(IS_FEED)},
        owa=("feedRequests",),
        remark=_REMARK,
    ),
    Distinct(
        "feed_readers",
        "readers",
        "different readers of feeds: as the beacon says, else senders",
        {"events": pl.when(IS_FEED).then(pl.coalesce(_told("feed_reader_guid"), "visitor"))},
        owa=("feedReaders",),
        remark=_REMARK,
    ),
    Distinct(
        "feed_subscriptions",
        "subscriptions",
        "different subscriptions that beacons tell of",
        {"events": _told("feed_subscription_id")},
        owa=("feedSubscriptions",),
    ),
)
