"""PostHog: events as JSON, one, an array of them or a batch; also in base64 as the parameter `data`.

Of PostHog's own properties, whose names begin with ``$``, those in `_OWN` are read; the others (what the library is,
what the browser could do) are left out. All others, which the site gave, go to `props`. Bodies that are compressed
with gzip cannot stand in a log of texts, and are refused.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import polars as pl

from ingest.beacons.encoded import decode_base64
from ingest.beacons.json_bodies import beside, cut_member, line_items, read_members, spread_arrays
from ingest.beacons.json_texts import elements, members, to_objects, without
from ingest.beacons.model import BAD_BEACON, Dialect
from ingest.beacons.parameters import read_parameters
from ingest.beacons.values import amount, epoch, text
from ingest.formats.times import read_iso_time

_ENVELOPE: Final = ("api_key", "token", "event", "timestamp", "sent_at", "uuid", "distinct_id")
_OWN: Final = (
    "$current_url",
    "$session_id",
    "$user_id",
    "$referrer",
    "$screen_width",
    "$screen_height",
    "$screen_name",
    "$browser_language",
    "$raw_user_agent",
    "$ip",
    "$insert_id",
    "$time",
    "$event_type",
    "$el_text",
    "$external_click_url",
    "$exception_type",
    "$exception_message",
)
_UTM: Final = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
_ORDER: Final = ("order_id", "revenue", "tax", "shipping", "currency")
_SITE_OWN: Final = ("token", "distinct_id", "title", *_UTM, *_ORDER)
_READ: Final = (*_OWN, *_SITE_OWN, "products")
_INSIDE: Final = {"token": "token_inside", "distinct_id": "distinct_inside"}
_ITEM: Final = {
    "sku": ("sku", "product_id"),
    "name": ("name",),
    "category": ("category",),
    "price": ("price",),
    "quantity": ("quantity",),
}
_KINDS: Final = {
    "$pageview": "pageview",
    "$screen": "pageview",
    "$pageleave": "ping",
    "$autocapture": "click",
    "$rageclick": "click",
    "$dead_click": "click",
    "$identify": "identify",
    "$set": "identify",
    "$groupidentify": "identify",
    "$create_alias": "identify",
    "$exception": "error",
    "$web_vitals": "timing",
    "Order Completed": "transaction",
    "Product Added": "cart",
    "Product Removed": "cart",
    "Cart Viewed": "cart",
    "Checkout Started": "cart",
}
_WITHOUT_ACTION: Final = ("pageview", "ping")


def read_posthog(requests: pl.DataFrame) -> pl.DataFrame:
    """Return the events of requests; a person's id of their own is `user`, of an `$identify` the `distinct_id`."""
    bodies = requests.select("row", _plain_bodies(requests).alias("body"))
    sent = _unbatched(spread_arrays(bodies))
    outer, properties = cut_member(sent["body"], "properties")
    envelope, is_object = read_members(outer, _ENVELOPE)
    listed = members(properties, _OWN)
    picked, _ = read_members(to_objects(listed), _READ)
    events = sent.select(
        "row",
        *(pl.coalesce(envelope[name], pl.col(name)).alias(name) for name in _ENVELOPE),
        *(picked[name].alias(_INSIDE.get(name, name)) for name in _READ),
        without(listed, _READ).alias("props"),
        line_items(elements(picked["products"]), _ITEM).alias("items"),
        is_object.alias("is_object"),
    )
    columns = (*_page(), *_who(), *_what(), *_campaign_and_order(), *_when())
    return events.with_columns(_kind()).select("row", "kind", *columns, "items", "props", _refused())


def _unbatched(sent: pl.DataFrame) -> pl.DataFrame:
    """Return a row for each event of batches, with what its batch says for all of them in the columns `_ENVELOPE`."""
    no_words = sent.with_columns(pl.lit(None, dtype=pl.String).alias(name) for name in _ENVELOPE)
    is_batch = sent["body"].str.contains(r'"batch"\s*:\s*\[').fill_null(value=False)
    if not is_batch.any():
        return no_words

    batches = sent.filter(is_batch)
    rests, arrays = cut_member(batches["body"], "batch", "[]")
    shared, _ = read_members(rests, _ENVELOPE)
    lists = elements(arrays)
    whole = lists.set(lists.list.len() == 0, None).alias("body")
    each = beside(batches, shared).with_columns(whole).explode("body")
    return pl.concat([no_words.filter(~is_batch), each]).sort("row", maintain_order=True)


