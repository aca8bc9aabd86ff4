"""Line items of orders, out of the JSON that events carry them in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import polars as pl

from footfall.event import MONEY

_ITEM: Final = pl.List(
    pl.Struct(
        {
            "sku": pl.String,
            "name": pl.String,
            "category": pl.String,
            "price": pl.String,
            "quantity": pl.String,
        }
    )
)
_COLUMNS: Final[Mapping[str, Any]] = {
    "sku": pl.String,
    "product": pl.String,
    "product_category": pl.String,
    "price": MONEY,
    "quantity": pl.Float64,
    "item_revenue": MONEY,
}
ITEM_SCHEMA: Final = pl.Schema(_COLUMNS)
"""What a line item has; a quantity that was not given is 1, `item_revenue` is price by quantity."""

_LARGEST: Final = 1e12
"""Prices and quantities beyond it are nobody's, and their product would be no number of ours."""

BUYING: Final = ("transaction", "item")
"""Kinds of events whose line items were bought; those of a cart may never be."""


def line_items(hits: pl.LazyFrame) -> pl.LazyFrame:
    """Return a row for each line item that was bought: the columns of its hit but `items`, and `ITEM_SCHEMA`."""
    bought = hits.filter(pl.col("kind").is_in(BUYING) & pl.col("items").is_not_null())
    decoded = (
        bought.with_columns(pl.col("items").map_batches(_decoded, return_dtype=_ITEM))
        .explode("items")
        .filter(pl.col("items").is_not_null())
    )
    item = pl.col("items").struct
    price, quantity = _number(item.field("price")), _number(item.field("quantity")).fill_null(1.0)
    return decoded.with_columns(
        item.field("sku").alias("sku"),
        item.field("name").alias("product"),
        item.field("category").alias("product_category"),
        price.cast(MONEY).alias("price"),
        quantity.alias("quantity"),
        (price * quantity).round(4).cast(MONEY).alias("item_revenue"),
    ).drop("items")


def _decoded(texts: pl.Series) -> pl.Series:
    """Return the items in each text; what is no array of flat objects has none, whoever wrote it."""
    try:
        decoded = texts.str.json_decode(_ITEM)
    except pl.exceptions.ComputeError:
        decoded = pl.Series(dtype=_ITEM)

    # Polars gives no row at all for an empty text.
    return (
        decoded
        if len(decoded) == len(texts)
        else pl.Series(texts.name, [_items(text) for text in texts], dtype=_ITEM)
    )


def _items(text: str | None) -> list[Any] | None:
    try:
        decoded = pl.Series([text], dtype=pl.String).str.json_decode(_ITEM)
    except pl.exceptions.ComputeError:
        return None

    return decoded.to_list()[0] if len(decoded) else None


def _number(text: pl.Expr) -> pl.Expr:
    number = text.cast(pl.Float64, strict=False)
    return pl.when(number.is_finite() & (number.abs() < _LARGEST)).then(number)


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
