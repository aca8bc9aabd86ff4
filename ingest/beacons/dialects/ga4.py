"""Google Analytics 4, gtag: ``/g/collect``, an event in the query, or one on each line of the body.

What the query says is said of every line; a line's own word counts first. Google publishes no description.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import polars as pl

from ingest.beacons.columns import beside, merge_objects
from ingest.beacons.dialects.google_events import action_of, kind_of, of_order, of_others, target_of
from ingest.beacons.items import item_arrays
from ingest.beacons.model import BAD_BEACON, NOT_RECORDED, Dialect
from ingest.beacons.parameters import other_parameters, read_parameters, to_json_object
from ingest.beacons.values import amount, number, text

_RENAMED: Final = {
    "title": "dt",
    "url": "dl",
    "referrer": "dr",
    "visitor": "cid",
    "session": "sid",
    "user": "uid",
    "language": "ul",
    "screen": "sr",
    "page_type": "ep.content_group",
    "campaign": "cn",
    "source": "cs",
    "medium": "cm",
    "campaign_term": "ct",
    "campaign_content": "cc",
    "event_label": "ep.search_term",
    "order": "ep.transaction_id",
    "site_id": "tid",
}
"""Column → parameter."""

_OTHERS: Final = (
    "en",
    "_p",
    "_s",
    "_et",
    "cu",
    "ep.currency",
    "ep.outbound",
    "ep.link_url",
    "epn.value",
    "epn.tax",
    "epn.shipping",
)
_READ: Final = (*_RENAMED.values(), *_OTHERS)
_OWN: Final = r"(?:^|&)(?:ep|up)n?\.[^&]*"
_ITEM: Final = {"sku": "id", "name": "nm", "category": "ca", "price": "pr", "quantity": "qt"}
_PREFIX: Final = r'([{,]")epn?\.'
"""Begins the name of an event's own parameter, in the JSON of `other_parameters`: no quote in a string is bare."""


def read_ga4(requests: pl.DataFrame) -> pl.DataFrame:
    """Return the events of requests; parameters of an event without a column, and of the user, are `props`.

    Several events are sent in a body. Where the log has none, a request of a client without a name of an event is not
    recorded.
    """
    each = _events(requests)
    texts = each["text"]
    free = texts.str.extract_all(_OWN).list.join("")
    found = read_parameters(texts, _READ)
    also = to_json_object(found.select(engagement_time_msec="_et"))
    events = beside(each, found).with_columns(
        other_parameters(free, _READ).str.replace_all(_PREFIX, "${1}").alias("props"),
        also.alias("also"),
        _items(texts).alias("items"),
    )
    return events.with_columns(kind_of("en", "ep.outbound")).select(
        "row",
        "kind",
        "items",
        merge_objects(pl.col("also"), pl.col("props")).alias("props"),
        *(text(parameter).alias(column) for column, parameter in _RENAMED.items()),
        *_computed(),
    )


def _events(requests: pl.DataFrame) -> pl.DataFrame:
    """Return a row for each event: `text`, all that is said of it, `line`, which of its request's it is, and `is_bare`,
    whether the request has no body.
    """
    is_bare = (pl.col("body").str.strip_chars().fill_null("") == "").alias("is_bare")
    lines = pl.col("body").str.strip_chars().str.split("\n")
    if not requests["body"].null_count() < len(requests):
        return requests.select("row", pl.col("query").alias("text"), pl.lit(0).alias("line"), is_bare)

    each = requests.select(
        "row", "query", lines.alias("text"), pl.int_ranges(lines.list.len()).alias("line"), is_bare
    )
    return each.explode("text", "line").select(
        "row",
        pl.concat_str(pl.col("text").str.strip_chars(), "query", separator="&", ignore_nulls=True).alias(
            "text"
        ),
        pl.col("line").fill_null(0),
        "is_bare",
    )


def _items(texts: pl.Series) -> pl.Series:
    """Return what `pr1`, `pr2`, … say as JSON arrays: ``idA-7~nmBell~pr9.90~qt2``."""
    has_items = texts.str.contains("(?:^|&)pr1=").fill_null(value=False)
    if not has_items.any():
        return pl.Series([None], dtype=pl.String).new_from_index(0, len(texts))

    objects = other_parameters(texts.set(~has_items, None), (), prefixes=("pr",))
    values = objects.str.extract_all(r'"pr[0-9]{1,3}":"(?:[^"\\]|\\.)*"')
    numbered = pl.DataFrame({"row": pl.arange(len(texts), eager=True, dtype=pl.UInt32), "item": values})
    each = numbered.explode("item").drop_nulls("item")
    plain = _unquoted(each["item"])
    parts = pl.select(plain.str.extract(f"(?:^|~){code}([^~]*)").alias(name) for name, code in _ITEM.items())
    return item_arrays(beside(each.select("row"), parts), len(texts))


def _unquoted(named: pl.Series) -> pl.Series:
    """Return the texts of JSON strings that stand behind a name."""
    return ("{" + named.str.replace(r'^"pr[0-9]+"', '"pr"') + "}").str.json_path_match("$.pr")


@cache
def _computed() -> tuple[pl.Expr, ...]:
    is_whole = text("en").is_not_null() & text("tid").is_not_null()
    is_batch = text("en").is_null() & text("cid").is_not_null() & pl.col("is_bare")
    parts = ("cid", "_p", "_s", "line")
    own_id = pl.concat_str([pl.col(name).cast(pl.String) for name in parts], separator=".")
    return (
        action_of("en"),
        target_of(text("ep.link_url")),
        pl.coalesce(text("cu"), text("ep.currency")).alias("currency"),
        of_others(number("epn.value")).alias("event_value"),
        of_order(amount("epn.value")).alias("revenue"),
        of_order(amount("epn.tax")).alias("tax"),
        of_order(amount("epn.shipping")).alias("shipping"),
        own_id.alias("event_id"),
        pl.when(~is_whole & ~is_batch).then(pl.lit(BAD_BEACON)).alias("refused"),
        pl.when(is_batch).then(pl.lit(NOT_RECORDED)).alias("unrecorded"),
    )


GA4: Final = Dialect(
    name="ga4",
    title="Google Analytics 4, gtag",
    paths=("/g/collect",),
    parameters=("v", "tid"),
    telling=("tid", "cid", "en", "_p"),
    read=read_ga4,
    example="v=2&tid=G-ABC1234567&_p=1768212000123&cid=1234567.1768212000&ul=en-gb&sr=1920x1080&_s=1&sid=1768212000"
    "&dl=https%3A%2F%2Fwww.example.com%2Fbikes%2F&dt=Bikes&en=page_view",
    sources="d8a-tech/d8a, docs/articles/tracking-protocols/ga4-gtag.md",
)
