"""Matomo, formerly Piwik: `matomo.php` and `piwik.php`, by query string, form, and several in a JSON body.

Source: matomo-org/developer-documentation, Tracking HTTP API 5.x.

What a request tells of, the first that fits: `hsr_vid` (recording), `cra` (error), ``ping=1`` (ping), an order
(`ec_id`: transaction; ``idgoal=0`` or `ec_items` without: cart), `idgoal` (goal), `e_c` or `e_a` (event), `search`,
`link` (outlink), `download`, `c_i` (event: the interaction with a content), `c_n` (impression), ``ca=1``, or a film or
form (`ma_id`, `fa_vid`) without `action_name` (event), else a page view. Matomo's own tracker sends only one of these
in a request.

* Without ``rec=1`` Matomo records nothing, nor does this.
* `cip` is not believed, because whether its `token_auth` was a good one is not in the log. `ua` is, as Matomo does.
* `cdt` (epoch seconds, or ``2026-01-31 13:59:59`` in UTC) is when it happened; see `ingest.beacons.times`.
* A page view's own id is `pv_id` with the visitor. Pings and events of the page share it, so they have none.
* `_cvar`, `cvar`, `dimensionN`, `search_cat`, `search_count`, `pf_…`, products that were viewed (`_pk…`) and the
  subtotal and discount of an order stand in `props`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

import msgspec
import polars as pl

from footfall.event import TIME
from ingest.beacons import values
from ingest.beacons.items import item_value
from ingest.beacons.json_bodies import decoded
from ingest.beacons.members import as_form, as_text
from ingest.beacons.model import BAD_BEACON, NOT_RECORDED, Dialect
from ingest.beacons.parameters import columns_of, json_text, objects_of, split_parameters

_TEXTS: Final[Mapping[str, str]] = {
    "site_id": "idsite",
    "title": "action_name",
    "referrer": "urlref",
    "user": "uid",
    "language": "lang",
    "screen": "res",
    "user_agent": "ua",
    "campaign": "_rcn",
    "campaign_term": "_rck",
    "order": "ec_id",
}
_AMOUNTS: Final[Mapping[str, str]] = {"revenue": "revenue", "tax": "ec_tx", "shipping": "ec_sh"}
_OTHERS: Final = (
    *("url", "rec", "ping", "idgoal", "e_c", "e_a", "e_n", "e_v", "search", "link", "download", "ca"),
    *("c_n", "c_p", "c_t", "c_i", "ec_items", "_id", "cid", "gt_ms", "cdt", "pv_id"),
    *("hsr_vid", "ma_id", "ma_ti", "fa_vid", "cra", "cra_tp"),
)
_NAMES: Final = tuple(dict.fromkeys((*_TEXTS.values(), *_AMOUNTS.values(), *_OTHERS)))
_PROPS: Final = ("cvar", "_cvar", "dimension", "search_cat", "search_count", "pf_", "_pk", "ec_st", "ec_dt")
_JSON_VALUES: Final = ("cvar", "_cvar")
_MOST_ITEMS: Final = 1000
_ITEM: Final = ("sku", "name", "category", "price", "quantity")


def read(requests: pl.DataFrame) -> pl.DataFrame:
    """Return the events that Matomo's beacons tell of: see `Dialect`."""
    singles = _singles(requests)
    split = split_parameters(singles["form"])
    sent = columns_of(split, _NAMES, len(singles))
    rows = pl.concat([singles.select("row"), sent], how="horizontal").with_columns(_kind().alias("kind"))
    target = pl.coalesce(values.text("link"), values.text("download"), values.text("c_t"))
    visitor = pl.coalesce(values.text("cid"), values.text("_id"))
    return rows.select(
        "row",
        "kind",
        *(values.text(name).alias(column) for column, name in _TEXTS.items()),
        *(values.amount(name).alias(column) for column, name in _AMOUNTS.items()),
        pl.when(pl.col("url") != target).then("url").when(target.is_null()).then("url").alias("url"),
        target.alias("target"),
        visitor.alias("visitor"),
        values.text("e_c").fill_null(values.text("c_n")).alias("event_category"),
        pl.coalesce(map(values.text, ("e_a", "c_i", "cra_tp"))).alias("event_action"),
        _label().alias("event_label"),
        values.number("e_v").alias("event_value"),
        values.number("gt_ms").alias("duration_ms"),
        _created().alias("created_at"),
        pl.when(pl.col("kind") == "pageview")
        .then(pl.concat_str(visitor.fill_null(""), pl.lit("."), values.text("pv_id")))
        .alias("event_id"),
        pl.when(values.text("idsite").is_null()).then(pl.lit(BAD_BEACON)).alias("refused"),
        pl.when(pl.col("idsite").is_not_null() & (pl.col("rec").fill_null("") != "1"))
        .then(pl.lit(NOT_RECORDED))
        .alias("unrecorded"),
    ).with_columns(_items(sent["ec_items"]).alias("items"), _props(split, len(singles)).alias("props"))


