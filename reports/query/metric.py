"""What a metric is: figures that add up over partitions, and the formula that makes the answer of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from reports.partials.part import How
from reports.query.grain import Grain
from reports.report import View
from reports.visits import VisitRule


@dataclass(frozen=True, slots=True)
class Count:
    """A metric that is counted or added up: `rows` says how, for each grain it can be had in.

    `merge` is how the figures of two partitions become one. What counts different things that mean the same everywhere
    gives them as `things`, so that a run may ask for a sketch of them instead. One that is `of_senders` counts stored
    visitors, whatever the rule takes for one. One that is `of_visits` tells of whole visits: by a time it counts when
    they began, where others count when they happened. `owa` names what Open Web Analytics calls it; `remark` says
    where footfall differs and why.
    """

    name: str
    unit: str
    meaning: str
    rows: Mapping[Grain, pl.Expr]
    merge: How = "sum"
    of_visits: bool = False
    things: Mapping[Grain, pl.Expr] = field(default_factory=dict)
    of_senders: bool = False
    owa: tuple[str, ...] = ()
    remark: str = ""

    @property
    def parts(self) -> tuple[str, ...]:
        """Return the names of the metrics that are counted for this one: itself."""
        return (self.name,)

    @property
    def formula(self) -> str:
        """Return how it follows from other metrics: not at all."""
        return ""

    def finish(self, view: View) -> pl.Expr:
        """Return the answer from the counted figures; a time is in the view's time zone."""
        figure = pl.col(self.name)
        return figure.dt.convert_time_zone(view.time_zone) if self.unit == "time" else figure


@dataclass(frozen=True, slots=True)
class Ratio:
    """A metric that is one count divided by another, so it can be had wherever both can.

    `digits` is how far it is rounded; null where there is nothing to divide by.
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

    @property
    def formula(self) -> str:
        """Return how it follows from other metrics."""
        return f"{self.part} / {self.whole}"

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

    @property
    def formula(self) -> str:
        """Return how it follows from other metrics."""
        return f"{self.part} / {self.part} of all rows"

    def finish(self, view: View) -> pl.Expr:
        """Return the answer from the counted figures."""
        del view
        total = pl.col(self.part).cast(pl.Float64).sum()
        return pl.when(total > 0).then((pl.col(self.part).cast(pl.Float64) / total).round(6)).alias(self.name)


@dataclass(frozen=True, slots=True)
class Distinct:
    """A metric that counts different things which are nobody's own, so that partitions send them rather than a number.

    `rows` gives the thing a row tells of, null where it tells of none, for each grain it can be had in.
    """

    name: str
    unit: str
    meaning: str
    rows: Mapping[Grain, pl.Expr]
    owa: tuple[str, ...] = ()
    remark: str = ""

    @property
    def formula(self) -> str:
        """Return how it follows from other metrics: not at all."""
        return ""


@dataclass(frozen=True, slots=True)
class Quantile:
    """A metric that is a quantile of values, by nearest rank: exact, because partitions send values with their counts.

    `rows` gives the value of a row, null where it has none, for each grain it can be had in; quantiles of the same
    `of` are read off the same values.
    """

    name: str
    unit: str
    meaning: str
    quantile: float
    of: str
    rows: Mapping[Grain, pl.Expr]
    owa: tuple[str, ...] = ()
    remark: str = ""

    @property
    def formula(self) -> str:
        """Return how it follows from values."""
        return f"the value that {self.quantile:.0%} of all do not exceed"


def things_of(measured: Measured) -> Mapping[Grain, pl.Expr]:
    """Return the things that a metric counts the different ones of, by grain; none where it counts no such things."""
    if isinstance(measured, Quantile):
        return {}

    return measured.things if isinstance(measured, Count) else measured.rows


def is_sent(measured: Measured, rule: VisitRule) -> bool:
    """Tell whether partitions send the things that a metric counts, since one thing may be in several of them.

    All events of whom the rule takes for one visitor are in one partition. Where that is who has an address, a stored
    visitor with two addresses may be in two.
    """
    return isinstance(measured, Distinct) or (
        isinstance(measured, Count) and measured.of_senders and rule.who != "visitor"
    )


Metric = Count | Ratio | Share | Distinct | Quantile
Measured = Count | Distinct | Quantile
"""What is measured in rows, rather than worked out from what was."""
