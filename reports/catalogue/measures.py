"""What reports share beside metrics and dimensions: columns, the words that state their rules, and ways to rank."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from reports.partials.part import Part
from reports.report import ReportColumn, View

PAGE_RULE: Final = (
    "A page view is a GET request answered with 2xx or 304 for what ingest took for a page, else whose path "
    "is not /robots.txt and does not end in the extension of an image, style, script, data, font, media or "
    "download file; or a beacon that says that a page was shown. Profiles of other systems have their own rule."
)
ERROR_RULE: Final = "Errors are answers with a status of 400 or above."
VISITOR_RULE: Final = (
    "Visits and visitors are as the profile defines them; visitors are counted once in each row."
)
VISIT_RULES: Final = (PAGE_RULE, VISITOR_RULE)
CLIENT_RULE: Final = (
    "A client is a combination of address and user agent, or what a beacon calls a visitor; bots are among "
    "them."
)
BOTS_RULE: Final = (
    "Requests, bytes and errors are everybody's; page views and visitors are those of whom the profile "
    "counts."
)

REQUESTS: Final = ReportColumn("requests", "requests", "requests logged")
PAGE_VIEWS: Final = ReportColumn("page_views", "page views", "requests for pages that were answered")
VISITORS: Final = ReportColumn("visitors", "visitors", "distinct visitors")
CLIENTS: Final = ReportColumn(
    "clients", "clients", "distinct senders of requests and beacons, bots and visitors alike"
)
BYTES: Final = ReportColumn("bytes", "bytes", "sent in answers")
ERRORS: Final = ReportColumn("errors", "requests", "answered with 4xx or 5xx")
SHARE: Final = ReportColumn("share", "share", "of all requests")
FIRST_AT: Final = ReportColumn("first_at", "time", "first request")
LAST_AT: Final = ReportColumn("last_at", "time", "last request")


def share(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    """Return `part` / `whole`, between 0 and 1, to six decimals; null where there is no whole."""
    return pl.when(whole > 0).then((part / whole).round(6))


def local_time(view: View) -> pl.Expr:
    """Return each event's time in the view's time zone."""
    return pl.col("time").dt.convert_time_zone(view.time_zone)


def adding(name: str, rows: pl.LazyFrame, *figures: str) -> Part:
    """Return the part whose `figures` add up."""
    return Part(name, rows, dict.fromkeys(figures, "sum"))


def newest(name: str) -> pl.Expr:
    """Return a column's value in the latest event; of several at one time, in the last in its log."""
    return pl.col(name).max_by(pl.struct("time", "source_id", "offset"))


def ranked(rows: pl.LazyFrame, measures: Sequence[str], *keys: str) -> pl.LazyFrame:
    """Order rows by `measures`, largest first, then by `keys`, so that equal rows have an order too."""
    descending = [*(True for _ in measures), *(False for _ in keys)]
    return rows.sort(*measures, *keys, descending=descending, nulls_last=True)


def frequent(name: str, events: pl.LazyFrame, key: str, value: str) -> Part:
    """Return the part `most_frequent` finds the commonest `value` of each `key` in."""
    known = events.filter(pl.col(value).is_not_null())
    return adding(name, known.group_by(key, value).agg(pl.len().cast(pl.Int64).alias("_count")), "_count")


def most_frequent(counted: pl.LazyFrame, key: str, value: str, name: str) -> pl.LazyFrame:
    """Return for each `key` the commonest `value` as `name`; of equally common ones the first in order."""
    best = pl.col(value).sort_by("_count", value, descending=[True, False]).first()
    return counted.group_by(key).agg(best.alias(name))
