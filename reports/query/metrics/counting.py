"""Words that metrics are made of: how rows are counted."""

from __future__ import annotations

from typing import Final

import polars as pl

ROWS: Final = pl.len().cast(pl.Int64)
VISITS_OF_ROWS: Final = pl.col("visit").n_unique().cast(pl.Int64)
IS_VISITORS: Final = pl.col("who").is_not_null()
"""Tell of an event whether somebody did it whose visits are counted."""


def total(name: str) -> pl.Expr:
    """Add up a column."""
    return pl.col(name).sum()


def those(condition: pl.Expr) -> pl.Expr:
    """Count the rows for which `condition` holds; where it is null it does not."""
    return condition.sum().cast(pl.Int64)


def different(value: pl.Expr) -> pl.Expr:
    """Count the different values that are not null."""
    return value.drop_nulls().n_unique().cast(pl.Int64)


def visits_with(condition: pl.Expr) -> pl.Expr:
    """Count the visits of hits for which `condition` holds."""
    return different(pl.when(condition).then("visit"))


def of_kind(kind: str) -> pl.Expr:
    """Tell whether an event is of `kind`; never null."""
    return (pl.col("kind") == kind).fill_null(value=False)
