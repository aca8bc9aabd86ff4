"""What a dimension is: a property that rows are grouped or filtered by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from reports.query.grain import GRAINS, Grain
from reports.report import View

Made = Callable[[View], pl.Expr]

TIMES: Final = frozenset(
    {"date", "time", "hour", "minute", "weekday", "day", "week", "month", "quarter", "year"}
)
"""Units of dimensions that say when; rows of such an answer are in the order of time."""


@dataclass(frozen=True, slots=True)
class Dimension:
    """A property of rows. `rows` gives its value for each grain it can be had in.

    One that only visits have can be asked for hits and items, too: it is that of their visit. `owa` names what Open
    Web Analytics calls it; `remark` says where footfall differs and why.
    """

    name: str
    unit: str
    meaning: str
    rows: Mapping[Grain, Made]
    owa: tuple[str, ...] = ()
    remark: str = ""

    @property
    def is_time(self) -> bool:
        """Whether it says when something happened."""
        return self.unit in TIMES

    @property
    def grains(self) -> tuple[Grain, ...]:
        """Return the rows that have it."""
        return tuple(grain for grain in GRAINS if self.is_had_in(grain))

    def is_had_in(self, grain: Grain) -> bool:
        """Tell whether rows of `grain` have it, by themselves or by their visit."""
        return grain in self.rows or (grain in {"hits", "items"} and "visits" in self.rows)
