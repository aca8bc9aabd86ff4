"""A query: metrics by dimensions, some of the rows, in an order; and the report that answers it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import polars as pl

from footfall.errors import SettingsError
from reports.partials.part import Part
from reports.query.dimension import Dimension
from reports.query.dimensions import DIMENSIONS
from reports.query.grain import GRAINS, Grain, rows_of
from reports.query.metric import Count, Metric, Quantile
from reports.query.metrics import METRICS
from reports.report import Chart, Report, ReportColumn, View
from reports.visits import Facts

FIGURES: Final = "figures"
_VALUE: Final = "_value"
_COUNT: Final = "_count"


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked: `metrics` for each combination of the dimensions `by`.

    `where` is an expression over names of dimensions; `dimensions_of_where` are those it names. `sort` are names of
    columns, ``-`` before one for the largest first; without it rankings begin with the largest first metric, series
    with the earliest moment. Rows whose dimension is unknown are left out where `is_known`.
    """

    metrics: tuple[str, ...]
    by: tuple[str, ...] = ()
    where: pl.Expr | None = None
    sort: tuple[str, ...] = ()
    is_known: bool = False

    def grain(self) -> Grain:
        """Return the rows it is answered from.

        Raises `SettingsError` when no rows have all that is asked for.
        """
        counts, quantiles = self.counts(), self.quantiles()
        for grain in GRAINS:
            has_metrics = all(grain in count.rows for count in counts) and all(
                grain in quantile.values for quantile in quantiles
            )
            if has_metrics and all(dimension.is_had_in(grain) for dimension in self.dimensions()):
                return grain

        raise SettingsError(
            f"No rows have {', '.join(self.metrics)} by {', '.join(self.by) or 'nothing'}"
            + (" with that condition." if self.where is not None else "."),
            hint="footfall reports --metrics lists what goes with what",
        )

    def counts(self) -> tuple[Count, ...]:
        """Return what has to be counted, each once."""
        counted = [metric.parts for metric in self._metrics() if not isinstance(metric, Quantile)]
        names = dict.fromkeys(name for parts in counted for name in parts)
        counts = (METRICS[name] for name in names)
        return tuple(count for count in counts if isinstance(count, Count))

    def quantiles(self) -> tuple[Quantile, ...]:
        """Return the quantiles among the metrics."""
        return tuple(metric for metric in self._metrics() if isinstance(metric, Quantile))

    def dimensions(self) -> tuple[Dimension, ...]:
        """Return the dimensions it groups and filters by, each once."""
        filtered = () if self.where is None else self.where.meta.root_names()
        return tuple(DIMENSIONS[name] for name in dict.fromkeys((*self.by, *filtered)))

    def columns(self) -> tuple[ReportColumn, ...]:
        """Return the columns of the answer: dimensions, then metrics."""
        known: list[Dimension | Metric] = [DIMENSIONS[name] for name in self.by]
        known += self._metrics()
        return tuple(ReportColumn(one.name, one.unit, one.meaning) for one in known)

    def _metrics(self) -> list[Metric]:
        return [METRICS[name] for name in self.metrics]


def report_of(
    query: Query,
    name: str,
    question: str,
    *,
    remark: str = "",
    rules: Sequence[str] = (),
    is_series: bool = False,
    chart: Chart | None = None,
) -> Report:
    """Return the report that answers `query`; raises `SettingsError` when no rows have all that is asked for."""
    query.grain()
    return Report(
        name=name,
        question=question,
        columns=query.columns(),
        remark=remark,
        rules=tuple(rules),
        measure=partial(measure, query),
        finish=partial(finish, query),
        is_series=is_series,
        chart=chart,
    )


def measure(query: Query, facts: Facts, view: View) -> tuple[Part, ...]:
    """Return what one partition contributes to the answer."""
    grain = query.grain()
    rows = _asked(query, grain, facts, view)
    counts = query.counts()
    figures = [count.rows[grain].alias(count.name) for count in counts]
    grouped = rows.group_by(query.by).agg(figures) if query.by else rows.select(figures)
    parts = [Part(FIGURES, grouped, {count.name: count.merge for count in counts})]
    for name, values in _distributions(query, grain).items():
        measured = rows.with_columns(values.alias(_VALUE)).filter(pl.col(_VALUE).is_not_null())
        spread = measured.group_by(*query.by, _VALUE).agg(pl.len().cast(pl.Int64).alias(_COUNT))
        parts.append(Part(name, spread, {_COUNT: "sum"}))

    return tuple(parts)


