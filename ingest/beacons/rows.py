"""Put what a dialect returns in order, so that each request has at least one row, and number the rows of each."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from ingest.beacons.model import BAD_BEACON

_UNKNOWN_KIND: Final = "event"


def number_rows(rows: pl.DataFrame, count: int) -> pl.DataFrame:
    """Return `rows` of `count` requests with `ordinal` (Int64), which counts the rows of each request from 0.

    They are ordered by request; a request without a row gets one that is refused. A row without kind is an event.
    """
    is_missing = np.ones(count, np.bool_)
    is_missing[rows["row"].to_numpy()] = False
    if is_missing.any():
        missing = pl.DataFrame({"row": pl.Series(np.flatnonzero(is_missing), dtype=pl.UInt32)})
        lost = missing.with_columns(pl.lit(BAD_BEACON).alias("refused"))
        rows = pl.concat([rows, lost], how="diagonal")

    if not rows["row"].is_sorted():
        rows = rows.sort("row", maintain_order=True)

    kind = pl.col("kind").fill_null(_UNKNOWN_KIND) if "kind" in rows.columns else pl.lit(_UNKNOWN_KIND)
    return rows.with_columns(ordinals(rows["row"]), kind.alias("kind"))


def ordinals(rows: pl.Series) -> pl.Series:
    """Return for each of the sorted `rows` how many equal ones are before it, as `ordinal`."""
    numbers = rows.to_numpy()
    places = np.arange(len(numbers), dtype=np.int64)
    is_first = np.ones(len(numbers), np.bool_)
    is_first[1:] = numbers[1:] != numbers[:-1]
    begins = places[is_first]
    return pl.Series("ordinal", places - begins[np.cumsum(is_first) - 1])
