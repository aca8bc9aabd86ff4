"""Cut a frame of items into BatchWriteItem requests.

Limits (API_BatchWriteItem): at most 25 puts, at most 16 MB on the wire, and no two puts of one key.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import polars as pl

LARGEST_BATCH_ITEMS: Final = 25
LARGEST_BATCH_BYTES: Final = 16 * 1024 * 1024
_ENVELOPE_BYTES: Final = 1024
"""Room for what stands around the puts: at most 255 bytes of table name and some fixed text."""

_PUT_OPEN: Final = '{"PutRequest":{"Item":'
_PUT_CLOSE: Final = "}}"


@dataclass(frozen=True, slots=True)
class Batch:
    """One BatchWriteItem: its body and how many puts it holds."""

    body: bytes
    puts: int


@dataclass(frozen=True, slots=True)
class Refused:
    """A put that cannot be stored: its keys, why as a code, and in a sentence."""

    pk: str
    sk: str
    reason: str
    sentence: str


def cut_batches(items: pl.DataFrame, table: str) -> list[Batch]:
    """Return the batches that put `items` (`pk`, `sk`, `item`) into `table`, in their order.

    Of several items with one key only the last is put, as if they had been put one after another.
    """
    puts = _without_duplicates(items).select(
        pl.concat_str(pl.lit(_PUT_OPEN), pl.col("item"), pl.lit(_PUT_CLOSE)).alias("put")
    )
    largest = puts.select(pl.col("put").str.len_bytes().max()).item() or 0
    if (largest + 1) * LARGEST_BATCH_ITEMS + _ENVELOPE_BYTES <= LARGEST_BATCH_BYTES:
        lengths = [LARGEST_BATCH_ITEMS] * -(-len(puts) // LARGEST_BATCH_ITEMS)
    else:
        lengths = list(lengths_by_bytes(puts.get_column("put").str.len_bytes().to_list()))

    return list(_join(puts.get_column("put"), lengths, table))


def request_body(table: str, joined_puts: str) -> bytes:
    """Return the body of a BatchWriteItem around puts that are joined by commas."""
    return f'{{"RequestItems":{{"{table}":[{joined_puts}]}},"ReturnConsumedCapacity":"TOTAL"}}'.encode()


def retry_body(unprocessed: bytes) -> bytes:
    """Return the body that sends exactly the ``UnprocessedItems`` of a reply, raw JSON, again."""
    return b'{"RequestItems":' + unprocessed + b',"ReturnConsumedCapacity":"TOTAL"}'


def _without_duplicates(items: pl.DataFrame) -> pl.DataFrame:
    # Sort keys alone differ nearly always, which is cheaper to see than that pairs do.
    if items.get_column("sk").n_unique() == len(items):
        return items

    return items.unique(subset=["pk", "sk"], keep="last", maintain_order=True)


def lengths_by_bytes(sizes: list[int]) -> Iterator[int]:
    """Yield how many puts each batch takes, when puts are so large that 25 may not fit into one request."""
    count = taken = 0
    for size in sizes:
        if count == LARGEST_BATCH_ITEMS or (
            count and taken + size + 1 > LARGEST_BATCH_BYTES - _ENVELOPE_BYTES
        ):
            yield count
            count = taken = 0

        count += 1
        taken += size + 1

    if count:
        yield count


def _join(puts: pl.Series, lengths: list[int], table: str) -> Iterator[Batch]:
    number = pl.Series("batch", range(len(lengths)), dtype=pl.UInt32).repeat_by(pl.Series(lengths)).explode()
    joined = (
        pl.DataFrame({"batch": number.head(len(puts)), "put": puts})
        .group_by("batch", maintain_order=True)
        .agg(pl.col("put").str.join(","), pl.len().alias("puts"))
    )
    for text, count in joined.select("put", "puts").iter_rows():
        yield Batch(request_body(table, text), count)
