"""Write the line items of an order as the event keeps them: a JSON array of sku, name, category, price, quantity."""

from __future__ import annotations

from typing import Final

import polars as pl

from ingest.beacons.parameters import json_text

MEMBERS: Final = ("sku", "name", "category", "price", "quantity")
_NUMBERS: Final = ("price", "quantity")
_IS_NUMBER: Final = r"^-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,6})?$"


def item_arrays(items: pl.DataFrame, count: int) -> pl.Series:
    """Return for each of `count` rows a compact JSON array of its items, null without any.

    `items` has `row` (UInt32) and any of `MEMBERS` as texts, in the order of the items. Price and quantity are
    numbers where they are written as such. An item of which nothing is known is left out.
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


def _json(name: str) -> pl.Expr:
    text = pl.when(pl.col(name) != "").then(pl.col(name))
    if name not in _NUMBERS:
        return json_text(text)

    return pl.when(text.str.contains(_IS_NUMBER)).then(text).otherwise(json_text(text))
