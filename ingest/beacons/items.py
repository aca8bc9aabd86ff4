"""Write the line items of an order as the event keeps them: a JSON array of sku, name, category, price, quantity.

Price and quantity are numbers where they are written as such, in the digits in which they were written. An item of
which nothing is known is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import repeat
from typing import Any, Final

import msgspec
import polars as pl

from ingest.beacons.json_bodies import Object, decoded
from ingest.beacons.json_members import text_of
from ingest.beacons.parameters import json_text

MEMBERS: Final = ("sku", "name", "category", "price", "quantity")
_NUMBERS: Final = ("price", "quantity")
_IS_NUMBER: Final = r"^-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,6})?$"
_is_number: Final = re.compile(_IS_NUMBER, re.ASCII).search


def arrays_of_items(
    orders: Sequence[Object], name: str, names: Mapping[str, Sequence[str]]
) -> Iterator[pl.Series]:
    """Return `items`, the line items in the member `name` of each of `orders`; null for an order without any.

    They are an array of objects; `names` has for each of `MEMBERS` the members of an item that may hold it, first
    come first served. No column where no order has any.
    """
    listed = list(map(dict.get, orders, repeat(name)))
    if listed.count(None) < len(listed):
        written = [None if each is None else _array(each, names) for each in listed]
        yield pl.Series("items", written, dtype=pl.String)


def item_arrays(items: pl.DataFrame, count: int) -> pl.Series:
    """Return for each of `count` rows a compact JSON array of its items, null without any.

    `items` has `row` (UInt32) and any of `MEMBERS` as texts, in the order of the items.
    """
    present = [name for name in MEMBERS if name in items.columns]
    members = [pl.lit(f'"{name}":') + _json(name) for name in present]
    rows = pl.DataFrame({"row": pl.arange(count, eager=True, dtype=pl.UInt32)})
    objects = items.select("row", pl.concat_str(members, separator=",", ignore_nulls=True).alias("item"))
    arrays = (
        objects.filter(pl.col("item") != "")
        .group_by("row", maintain_order=True)
        .agg(("[{" + pl.col("item").str.join("},{") + "}]").alias("items"))
    )
    return rows.join(arrays, on="row", how="left", maintain_order="left")["items"]


def item_value(name: str, text: str) -> str | msgspec.Raw:
    """Return a member of an item as it is to be encoded: a number as it is written, or its text."""
    return msgspec.Raw(text.encode()) if name in _NUMBERS and _is_number(text) else text


def _json(name: str) -> pl.Expr:
    text = pl.when(pl.col(name) != "").then(pl.col(name))
    if name not in _NUMBERS:
        return json_text(text)

    return pl.when(text.str.contains(_IS_NUMBER)).then(text).otherwise(json_text(text))


def _array(items: Any, names: Mapping[str, Sequence[str]]) -> str | None:
    if isinstance(items, str):
        items = decoded(items)

    if not isinstance(items, list):
        return None

    written = [_item(each, names) for each in items if isinstance(each, dict)]
    return msgspec.json.encode([each for each in written if each]).decode() if any(written) else None


def _item(item: Object, names: Mapping[str, Sequence[str]]) -> dict[str, str | msgspec.Raw]:
    firsts = {
        name: next((item[member] for member in members if item.get(member) is not None), None)
        for name, members in names.items()
    }
    return {name: item_value(name, text) for name, value in firsts.items() if (text := text_of(value))}
