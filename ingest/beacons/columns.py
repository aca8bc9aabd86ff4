"""Make the columns of events of columns of texts of which any may be absent, as most of them are in most logs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Final

import polars as pl

_NULL: Final = pl.Series([None], dtype=pl.String)


@dataclass(frozen=True, slots=True)
class Columns:
    """Expressions over columns of texts: `always` are computed, and of `told` those that any column is there for.

    A column that is absent from a frame is one of nulls.
    """

    always: tuple[pl.Expr, ...]
    told: tuple[tuple[pl.Expr, frozenset[str]], ...]

    @classmethod
    def of(cls, always: Iterable[pl.Expr], told: Iterable[pl.Expr]) -> Columns:
        """Return expressions, with the columns that they speak of."""
        return cls(tuple(always), tuple((each, _roots(each)) for each in told))

    def select(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the columns of `frame`."""
        present = set(frame.columns)
        chosen = [*self.always, *(each for each, roots in self.told if not roots.isdisjoint(present))]
        needed = {root for each in chosen for root in _roots(each)}
        return with_nulls(frame, needed - present).select(chosen)


def with_nulls(frame: pl.DataFrame, names: Iterable[str]) -> pl.DataFrame:
    """Return `frame` with columns of nulls, of type String, in those of `names` that it has not."""
    absent = [name for name in names if name not in frame.columns]
    if not absent:
        return frame

    nulls = _NULL.new_from_index(0, len(frame))
    return pl.DataFrame([*frame.get_columns(), *(nulls.alias(name) for name in absent)])


def without_nulls(frame: pl.DataFrame) -> pl.DataFrame:
    """Return `frame` without the columns that are all null."""
    return pl.DataFrame([each for each in frame.get_columns() if each.null_count() < len(frame)])


def beside(frame: pl.DataFrame, *others: pl.DataFrame) -> pl.DataFrame:
    """Return `frame` with the columns of others, of as many rows; of equal names the last counts."""
    columns = {column.name: column for each in (frame, *others) for column in each.get_columns()}
    return pl.DataFrame([*columns.values()])


def merge_objects(first: pl.Expr, second: pl.Expr) -> pl.Expr:
    """Return JSON objects (text) with the members of both; either may be null."""
    both = first.str.strip_suffix("}") + "," + second.str.strip_prefix("{")
    return pl.coalesce(pl.when(first == "{}").then(second), both, first, second)


def merged(frame: pl.DataFrame, names: Iterable[str]) -> pl.DataFrame:
    """Return `frame` with `props`, the members of the JSON objects in those of the columns `names` that it has."""
    present = [pl.col(name) for name in names if name in frame.columns]
    return frame.with_columns(reduce(merge_objects, present).alias("props")) if present else frame


def _roots(expression: pl.Expr) -> frozenset[str]:
    return frozenset(expression.meta.root_names())
