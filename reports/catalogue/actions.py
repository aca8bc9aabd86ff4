"""Reports about what visitors do beside looking at pages."""

from __future__ import annotations

from typing import Final

import polars as pl

from reports.catalogue import measures as m
from reports.query import Query, report_of

_KIND: Final = pl.col("kind")
_RESOURCE: Final = pl.col("resource")
# Looked at before rows are grouped: of all paths, few are downloads or feeds.
_FETCHED: Final = (_KIND == "download") | (_RESOURCE == "download")
_FEED: Final = (_KIND == "feed") | (_RESOURCE == "feed")

EVENTS: Final = report_of(
    Query(
        ("events", "visits", "visitors", "event_value"),
        by=("event_category", "event_action", "event_label"),
        where=_KIND == "event",
    ),
    "events",
    "What do visitors do?",
    remark="Beacons that say that something was done.",
    rules=m.VISIT_RULES,
)

CLICKS: Final = report_of(
    Query(
        ("clicks", "visits", "visitors"),
        by=("path", "element_id", "element_text", "target"),
        where=_KIND == "click",
    ),
    "clicks",
    "What is clicked, and on which page?",
    rules=m.VISIT_RULES,
)

SITE_SEARCH: Final = report_of(
    Query(("searches", "visits", "visitors"), by=("event_label",), where=_KIND == "search", is_known=True),
    "site-search",
    "What do visitors look for with the site's own search?",
    rules=m.VISIT_RULES,
)

DOWNLOADS: Final = report_of(
    Query(
        ("downloads", "visits", "visitors"),
        by=("url", "target"),
        where=_FETCHED,
        having=pl.col("downloads") > 0,
    ),
    "downloads",
    "Which files are downloaded?",
    remark="Files to keep that were fetched, and downloads that beacons tell of: their file is the target.",
    rules=m.VISIT_RULES,
)

OUTLINKS: Final = report_of(
    Query(("outlinks", "visits", "visitors"), by=("target_host", "target"), where=_KIND == "outlink"),
    "outlinks",
    "Which links to other sites are followed?",
    rules=m.VISIT_RULES,
)

FEEDS: Final = report_of(
    Query(
        ("feed_requests", "feed_readers", "clients", "last_at"),
        by=("path",),
        where=_FEED,
        having=pl.col("feed_requests") > 0,
    ),
    "feeds",
    "Which feeds are read?",
    remark="Readers are told by beacons, else by address and agent; feed readers are programs, so bots are among them.",
    rules=(m.CLIENT_RULE,),
)
