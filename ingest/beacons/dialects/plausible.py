"""Plausible: ``POST /api/event`` with a JSON body, with long or short names of members."""

from __future__ import annotations

from functools import cache
from typing import Final

import polars as pl

from ingest.beacons.json_bodies import beside, filled_objects, member, read_members
from ingest.beacons.json_texts import merge_objects
from ingest.beacons.model import BAD_BEACON, Dialect
from ingest.beacons.parameters import to_json_object
from ingest.beacons.values import amount, text

_MEMBERS: Final = ("n", "name", "u", "url", "d", "domain", "r", "referrer", "e", "sd", "i", "interactive")
_PROPS: Final = ("p", "props", "m", "meta")
_REVENUE: Final = ("$", "revenue")
_KINDS: Final = {
    "pageview": "pageview",
    "engagement": "ping",
    "Outbound Link: Click": "outlink",
    "Cloaked Link: Click": "outlink",
    "File Download": "download",
}
_WITHOUT_ACTION: Final = ("pageview", "ping")


def read_plausible(requests: pl.DataFrame) -> pl.DataFrame:
    """Return the events of requests; `e` (ms of engagement), `sd` (% scrolled) and `interactive` stay as `props`."""
    bodies = requests["body"]
    found, is_object = read_members(bodies, _MEMBERS)
    revenue, _ = read_members(_first_of(bodies, _REVENUE), ("currency", "amount"))
    props = _object(_first_of(bodies, _PROPS))
    link, _ = read_members(props, ("url",))
    told = found.select(
        "e",
        "sd",
        name=_either("n", "name"),
        url=_either("u", "url"),
        site_id=_either("d", "domain"),
        referrer=_either("r", "referrer"),
        interactive=pl.coalesce("i", "interactive"),
    )
    events = beside(requests.select("row"), told, revenue, link.select(target="url")).with_columns(
        is_object.alias("is_object"), props.alias("props")
    )
    also = to_json_object(events.select("e", "sd", _only_false("interactive")))
    return events.with_columns(also.alias("also"), _kind("name")).select(
        "row",
        "kind",
        "url",
        "referrer",
        "site_id",
        pl.when(~pl.col("kind").is_in(_WITHOUT_ACTION)).then("name").alias("event_action"),
        pl.when(pl.col("kind").is_in(("outlink", "download"))).then("target").alias("target"),
        amount("amount").alias("revenue"),
        text("currency").alias("currency"),
        merge_objects(pl.col("props"), pl.col("also")).alias("props"),
        pl.when(~_is_whole()).then(pl.lit(BAD_BEACON)).alias("refused"),
    )


def _first_of(bodies: pl.Series, names: tuple[str, ...]) -> pl.Series:
    return pl.select(pl.coalesce(member(bodies, name) for name in names)).to_series()


def _object(texts: pl.Series) -> pl.Series:
    """Return what is a JSON object; trackers of old sent properties as a string that holds one."""
    return filled_objects(texts.str.json_path_match("$"))


def _either(short: str, long: str) -> pl.Expr:
    return pl.coalesce(text(short), text(long)).replace("null", None)


def _only_false(name: str) -> pl.Expr:
    return pl.when(pl.col(name) == "false").then(name).alias(name)


def _kind(name: str) -> pl.Expr:
    return pl.col(name).replace_strict(_KINDS, default="event", return_dtype=pl.String).alias("kind")


@cache
def _is_whole() -> pl.Expr:
    named = (pl.col(name).is_not_null() for name in ("name", "url", "site_id"))
    return pl.all_horizontal("is_object", *named)


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
