"""The report about funnels: how far visits come through steps that follow one another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import polars as pl

from reports.catalogue import measures as m
from reports.partials.part import Part
from reports.report import Report, ReportColumn, View
from reports.visits import Facts
from reports.visits.funnels import WALKED_SCHEMA, walked

_BY: Final = ("funnel", "step")
_WAITED: Final = "waited_ms"
_SCHEMA: Final = pl.Schema({"funnel": pl.Int64} | dict(WALKED_SCHEMA))


def _measure(facts: Facts, view: View) -> tuple[Part, ...]:
    walks = [
        walked(facts.hits, facts.visits, funnel).select(pl.lit(number, pl.Int64).alias("funnel"), pl.all())
        for number, funnel in enumerate(view.funnels)
    ]
    taken = pl.concat([pl.DataFrame(schema=_SCHEMA), *walks]).lazy()
    counts = taken.group_by(_BY).agg(
        pl.len().cast(pl.Int64).alias("reached"),
        pl.col("visitor_code").n_unique().cast(pl.Int64).alias("visitors"),
    )
    waits = taken.drop_nulls(_WAITED).group_by(*_BY, _WAITED).agg(pl.len().cast(pl.Int64).alias("count"))
    return m.adding("steps", counts, "reached", "visitors"), m.adding("waits", waits, "count")


def _finish(parts: Mapping[str, pl.LazyFrame], view: View) -> pl.LazyFrame:
    steps = _steps(view).join(parts["steps"], on=_BY, how="left")
    rows = steps.join(_medians(parts["waits"]), on=_BY, how="left").sort(_BY)
    reached = pl.col("reached")
    known = rows.with_columns(pl.col("reached", "visitors").fill_null(0)).with_columns(
        reached.shift(1).over("funnel").alias("before"), reached.first().over("funnel").alias("first")
    )
    lost = pl.col("before") - reached
    return known.select(
        pl.col("name").alias("funnel"),
        "step",
        "page",
        "scope",
        "reached",
        "visitors",
        m.share(reached, pl.col("before")).alias("of_step_before"),
        m.share(reached, pl.col("first")).alias("of_first_step"),
        lost.alias("lost"),
        m.share(lost, pl.col("before")).alias("drop_off"),
        "median_seconds",
    ).rename({"page": "called"})


def _steps(view: View) -> pl.LazyFrame:
    schema: dict[str, Any] = {
        "funnel": pl.Int64,
        "name": pl.String,
        "scope": pl.String,
        "step": pl.Int64,
        "page": pl.String,
    }
    rows = [
        (number, funnel.name, f"{funnel.scope}s", place, step.name)
        for number, funnel in enumerate(view.funnels)
        for place, step in enumerate(funnel.steps, 1)
    ]
    return pl.LazyFrame(rows, schema=schema, orient="row")


def _medians(waits: pl.LazyFrame) -> pl.LazyFrame:
    """Return the nearest-rank median: the shortest wait that at least half of all did not exceed."""
    reached, total = pl.col("count").cum_sum().over(_BY), pl.col("count").sum().over(_BY)
    enough = waits.sort(*_BY, _WAITED).filter(2 * reached >= total)
    return enough.group_by(_BY).agg((pl.col(_WAITED).min() / 1000).alias("median_seconds"))


FUNNELS: Final = Report(
    name="funnels",
    question="How far do visitors come on the way that the site has for them, and where do they leave it?",
    columns=(
        ReportColumn("funnel", "text", "name of the funnel"),
        ReportColumn("step", "step", "number of the step, from 1"),
        ReportColumn("called", "text", "name of the step"),
        ReportColumn("scope", "text", "what goes through it and is counted: visits or visitors"),
        ReportColumn("reached", "visits or visitors", "that took this step after all before it"),
        ReportColumn("visitors", "visitors", "distinct ones among them"),
        ReportColumn("of_step_before", "share", "reached, of those that took the step before"),
        ReportColumn("of_first_step", "share", "reached, of those that took the first step"),
        ReportColumn("lost", "visits or visitors", "that took the step before and not this one"),
        ReportColumn("drop_off", "share", "lost, of those that took the step before"),
        ReportColumn(
            "median_seconds",
            "seconds",
            "that half of those who took it needed since the step before, or less",
        ),
    ),
    remark=(
        "Funnels are those of the file that --definitions names. Steps count in their order only: an attempt begins "
        "with each hit of the first step, and each further step is the first later hit that matches it, no later than "
        "the funnel's window after the attempt began, if it has one. Where a visit, or a visitor, makes several "
        "attempts, the one that comes furthest counts, of those the earliest; so each is counted once a step. A strict "
        "funnel ends where a page is viewed between two steps that belongs to neither. Attempts are cut at the edges "
        "of the range."
    ),
    rules=(m.VISITOR_RULE,),
    measure=_measure,
    finish=_finish,
)
