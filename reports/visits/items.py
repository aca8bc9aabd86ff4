"""Line items of orders, out of the JSON that events carry them in."""

from __future__ import annotations

from typing import Final

import polars as pl

from footfall.event import MONEY

_ITEM: Final = pl.List(
    pl.Struct(
        {
            "sku": pl.String,
            "name": pl.String,
            "category": pl.String,
            "price": pl.Float64,
            "quantity": pl.Float64,
        }
    )
)
ITEM_SCHEMA: Final = pl.Schema(
    {
        "sku": pl.String,
        "product": pl.String,
        "product_category": pl.String,
        "price": MONEY,
        "quantity": pl.Float64,
        "item_revenue": MONEY,
    }
)
"""What a line item has; a quantity that was not given is 1, `item_revenue` is price by quantity."""

BUYING: Final = ("transaction", "item")
"""Kinds of events whose line items were bought; those of a cart may never be."""


def line_items(hits: pl.LazyFrame) -> pl.LazyFrame:
    """Return a row for each line item that was bought: the columns of its hit but `items`, and `ITEM_SCHEMA`."""
    bought = hits.filter(pl.col("kind").is_in(BUYING) & pl.col("items").is_not_null())
    decoded = (
        bought.with_columns(pl.col("items").str.json_decode(_ITEM))
        .explode("items")
        .filter(pl.col("items").is_not_null())
    )
    item = pl.col("items").struct
    price, quantity = item.field("price"), item.field("quantity").fill_null(1.0)
    return decoded.with_columns(
        item.field("sku").alias("sku"),
        item.field("name").alias("product"),
        item.field("category").alias("product_category"),
        price.cast(MONEY).alias("price"),
        quantity.alias("quantity"),
        (price * quantity).round(4).cast(MONEY).alias("item_revenue"),
    ).drop("items")


def items_by_visit(hits: pl.DataFrame) -> pl.DataFrame:
    """Return quantity, revenue and number of different products for each visit in which something was bought."""
    product = pl.coalesce("sku", "product")
    return (
        line_items(hits.lazy())
        .group_by("visit")
        .agg(
            pl.col("quantity").sum().alias("item_quantity"),
            pl.col("item_revenue").sum(),
            product.n_unique().cast(pl.Int64).alias("distinct_items"),
        )
        .collect()
    )
