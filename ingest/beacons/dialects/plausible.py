"""Plausible: ``POST /api/event`` with a JSON body, with long or short names of members."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Final

import polars as pl

from ingest.beacons.columns import Columns, beside, merged, with_nulls, without_nulls
from ingest.beacons.json_bodies import NOTHING, Object, alone, objects_in, read_bodies
from ingest.beacons.json_members import columns_of, others_of
from ingest.beacons.model import BAD_BEACON, Dialect
from ingest.beacons.parameters import to_json_object
from ingest.beacons.values import amount, text

_MEMBERS: Final = ("n", "name", "u", "url", "d", "domain", "r", "referrer", "e", "sd", "i", "interactive")
_HASH_ROUTED: Final = ("h", "hashMode")
_OF_BODY: Final = {name: name for name in (*_MEMBERS, *_HASH_ROUTED)}
_PROPS: Final = ("p", "props", "m", "meta")
_LEFT: Final = ("e", "sd", "i", "interactive")
_REVENUE: Final = ("$", "revenue")
_OF_REVENUE: Final = {name: name for name in ("currency", "amount")}
_KINDS: Final = {
    "pageview": "pageview",
    "engagement": "ping",
    "Outbound Link: Click": "outlink",
    "Cloaked Link: Click": "outlink",
    "File Download": "download",
}
_ROUTE: Final = r"^([^?#]*)(\?[^#]*)?#"
"""What stands before the fragment of a URL, path and query."""

_WITHOUT_ACTION: Final = ("pageview", "ping")


def read_plausible(requests: pl.DataFrame) -> pl.DataFrame:
    """Return the events of requests; `e` (ms of engagement), `sd` (% scrolled) and `interactive` stay as `props`."""
    events = read_bodies(requests, alone, _texts_of)
    also = to_json_object(with_nulls(events, _LEFT).select(_also())).alias("also")
    told = merged(beside(events, without_nulls(also.to_frame())), ("given", "also"))
    return _columns().select(with_nulls(told, ("n", "name")).with_columns(_kind()))


def _texts_of(events: list[Object], _: Iterable[Object]) -> Iterator[pl.Series]:
    props = _first_in(events, _PROPS)
    yield from columns_of(events, _OF_BODY)
    yield from columns_of(_first_in(events, _REVENUE), _OF_REVENUE)
    yield from columns_of(props, {"target": "url"})
    yield from others_of("given", props, ())


def _first_in(events: Sequence[Object], names: Sequence[str]) -> list[Object]:
    """Return the object in the first of some members that an event has; trackers of old sent it in a string."""
    found = set().union(*events)
    present = [name for name in names if name in found]
    if not present:
        return [NOTHING] * len(events)

    if len(present) == 1:
        return objects_in(events, present[0])

    firsts = [next((each[name] for name in present if each.get(name) is not None), None) for each in events]
    return objects_in([{"first": each} for each in firsts], "first")


@cache
def _also() -> tuple[pl.Expr, ...]:
    interactive = pl.coalesce("i", "interactive")
    return (pl.col("e"), pl.col("sd"), pl.when(interactive == "false").then(interactive).alias("interactive"))


@cache
def _columns() -> Columns:
    return Columns.of(
        (pl.col("row"), pl.col("kind"), pl.when(~_is_whole()).then(pl.lit(BAD_BEACON)).alias("refused")),
        (
            _url().alias("url"),
            _either("r", "referrer").alias("referrer"),
            _either("d", "domain").alias("site_id"),
            pl.when(~pl.col("kind").is_in(_WITHOUT_ACTION)).then(_name()).alias("event_action"),
            pl.when(pl.col("kind").is_in(("outlink", "download"))).then("target").alias("target"),
            amount("amount").alias("revenue"),
            text("currency").alias("currency"),
            pl.col("props"),
        ),
    )


def _either(short: str, long: str) -> pl.Expr:
    return pl.coalesce(text(short), text(long)).replace("null", None)


@cache
def _url() -> pl.Expr:
    """Return the URL of the page, whose fragment is of its path when the site's pages are told apart by it."""
    url = _either("u", "url")
    route = url.str.replace(_ROUTE, "${1}%23") + url.str.extract(_ROUTE, 2).fill_null("")
    is_routed = pl.any_horizontal(pl.col(name).is_in(("1", "true")) for name in _HASH_ROUTED)
    return pl.when(is_routed & url.str.contains("#", literal=True)).then(route).otherwise(url)


@cache
def _name() -> pl.Expr:
    return _either("n", "name")


@cache
def _kind() -> pl.Expr:
    return _name().replace_strict(_KINDS, default="event", return_dtype=pl.String).alias("kind")


@cache
def _is_whole() -> pl.Expr:
    named = (
        _either(short, long).is_not_null() for short, long in (("n", "name"), ("u", "url"), ("d", "domain"))
    )
    return pl.all_horizontal(*named)


PLAUSIBLE: Final = Dialect(
    name="plausible",
    title="Plausible",
    paths=("/api/event",),
    parameters=("n|name:", "u|url:", "d|domain:"),
    telling=("d|domain:", "n|name:", "u|url:"),
    read=read_plausible,
    example='{"n":"pageview","u":"https://www.example.com/bikes/?utm_source=newsletter","d":"example.com",'
    '"r":"https://www.google.com/"}',
    sources="plausible/docs, events API; plausible/analytics, lib/plausible/ingestion/request.ex",
)
