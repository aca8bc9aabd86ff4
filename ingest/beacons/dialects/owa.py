"""Open Web Analytics: `log.php` with parameters that begin with `owa_`, and the rows of its queue files.

Source: the project's own contract of its beacons, `tests/fixtures/beacon_contracts.json` of version 1.12 and, where it
differs, of what came after it (August 2026).

* The server decodes twice, and so does this.
* `session_referer` is the referrer of a visit's first page, `HTTP_REFERER` that of any other.
* Custom variables (`cv1` to `cv5`, ``name=value``) are ``{"cv1": {"name": …, "value": …}}`` in `props`, with
  everything else that has no column of its own (is_new_visitor, nps, dsps, dsfs, fsts, last_req, city, country,
  state, places of clicks …), without `owa_`. The movements of a recording are not kept, only how many there are.
* A click stays a click, wherever it leads: OWA counts it so. Money is in units of the currency on the wire.
* An event of another type is of the kind `event`, with the type as action.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import cache
from typing import Final

import polars as pl

from ingest.beacons import values
from ingest.beacons.items import item_arrays
from ingest.beacons.members import of_objects
from ingest.beacons.model import BAD_BEACON, Dialect
from ingest.beacons.parameters import (
    are_named,
    columns_of,
    json_text,
    names_of,
    numbered,
    objects_of,
    split_parameters,
    without_prefix,
)
from ingest.formats.times import read_epoch_microseconds

PREFIX: Final = "owa_"

KINDS: Final[Mapping[str, str]] = {
    "base.page_request": "pageview",
    "base.first_page_request": "pageview",
    "page_view": "pageview",
    "track.action": "event",
    "dom.click": "click",
    "ecommerce.transaction": "transaction",
    "dom.stream": "recording",
    "base.feed_request": "feed",
}
"""Event type → kind."""

_TEXTS: Final[Mapping[str, str]] = {
    "site_id": "site_id",
    "url": "page_url",
    "title": "page_title",
    "visitor": "visitor_id",
    "session": "session_id",
    "user": "user_name",
    "page_type": "page_type",
    "target": "target_url",
    "event_category": "action_group",
    "event_label": "action_label",
    "medium": "medium",
    "source": "source",
    "campaign": "campaign",
    "campaign_term": "search_terms",
    "campaign_content": "ad",
    "order": "ct_order_id",
    "event_id": "guid",
}
_ELSE: Final[Mapping[str, str]] = {
    "url": "page_location",
    "medium": "tagged_medium",
    "source": "tagged_source",
    "campaign": "tagged_campaign",
    "campaign_term": "tagged_search_terms",
    "campaign_content": "tagged_ad",
}
"""Column → property of trackers from 1.13 on, where that of `_TEXTS` is absent."""

_AMOUNTS: Final[Mapping[str, str]] = {"revenue": "ct_total", "tax": "ct_tax", "shipping": "ct_shipping"}
_ALWAYS: Final = (
    "event_type",
    "action_name",
    "timestamp",
    "numeric_value",
    "is_new_session",
    "is_new_session_start",
    "session_referer",
    "HTTP_REFERER",
)
_MICROSECONDS: Final = "client_ts_usec"
"""When it happened, in place of `timestamp` or beside it."""

_NAMES: Final = tuple(
    dict.fromkeys((*_TEXTS.values(), *_ELSE.values(), *_AMOUNTS.values(), *_ALWAYS, _MICROSECONDS))
)

_KEPT_AS_SENT: Final = frozenset({"is_new_session", "is_new_session_start"})
_NOT_KEPT: Final = frozenset({"stream_events", "guid", "ip_address", "user_agent"})
_LINE_ITEMS: Final = "ct_line_items["
_LINE_ITEM: Final = r"^ct_line_items\[([0-9]{1,4})\]\[(li_[a-z_]+)\]$"
_ITEM_MEMBERS: Final[Mapping[str, str]] = {
    "li_sku": "sku",
    "li_product_name": "name",
    "li_category": "category",
    "li_unit_price": "price",
    "li_quantity": "quantity",
}
_CUSTOM: Final = r"^cv[1-5]$"
_TRUE: Final = ("1", "true")


def read(requests: pl.DataFrame) -> pl.DataFrame:
    """Return the events that OWA's beacons tell of: see `Dialect`."""
    return read_sent(_split(requests), len(requests))


def read_sent(sent: pl.DataFrame, count: int) -> pl.DataFrame:
    """Return the events that parameters without `owa_` tell of, decoded for good: see `Dialect`."""
    split = numbered(sent)
    present = set(names_of(split))
    wanted = [name for name in _NAMES if name in present or name in _ALWAYS]
    is_blank = split["value"].str.strip_chars() == ""
    rows = (
        columns_of(split, wanted, count, is_absent=is_blank)
        .with_row_index("row")
        .select(
            "row",
            *_texts(present),
            *(values.amount(name).alias(column) for column, name in _AMOUNTS.items() if name in present),
            *_of_all(is_precise=_MICROSECONDS in present),
        )
    )
    return rows.with_columns(_items(split, count).alias("items"), _props(split, count).alias("props"))


def _texts(present: Collection[str]) -> Iterator[pl.Expr]:
    for column, name in _TEXTS.items():
        names = [each for each in (name, _ELSE.get(column)) if each in present]
        if names:
            yield pl.coalesce(names).alias(column)