def _singles(requests: pl.DataFrame) -> pl.DataFrame:
    """Return the single requests of all: row, and form (null where a body or part of it is no request)."""
    is_json = pl.col("body").str.contains(r"^\s*[\[{]").fill_null(value=False)
    bulk = requests.filter(is_json)
    in_query = pl.col("query").str.contains(r"(?:^|&)idsite=").fill_null(value=False)
    plain = requests.filter(~is_json).select(
        "row", pl.when(in_query).then("query").otherwise("body").alias("form")
    )
    if bulk.is_empty():
        return plain

    pairs = zip(bulk["row"].to_list(), map(_forms, bulk["body"].to_list()), strict=True)
    parts = [(row, forms) for row, forms in pairs if forms]
    rows = pl.Series("row", [row for row, _ in parts], dtype=pl.UInt32)
    lengths = pl.Series([len(forms) for _, forms in parts], dtype=pl.UInt32)
    form = pl.Series("form", [form for _, forms in parts for form in forms], dtype=pl.String)
    singles = pl.DataFrame([rows.repeat_by(lengths).explode(), form.str.strip_prefix("?")])
    return singles if plain.is_empty() else pl.concat([plain, singles]).sort("row", maintain_order=True)


class _Bulk(msgspec.Struct):
    """What nearly all bodies are: requests that are texts."""

    requests: list[str]


_BULK: Final = msgspec.json.Decoder(_Bulk)


def _forms(body: str) -> Sequence[str | None]:
    try:
        return _BULK.decode(body).requests
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return _other_forms(body)


def _other_forms(body: str) -> list[str | None]:
    value = decoded(body)
    several = value.get("requests", [value]) if isinstance(value, dict) else value
    if not isinstance(several, list):
        return [None]

    return [one if isinstance(one, str) else as_form(one) for one in several]


@cache
def _kind() -> pl.Expr:
    def has(name: str) -> pl.Expr:
        return values.text(name).is_not_null()

    goal = pl.col("idgoal").str.strip_chars()
    return (
        pl.when(has("hsr_vid"))
        .then(pl.lit("recording"))
        .when(has("cra"))
        .then(pl.lit("error"))
        .when(pl.col("ping") == "1")
        .then(pl.lit("ping"))
        .when(has("ec_id"))
        .then(pl.lit("transaction"))
        .when((goal == "0") | has("ec_items"))
        .then(pl.lit("cart"))
        .when(goal.fill_null("") != "")
        .then(pl.lit("goal"))
        .when(has("e_c") | has("e_a"))
        .then(pl.lit("event"))
        .when(has("search"))
        .then(pl.lit("search"))
        .when(has("link"))
        .then(pl.lit("outlink"))
        .when(has("download"))
        .then(pl.lit("download"))
        .when(has("c_i"))
        .then(pl.lit("event"))
        .when(has("c_n"))
        .then(pl.lit("impression"))
        .when((pl.col("ca") == "1") | (has("ma_id") | has("fa_vid")) & ~has("action_name"))
        .then(pl.lit("event"))
        .otherwise(pl.lit("pageview"))
    )


@cache
def _label() -> pl.Expr:
    """Return the name of an event, the words searched for, the piece of a content, an error, or the id of a goal."""
    goal = pl.when(pl.col("kind") == "goal").then(values.text("idgoal"))
    return pl.coalesce(goal, *map(values.text, ("e_n", "search", "c_p", "cra", "ma_ti")))


@cache
def _created() -> pl.Expr:
    day = pl.col("cdt").str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="ms", strict=False)
    return pl.coalesce(values.epoch("cdt"), day.dt.replace_time_zone("UTC").cast(TIME))


def _items(texts: pl.Series) -> pl.Series:
    """Return line items, ``[[sku, name, category, price, quantity], …]``, as the event keeps them."""
    distinct = texts.drop_nulls().unique()
    if distinct.is_empty():
        return texts

    made = pl.Series([_item_array(text) for text in distinct], dtype=pl.String)
    return texts.replace_strict(distinct, made, default=None, return_dtype=pl.String)


def _item_array(text: str) -> str | None:
    value = decoded(text)
    lines = (
        [line for line in value[:_MOST_ITEMS] if isinstance(line, list)] if isinstance(value, list) else []
    )
    items = [item for item in map(_item, lines) if item]
    return msgspec.json.encode(items).decode() if items else None


def _item(line: list[Any]) -> dict[str, Any]:
    found = {name: _item_value(name, value) for name, value in zip(_ITEM, line, strict=False)}
    return {name: value for name, value in found.items() if value is not None and value != ""}


def _item_value(name: str, value: Any) -> str | msgspec.Raw | None:
    if isinstance(value, list):
        return " > ".join(text for text in map(as_text, value) if text)

    text = as_text(value)
    return item_value(name, text) if text and not isinstance(value, str) else text


def _props(split: pl.DataFrame, count: int) -> pl.Series:
    kept = split.filter(pl.col("name").str.contains("^(?:" + "|".join(_PROPS) + ")"))
    value = pl.col("value")
    is_json = pl.col("name").is_in(_JSON_VALUES)
    return objects_of(
        kept.with_columns(
            pl.coalesce(pl.when(is_json).then(value).str.json_path_match("$"), json_text(value)).alias("json")
        ),
        (),
        count,
    )


MATOMO: Final = Dialect(
    name="matomo",
    title="Matomo",
    paths=("/matomo.php", "/piwik.php", "/js/tracker.php"),
    parameters=("idsite|requests",),
    telling=("idsite", "rec"),
    read=read,
    example="idsite=1&rec=1&action_name=Welcome&url=https%3A%2F%2Fwww.example.com%2F&_id=0123456789abcdef"
    "&pv_id=Ab12Cd&res=1920x1080&urlref=https%3A%2F%2Fwww.google.com%2F",
    sources="Matomo developer documentation: Tracking HTTP API 5.x",
)