def _distributions(query: Query, grain: Grain) -> Mapping[str, pl.Expr]:
    """Return what values quantiles are asked of, each once: p50 and p95 of one thing are read off one spread."""
    spreads = {quantile.values[grain].meta.serialize(): quantile for quantile in query.quantiles()}
    return {_spread_name(one): one.values[grain] for one in spreads.values()}


def _spread_name(quantile: Quantile) -> str:
    return "spread:" + ",".join(sorted(quantile.values[next(iter(quantile.values))].meta.root_names()))


def _asked(query: Query, grain: Grain, facts: Facts, view: View) -> pl.LazyFrame:
    """Return the rows that are asked about, with all dimensions of the query under their names."""
    rows = rows_of(grain, facts, view)
    dimensions = query.dimensions()
    of_visit = [one for one in dimensions if grain not in one.rows]
    # All at once, since a dimension may be called like a column that another one is made of.
    rows = rows.with_columns(one.rows[grain](view).alias(one.name) for one in dimensions if grain in one.rows)
    if of_visit:
        visits = facts.visits.select("visit", *(one.rows["visits"](view).alias(one.name) for one in of_visit))
        rows = rows.drop((one.name for one in of_visit), strict=False).join(visits, on="visit", how="left")

    if query.where is not None:
        rows = rows.filter(query.where)

    return rows.filter(pl.col(name).is_not_null() for name in query.by) if query.is_known else rows


def finish(query: Query, parts: Mapping[str, pl.LazyFrame], view: View) -> pl.LazyFrame:
    """Return the rows of the answer from what all partitions contributed."""
    rows = parts[FIGURES]
    for quantile in query.quantiles():
        values = _quantile(parts[_spread_name(quantile)], quantile, query.by)
        rows = _beside(rows, values, query.by)

    answers = [_answer(METRICS[name], view).alias(name) for name in query.metrics]
    return _sorted(rows.select(*query.by, *answers), query)


def _answer(metric: Metric, view: View) -> pl.Expr:
    return pl.col(metric.name) if isinstance(metric, Quantile) else metric.finish(view)


def _beside(rows: pl.LazyFrame, values: pl.LazyFrame, by: Sequence[str]) -> pl.LazyFrame:
    if not by:
        return pl.concat([rows, values], how="horizontal")

    return rows.join(values, on=list(by), how="left", nulls_equal=True)


def _quantile(spread: pl.LazyFrame, quantile: Quantile, by: Sequence[str]) -> pl.LazyFrame:
    """Return the nearest-rank quantile: the smallest value that at least that share of all values do not exceed."""
    ordered = spread.sort(*by, _VALUE)
    reached, total = pl.col(_COUNT).cum_sum(), pl.col(_COUNT).sum()
    if by:
        reached, total = reached.over(by), total.over(by)

    hits = ordered.filter(reached >= (total * quantile.quantile).ceil().clip(lower_bound=1))
    value = pl.col(_VALUE).min().alias(quantile.name)
    return hits.group_by(by).agg(value) if by else hits.select(value)


def _sorted(rows: pl.LazyFrame, query: Query) -> pl.LazyFrame:
    wanted = query.sort or _usual_sort(query)
    names = [name.removeprefix("-") for name in wanted]
    rest = [name for name in query.by if name not in names]
    descending = [name.startswith("-") for name in wanted] + [False for _ in rest]
    if not names and not rest:
        return rows

    return rows.sort(*names, *rest, descending=descending, nulls_last=True)


def _usual_sort(query: Query) -> tuple[str, ...]:
    if not query.by or DIMENSIONS[query.by[0]].unit in {"date", "time", "hour", "week", "month"}:
        return ()

    return tuple(f"-{name}" for name in query.metrics[:1])
