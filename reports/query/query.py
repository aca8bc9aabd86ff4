"""The report that answers a query: what each partition contributes, and the answer from all of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

import polars as pl

from reports.partials.approximate import HIGH, LOW, estimated, sketched
from reports.partials.part import How, Part, merge_rows
from reports.query.asked import DESCENDING, Query
from reports.query.grain import Grain, rows_of
from reports.query.metric import Count, Distinct, Measured, Metric, Quantile, is_sent, things_of
from reports.query.planning import plan
from reports.report import Chart, Report, View
from reports.visits import Facts

__all__ = ["Query", "finish", "measure", "report_of"]

_VALUE: Final = "_value"
_COUNT: Final = "_count"
_BOUND: Final[How] = "max"


def report_of(
    query: Query,
    name: str,
    question: str,
    *,
    remark: str = "",
    rules: Sequence[str] = (),
    is_series: bool | None = None,
    chart: Chart | None = None,
) -> Report:
    """Return the report that answers `query`, which is a series where it is by a time and not said otherwise.

    Raises `SettingsError` when no rows have all that is asked for.
    """
    plan(query)
    return Report(
        name=name,
        question=question,
        columns=query.columns(),
        remark=remark,
        rules=tuple(rules),
        measure=partial(measure, query),
        finish=partial(finish, query),
        is_series=query.is_series if is_series is None else is_series,
        chart=chart,
        uniques=query.uniques,
    )


def bounded(report: Report) -> Report:
    """Return `report` with columns for the bounds of what is approximate, where it is the answer to a query."""
    finishing = report.finish
    if not isinstance(finishing, partial) or finishing.func is not finish or not report.uniques:
        return report

    query = replace(finishing.args[0], is_bounded=True)
    return replace(report, columns=query.columns(), finish=partial(finish, query))


def measure(query: Query, facts: Facts, view: View) -> tuple[Part, ...]:
    """Return what one partition contributes to the answer."""
    return tuple(
        part
        for grain, measured in plan(query).items()
        for part in _parts(query, grain, measured, _asked(query, grain, facts, view), view)
    )


def _parts(
    query: Query, grain: Grain, measured: Sequence[Measured], rows: pl.LazyFrame, view: View
) -> Iterator[Part]:
    estimates = [one for one in measured if view.is_approximate and things_of(one)]
    yield from (sketched(_sketch(one), rows, query.by, things_of(one)[grain]) for one in estimates)
    measured = [one for one in measured if one not in estimates]
    sent = [one for one in measured if is_sent(one, view.rule)]
    counts = [one for one in measured if isinstance(one, Count) and one not in sent]
    if counts:
        figures = [count.rows[grain].alias(count.name) for count in counts]
        grouped = rows.group_by(query.by).agg(figures) if query.by else rows.select(figures)
        yield Part(f"figures:{grain}", grouped, {count.name: count.merge for count in counts})

    for one in sent:
        things = rows.select(*query.by, things_of(one)[grain].alias(_VALUE)).drop_nulls(_VALUE)
        yield Part(_things(one), things.unique())

    for name, values in {
        _spread(one): one.rows[grain] for one in measured if isinstance(one, Quantile)
    }.items():
        valued = rows.select(*query.by, values.alias(_VALUE)).drop_nulls(_VALUE)
        spread = valued.group_by(*query.by, _VALUE).agg(pl.len().cast(pl.Int64).alias(_COUNT))
        yield Part(name, spread, {_COUNT: "sum"})


def _sketch(measured: Measured) -> str:
    return f"sketch:{measured.name}"


def _things(measured: Measured) -> str:
    return f"things:{measured.name}"


def _spread(quantile: Quantile) -> str:
    return f"spread:{quantile.of}"


def _asked(query: Query, grain: Grain, facts: Facts, view: View) -> pl.LazyFrame:
    """Return the rows that are asked about, with all dimensions of the query under their names."""
    rows = rows_of(grain, facts, view)
    dimensions = query.dimensions
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
    """Return the rows of the answer from what all partitions contributed.

    Rows in which nothing was counted are left out; without dimensions there is one row.
    """
    rows = _figures(query, parts)
    if query.by:
        rows = rows.filter(pl.any_horizontal(_is_something(one) for one in query.measured))

    answers = [_answer(metric, view).alias(metric.name) for metric in query.worked_out]
    bounds = [f"{name}{bound}" for name in query.estimates for bound in (LOW, HIGH) if query.is_bounded]
    answered = rows.select(*query.by, *answers, *bounds)
    if query.having is not None:
        answered = answered.filter(query.having)

    ordered = _sorted(answered, query).select(column.name for column in query.columns())
    return ordered if query.limit is None else ordered.head(query.limit)


def _figures(query: Query, parts: Mapping[str, pl.LazyFrame]) -> pl.LazyFrame:
    """Return one row for each combination of dimensions, with all that was measured."""
    frames = [rows for name, rows in parts.items() if name.startswith("figures:")]
    sketches = [one for one in query.measured if _sketch(one) in parts]
    sent = [one for one in query.measured if _things(one) in parts]
    quantiles: dict[str, list[Quantile]] = {}
    for one in query.measured:
        if isinstance(one, Quantile):
            quantiles.setdefault(_spread(one), []).append(one)

    frames += [estimated(parts[_sketch(one)], one.name) for one in sketches]
    frames += [_counted(parts[_things(one)], one, query.by) for one in sent]
    frames += [_quantiles(parts[name], ones, query.by) for name, ones in quantiles.items()]
    if len(frames) == 1:
        return frames[0]

    merge: dict[str, How] = {
        one.name: one.merge if isinstance(one, Count) else "max" for one in query.measured
    }
    bounds = [f"{one.name}{bound}" for one in sketches for bound in (LOW, HIGH)]
    merged = merge_rows(pl.concat(frames, how="diagonal_relaxed"), merge | dict.fromkeys(bounds, _BOUND))
    counted = [*(one.name for one in (*sent, *sketches)), *bounds]
    return merged.with_columns(pl.col(counted).fill_null(0))


def _is_something(one: Measured) -> pl.Expr:
    figure = pl.col(one.name)
    adds_up = isinstance(one, Distinct) or (isinstance(one, Count) and one.merge == "sum")
    return (figure != 0).fill_null(value=False) if adds_up else figure.is_not_null()


def _answer(metric: Metric, view: View) -> pl.Expr:
    return pl.col(metric.name) if isinstance(metric, Distinct | Quantile) else metric.finish(view)


def _counted(things: pl.LazyFrame, measured: Measured, by: Sequence[str]) -> pl.LazyFrame:
    count = pl.len().cast(pl.Int64).alias(measured.name)
    return things.group_by(by).agg(count) if by else things.select(count)


def _quantiles(spread: pl.LazyFrame, quantiles: Sequence[Quantile], by: Sequence[str]) -> pl.LazyFrame:
    """Return nearest-rank quantiles: the smallest value that at least that share of all values do not exceed."""
    value, count = pl.col(_VALUE), pl.col(_COUNT)
    reached, ordered = count.sort_by(_VALUE).cum_sum(), value.sort()
    found = [
        ordered.filter(reached >= (count.sum() * one.quantile).ceil().clip(lower_bound=1))
        .first()
        .alias(one.name)
        for one in quantiles
    ]
    return spread.group_by(by).agg(found) if by else spread.select(found)


def _sorted(rows: pl.LazyFrame, query: Query) -> pl.LazyFrame:
    wanted = query.sort or _usual_sort(query)
    names = [name.removeprefix(DESCENDING) for name in wanted]
    rest = [name for name in query.by if name not in names]
    descending = [name.startswith(DESCENDING) for name in wanted] + [False for _ in rest]
    if not names and not rest:
        return rows

    return rows.sort(*names, *rest, descending=descending, nulls_last=True)


def _usual_sort(query: Query) -> tuple[str, ...]:
    if not query.by or query.is_series:
        return ()

    return tuple(f"{DESCENDING}{name}" for name in query.metrics[:1])
