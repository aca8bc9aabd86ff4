"""Find the events that no table can store, before they are sent: one of them would have a whole batch refused.

Rules: API_BatchWriteItem (keys, item size, two puts of one key), "Item sizes and formats" and "Constraints in Amazon
DynamoDB" (Amazon DynamoDB Developer Guide), API_AttributeValue (Number). That a request stays below 16 MB on the wire
is seen to where batches are cut.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import polars as pl

from footfall.layout import LARGEST_ITEM_BYTES, item_bytes, numbers_out_of_range

LARGEST_PARTITION_KEY_BYTES: Final = 2048
LARGEST_SORT_KEY_BYTES: Final = 1024

EMPTY_KEY: Final = "empty-key"
PARTITION_KEY_TOO_LONG: Final = "partition-key-too-long"
SORT_KEY_TOO_LONG: Final = "sort-key-too-long"
NUMBER_OUT_OF_RANGE: Final = "number-out-of-range"
ITEM_TOO_LARGE: Final = "item-too-large"
DUPLICATE_KEY: Final = "duplicate-key"
REFUSED_BY_STORE: Final = "refused-by-store"

STORE_REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        EMPTY_KEY: "The event has no partition key or no sort key, and DynamoDB stores nothing without.",
        PARTITION_KEY_TOO_LONG: f"The partition key is longer than the {LARGEST_PARTITION_KEY_BYTES:,} bytes that "
        "DynamoDB allows.",
        SORT_KEY_TOO_LONG: f"The sort key is longer than the {LARGEST_SORT_KEY_BYTES:,} bytes that DynamoDB allows.",
        NUMBER_OUT_OF_RANGE: "A number is none that DynamoDB stores: those are 0 and magnitudes from 1E-130 to "
        "9.99E+125.",
        ITEM_TOO_LARGE: f"The event is larger than the {LARGEST_ITEM_BYTES:,} bytes that DynamoDB stores in an item.",
        DUPLICATE_KEY: "Another event with the same key was read with it; the later one is stored.",
        REFUSED_BY_STORE: "DynamoDB refuses the item while it stores its neighbours; the record has its words.",
    }
)
"""Reason code → sentence, for events that a format could read and the table cannot hold."""


def find_unstorable(events: pl.DataFrame, items: pl.DataFrame) -> pl.Series | None:
    """Return for each event the code of `STORE_REASONS` that keeps it out, null where nothing does.

    `items` are the encoded `events`, in the same order. None when all can be stored, which is what nearly every chunk
    costs: some maxima, and whether the sort keys differ.
    """
    if _are_all_storable(events, items):
        return None

    found = items.select(_reason(events).alias("reason")).to_series()
    return found.zip_with(found.is_not_null(), _duplicates(items, found))


def _are_all_storable(events: pl.DataFrame, items: pl.DataFrame) -> bool:
    keys = items.select(
        shortest=pl.min_horizontal(pl.col("pk", "sk").str.len_bytes().min()),
        nulls=pl.sum_horizontal(pl.col("pk", "sk").null_count()),
        pk=pl.col("pk").str.len_bytes().max(),
        sk=pl.col("sk").str.len_bytes().max(),
        item=pl.col("item").str.len_bytes().max(),
        sort_keys=pl.col("sk").n_unique(),
    ).row(0, named=True)
    if not len(items):
        return True

    # The JSON of an item is longer than DynamoDB counts it, and sort keys alone differ nearly always: both are cheaper
    # to see than the thing itself.
    return (
        keys["nulls"] == 0
        and keys["shortest"] > 0
        and keys["pk"] <= LARGEST_PARTITION_KEY_BYTES
        and keys["sk"] <= LARGEST_SORT_KEY_BYTES
        and keys["item"] <= LARGEST_ITEM_BYTES
        and keys["sort_keys"] == len(items)
        and not numbers_out_of_range(events).any()
    )


def _reason(events: pl.DataFrame) -> pl.Expr:
    """Return the expression, over the items, of the first reason that applies; null for none."""
    pk, sk = pl.col("pk").str.len_bytes().fill_null(0), pl.col("sk").str.len_bytes().fill_null(0)
    rules = (
        (EMPTY_KEY, (pk == 0) | (sk == 0)),
        (PARTITION_KEY_TOO_LONG, pk > LARGEST_PARTITION_KEY_BYTES),
        (SORT_KEY_TOO_LONG, sk > LARGEST_SORT_KEY_BYTES),
        (NUMBER_OUT_OF_RANGE, pl.lit(numbers_out_of_range(events))),
        (ITEM_TOO_LARGE, pl.lit(item_bytes(events) > LARGEST_ITEM_BYTES)),
    )
    return pl.coalesce(pl.when(applies).then(pl.lit(code)) for code, applies in rules)


def _duplicates(items: pl.DataFrame, found: pl.Series) -> pl.Series:
    """Return `duplicate-key` for every event that a later storable one of the same key replaces, else null."""
    rows = items.select("pk", "sk").with_row_index("row").filter(found.is_null())
    last = rows.select(pl.col("row").max().over("pk", "sk")).to_series()
    replaced = rows.filter(rows.get_column("row") != last).get_column("row")
    row = pl.int_range(len(items), dtype=pl.UInt32, eager=True)
    return pl.select(pl.when(row.is_in(replaced.implode())).then(pl.lit(DUPLICATE_KEY))).to_series()
