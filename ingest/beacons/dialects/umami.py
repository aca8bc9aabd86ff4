"""Umami: ``POST /api/send`` with one event (version 1: ``/api/collect``), ``POST /api/batch`` with an array of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, Final

import polars as pl

from ingest.beacons.columns import Columns, beside, merged, with_nulls, without_nulls
from ingest.beacons.json_bodies import Object, alone, elements_of, objects_in, read_bodies
from ingest.beacons.json_members import columns_of, others_of
from ingest.beacons.model import BAD_BEACON, Dialect
from ingest.beacons.parameters import to_json_object
from ingest.beacons.values import amount, epoch, text

_TYPES: Final = ("event", "identify", "performance", "engagement", "error", "pageview")
_SITES: Final = ("website", "link", "pixel")
_VITALS: Final = ("lcp", "inp", "cls", "fcp", "ttfb")
_OLD: Final = ("event_name", "event_type", "event_value")
"""What version 1 had in place of `name` and `data`."""

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
    "vid",
    "engagement",
    "message",
    "eventId",
    *_VITALS,
    *_OLD,
)
_MEASURED: Final = ("tag", "engagement", *_VITALS)
_OF_PAYLOAD: Final = {name: name for name in _PAYLOAD}
_AMOUNTS: Final = ("revenue", "currency")
_OF_DATA: Final = {name: name for name in _AMOUNTS}


def read_umami(requests: pl.DataFrame) -> pl.DataFrame:
    """Return the events of requests; `tag` and the measurements of a page's speed are put into `props`."""
    events = read_bodies(requests, _events_of, _texts_of)
    also = to_json_object(events.select(name for name in _MEASURED if name in events.columns)).alias("also")
    told = merged(beside(events, without_nulls(also.to_frame())), ("data", "old_data", "also"))
    return _columns().select(with_nulls(told, ("type", "name", "link", "pixel", *_OLD)).with_columns(_kind()))


def _events_of(body: Any) -> Sequence[Object]:
    return elements_of(body) if isinstance(body, list) else alone(body)


def _texts_of(events: list[Object], _: Iterable[Object]) -> Iterator[pl.Series]:
    payloads = objects_in(events, "payload")
    data = objects_in(payloads, "data")
    yield from columns_of(events, {"type": "type"})
    yield from columns_of(payloads, _OF_PAYLOAD)
    yield from columns_of(data, _OF_DATA)
    yield from others_of("data", data, _AMOUNTS)
    yield from others_of("old_data", objects_in(payloads, "event_data"), ())


@cache
def _columns() -> Columns:
    return Columns.of(
        (pl.col("row"), pl.col("kind"), pl.when(~_is_whole()).then(pl.lit(BAD_BEACON)).alias("refused")),
        (
            *(pl.col(name) for name in ("title", "language", "screen", "url", "props")),
            _referrer(),
            text("hostname").alias("host"),
            text("id").alias("user"),
            pl.coalesce(map(text, _SITES)).alias("site_id"),
            pl.when(pl.col("kind").is_in(("event", "error"))).then(_name()).alias("event_action"),
            pl.coalesce(text("message"), text("event_value")).alias("event_label"),
            text("vid").alias("visitor"),
            # Others may have anything by that name, which a site gives to umami.track.
            pl.when(kind="error").then(text("eventId")).alias("event_id"),
            amount("revenue").alias("revenue"),
            text("currency").alias("currency"),
            text("ip").alias("ip"),
            text("userAgent").alias("user_agent"),
            epoch("timestamp").alias("created_at"),
        ),
    )


@cache
def _referrer() -> pl.Expr:
    """Return the referrer; one on the site itself may be sent without its host."""
    is_local = pl.col("referrer").str.starts_with("/") & ~pl.col("referrer").str.starts_with("//")
    whole = pl.lit("https://") + text("hostname") + pl.col("referrer")
    return pl.when(is_local).then(whole).otherwise(text("referrer")).alias("referrer")


@cache
def _name() -> pl.Expr:
    return pl.coalesce(map(text, ("name", "event_name", "event_type")))


@cache
def _kind() -> pl.Expr:
    """Return the kind of events; those without a name are views of a page, clicks on a link or loads of a pixel."""
    kind = (
        pl.when(_name().is_not_null())
        .then(pl.lit("event"))
        .when(text("link").is_not_null())
        .then(pl.lit("click"))
        .when(text("pixel").is_not_null())
        .then(pl.lit("impression"))
        .otherwise(pl.lit("pageview"))
    )
    kinds = {
        "identify": "identify",
        "performance": "timing",
        "engagement": "ping",
        "error": "error",
        "pageview": "pageview",
    }
    return pl.coalesce(
        pl.col("type").replace_strict(kinds, default=None, return_dtype=pl.String), kind
    ).alias("kind")


@cache
def _is_whole() -> pl.Expr:
    sited = pl.any_horizontal(text(name).is_not_null() for name in _SITES)
    return sited & pl.col("type").is_in(_TYPES).fill_null(value=False)


UMAMI: Final = Dialect(
    name="umami",
    title="Umami",
    paths=("/api/send", "/api/batch", "/api/collect"),
    parameters=("type:", "payload:"),
    telling=("payload:", "type:", "website:"),
    read=read_umami,
    example='{"type":"event","payload":{"website":"0f9d3a3c-7a0e-4c53-8a43-1f2b6d1f7a11","hostname":"www.example.com",'
    '"screen":"1920x1080","language":"en-GB","title":"Bikes","url":"/bikes/","referrer":"https://www.google.com/"}}',
    sources="umami-software/umami, src/app/api/send/route.ts and src/app/api/batch/route.ts",
)
