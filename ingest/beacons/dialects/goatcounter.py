"""GoatCounter: `/count` with a path in `p`, and several hits in a JSON body to `/api/v0/count`.

Source: arp242/goatcounter 2.x, `count.js` and the documentation of its API.

* `rnd` keeps caches from answering. It has five characters, so it cannot tell one beacon from all others: no id.
* An event's `p` is its name. Its page is the one that the Referer header names.
* `b`, by which a script says that it is driven by a machine, stands in `props` as `bot`.
* The API is for servers that speak for their visitors, so its `ip` and `user_agent` are those of the visitor.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

import polars as pl

from footfall.event import TIME
from ingest.beacons import values
from ingest.beacons.json_bodies import decoded
from ingest.beacons.members import as_text
from ingest.beacons.model import BAD_BEACON, Dialect
from ingest.beacons.parameters import read_parameters, to_json_object

_NAMES: Final = ("p", "q", "r", "t", "e", "s", "b")
_OF_HITS: Final[Mapping[str, str]] = {
    "path": "p",
    "query": "q",
    "ref": "r",
    "title": "t",
    "event": "e",
    "bot": "b",
    "user_agent": "user_agent",
    "ip": "ip",
    "created_at": "created",
    "session": "session",
}
_HIT: Final = pl.Schema(
    {"row": pl.UInt32, **dict.fromkeys((*_NAMES, "user_agent", "ip", "created", "session"), pl.String)}
)
_SCREEN: Final = r"^\s*([0-9]{1,5})(?:\.[0-9]+)?,([0-9]{1,5})"


def read(requests: pl.DataFrame) -> pl.DataFrame:
    """Return the events that GoatCounter's beacons tell of: see `Dialect`."""
    hits = _hits(requests)
    is_event = pl.col("e").str.to_lowercase().is_in(("true", "1")).fill_null(value=False)
    name, size = values.text("p"), pl.col("s").str.extract_groups(_SCREEN).struct
    return hits.select(
        "row",
        pl.when(is_event).then(pl.lit("event")).otherwise(pl.lit("pageview")).alias("kind"),
        pl.when(is_event).then(name).alias("event_action"),
        pl.when(~is_event).then(_url()).alias("url"),
        values.text("r").alias("referrer"),
        values.text("t").alias("title"),
        (size.field("1") + "x" + size.field("2")).alias("screen"),
        *(values.text(column).alias(column) for column in ("ip", "user_agent", "session")),
        pl.col("created")
        .str.to_datetime("%+", time_unit="ms", time_zone="UTC", strict=False)
        .cast(TIME)
        .alias("created_at"),
        to_json_object(hits.select(pl.when(~pl.col("b").is_in(("", "0"))).then("b").alias("bot"))).alias(
            "props"
        ),
        pl.when(name.is_null()).then(pl.lit(BAD_BEACON)).alias("refused"),
    )


@cache
def _url() -> pl.Expr:
    """Return the page of a view: its path, which may lack its first slash, and its query string."""
    path = pl.col("p")
    absolute = pl.when(path.str.contains(r"^(?:/|[a-z]+://)")).then(path).otherwise("/" + path)
    query = values.text("q").str.strip_prefix("?")
    return (
        pl.when(path.str.contains("?", literal=True) | query.is_null())
        .then(absolute)
        .otherwise(absolute + "?" + query)
    )


def _hits(requests: pl.DataFrame) -> pl.DataFrame:
    """Return the hits of all requests in columns of texts: see `_HIT`."""
    is_json = pl.col("body").str.contains(r"^\s*\{").fill_null(value=False)
    plain, api = requests.filter(~is_json), requests.filter(is_json)
    forms = plain.select(pl.coalesce("query", "body")).to_series()
    hits = pl.concat([plain.select("row"), read_parameters(forms, _NAMES)], how="horizontal")
    found = [hit for row, body in api.select("row", "body").iter_rows() for hit in _api_hits(row, body)]
    together = pl.concat([hits, pl.DataFrame(found, schema=_HIT)], how="diagonal")
    return together.sort("row", maintain_order=True) if found else together


def _api_hits(row: int, body: str) -> Iterator[dict[str, Any]]:
    value = decoded(body)
    hits = value.get("hits") if isinstance(value, dict) else None
    for hit in hits if isinstance(hits, list) else ():
        yield {"row": row, **_texts(hit if isinstance(hit, dict) else {})}


def _texts(hit: dict[str, Any]) -> dict[str, str | None]:
    size = hit.get("size")
    texts = {name: as_text(hit.get(member)) for member, name in _OF_HITS.items()}
    return {**texts, "s": ",".join(filter(None, map(as_text, size))) if isinstance(size, list) else None}


GOATCOUNTER: Final = Dialect(
    name="goatcounter",
    title="GoatCounter",
    paths=("^/count", "/api/v0/count"),
    parameters=("p|hits",),
    telling=("rnd", "p", "s", "b"),
    read=read,
    example="p=%2Fbikes%2Fcity&r=https%3A%2F%2Fwww.google.com%2F&t=City%20bikes&s=1920%2C1080%2C1&b=0&rnd=k3x9q",
    sources="GoatCounter 2.x: count.js, API documentation",
)
