"""Snowplow: an event in the query of ``/i``, or a list of them in the JSON body of ``tp2``, with the same names.

Self-describing JSON, in plain text or base64, is read as far as its schema's name and data.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import polars as pl

from ingest.beacons.encoded import decode_base64
from ingest.beacons.items import item_arrays
from ingest.beacons.json_bodies import beside, cut_member, filled_objects, member, read_members
from ingest.beacons.json_texts import elements, merge_objects, spread
from ingest.beacons.model import BAD_BEACON, Dialect
from ingest.beacons.parameters import read_parameters, to_json_object
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

_RENAMED: Final = {
    "title": "page",
    "url": "url",
    "referrer": "refr",
    "session": "sid",
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

_VISITORS: Final = ("duid", "tnuid", "nuid")
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
    *_RENAMED.values(),
    *_VISITORS,
    *_TIMES,
    *_ORDER,
    *_ITEM.values(),
    *_JSON,
    *_PROPS.values(),
)
_AUTHORITY: Final = r"^[a-zA-Z][a-zA-Z0-9+.-]*://([^/?#]+)"


def read_snowplow(requests: pl.DataFrame) -> pl.DataFrame:
    """Return the events of requests; data of a self-describing event, and its contexts, are `props`."""
    has_body = requests["body"].str.contains("{", literal=True).fill_null(value=False)
    if not has_body.any():
        return _columns(_from_queries(requests))

    parts = [_from_queries(requests.filter(~has_body)), _from_bodies(requests.filter(has_body))]
    return _columns(pl.concat(parts).sort("row", maintain_order=True))


def _from_queries(requests: pl.DataFrame) -> pl.DataFrame:
    found = read_parameters(pl.select(pl.coalesce(requests["query"], requests["body"])).to_series(), _READ)
    return beside(requests.select("row"), found)


def _from_bodies(requests: pl.DataFrame) -> pl.DataFrame:
    lists = elements(cut_member(requests["body"], "data", "[]")[1])
    each = requests.select("row", lists.set(lists.list.len() == 0, None).alias("text")).explode("text")
    found, _ = read_members(each["text"], _READ)
    return beside(each.select("row"), found)


def _columns(found: pl.DataFrame) -> pl.DataFrame:
    own = _self_describing(found)
    props = to_json_object(found.select(**_PROPS))
    events = beside(found, own).with_columns(props.alias("props"), _contexts(found).alias("contexts"))
    events = events.with_columns(_kind())
    return events.select(
        "row",
        "kind",
        *(text(parameter).alias(column) for column, parameter in _RENAMED.items()),
        *_done(),
        *_bought(),
        pl.coalesce(text(name) for name in _VISITORS).alias("visitor"),
        pl.coalesce(map(epoch_milliseconds, ("ttm", "dtm"))).alias("created_at"),
        pl.when(pl.col("ttm").is_null()).then(epoch_milliseconds("stm")).alias("sent_at"),
        merge_objects(merge_objects(pl.col("props"), pl.col("data")), pl.col("contexts")).alias("props"),
        pl.when(~_is_whole()).then(pl.lit(BAD_BEACON)).alias("refused"),
    ).with_columns(_item_arrays(events).alias("items"))


_DESCRIBED: Final = pl.Schema({"schema": pl.String, "data": pl.String, "target": pl.String})


def _self_describing(found: pl.DataFrame) -> pl.DataFrame:
    """Return `schema`, the name of an event's schema, `data`, and `target`, of a link."""
    given = _plain(found, "ue_pr", "ue_px")
    is_given = given.is_not_null()
    described = _described(given.drop_nulls()) if is_given.any() else _DESCRIBED.to_frame()
    return described.select(spread(column, is_given) for column in described.get_columns())


def _described(given: pl.Series) -> pl.DataFrame:
    inner = member(given, "data")
    data = member(inner, "data")
    links, _ = read_members(data, ("targetUrl",))
    schema = member(inner, "schema").str.extract("^iglu:[^/]+/([^/]+)/")
    columns = {"schema": schema, "data": filled_objects(data), "target": links["targetUrl"]}
    return pl.DataFrame(columns, schema=_DESCRIBED)


def _contexts(found: pl.DataFrame) -> pl.Series:
    given = _plain(found, "co", "cx")
    is_given = given.is_not_null()
    data = member(given.drop_nulls(), "data")
    contexts = '{"contexts":' + data.set(~data.str.starts_with("[").fill_null(value=True), None) + "}"
    return spread(contexts, is_given)


def _plain(found: pl.DataFrame, plain: str, encoded: str) -> pl.Series:
    if found[encoded].null_count() == len(found):
        return found[plain]

    return pl.select(pl.coalesce(found[plain], decode_base64(found[encoded]))).to_series()


@cache
def _kind() -> pl.Expr:
    described = pl.col("schema").replace_strict(_SCHEMA_KINDS, default="event", return_dtype=pl.String)
    away, here = (pl.col(name).str.extract(_AUTHORITY).str.to_lowercase() for name in ("target", "url"))
    leads_away = (pl.col("schema") == "link_click") & (away != here)
    kinds = pl.col("e").replace_strict(_KINDS, default=None, return_dtype=pl.String)
    return (
        pl.when(e="ue")
        .then(pl.when(leads_away).then(pl.lit("outlink")).otherwise(described))
        .otherwise(kinds)
        .alias("kind")
    )


@cache
def _done() -> tuple[pl.Expr, ...]:
    return (
        pl.coalesce(text("se_ac"), pl.when(e="ue").then("schema")).alias("event_action"),
        number("se_va").alias("event_value"),
        text("target"),
    )


@cache
def _bought() -> tuple[pl.Expr, ...]:
    return (
        pl.coalesce(text("tr_id"), text("ti_id")).alias("order"),
        amount("tr_tt").alias("revenue"),
        amount("tr_tx").alias("tax"),
        amount("tr_sh").alias("shipping"),
        pl.coalesce(text("tr_cu"), text("ti_cu")).alias("currency"),
    )


def _item_arrays(events: pl.DataFrame) -> pl.Series:
    if events["ti_sk"].null_count() == len(events):
        return pl.Series([None], dtype=pl.String).new_from_index(0, len(events))

    rows = pl.arange(len(events), eager=True, dtype=pl.UInt32).alias("row")
    return item_arrays(events.select(**_ITEM).with_columns(rows), len(events))


@cache
def _is_whole() -> pl.Expr:
    described = (pl.col("e") != "ue") | pl.col("schema").is_not_null()
    return (pl.col("e").is_in(list(_KINDS)) & described).fill_null(value=False)


SNOWPLOW: Final = Dialect(
    name="snowplow",
    title="Snowplow",
    paths=("/i", "/com.snowplowanalytics.snowplow/tp2"),
    parameters=("e", "p", "tv"),
    telling=("tv", "e", "eid", "p"),
    read=read_snowplow,
    example="e=pv&url=https%3A%2F%2Fwww.example.com%2Fbikes%2F&page=Bikes&refr=https%3A%2F%2Fwww.google.com%2F"
    "&tv=js-4.6.0&tna=sp&aid=shop&p=web&eid=4ecc9f41-6a1e-4c13-9d4c-5f1b6a1c7e10&dtm=1768212000123"
    "&duid=8d2f7c1e-0b7a-4b7e-9c55-3a7d1f0e5b21&sid=0f9d3a3c-7a0e-4c53-8a43-1f2b6d1f7a11&res=1920x1080&lang=en-GB",
    sources="Snowplow, tracker protocol; snowplow/enrich, Transform.scala",
)
