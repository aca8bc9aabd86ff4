"""What a metric is: figures that add up over partitions, and the formula that makes the answer of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from reports.partials.part import How
from reports.query.grain import Grain
from reports.report import View


@dataclass(frozen=True, slots=True)
class Count:
    """A metric that is counted or added up: `rows` says how, for each grain it can be had in.

    `merge` is how the figures of two partitions become one. `owa` names what Open Web Analytics calls it; `remark`
    says where footfall differs and why.
    """

    name: str
    unit: str
    meaning: str
    rows: Mapping[Grain, pl.Expr]
    merge: How = "sum"
    owa: tuple[str, ...] = ()
    remark: str = ""

    @property
    def parts(self) -> tuple[str, ...]:
        """Return the names of the metrics that are counted for this one: itself."""
        return (self.name,)

    def finish(self, view: View) -> pl.Expr:
        """Return the answer from the counted figures; a time is in the view's time zone."""
        figure = pl.col(self.name)
        return figure.dt.convert_time_zone(view.time_zone) if self.unit == "time" else figure


@dataclass(frozen=True, slots=True)
class Ratio:
    """A metric that is one count divided by another, so it can be had wherever both can.

    `scale` multiplies it, `digits` is how far it is rounded; null where there is nothing to divide by.
    """

    name: str
    unit: str
    meaning: str
    part: str
    whole: str
    digits: int = 6
    owa: tuple[str, ...] = ()
    remark: str = ""

    @property
    def parts(self) -> tuple[str, ...]:
        """Return the names of the counts it is made of."""
        return (self.part, self.whole)

    def finish(self, view: View) -> pl.Expr:
        """Return the answer from the counted figures."""
        del view
        whole = pl.col(self.whole).cast(pl.Float64)
        ratio = (pl.col(self.part).cast(pl.Float64) / whole).round(self.digits)
        return pl.when(whole > 0).then(ratio).alias(self.name)


@dataclass(frozen=True, slots=True)
class Share:
    """A metric that is a count as part of that of all rows of the answer together, between 0 and 1, to six decimals."""

    name: str
    meaning: str
    part: str
    unit: str = "share"
    owa: tuple[str, ...] = ()
    remark: str = ""

    @property
    def parts(self) -> tuple[str, ...]:
        """Return the names of the counts it is made of."""
        return (self.part,)

    def finish(self, view: View) -> pl.Expr:
        """Return the answer from the counted figures."""
        del view
        total = pl.col(self.part).sum()
        return pl.when(total > 0).then((pl.col(self.part) / total).round(6)).alias(self.name)


@dataclass(frozen=True, slots=True)
class Quantile:
    """A metric that is a quantile of values, by nearest rank: exact, because partitions send values with their counts.

    `values` gives the value of a row, null where it has none, for each grain it can be had in.
    """

    name: str
    unit: str
    meaning: str
    quantile: float
    values: Mapping[Grain, pl.Expr]
    owa: tuple[str, ...] = ()
    remark: str = ""


Metric = Count | Ratio | Share | Quantile
