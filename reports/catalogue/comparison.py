"""The report that puts a range beside the one before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Final

import polars as pl

from reports.catalogue import measures as m
from reports.partials.part import Part
from reports.query import METRICS, Query
from reports.query.query import finish, measure
from reports.report import Report, ReportColumn, View
from reports.visits import Facts

_FIGURES: Final = (
    "visits", "visitors", "new_visitors", "page_views", "pages_per_visit", "bounce_rate", "visit_duration", "actions",
    "downloads", "orders", "conversion_rate", "revenue", "requests", "bytes", "errors", "error_rate",
)  # fmt: skip
_QUERY: Final = Query(_FIGURES)
_NOW: Final = "now:"
_BEFORE: Final = "before:"


def _measure(query: Query, facts: Facts, view: View) -> tuple[Part, ...]:
    previous = facts.scope.previous()
    # Without bounds there is no range before; an empty one measures nothing.
    before = (
        facts.over(previous)
        if previous
        else Facts(pl.LazyFrame(schema=facts.everything.collect_schema()), view.rule)
    )
    periods = ((_NOW, facts), (_BEFORE, before))
    return tuple(
        replace(part, name=period + part.name)
        for period, one in periods
        for part in measure(query, one, view)
    )


def _finish(query: Query, parts: Mapping[str, pl.LazyFrame], view: View) -> pl.LazyFrame:
    now, before = (_column(query, parts, view, period) for period in (_NOW, _BEFORE))
    names = pl.LazyFrame(
        {"metric": list(query.metrics), "unit": [METRICS[name].unit for name in query.metrics]},
        schema={"metric": pl.String, "unit": pl.String},
    )
    rows = pl.concat([names, now.rename({"_": "value"}), before.rename({"_": "previous"})], how="horizontal")
    value, previous = pl.col("value"), pl.col("previous")
    change = pl.when(previous != 0).then(((value - previous) / previous.abs()).round(6)).alias("change")
    return rows.with_columns(change).select(COMPARISON.column_names)


def _column(query: Query, parts: Mapping[str, pl.LazyFrame], view: View, period: str) -> pl.LazyFrame:
    of_period = {name.removeprefix(period): rows for name, rows in parts.items() if name.startswith(period)}
    row = finish(query, of_period, view).select(pl.col(query.metrics).cast(pl.Float64))
    return row.select(pl.concat_list(query.metrics).explode().alias("_"))


COMPARISON: Final = Report(
    name="comparison",
    question="How does this range compare with the one before it?",
    columns=(
        ReportColumn("metric", "text", "what is counted"),
        ReportColumn("unit", "text", "its unit"),
        ReportColumn("value", "number", "in this range"),
        ReportColumn("previous", "number", "in the range of as many days before it"),
        ReportColumn("change", "change", "difference, as part of what it was; empty where it was nothing"),
    ),
    remark="Needs --from and --to; the range before has as many days and ends the day before this one begins.",
    rules=(*m.VISIT_RULES, m.ERROR_RULE, m.BOTS_RULE),
    measure=partial(_measure, _QUERY),
    finish=partial(_finish, _QUERY),
    looks_back=True,
    uniques=_QUERY.uniques,
)
