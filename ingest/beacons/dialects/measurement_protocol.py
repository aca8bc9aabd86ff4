"""Google Analytics 4, Measurement Protocol: ``POST /mp/collect`` with up to 25 events of one client as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, Final

import polars as pl

from ingest.beacons.columns import Columns, beside, with_nulls, without_nulls
from ingest.beacons.dialects.google_events import action_of, kind_of, of_order, of_others, target_of
from ingest.beacons.items import arrays_of_items
from ingest.beacons.json_bodies import Object, elements_of, object_of, objects_in, read_bodies
from ingest.beacons.json_members import columns_of, others_of
from ingest.beacons.model import BAD_BEACON, NOT_RECORDED, Dialect
from ingest.beacons.parameters import read_parameters
from ingest.beacons.urls import page_of_screen
from ingest.beacons.values import amount, number, text
from ingest.formats.times import read_epoch_microseconds

_CLIENT: Final = ("client_id", "app_instance_id", "user_id", "timestamp_micros", "ip_override", "user_agent")
_OF_CLIENT: Final = {name: name for name in _CLIENT}
_OF_EVENT: Final = {"name": "name", "own_micros": "timestamp_micros"}
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
)
_SCREENS: Final = ("screen_name", "firebase_screen", "screen_class", "firebase_screen_class")
"""Names of the screen of an app, which has no URL."""

_OF_PARAMS: Final = {name: name for name in (*_PARAMS, *_SCREENS)}
_KNOWN: Final = frozenset({*_OF_PARAMS, "items"})
_VALIDATION: Final = "/debug/mp/collect"
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
    """Return the events of requests; parameters of an event without a column of their own are `props`.

    What asks for validation only is not recorded.
    """
    sites = beside(
        requests.select("row", _unrecorded()), without_nulls(read_parameters(requests["query"], _SITE))
    )
    events = read_bodies(requests, _events_of, _texts_of).join(
        sites, on="row", how="left", maintain_order="left"
    )
    return _columns().select(
        with_nulls(events, ("name", "outbound")).with_columns(kind_of("name", "outbound"))
    )


def _events_of(body: Any) -> Sequence[Object]:
    return elements_of(object_of(body).get("events"))


def _texts_of(events: list[Object], clients: Iterable[Object]) -> Iterator[pl.Series]:
    params = objects_in(events, "params")
    yield from columns_of(list(clients), _OF_CLIENT)
    yield from columns_of(events, _OF_EVENT)
    yield from columns_of(params, _OF_PARAMS)
    yield from others_of("props", params, _KNOWN)
    yield from arrays_of_items(params, "items", _ITEM)


@cache
def _unrecorded() -> pl.Expr:
    is_tried = pl.col("path").str.to_lowercase().str.ends_with(_VALIDATION).fill_null(value=False)
    return pl.when(is_tried).then(pl.lit(NOT_RECORDED)).alias("unrecorded")


@cache
def _columns() -> Columns:
    is_whole = text("name").is_not_null()
    refused = pl.when(~is_whole).then(pl.lit(BAD_BEACON)).alias("refused")
    renamed = (text(member).alias(column) for column, member in _RENAMED.items())
    left = (pl.col(name) for name in ("items", "props", "unrecorded"))
    return Columns.of((pl.col("row"), pl.col("kind"), refused), (*renamed, *left, *_computed()))


@cache
def _computed() -> tuple[pl.Expr, ...]:
    return (
        action_of("name"),
        pl.coalesce(text("page_title"), *map(text, _SCREENS)).alias("title"),
        pl.coalesce(text("page_location"), page_of_screen(pl.coalesce(map(text, _SCREENS)))).alias("url"),
        target_of(text("link_url")),
        pl.coalesce(text("client_id"), text("app_instance_id")).alias("visitor"),
        pl.coalesce(map(text, _SITE)).alias("site_id"),
        of_others(number("value")).alias("event_value"),
        of_order(amount("value")).alias("revenue"),
        of_order(amount("tax")).alias("tax"),
        of_order(amount("shipping")).alias("shipping"),
        pl.coalesce(read_epoch_microseconds(pl.col(name)) for name in _TIMES).alias("created_at"),
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
