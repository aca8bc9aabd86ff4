"""Tell pages from static files, downloads, APIs and feeds.

The first that says something is believed: the user's rules, the method, well-known paths, the ending of the path, a
query that asks for a feed, the content type where it is logged; what nothing is said of is a page. A POST is the
class of its path, as a form's answer is a page to who sent it; other methods than GET, HEAD and POST are those of
programs. The path goes before the content type because the answer to a picture that is missing is a page of HTML.
"""

from __future__ import annotations

from functools import cache, lru_cache, partial
from typing import Final

import polars as pl

from ingest.enrich.distinct import Distinct, Memory
from ingest.enrich.lists.reading import read_list
from ingest.enrich.rules import Rules
from ingest.enrich.settings import EnrichSettings

CLASSES: Final = ("page", "download", "static", "api", "feed")

BEACONS: Final = {"pageview": "page", "download": "download", "feed": "feed"}
"""Kind of a beacon's event → class; others ask for nothing."""

REQUEST: Final = "request"
_ENDING: Final = r"\.([A-Za-z0-9]{1,12})$"
_BROWSING: Final = ("GET", "HEAD", "POST")

WELL_KNOWN: Final = (
    (
        "static",
        r"(?i)^/(?:robots|ads|app-ads|humans|security|llms|llms-full)\.txt$|^/favicon\.ico$|"
        r"^/apple-touch-icon[^/]*$|/(?:sitemap[^/]*\.xml(?:\.gz)?|browserconfig\.xml|crossdomain\.xml|"
        r"manifest\.json|site\.webmanifest|opensearch\.xml)$|^/\.well-known/",
    ),
    (
        "feed",
        r"(?i)/(?:feed|rss|atom)(?:/(?:rss2?|atom|rdf)?)?$|"
        r"/(?:[^/]*feed|rss2?|atom|index|[^/]*-rss|[^/]*-atom)\.(?:xml|rdf|rss|atom)$|^/feeds?/",
    ),
    (
        "api",
        r"(?i)^/(?:api|wp-json|graphql|rest|rpc|oauth2?)(?:/|$)|/graphql$|/(?:xmlrpc|admin-ajax|wp-cron)\.php$",
    ),
)
"""Class and the expression of its paths."""

FEED_QUERY: Final = r"(?:^|[&;])(?:feed|flav|format|type|output)=(?:rss|atom|rdf|feed)[a-z0-9.]*(?:[&;]|$)"
"""A query by which a page is asked for as a feed, as WordPress and Blosxom do."""

CONTENT: Final = (
    ("feed", r"(?i)^application/(?:rss|atom|rdf)\+xml"),
    ("page", r"(?i)^(?:text/html|application/xhtml\+xml)"),
    (
        "static",
        r"(?i)^(?:image/|font/|text/css|(?:text|application)/(?:x-)?javascript|application/(?:x-)?font)",
    ),
    ("api", r"(?i)^(?:application/(?:[a-z.+-]*json|grpc|graphql|soap\+xml)|text/event-stream)"),
    (
        "download",
        r"(?i)^(?:audio/|video/|application/(?:pdf|zip|octet-stream|gzip|x-tar|x-|vnd\.|msword|epub))",
    ),
)
"""Class and the expression of its content types."""


def classify_resource(events: pl.DataFrame, settings: EnrichSettings) -> pl.DataFrame:
    """Add resource, one of `CLASSES`: that of what was asked for; null for what is neither request nor page."""
    has_content = "mime" in events.columns
    distinct = Distinct.of(events, "path")
    told = _telling(settings.options.rules, not has_content)(distinct.values(events["path"]))
    resource = pl.col("_by_path")
    if has_content:
        by_content = pl.when(pl.col("path").is_not_null()).then(_first(pl.col("mime"), CONTENT))
        resource = pl.coalesce("_by_path", by_content, _page())

    feeds = _are_feeds(events)
    if feeds is not None:
        is_open = pl.col("_by_path").is_null() | (pl.col("_by_path") == "page")
        is_feed = pl.lit(feeds) & is_open & pl.col("path").is_not_null()
        resource = pl.when(is_feed).then(pl.lit("feed")).otherwise(resource)

    is_program = ~pl.col("method").is_in(_BROWSING).fill_null(value=True)
    if _any(events, is_program):
        resource = pl.when(is_program & pl.col("path").is_not_null()).then(pl.lit("api")).otherwise(resource)

    is_beacon = (pl.col("kind") != REQUEST).fill_null(value=False)
    resource = pl.coalesce("_by_rule", resource) if "_by_rule" in told.columns else resource
    if _any(events, is_beacon):
        of_beacon = pl.col("kind").replace_strict(BEACONS, default=None, return_dtype=pl.String)
        resource = pl.when(is_beacon).then(of_beacon).otherwise(resource)

    spread = events.with_columns(distinct.spread(column) for column in told)
    return spread.with_columns(resource.alias("resource")).drop("_by_path", "_by_rule", strict=False)


def _are_feeds(events: pl.DataFrame) -> pl.Series | None:
    """Return for each event whether its query asks for a feed, None when none does."""
    if events["query"].null_count() == len(events):
        return None

    distinct = Distinct.of(events, "query")
    asks = _asking()(distinct.values(events["query"])).to_series()
    return distinct.spread(asks).is_not_null() if asks.null_count() < len(asks) else None


@cache
def _asking() -> Memory:
    feed = pl.when(pl.col("query").str.contains(FEED_QUERY)).then(pl.lit("feed"))
    return Memory(lambda queries: queries.to_frame("query").select(feed))


def _any(events: pl.DataFrame, expression: pl.Expr) -> bool:
    return bool(events.select(expression.any()).item())


@lru_cache(maxsize=8)
def _telling(rules: Rules, is_final: bool) -> Memory:
    return Memory(partial(_told, rules=rules, is_final=is_final))


def _told(paths: pl.Series, rules: Rules, *, is_final: bool) -> pl.DataFrame:
    """Return what distinct paths say by our tables, and, with rules on paths, by those.

    With `is_final` those of which nothing is said are pages.
    """
    path = pl.col("path")
    by_path = pl.coalesce(_first(path, WELL_KNOWN), _by_ending(_endings()))
    by_path = pl.coalesce(by_path, _page()) if is_final else by_path
    by_rule = _by_rule(rules)
    said = [by_path.alias("_by_path")] + ([] if by_rule is None else [by_rule.alias("_by_rule")])
    return paths.to_frame("path").select(said)


def _page() -> pl.Expr:
    return pl.when(pl.col("path").is_not_null()).then(pl.lit("page"))


def _by_rule(rules: Rules) -> pl.Expr | None:
    """Return the expression of what the user's rules say of a path, None without any."""
    said = []
    if rules.paths:
        said.append(_first(pl.col("path"), tuple((name, expression) for expression, name in rules.paths)))

    if rules.endings:
        said.append(_by_ending(dict(rules.endings)))

    return pl.coalesce(said) if said else None


def _by_ending(endings: dict[str, str]) -> pl.Expr:
    ending = pl.col("path").str.extract(_ENDING).str.to_lowercase()
    return ending.replace_strict(endings, default=None, return_dtype=pl.String)


@lru_cache(maxsize=1)
def _endings() -> dict[str, str]:
    return {ending: name for name, endings in read_list("resources")["ending"].items() for ending in endings}


def _first(text: pl.Expr, table: tuple[tuple[str, str], ...]) -> pl.Expr:
    """Return the class of the first expression that `text` matches."""
    return pl.coalesce(
        pl.when(text.str.contains(expression)).then(pl.lit(name)) for name, expression in table
    )
