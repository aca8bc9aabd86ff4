"""What one partition of visitors contributes to a report, and how contributions become one.

A partition holds all events of its visitors, so visits, visitors and everything counted by them add up over
partitions. A `Part` is a small frame and can be pickled; that is all that goes between workers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import polars as pl

How = Literal["sum", "min", "max"]


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
    figures = [getattr(pl.col(name), how)() for name, how in merge.items()]
    if not keys:
        return rows.select(figures).select(names)

    return rows.group_by(keys).agg(figures).select(names) if figures else rows.unique()
