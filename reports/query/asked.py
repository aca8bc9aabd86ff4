"""What is asked: metrics by dimensions, of some of the rows, in an order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from reports.query.dimension import Dimension
from reports.query.dimensions import DIMENSIONS
from reports.query.metric import Count, Distinct, Measured, Metric, Quantile, things_of
from reports.query.metrics import METRICS
from reports.report import ReportColumn, bounds_of

DESCENDING: Final = "-"


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked: `metrics` for each combination of the dimensions `by`.

    `where` is an expression over names of dimensions, true for the rows to be counted; `having` one over names of
    metrics and of `by`, true for the rows of the answer to be kept. `sort` are names of columns or metrics, ``-``
    before one for the largest first; without it rankings begin with the largest first metric, series with the earliest
    moment. `limit` rows are kept, None keeps all. Rows whose dimension is unknown are left out where `is_known`.

    The answer of one that `is_bounded` has columns for the bounds of what may be approximate, beside it.

    `condition` is what a user typed as `where` and `having`, to be named where it fails over some value.

    All names must be in `METRICS` and `DIMENSIONS`; `typed.query_of` makes a query from what a user typed.
    """

    metrics: tuple[str, ...]
    by: tuple[str, ...] = ()
    where: pl.Expr | None = None
    having: pl.Expr | None = None
    sort: tuple[str, ...] = ()
    limit: int | None = None
    is_known: bool = False
    is_bounded: bool = False
    condition: str = ""

    @property
    def worked_out(self) -> tuple[Metric, ...]:
        """Return the metrics that are shown, filtered or sorted by, each once."""
        filtered = () if self.having is None else self.having.meta.root_names()
        names = (*self.metrics, *filtered, *(name.removeprefix(DESCENDING) for name in self.sort))
        return tuple(METRICS[name] for name in dict.fromkeys(names) if name in METRICS)

    @property
    def measured(self) -> tuple[Measured, ...]:
        """Return what has to be measured in rows to work those out, each once."""
        names = dict.fromkeys(name for metric in self.worked_out for name in _parts(metric))
        found = (METRICS[name] for name in names)
        return tuple(metric for metric in found if isinstance(metric, Count | Distinct | Quantile))

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """Return the dimensions it groups and filters by, each once."""
        filtered = () if self.where is None else self.where.meta.root_names()
        return tuple(DIMENSIONS[name] for name in dict.fromkeys((*self.by, *filtered)))

    @property
    def is_series(self) -> bool:
        """Whether its rows are moments in time."""
        return bool(self.by) and DIMENSIONS[self.by[0]].is_time and not self.sort

    @property
    def estimates(self) -> tuple[str, ...]:
        """Return the metrics of the answer that are estimates with bounds where the view is approximate."""
        return tuple(name for name in self.metrics if name in self._may_be_estimated)

    @property
    def uniques(self) -> tuple[str, ...]:
        """Return the same metrics, and those that are worked out of such."""
        may_be = self._may_be_estimated
        return tuple(name for name in self.metrics if may_be.intersection(_parts(METRICS[name])))

    @property
    def _may_be_estimated(self) -> frozenset[str]:
        return frozenset(one.name for one in self.measured if things_of(one))

    def columns(self) -> tuple[ReportColumn, ...]:
        """Return the columns of the answer: dimensions, then metrics."""
        known: list[Dimension | Metric] = [DIMENSIONS[name] for name in self.by]
        known += [METRICS[name] for name in self.metrics]
        columns = [ReportColumn(one.name, one.unit, one.meaning) for one in known]
        if not self.is_bounded:
            return tuple(columns)

        return tuple(found for column in columns for found in (column, *self._bounds(column)))

    def _bounds(self, column: ReportColumn) -> tuple[ReportColumn, ...]:
        return bounds_of(column) if column.name in self.estimates else ()


def _parts(metric: Metric) -> tuple[str, ...]:
    """Return the names of what is measured for `metric`."""
    return (metric.name,) if isinstance(metric, Distinct | Quantile) else metric.parts
