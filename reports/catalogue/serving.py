"""Reports about how the site answers: statuses, times, sizes, caches and protocols."""

from __future__ import annotations

from typing import Final

import polars as pl

from reports.catalogue import measures as m
from reports.query import Query, report_of

_ANSWERED: Final = ("requests", "requests_share", "clients", "bytes")
_TIMED: Final = ("timed_requests", "duration_mean", "duration_p50", "duration_p95", "duration_p99")
_IS_REQUEST: Final = pl.col("kind").fill_null("request") == "request"
_IS_ANSWERED_PAGE: Final = _IS_REQUEST & (pl.col("resource").fill_null("page") != "static")

STATUSES: Final = report_of(
    Query(_ANSWERED, by=("status",), where=_IS_REQUEST),
    "statuses",
    "How were requests answered?",
    remark="Every logged request counts.",
    rules=(m.CLIENT_RULE,),
)

METHODS: Final = report_of(
    Query((*_ANSWERED, "errors"), by=("method",), where=_IS_REQUEST),
    "methods",
    "Which methods do requests have?",
    rules=(m.CLIENT_RULE,),
)

SLOW_PAGES: Final = report_of(
    Query(
        (*_TIMED, "errors"),
        by=("path",),
        sort=("-duration_p95",),
        where=_IS_ANSWERED_PAGE,
        having=pl.col("timed_requests") > 0,
        is_known=True,
    ),
    "slow-pages",
    "Which pages take longest to answer?",
    remark=(
        "Static files are left out. Times are the server's, in milliseconds, by nearest rank over all answers "
        "that have one: half of them took duration_p50 at most, 95 % duration_p95. With few requests p95 and p99 "
        "are the slowest of them."
    ),
    rules=(m.ERROR_RULE,),
)

LATENCY: Final = report_of(
    Query(_TIMED, by=("date",), where=_IS_REQUEST),
    "latency",
    "How fast does the site answer, day by day?",
    remark="Days without times have no figures.",
    is_series=True,
)

BANDWIDTH: Final = report_of(
    Query(
        ("bytes", "bytes_share", "requests", "bytes_per_request"),
        by=("path",),
        where=_IS_REQUEST,
        is_known=True,
    ),
    "bandwidth",
    "What is sent most, by size?",
    remark="Sizes are those of answers, as logged.",
)

CACHE: Final = report_of(
    Query((*_ANSWERED, "cache_hit_rate"), by=("cache_status",), where=_IS_REQUEST, is_known=True),
    "cache",
    "How much does the cache answer?",
    remark="As CDN and server logs tell.",
    rules=(m.CLIENT_RULE,),
)

TLS: Final = report_of(
    Query(_ANSWERED, by=("tls_version", "tls_cipher"), where=pl.col("tls_version").is_not_null()),
    "tls",
    "Which TLS versions and ciphers are used?",
    rules=(m.CLIENT_RULE,),
)

MIME: Final = report_of(
    Query((*_ANSWERED, "bytes_per_request"), by=("mime",), is_known=True),
    "mime",
    "Which types of content are sent?",
    rules=(m.CLIENT_RULE,),
)

PROTOCOLS: Final = report_of(
    Query(_ANSWERED, by=("protocol",), where=_IS_REQUEST),
    "protocols",
    "Which protocols are spoken?",
    rules=(m.CLIENT_RULE,),
)

VIRTUAL_HOSTS: Final = report_of(
    Query((*_ANSWERED, "page_views", "visitors", "errors"), by=("host",), is_known=True),
    "virtual-hosts",
    "Which of the site's hosts are asked?",
    rules=(m.PAGE_RULE, m.ERROR_RULE, m.CLIENT_RULE, m.BOTS_RULE),
)

RESOURCES: Final = report_of(
    Query((*_ANSWERED, "errors"), by=("resource",), where=_IS_REQUEST),
    "resources",
    "How much of the traffic is pages, files, downloads, feeds and APIs?",
    rules=(m.ERROR_RULE, m.CLIENT_RULE),
)

HOSTS: Final = report_of(
    Query(
        ("requests", "page_views", "clients", "bytes", "errors", "first_at", "last_at"),
        by=("address",),
        is_known=True,
    ),
    "hosts",
    "Which client addresses send the most requests?",
    remark="Addresses are as stored: masked unless they were ingested otherwise, so a row can be a network.",
    rules=(m.PAGE_RULE, m.ERROR_RULE, m.CLIENT_RULE, m.BOTS_RULE),
)
