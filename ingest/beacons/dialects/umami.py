"""Umami: ``POST /api/send`` with one event, ``POST /api/batch`` with an array of them."""

from __future__ import annotations

from functools import cache
from typing import Final

import polars as pl

from ingest.beacons.json_bodies import beside, cut_member, read_members, spread_arrays
from ingest.beacons.json_texts import members, merge_objects, without
from ingest.beacons.model import BAD_BEACON, Dialect
from ingest.beacons.parameters import to_json_object
from ingest.beacons.values import amount, epoch, text

_TYPES: Final = ("event", "identify", "performance")
_SITES: Final = ("website", "link", "pixel")
_VITALS: Final = ("lcp", "inp", "cls", "fcp", "ttfb")
_PAYLOAD: Final = (
    *_SITES,
    "hostname",
    "screen",
    "language",
    "title",
    "url",
    "referrer",
    "name",
    "tag",
    "ip",
    "userAgent",
    "timestamp",
    "id",
    *_VITALS,
)
_AMOUNTS: Final = ("revenue", "currency")


def read_umami(requests: pl.DataFrame) -> pl.DataFrame:
    """Return the events of requests; `tag` and the measurements of a page's speed are put into `props`."""
    sent = spread_arrays(requests)
    envelopes, payloads = cut_member(sent["body"], "payload")
    types, is_object = read_members(envelopes, ("type",))
    payloads, data = cut_member(payloads, "data")
    payload, is_payload = read_members(payloads, _PAYLOAD)
    money, _ = read_members(data, _AMOUNTS)
    events = beside(sent.select("row"), types, payload, money).with_columns(
        (is_object & is_payload).alias("is_object"), without(members(data), _AMOUNTS).alias("data")
    )
    also = to_json_object(events.select("tag", *_VITALS)).alias("also")
    return events.with_columns(also, _kind()).select(
        "row",
        "kind",
        "title",
        "language",
        "screen",
        "url",
        _referrer(),
        text("hostname").alias("host"),
        text("id").alias("user"),
        pl.coalesce(map(text, _SITES)).alias("site_id"),
        pl.when(kind="event").then(text("name")).alias("event_action"),
        amount("revenue").alias("revenue"),
        text("currency").alias("currency"),
        merge_objects(pl.col("data"), pl.col("also")).alias("props"),
        text("ip").alias("ip"),
        text("userAgent").alias("user_agent"),
        epoch("timestamp").alias("created_at"),
        pl.when(~_is_whole()).then(pl.lit(BAD_BEACON)).alias("refused"),
    )


@cache
def _referrer() -> pl.Expr:
    """Return the referrer; one on the site itself may be sent without its host."""
    is_local = pl.col("referrer").str.starts_with("/") & ~pl.col("referrer").str.starts_with("//")
    whole = pl.lit("https://") + text("hostname") + pl.col("referrer")
    return pl.when(is_local).then(whole).otherwise(text("referrer")).alias("referrer")


@cache
def _kind() -> pl.Expr:
    named = pl.when(text("name").is_null()).then(pl.lit("pageview")).otherwise(pl.lit("event"))
    kinds = {"identify": "identify", "performance": "timing"}
    return pl.coalesce(
        pl.col("type").replace_strict(kinds, default=None, return_dtype=pl.String), named
    ).alias("kind")


@cache
def _is_whole() -> pl.Expr:
    sited = pl.any_horizontal(text(name).is_not_null() for name in _SITES)
    return pl.col("is_object") & sited & pl.col("type").is_in(_TYPES).fill_null(value=False)


UMAMI: Final = Dialect(
    name="umami",
    title="Umami",
    paths=("/api/send", "/api/batch"),
    parameters=("type:", "payload:"),
    telling=("payload:", "type:", "website:"),
    read=read_umami,
    example='{"type":"event","payload":{"website":"0f9d3a3c-7a0e-4c53-8a43-1f2b6d1f7a11","hostname":"www.example.com",'
    '"screen":"1920x1080","language":"en-GB","title":"Bikes","url":"/bikes/","referrer":"https://www.google.com/"}}',
    sources="umami-software/umami, src/app/api/send/route.ts and src/app/api/batch/route.ts",
)
