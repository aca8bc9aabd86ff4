"""The measures that reports share: one rule each, and the words that state it.

A log without methods or statuses still has pages: what a log does not say is taken to be usual.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import polars as pl

from reports.catalogue.report import ReportColumn, View

_IMAGES: Final = (
    "avif",
    "bmp",
    "cur",
    "gif",
    "ico",
    "jpeg",
    "jpg",
    "jxl",
    "png",
    "svg",
    "svgz",
    "tif",
    "webp",
)
_CODE_AND_DATA: Final = (
    "css",
    "js",
    "json",
    "less",
    "map",
    "mjs",
    "scss",
    "wasm",
    "webmanifest",
    "xml",
    "xsl",
)
_FONTS: Final = ("eot", "otf", "ttf", "woff", "woff2")
_SOUND: Final = ("aac", "flac", "m4a", "mp3", "oga", "ogg", "opus", "wav", "weba")
_FILMS: Final = (
    "avi",
    "flv",
    "m3u8",
    "m4v",
    "mkv",
    "mov",
    "mp4",
    "mpeg",
    "mpg",
    "ogv",
    "swf",
    "ts",
    "webm",
    "wmv",
)
_DOCUMENTS: Final = ("csv", "doc", "docx", "epub", "ods", "odt", "pdf", "ppt", "pptx", "rtf", "xls", "xlsx")
_ARCHIVES: Final = ("7z", "bz2", "gz", "iso", "rar", "tar", "tgz", "xz", "zip", "zst")
_PROGRAMS: Final = ("apk", "deb", "dmg", "exe", "jar", "msi", "rpm", "whl")

STATIC_EXTENSIONS: Final = (
    *_IMAGES, *_CODE_AND_DATA, *_FONTS, *_SOUND, *_FILMS, *_DOCUMENTS, *_ARCHIVES, *_PROGRAMS
)  # fmt: skip
"""File name extensions, lower case, of what is fetched for a page or downloaded from it, not read as one."""

PAGE_RULE: Final = (
    "A page view is a GET request answered with 2xx or 304 whose path is not /robots.txt and does not end in "
    "the extension of an image, style, script, data, font, media or download file; or a beacon that says "
    "that a page was shown."
)
ERROR_RULE: Final = "Errors are answers with a status of 400 or above."
VISITOR_RULE: Final = "A visitor is a combination of client address and user agent, counted once in each row."
BOTS_RULE: Final = "Bots are included."

REQUESTS: Final = ReportColumn("requests", "requests", "requests logged")
PAGE_VIEWS: Final = ReportColumn("page_views", "page views", "requests for pages that were answered")
VISITORS: Final = ReportColumn("visitors", "visitors", "distinct visitors")
BYTES: Final = ReportColumn("bytes", "bytes", "sent in answers")
ERRORS: Final = ReportColumn("errors", "requests", "answered with 4xx or 5xx")
SHARE: Final = ReportColumn("share", "share", "of all requests")
FIRST_AT: Final = ReportColumn("first_at", "time", "first request")
LAST_AT: Final = ReportColumn("last_at", "time", "last request")

_EXTENSION: Final = r"\.([A-Za-z0-9]{1,12})$"


def requests_of(events: pl.LazyFrame) -> pl.LazyFrame:
    """Keep the events that are requests to the web server, leaving out beacons."""
    return events.filter(is_request())


def hits_of(events: pl.LazyFrame) -> pl.LazyFrame:
    """Keep requests to the web server and beacons that say that a page was shown."""
    return events.filter(is_request() | _is_shown())


def is_request() -> pl.Expr:
    """Tell for each event whether it is a request to the web server rather than a beacon; never null."""
    return pl.col("kind").fill_null("request") == "request"


def _is_shown() -> pl.Expr:
    return (pl.col("kind") == "pageview").fill_null(value=False)


def is_page() -> pl.Expr:
    """Tell for each event whether it is a page view, as `PAGE_RULE` says; never null."""
    status, path = pl.col("status"), pl.col("path")
    extension = path.str.extract(_EXTENSION).str.to_lowercase()
    is_read = ~extension.is_in(STATIC_EXTENSIONS).fill_null(value=False) & (path != "/robots.txt")
    answered = status.is_between(200, 299) | (status == 304)
    asked = is_request() & (pl.col("method").fill_null("GET") == "GET")
    return _is_shown() | (asked & answered.fill_null(value=True) & is_read.fill_null(value=False))


def if_page(name: str) -> pl.Expr:
    """Return a column's value where the event is a page view, null elsewhere.

    For use before a group_by: a filter within one would keep the rows of every group in memory.
    """
    return pl.when(is_page()).then(pl.col(name))


def is_error() -> pl.Expr:
    """Tell for each event whether it was answered with an error; never null."""
    return (pl.col("status") >= 400).fill_null(value=False)


def count(condition: pl.Expr) -> pl.Expr:
    """Count the events for which `condition` holds."""
    return condition.sum().cast(pl.Int64)


def distinct(name: str) -> pl.Expr:
    """Count the different values of a column, null not among them."""
    return pl.col(name).drop_nulls().n_unique().cast(pl.Int64)


def share(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    """Return `part` / `whole`, between 0 and 1, to six decimals; null where there is no whole."""
    return pl.when(whole > 0).then((part / whole).round(6))


def local_time(view: View) -> pl.Expr:
    """Return each event's time in the view's time zone."""
    return pl.col("time").dt.convert_time_zone(view.time_zone)


def requests() -> pl.Expr:
    """Count requests as `REQUESTS`."""
    return count(is_request()).alias(REQUESTS.name)


def page_views() -> pl.Expr:
    """Count page views as `PAGE_VIEWS`."""
    return count(is_page()).alias(PAGE_VIEWS.name)


def visitors() -> pl.Expr:
    """Count distinct visitors as `VISITORS`."""
    return distinct("visitor").alias(VISITORS.name)


def sent_bytes() -> pl.Expr:
    """Add up the sizes of answers as `BYTES`."""
    return pl.col("bytes").sum().alias(BYTES.name)


def errors() -> pl.Expr:
    """Count errors as `ERRORS`."""
    return count(is_error()).alias(ERRORS.name)


def first_at(view: View) -> pl.Expr:
    """Return the time of the first event as `FIRST_AT`."""
    return local_time(view).min().alias(FIRST_AT.name)


def last_at(view: View) -> pl.Expr:
    """Return the time of the last event as `LAST_AT`."""
    return local_time(view).max().alias(LAST_AT.name)


def newest(name: str) -> pl.Expr:
    """Return a column's value in the latest event; of several at one time, in the last in its log."""
    return pl.col(name).max_by(pl.struct("time", "source_id", "offset"))


def ranked(rows: pl.LazyFrame, measures: Sequence[str], *keys: str) -> pl.LazyFrame:
    """Order rows by `measures`, largest first, then by `keys`, so that equal rows have an order too."""
    descending = [*(True for _ in measures), *(False for _ in keys)]
    return rows.sort(*measures, *keys, descending=descending, nulls_last=True)


def most_frequent(events: pl.LazyFrame, key: str, value: str, name: str) -> pl.LazyFrame:
    """Return for each `key` the commonest `value` as `name`; of equally common ones the first in order."""
    counted = events.filter(pl.col(value).is_not_null()).group_by(key, value).len("_count")
    best = pl.col(value).sort_by("_count", value, descending=[True, False]).first()
    return counted.group_by(key).agg(best.alias(name))
