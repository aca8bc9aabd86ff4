"""PostHog: events as JSON, one, an array of them or a batch; also in base64 as the parameter `data`.

Of PostHog's own properties, whose names begin with ``$``, those in `_OWN` are read; the others (what the library is,
what the browser could do) are left out. All others, which the site gave, go to `props`. Bodies that are compressed
with gzip cannot stand in a log of texts, and are refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, Final

import polars as pl

from ingest.beacons.columns import Columns, with_nulls
from ingest.beacons.encoded import decode_base64
from ingest.beacons.items import arrays_of_items
from ingest.beacons.json_bodies import Object, alone, elements_of, objects_in, read_bodies
from ingest.beacons.json_members import columns_of, others_of
from ingest.beacons.model import BAD_BEACON, Dialect
from ingest.beacons.parameters import read_parameters
from ingest.beacons.urls import page_of_screen
from ingest.beacons.values import amount, epoch, number, text
from ingest.formats.times import read_iso_time

_SHARED: Final = ("api_key", "token", "timestamp", "sent_at", "sentAt", "distinct_id")
"""What a batch says for all of its events, where they do not say it themselves."""

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
    "$exception_list",
)
_UTM: Final = ("utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content")
_ORDER: Final = ("order_id", "revenue", "tax", "shipping", "currency")
_SITE_OWN: Final = ("title", *_UTM, *_ORDER)
_OUTER: Final = {name: name for name in (*_SHARED, "event", "uuid", "offset")}
_INNER: Final = {name: name for name in (*_OWN, *_SITE_OWN)} | {
    "token_inside": "token",
    "distinct_inside": "distinct_id",
}
"""Column → member, of an event, and of its properties."""

_KNOWN: Final = frozenset({*_INNER.values(), "products"})
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
    "$merge_dangerously": "identify",
    "$unset": "identify",
    "$exception": "error",
    "$csp_violation": "error",
    "$web_vitals": "timing",
    "$performance_event": "timing",
    "$snapshot": "recording",
    "$snapshot_items": "recording",
    "$$heatmap": "recording",
    "Order Completed": "transaction",
    "Product Added": "cart",
    "Product Removed": "cart",
    "Cart Viewed": "cart",
    "Checkout Started": "cart",
}
_NO_CLICKS: Final = ("change", "submit")
"""What `$autocapture` tells of beside clicks."""

_WITHOUT_ACTION: Final = ("pageview", "ping", "recording")


def read_posthog(requests: pl.DataFrame) -> pl.DataFrame:
    """Return the events of requests; a person's id of their own is `user`, of an `$identify` the `distinct_id`."""
    events = read_bodies(requests.select("row", _plain_bodies(requests).alias("body")), _events_of, _texts_of)
    return _columns().select(with_nulls(events, ("event", "$event_type")).with_columns(_kind()))


def _events_of(body: Any) -> Sequence[Object]:
    """Return the events of a body: itself, the elements of an array, or of batches; with what their batch shares."""
    if type(body) is dict and "batch" not in body:
        return (body,)

    sent = elements_of(body) if isinstance(body, list) else alone(body)
    return [event for each in sent for event in _unbatched(each)]


def _unbatched(body: Object) -> Sequence[Object]:
    if not isinstance(body.get("batch"), list):
        return (body,)

    shared: Object = {name: body[name] for name in _SHARED if name in body}
    return [{**shared, **event} for event in elements_of(body["batch"])]


def _texts_of(events: list[Object], _: Iterable[Object]) -> Iterator[pl.Series]:
    properties = objects_in(events, "properties")
    yield from columns_of(events, _OUTER)
    yield from columns_of(properties, _INNER)
    yield from others_of("props", properties, _KNOWN, hidden="$")
    yield from arrays_of_items(properties, "products", _ITEM)


def _plain_bodies(requests: pl.DataFrame) -> pl.Series:
    """Return bodies, those that are a form or in the query, in base64 or not, as the JSON they hold."""
    bodies = requests["body"]
    is_json = (bodies.str.starts_with("{") | bodies.str.starts_with("[")).fill_null(value=False)
    if is_json.all():
        return bodies

    others = requests.filter(~is_json)
    return bodies.scatter((~is_json).arg_true(), _opened(others["body"], others["query"]))


def _opened(bodies: pl.Series, queries: pl.Series) -> pl.Series:
    in_form = bodies.str.contains(r"^\s*(?:[a-z_]+=[^&]*&)*data=").fill_null(value=False)
    in_query = bodies.is_null() & queries.str.contains("(?:^|&)data=").fill_null(value=False)
    told = pl.select(pl.when(in_form).then(bodies.str.strip_chars()).when(in_query).then(queries)).to_series()
    data = read_parameters(told, ("data",))["data"]
    is_json = data.str.contains(r"^\s*[{\[]").fill_null(value=False)
    plain = pl.select(pl.when(is_json).then(data).otherwise(decode_base64(data))).to_series()
    return pl.select(pl.when(in_form | in_query).then(plain).otherwise(bodies)).to_series()


@cache
def _columns() -> Columns:
    told = (*_page(), *_who(), *_what(), *_campaign_and_order(), *_when(), pl.col("items"), pl.col("props"))
    return Columns.of((pl.col("row"), pl.col("kind"), _refused()), told)


@cache
def _kind() -> pl.Expr:
    kind = pl.col("event").replace_strict(_KINDS, default="event", return_dtype=pl.String)
    is_click = (kind != "click") | ~pl.col("$event_type").is_in(_NO_CLICKS).fill_null(value=False)
    return pl.when(is_click).then(kind).otherwise(pl.lit("event")).alias("kind")


@cache
def _page() -> tuple[pl.Expr, ...]:
    width, height = (pl.col(name).str.extract(r"^(\d{1,6})") for name in ("$screen_width", "$screen_height"))
    return (
        pl.coalesce(text("$current_url"), page_of_screen(text("$screen_name"))).alias("url"),
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
    kind, message = (
        pl.col("$exception_list").str.json_path_match(f"$[0].{name}") for name in ("type", "value")
    )
    action = pl.coalesce(text("$event_type"), text("$exception_type"), kind, "event")
    return (
        pl.when(~pl.col("kind").is_in(_WITHOUT_ACTION)).then(action).alias("event_action"),
        pl.coalesce(text("$el_text"), text("$exception_message"), message).alias("event_label"),
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
    """Return when events happened, and were sent: `offset` ms later, where a browser has kept them for a while."""
    created = pl.coalesce(read_iso_time(pl.col("timestamp")), epoch("$time"))
    waited = number("offset").round().cast(pl.Int64).cast(pl.Duration("ms"))
    sent = pl.coalesce(*(read_iso_time(pl.col(name)) for name in ("sent_at", "sentAt")), created + waited)
    return created.alias("created_at"), sent.alias("sent_at")


@cache
def _refused() -> pl.Expr:
    sited = pl.any_horizontal(pl.col(name).is_not_null() for name in ("api_key", "token", "token_inside"))
    is_whole = text("event").is_not_null() & sited
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
