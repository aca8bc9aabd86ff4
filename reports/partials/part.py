"""What one partition of visitors contributes to a report, and how contributions become one.

A partition holds all events of its visitors, so visits, visitors and everything counted by them add up over
partitions. A `Part` is a small frame and can be pickled; that is all that goes between workers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

import polars as pl

from reports.partials.sketches import unions_of

How = Literal["sum", "min", "max", "union"]
"""How figures of equal keys become one; a union is that of sketches."""


@dataclass(frozen=True, slots=True)
class Part:
    """Rows that one partition contributes.

    `merge` says for each column of figures how those of equal keys become one; all other columns are keys. Rows
    without figures are a set of different keys.
    """

    name: str
    rows: pl.LazyFrame
    merge: Mapping[str, How] = field(default_factory=dict)


def merge_rows(rows: pl.LazyFrame, merge: Mapping[str, How]) -> pl.LazyFrame:
    """Return `rows`, with the same columns, with those of equal keys made one."""
    names = rows.collect_schema().names()
    keys = [name for name in names if name not in merge]
    figures = [getattr(pl.col(name), _BY_POLARS.get(how, how))() for name, how in merge.items()]
    unions = [
        pl.col(name).map_batches(unions_of, return_dtype=pl.Binary(), is_elementwise=True)
        for name, how in merge.items()
        if how == "union"
    ]
    if not keys:
        return rows.select(figures).with_columns(unions).select(names)

    return rows.group_by(keys).agg(figures).with_columns(unions).select(names) if figures else rows.unique()


_BY_POLARS: Final = {"union": "implode"}
"""Polars' word for what it does of a merge; of a union it makes lists."""
