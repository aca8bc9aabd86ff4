"""Metrics of requests and answers: everybody's, bots included."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl

from reports.query.metric import Count, Distinct, Metric, Quantile, Ratio, Share
from reports.query.metrics.counting import different, those, total

_STATUS: Final = pl.col("status")
_REQUEST: Final = pl.col("is_request")
_ANSWERS: Final[Mapping[str, tuple[str, pl.Expr]]] = {
    "errors": ("answered with 4xx or 5xx", _STATUS >= 400),
    "client_errors": ("answered with 4xx", _STATUS.is_between(400, 499)),
    "server_errors": ("answered with 5xx", _STATUS.is_between(500, 599)),
    "not_found": ("answered with 404", _STATUS == 404),
    "redirects": ("answered with 3xx other than 304", _STATUS.is_between(300, 399) & (_STATUS != 304)),
    "not_modified": ("answered with 304", _STATUS == 304),
    "cache_hits": (
        "that the cache answered: its word for it has HIT in it",
        pl.col("cache_status").str.contains("(?i)hit"),
    ),
    "cache_lookups": ("that the cache says something of", pl.col("cache_status").is_not_null()),
    "bot_requests": ("by bots", _REQUEST & pl.col("bot").is_not_null()),
    "timed_requests": ("with a time that answering took", pl.col("duration_ms").is_not_null()),
}
_RATES: Final[Mapping[str, tuple[str, str, str]]] = {
    "error_rate": ("answered with 4xx or 5xx, of all requests", "errors", "requests"),
    "client_error_rate": ("answered with 4xx, of all requests", "client_errors", "requests"),
    "server_error_rate": ("answered with 5xx, of all requests", "server_errors", "requests"),
    "cache_hit_rate": ("answered by the cache, of those it says something of", "cache_hits", "cache_lookups"),
    "bot_share": ("by bots, of all requests", "bot_requests", "requests"),
}

SERVING: Final[tuple[Metric, ...]] = (
    Count("requests", "requests", "requests logged", {"events": those(_REQUEST)}),
    Count("beacons", "beacons", "beacons, of any kind", {"events": those(~_REQUEST)}),
    Count("bytes", "bytes", "sent in answers", {"events": total("bytes")}),
    *(
        Count(name, "requests", meaning, {"events": those(condition)})
        for name, (meaning, condition) in _ANSWERS.items()
    ),
    *(Ratio(name, "share", meaning, part, whole) for name, (meaning, part, whole) in _RATES.items()),
    Count(
        "clients",
        "clients",
        "distinct senders of requests and beacons, bots and visitors alike",
        {"events": different(pl.col("visitor"))},
        things={"events": pl.col("visitor")},
        of_senders=True,
    ),
    Distinct("addresses", "addresses", "different client addresses, as stored", {"events": pl.col("ip")}),
    Ratio("requests_per_client", "ratio", "requests a client", "requests", "clients", digits=2),
    Ratio("bytes_per_request", "bytes", "mean size of an answer", "bytes", "requests", digits=0),
    Count("first_at", "time", "first event", {"events": pl.col("time").min()}, merge="min"),
    Count("last_at", "time", "last event", {"events": pl.col("time").max()}, merge="max"),
    Count("answer_ms", "ms", "time that answers took, all together", {"events": total("duration_ms")}),
    Ratio("duration_mean", "ms", "mean time that an answer took", "answer_ms", "timed_requests", digits=3),
    *(
        Quantile(
            f"duration_p{percent}",
            "ms",
            f"time that {percent} % of answers took at most",
            percent / 100,
            "duration_ms",
            {"events": pl.col("duration_ms")},
        )
        for percent in (50, 90, 95, 99)
    ),
    Share("requests_share", "of all requests", "requests"),
    Share("bytes_share", "of all bytes", "bytes"),
)
