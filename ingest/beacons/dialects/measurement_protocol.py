"""Google Analytics 4, Measurement Protocol: ``POST /mp/collect`` with up to 25 events of one client as JSON."""

from __future__ import annotations

from functools import cache
from typing import Final

import polars as pl

from ingest.beacons.dialects.google_events import action_of, kind_of, of_order, of_others, target_of
from ingest.beacons.json_bodies import beside, cut_member, line_items, read_members
from ingest.beacons.json_texts import elements, members, to_objects, without
from ingest.beacons.model import BAD_BEACON, Dialect
from ingest.beacons.parameters import read_parameters
from ingest.beacons.values import amount, number, text
from ingest.formats.times import read_epoch_microseconds

_CLIENT: Final = ("client_id", "app_instance_id", "user_id", "timestamp_micros", "ip_override", "user_agent")
_EVENT: Final = ("name", "timestamp_micros")
_PARAMS: Final = (
    "page_location",
    "page_title",
    "page_referrer",
    "session_id",
    "language",
    "screen_resolution",
    "content_group",
    "source",
    "medium",
    "campaign",
    "term",
    "content",
    "outbound",
    "link_url",
    "search_term",
    "value",
    "currency",
    "transaction_id",
    "tax",
    "shipping",
    "items",
)
_TIMES: Final = ("own_micros", "timestamp_micros")
_SITE: Final = ("measurement_id", "firebase_app_id")
_ITEM: Final = {
    "sku": ("item_id",),
    "name": ("item_name",),
    "category": ("item_category",),
    "price": ("price",),
    "quantity": ("quantity",),
}
_RENAMED: Final = {
    "title": "page_title",
    "url": "page_location",
    "referrer": "page_referrer",
    "session": "session_id",
    "language": "language",
    "screen": "screen_resolution",
    "page_type": "content_group",
    "source": "source",
    "medium": "medium",
    "campaign": "campaign",
    "campaign_term": "term",
    "campaign_content": "content",
    "user": "user_id",
    "order": "transaction_id",
    "currency": "currency",
    "event_label": "search_term",
    "ip": "ip_override",
    "user_agent": "user_agent",
}
"""Column → member."""


def read_measurement_protocol(requests: pl.DataFrame) -> pl.DataFrame:
    """Return the events of requests; parameters of an event without a column of their own are `props`."""
    each = _events(requests)
    outer, params = cut_member(each["body"], "params")
    event, is_object = read_members(outer, _EVENT)
    listed = members(params)
    found, _ = read_members(to_objects(listed), _PARAMS)
    events = beside(each, event.select("name", own_micros="timestamp_micros"), found).with_columns(
        is_object.alias("is_object"),
        without(listed, _PARAMS).alias("props"),
        line_items(elements(found["items"]), _ITEM).alias("items"),
    )
    return events.with_columns(kind_of("name", "outbound")).select(
        "row",
        "kind",
        "items",
        "props",
        *(text(member).alias(column) for column, member in _RENAMED.items()),
        *_computed(),
    )


def _events(requests: pl.DataFrame) -> pl.DataFrame:
    """Return a row for each event, its text in `body`, beside the members of the client and the site."""
    rests, arrays = cut_member(requests["body"], "events", "[]")
    client, _ = read_members(rests, _CLIENT)
    sites = read_parameters(requests["query"], _SITE)
    lists = elements(arrays)
    whole = lists.set(lists.list.len() == 0, None)
    return beside(requests.select("row"), client, sites).with_columns(whole.alias("body")).explode("body")


@cache
def _computed() -> tuple[pl.Expr, ...]:
    is_whole = pl.col("is_object") & text("name").is_not_null()
    return (
        action_of("name"),
        target_of(text("link_url")),
        pl.coalesce(text("client_id"), text("app_instance_id")).alias("visitor"),
        pl.coalesce(map(text, _SITE)).alias("site_id"),
        of_others(number("value")).alias("event_value"),
        of_order(amount("value")).alias("revenue"),
        of_order(amount("tax")).alias("tax"),
        of_order(amount("shipping")).alias("shipping"),
        pl.coalesce(read_epoch_microseconds(pl.col(name)) for name in _TIMES).alias("created_at"),
        pl.when(~is_whole).then(pl.lit(BAD_BEACON)).alias("refused"),
    )


MEASUREMENT_PROTOCOL: Final = Dialect(
    name="measurement_protocol",
    title="Google Analytics 4, Measurement Protocol",
    paths=("/mp/collect",),
    parameters=("events:", "client_id|app_instance_id:"),
    telling=("client_id:", "events:", "params:"),
    read=read_measurement_protocol,
    example='{"client_id":"1234567.1768212000","events":[{"name":"page_view","params":{"page_location":'
    '"https://www.example.com/bikes/","page_title":"Bikes","session_id":"1768212000"}}]}',
    sources="Google Analytics, Measurement Protocol (Google Analytics 4), reference",
)
