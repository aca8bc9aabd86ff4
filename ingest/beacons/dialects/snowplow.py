"""Snowplow: an event in the query of ``/i``, or a list of them in the JSON body of ``tp2``, with the same names.

Self-describing JSON, in plain text or base64, is read as far as its schema's name and data; contexts as
`snowplow_entities` says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Any, Final

import polars as pl

from ingest.beacons.columns import Columns, beside, merged, with_nulls, without_nulls
from ingest.beacons.dialects.snowplow_entities import read_entities
from ingest.beacons.encoded import decode_base64
from ingest.beacons.items import item_arrays
from ingest.beacons.json_bodies import Object, alone, elements_of, object_of, objects_in, read_bodies
from ingest.beacons.json_members import column_of, columns_of, objects_of, others_of
from ingest.beacons.model import BAD_BEACON, Dialect
from ingest.beacons.parameters import read_parameters, to_json_object
from ingest.beacons.urls import page_of_screen
from ingest.beacons.values import amount, epoch_milliseconds, number, text

_KINDS: Final = {
    "pv": "pageview",
    "pp": "ping",
    "se": "event",
    "ue": "event",
    "tr": "transaction",
    "ti": "item",
    "ad": "impression",
}
_SCHEMA_KINDS: Final = {
    "link_click": "click",
    "button_click": "click",
    "ad_click": "click",
    "ad_impression": "impression",
    "site_search": "search",
    "screen_view": "pageview",
    "add_to_cart": "cart",
    "remove_from_cart": "cart",
    "timing": "timing",
    "web_vitals": "timing",
    "performance_timing": "timing",
    "application_error": "error",
}
"""Name of the schema of a self-describing event → kind; all others are events."""

_SHOP: Final = "snowplow_ecommerce_action"
_SHOP_KINDS: Final = {
    "transaction": "transaction",
    "add_to_cart": "cart",
    "remove_from_cart": "cart",
    "checkout_step": "cart",
    "promo_view": "impression",
    "promo_click": "click",
    "trns_error": "error",
}
"""`type` of an event of the schema `_SHOP` → kind; all others are events."""

_TOLD_OF_KIND: Final = ("e", "schema", "target", "deed", "screen_name")
_SCREEN: Final = "screen_view"
_WITH_PRODUCTS: Final = ("transaction", "cart")

_RENAMED: Final = {
    "referrer": "refr",
    "user": "uid",
    "language": "lang",
    "screen": "res",
    "site_id": "aid",
    "event_id": "eid",
    "event_category": "se_ca",
    "event_label": "se_la",
    "ip": "ip",
    "user_agent": "ua",
}
"""Column → parameter."""

_VISITORS: Final = ("duid", "session_visitor", "tnuid", "nuid")
_TIMES: Final = ("dtm", "ttm", "stm")
_ORDER: Final = ("tr_id", "tr_tt", "tr_tx", "tr_sh", "tr_cu", "ti_id", "ti_cu")
_ITEM: Final = {"sku": "ti_sk", "name": "ti_nm", "category": "ti_ca", "price": "ti_pr", "quantity": "ti_qu"}
_JSON: Final = ("ue_pr", "ue_px", "co", "cx")
_PROPS: Final = {"property": "se_pr", "affiliation": "tr_af"} | {
    name: name for name in ("pp_mix", "pp_max", "pp_miy", "pp_may", "tr_ci", "tr_st", "tr_co", "tna", "vid")
}
_READ: Final = (
    "e",
    "p",
    "se_ac",
    "se_va",
    "page",
    "url",
    "sid",
    *_RENAMED.values(),
    *(name for name in _VISITORS if name != "session_visitor"),
    *_TIMES,
    *_ORDER,
    *_ITEM.values(),
    *_JSON,
    *_PROPS.values(),
)
_OWN: Final = frozenset(_PROPS.values())
_MEMBERS: Final = {name: name for name in _READ if name not in _OWN}
_AUTHORITY: Final = r"^[a-zA-Z][a-zA-Z0-9+.-]*://([^/?#]+)"


def read_snowplow(requests: pl.DataFrame) -> pl.DataFrame:
    """Return the events of requests; data of a self-describing event, and its contexts, are `props`."""
    has_body = requests["body"].str.contains("{", literal=True).fill_null(value=False)
    if has_body.all():
        return _columns(read_bodies(requests, _events_of, _texts_of))

    if not has_body.any():
        return _columns(_from_queries(requests))

    parts = [
        _from_queries(requests.filter(~has_body)),
        read_bodies(requests.filter(has_body), _events_of, _texts_of),
    ]
    return _columns(pl.concat(parts, how="diagonal").sort("row", maintain_order=True))


def _from_queries(requests: pl.DataFrame) -> pl.DataFrame:
    found = read_parameters(pl.select(pl.coalesce(requests["query"], requests["body"])).to_series(), _READ)
    own = to_json_object(found.select(**_PROPS)).to_frame("own")
    return beside(requests.select("row"), without_nulls(beside(found.drop(_OWN), own)))


def _events_of(body: Any) -> Sequence[Object]:
    return elements_of(object_of(body).get("data"))


def _texts_of(events: list[Object], _: Iterable[Object]) -> Iterator[pl.Series]:
    yield from columns_of(events, _MEMBERS)
    yield from objects_of("own", events, _PROPS)


def _columns(found: pl.DataFrame) -> pl.DataFrame:
    described = _read_json(found, "ue_pr", "ue_px", _texts_of_described)
    contexts = [*_read_json(found, "co", "cx", _texts_of_contexts)]
    entities = (read_entities(each["contexts"]) for each in contexts if "contexts" in each.columns)
    told = beside(found, *described, *contexts, *entities, *_items(found))
    told = merged(told, ("own", "data", "contexts"))
    return _event().select(with_nulls(told, (*_TOLD_OF_KIND, "url")).with_columns(_kind()))


def _texts_of_described(given: list[Object], _: Iterable[Object]) -> Iterator[pl.Series]:
    inner = objects_in(given, "data")
    data = objects_in(inner, "data")
    yield from columns_of(inner, {"schema": "schema"})
    yield from columns_of(data, {"target": "targetUrl", "deed": "type", "screen_name": "name"})
    yield from others_of("data", data, ())


def _texts_of_contexts(given: list[Object], _: Iterable[Object]) -> Iterator[pl.Series]:
    found = [each.get("data") for each in given]
    yield column_of("contexts", [{"contexts": data} if isinstance(data, list) else None for data in found])


def _read_json(
    found: pl.DataFrame,
    plain: str,
    encoded: str,
    texts_of: Callable[[list[Object], Iterable[Object]], Iterable[pl.Series]],
) -> Iterator[pl.DataFrame]:
    """Return what is made of the JSON in one of two columns, which may be in base64."""
    if not {plain, encoded} & {*found.columns}:
        return

    numbered = with_nulls(found, (plain, encoded)).select(
        pl.int_range(pl.len(), dtype=pl.UInt32).alias("row"), plain, encoded
    )
    told = numbered.filter(pl.any_horizontal(pl.col(plain, encoded).is_not_null()))
    bodies = told.select("row", told[plain].fill_null(decode_base64(told[encoded])).alias("body"))
    read = read_bodies(bodies, alone, texts_of)
    yield numbered.select("row").join(read, on="row", how="left", maintain_order="left").drop("row")


def _items(found: pl.DataFrame) -> Iterator[pl.DataFrame]:
    present = {name: parameter for name, parameter in _ITEM.items() if parameter in found.columns}
    if present:
        rows = pl.int_range(pl.len(), dtype=pl.UInt32).alias("row")
        items = found.select(rows, **present).filter(pl.any_horizontal(pl.col(*present).is_not_null()))
        yield item_arrays(items, len(found)).to_frame("items")


@cache
def _event() -> Columns:
    """Return the columns of events of those of `_READ`, and of those made of them."""
    renamed = (text(parameter).alias(column) for column, parameter in _RENAMED.items())
    visitor = pl.coalesce(text(name) for name in _VISITORS).alias("visitor")
    session = pl.coalesce(text("sid"), text("session_id")).alias("session")
    bought = pl.when(pl.col("kind").is_in(_WITH_PRODUCTS)).then("products")
    made = (pl.col("props"), pl.coalesce("items", bought).alias("items"))
    refused = pl.when(~_is_whole()).then(pl.lit(BAD_BEACON)).alias("refused")
    return Columns.of(
        (pl.col("row"), pl.col("kind"), refused),
        (*renamed, *_page(), *_done(), *_bought(), *_when(), visitor, session, *made),
    )


@cache
def _when() -> tuple[pl.Expr, ...]:
    return (
        pl.coalesce(map(epoch_milliseconds, ("ttm", "dtm"))).alias("created_at"),
        pl.when(pl.col("ttm").is_null()).then(epoch_milliseconds("stm")).alias("sent_at"),
    )


@cache
def _kind() -> pl.Expr:
    schema = _schema()
    described = schema.replace_strict(_SCHEMA_KINDS, default="event", return_dtype=pl.String)
    shopped = pl.col("deed").replace_strict(_SHOP_KINDS, default="event", return_dtype=pl.String)
    away, here = (pl.col(name).str.extract(_AUTHORITY).str.to_lowercase() for name in ("target", "url"))
    leads_away = (schema == "link_click") & (away != here)
    kinds = pl.col("e").replace_strict(_KINDS, default=None, return_dtype=pl.String)
    return (
        pl.when(e="ue")
        .then(
            pl.when(leads_away)
            .then(pl.lit("outlink"))
            .when(schema == _SHOP)
            .then(shopped)
            .otherwise(described)
        )
        .otherwise(kinds)
        .alias("kind")
    )


@cache
def _schema() -> pl.Expr:
    """Return the name of a schema: ``link_click`` of ``iglu:com.example/link_click/jsonschema/1-0-0``."""
    return pl.col("schema").str.extract("^iglu:[^/]+/([^/]+)/")


@cache
def _page() -> tuple[pl.Expr, ...]:
    """Return URL and title, which for a screen of an app are made of its name."""
    screen = pl.when(_schema() == _SCREEN).then(text("screen_name"))
    return (
        pl.coalesce(text("url"), page_of_screen(screen)).alias("url"),
        pl.coalesce(text("page"), screen).alias("title"),
    )


@cache
def _done() -> tuple[pl.Expr, ...]:
    deed = pl.when(e="ue").then(pl.when(_schema() == _SHOP).then(text("deed")))
    return (
        pl.coalesce(text("se_ac"), deed, pl.when(e="ue").then(_schema())).alias("event_action"),
        number("se_va").alias("event_value"),
        text("target"),
    )


@cache
def _bought() -> tuple[pl.Expr, ...]:
    is_order = pl.col("kind") == "transaction"

    def money(sent: str, told: str) -> pl.Expr:
        return pl.coalesce(amount(sent), pl.when(is_order).then(amount(told)))

    return (
        pl.coalesce(map(text, ("tr_id", "ti_id", "order_id"))).alias("order"),
        money("tr_tt", "order_revenue").alias("revenue"),
        money("tr_tx", "order_tax").alias("tax"),
        money("tr_sh", "order_shipping").alias("shipping"),
        pl.coalesce(map(text, ("tr_cu", "ti_cu", "order_currency"))).alias("currency"),
    )


@cache
def _is_whole() -> pl.Expr:
    described = (pl.col("e") != "ue") | _schema().is_not_null()
    return (pl.col("e").is_in(list(_KINDS)) & described).fill_null(value=False)


SNOWPLOW: Final = Dialect(
    name="snowplow",
    title="Snowplow",
    paths=("/i", "/ice.png", "/com.snowplowanalytics.snowplow/tp2"),
    parameters=("e", "p", "tv"),
    telling=("tv", "e", "eid", "p"),
    read=read_snowplow,
    example="e=pv&url=https%3A%2F%2Fwww.example.com%2Fbikes%2F&page=Bikes&refr=https%3A%2F%2Fwww.google.com%2F"
    "&tv=js-4.6.0&tna=sp&aid=shop&p=web&eid=4ecc9f41-6a1e-4c13-9d4c-5f1b6a1c7e10&dtm=1768212000123"
    "&duid=8d2f7c1e-0b7a-4b7e-9c55-3a7d1f0e5b21&sid=0f9d3a3c-7a0e-4c53-8a43-1f2b6d1f7a11&res=1920x1080&lang=en-GB",
    sources="Snowplow, tracker protocol; snowplow/enrich, Transform.scala",
)
