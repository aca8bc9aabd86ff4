"""What a dimension is: a property that rows are grouped or filtered by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from reports.query.grain import Grain
from reports.report import View

Made = Callable[[View], pl.Expr]


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

    def is_had_in(self, grain: Grain) -> bool:
        """Tell whether rows of `grain` have it, by themselves or by their visit."""
        return grain in self.rows or (grain in {"hits", "items"} and "visits" in self.rows)