def _plain_bodies(requests: pl.DataFrame) -> pl.Series:
    """Return bodies, those that are a form or in the query, in base64 or not, as the JSON they hold."""
    bodies = requests["body"]
    in_form = bodies.str.contains(r"^\s*(?:[a-z_]+=[^&]*&)*data=").fill_null(value=False)
    in_query = bodies.is_null() & requests["query"].str.contains("(?:^|&)data=").fill_null(value=False)
    if not (in_form | in_query).any():
        return bodies

    told = pl.select(pl.when(in_form).then(bodies.str.strip_chars()).when(in_query).then(requests["query"]))
    data = read_parameters(told.to_series(), ("data",))["data"]
    is_json = data.str.contains(r"^\s*[{\[]").fill_null(value=False)
    plain = pl.select(pl.when(is_json).then(data).otherwise(decode_base64(data))).to_series()
    return pl.select(pl.when(in_form | in_query).then(plain).otherwise(bodies)).to_series()


@cache
def _kind() -> pl.Expr:
    return pl.col("event").replace_strict(_KINDS, default="event", return_dtype=pl.String).alias("kind")


@cache
def _page() -> tuple[pl.Expr, ...]:
    width, height = (pl.col(name).str.extract(r"^(\d{1,6})") for name in ("$screen_width", "$screen_height"))
    return (
        text("$current_url").alias("url"),
        pl.coalesce(text("title"), text("$screen_name")).alias("title"),
        text("$referrer").replace("$direct", None).alias("referrer"),
        (width + "x" + height).alias("screen"),
        text("$browser_language").alias("language"),
    )


@cache
def _who() -> tuple[pl.Expr, ...]:
    visitor = pl.coalesce(text("distinct_id"), text("distinct_inside"))
    named = pl.when(pl.col("event") == "$identify").then(visitor)
    return (
        pl.coalesce(text("api_key"), text("token"), text("token_inside")).alias("site_id"),
        visitor.alias("visitor"),
        pl.coalesce(text("$user_id"), named).alias("user"),
        text("$session_id").alias("session"),
        text("$ip").alias("ip"),
        text("$raw_user_agent").alias("user_agent"),
        pl.coalesce(text("uuid"), text("$insert_id")).alias("event_id"),
    )


@cache
def _what() -> tuple[pl.Expr, ...]:
    action = pl.coalesce(text("$event_type"), text("$exception_type"), "event")
    return (
        pl.when(~pl.col("kind").is_in(_WITHOUT_ACTION)).then(action).alias("event_action"),
        pl.coalesce(text("$el_text"), text("$exception_message")).alias("event_label"),
        text("$external_click_url").alias("target"),
    )


@cache
def _campaign_and_order() -> tuple[pl.Expr, ...]:
    source, medium, campaign, term, content = (text(name) for name in _UTM)
    return (
        source.alias("source"),
        medium.alias("medium"),
        campaign.alias("campaign"),
        term.alias("campaign_term"),
        content.alias("campaign_content"),
        text("order_id").alias("order"),
        text("currency").alias("currency"),
        *(amount(name) for name in ("revenue", "tax", "shipping")),
    )


@cache
def _when() -> tuple[pl.Expr, ...]:
    return (
        pl.coalesce(read_iso_time(pl.col("timestamp")), epoch("$time")).alias("created_at"),
        read_iso_time(pl.col("sent_at")).alias("sent_at"),
    )


@cache
def _refused() -> pl.Expr:
    sited = pl.any_horizontal(pl.col(name).is_not_null() for name in ("api_key", "token", "token_inside"))
    is_whole = pl.col("is_object") & text("event").is_not_null() & sited
    return pl.when(~is_whole).then(pl.lit(BAD_BEACON)).alias("refused")


POSTHOG: Final = Dialect(
    name="posthog",
    title="PostHog",
    paths=("/e/", "^/e", "/capture/", "^/capture", "/batch/", "^/batch", "/i/v0/e"),
    parameters=("event|data",),
    telling=("distinct_id:", "event:", "properties:"),
    read=read_posthog,
    example='{"api_key":"phc_0123456789","event":"$pageview","properties":{"distinct_id":"0190a1b2",'
    '"$current_url":"https://www.example.com/bikes/","$session_id":"0190a1b3","$screen_width":1920,'
    '"$screen_height":1080},"timestamp":"2026-01-12T10:00:00.123Z","uuid":"0190a1b4"}',
    sources="PostHog, capture API; PostHog/posthog-js",
)