@cache
def _of_all(*, is_precise: bool) -> tuple[pl.Expr, ...]:
    """Return the columns that are made of `_ALWAYS`, and of `_MICROSECONDS` where that is there."""
    seconds = values.epoch("timestamp")
    created = pl.coalesce(read_epoch_microseconds(pl.col(_MICROSECONDS)), seconds) if is_precise else seconds
    return (
        _kind().alias("kind"),
        pl.coalesce("action_name", _unknown_type()).alias("event_action"),
        _referrer().alias("referrer"),
        values.number("numeric_value").alias("event_value"),
        created.alias("created_at"),
        pl.when(pl.col("event_type").is_null()).then(pl.lit(BAD_BEACON)).alias("refused"),
    )


def _split(requests: pl.DataFrame) -> pl.DataFrame:
    """Return the parameters of requests without `owa_`, decoded twice: row, name, value."""
    is_object = pl.col("body").str.starts_with("{").fill_null(value=False)
    in_query = pl.col("query").str.contains("owa_event_type=", literal=True).fill_null(value=False)
    forms = requests.select(pl.when(in_query).then("query").when(~is_object).then("body")).to_series()
    split = split_parameters(forms)
    objects = requests.select(pl.when(~in_query & is_object).then("body")).to_series()
    if objects.null_count() < len(objects):
        split = pl.concat([split, of_objects(objects)]).sort("row", maintain_order=True)

    own = without_prefix(numbered(split), PREFIX)
    return own.with_columns(values.decode_again(own["value"]).alias("value"))


@cache
def _kind() -> pl.Expr:
    return pl.col("event_type").replace_strict(KINDS, default="event", return_dtype=pl.String)


@cache
def _unknown_type() -> pl.Expr:
    return pl.when(~pl.col("event_type").is_in(list(KINDS))).then("event_type")


@cache
def _referrer() -> pl.Expr:
    flags = (pl.col(name).str.to_lowercase() for name in ("is_new_session", "is_new_session_start"))
    is_first = pl.any_horizontal(flag.is_in(_TRUE) for flag in flags).fill_null(value=False)
    return pl.coalesce(pl.when(is_first).then("session_referer"), "HTTP_REFERER")


def _items(split: pl.DataFrame, count: int) -> pl.Series:
    names = names_of(split).str.extract_groups(_LINE_ITEM).struct.rename_fields(["n", "li"]).struct.unnest()
    is_item = names["li"].is_in(list(_ITEM_MEMBERS)).fill_null(value=False).to_numpy()
    number = split["name"].to_physical()
    at = pl.Series(is_item.take(number.to_numpy())).arg_true()
    if at.is_empty():
        return pl.Series([None], dtype=pl.String).new_from_index(0, count)

    parts = names[number.gather(at)].with_columns(split["row"].gather(at), split["value"].gather(at))
    items = parts.select("row", "n").unique(maintain_order=True)
    items = items.sort("row", pl.col("n").cast(pl.UInt32), maintain_order=True).with_row_index("item")
    owned = parts.join(items, on=["row", "n"], how="left", maintain_order="left")
    members = owned.select(pl.col("item").alias("row"), pl.col("li").alias("name"), "value")
    columns = columns_of(members, list(_ITEM_MEMBERS), len(items)).rename(_ITEM_MEMBERS)
    return item_arrays(columns.with_columns(items["row"]), count)


def _props(split: pl.DataFrame, count: int) -> pl.Series:
    others = split.filter(are_named(split, _are_others()))
    is_custom = are_named(others, pl.col("name").str.contains(_CUSTOM))
    if is_custom.any():
        others = others.with_columns(_customs(is_custom).alias("json"))

    return objects_of(others, (), count)


@cache
def _are_others() -> pl.Expr:
    known = (set(_NAMES) | _NOT_KEPT) - _KEPT_AS_SENT
    return ~pl.col("name").is_in(list(known)) & ~pl.col("name").str.starts_with(_LINE_ITEMS)


def _customs(is_custom: pl.Series) -> pl.Expr:
    """Return values as JSON, those that are custom variables as objects."""
    value = pl.col("value")
    pair = value.str.splitn("=", 2).struct
    name, told = (json_text(pair.field(f"field_{number}")) for number in (0, 1))
    custom = pl.lit('{"name":') + name + ',"value":' + told + "}"
    is_pair = pl.lit(is_custom) & value.str.contains("=", literal=True)
    return pl.when(is_pair).then(custom).otherwise(json_text(value))


OWA: Final = Dialect(
    name="owa",
    title="Open Web Analytics",
    paths=("/log.php",),
    parameters=("owa_event_type",),
    telling=("owa_event_type", "owa_site_id"),
    read=read,
    read_sent=read_sent,
    example="owa_event_type=base.page_request&owa_site_id=0a1b2c&owa_page_url=https%3A%2F%2Fwww.example.com%2F"
    "&owa_page_title=Welcome&owa_visitor_id=1768212000123456789&owa_session_id=1768212360123456789"
    "&owa_timestamp=1768212360&owa_is_new_session=true",
    sources="Open Web Analytics 1.12: tests/fixtures/beacon_contracts.json",
)
