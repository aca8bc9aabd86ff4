"""Reports about what a site wants its visitors to do: its goals, and where those came from who reached them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import polars as pl

from reports.catalogue import measures as m
from reports.partials.part import Part
from reports.report import Report, ReportColumn, View
from reports.visits import Facts

_ORIGIN: Final = ("medium", "source")
_FIGURES: Final = ("completions", "visits", "visitors", "starts", "abandons", "value")
_IS_REACHED: Final = pl.col("completions") > 0
_ONCE_RULE: Final = "A goal is reached once a visit at most, unless its definition says otherwise."
_NEEDED: Final = (
    "Goals are those of the file that --definitions names, whatever was defined when it happened."
)

_GOAL: Final = ReportColumn("goal", "text", "name of the goal")
_COMPLETIONS: Final = ReportColumn("completions", "goals", "how often it was reached")
_VISITS: Final = ReportColumn("visits", "visits", "in which it was reached")
_VISITORS: Final = ReportColumn("visitors", "visitors", "distinct ones who reached it")
_RATE: Final = ReportColumn("conversion_rate", "share", "visits that reached it, of all visits")
_VALUE: Final = ReportColumn("value", "value", "what was reached is worth")


def _of_goals(facts: Facts, *by: str) -> Part:
    """Return the figures of each goal, numbered as in the view, and of each value of `by`."""
    visits = facts.visits.select("visit", "visitor_code", *by)
    done = facts.goals_reached.join(visits, on="visit", how="inner").group_by("goal", *by)
    figures = done.agg(
        pl.col("completions").sum(),
        _IS_REACHED.sum().cast(pl.Int64).alias("visits"),
        pl.col("visitor_code").filter(_IS_REACHED).n_unique().cast(pl.Int64).alias("visitors"),
        pl.col("starts", "abandons", "value").sum(),
    )
    return m.adding("goals", figures, *_FIGURES)


def _named(view: View) -> pl.LazyFrame:
    goals = [(number, goal.name, goal.matcher.said) for number, goal in enumerate(view.goals)]
    return pl.LazyFrame(
        goals, schema={"goal": pl.Int64, "name": pl.String, "reached_by": pl.String}, orient="row"
    )


def _measure_goals(facts: Facts, view: View) -> tuple[Part, ...]:
    del view
    return _of_goals(facts), m.adding(
        "all", facts.visits.select(pl.len().cast(pl.Int64).alias("all_visits")), "all_visits"
    )


def _finish_goals(parts: Mapping[str, pl.LazyFrame], view: View) -> pl.LazyFrame:
    figures = _named(view).join(parts["goals"], on="goal", how="left").join(parts["all"], how="cross")
    rows = figures.sort("goal").with_columns(pl.col(_FIGURES).fill_null(0), goal=pl.col("name"))
    return rows.with_columns(
        pl.col("value").round(4),
        m.share(pl.col("visits"), pl.col("all_visits")).alias("conversion_rate"),
        m.share(pl.col("abandons"), pl.col("starts")).alias("abandon_rate"),
    ).select(GOALS.column_names)


def _measure_sources(facts: Facts, view: View) -> tuple[Part, ...]:
    del view
    every = facts.visits.group_by(_ORIGIN).agg(pl.len().cast(pl.Int64).alias("all_visits"))
    return _of_goals(facts, *_ORIGIN), m.adding("all", every, "all_visits")


def _finish_sources(parts: Mapping[str, pl.LazyFrame], view: View) -> pl.LazyFrame:
    figures = parts["goals"].filter(_IS_REACHED).join(_named(view), on="goal", how="inner")
    rows = figures.join(parts["all"], on=_ORIGIN, how="left", nulls_equal=True)
    ordered = rows.sort(
        "goal", "completions", *_ORIGIN, descending=[False, True, False, False], nulls_last=True
    ).with_columns(
        pl.col("value").round(4),
        m.share(pl.col("visits"), pl.col("all_visits")).alias("conversion_rate"),
        goal=pl.col("name"),
    )
    return ordered.select(GOAL_SOURCES.column_names)


GOALS: Final = Report(
    name="goals",
    question="Which goals are reached, and how often?",
    columns=(
        _GOAL,
        _COMPLETIONS,
        _VISITS,
        _VISITORS,
        ReportColumn("all_visits", "visits", "all there were"),
        _RATE,
        ReportColumn("starts", "visits", "that set out for it"),
        ReportColumn("abandons", "visits", "that set out for it and did not reach it"),
        ReportColumn("abandon_rate", "share", "visits that did not reach it, of those that set out for it"),
        _VALUE,
        ReportColumn("reached_by", "text", "what a hit has to be, as the file says it"),
    ),
    remark=f"{_NEEDED} {_ONCE_RULE}",
    rules=(m.VISITOR_RULE,),
    measure=_measure_goals,
    finish=_finish_goals,
)

GOAL_SOURCES: Final = Report(
    name="goal-sources",
    question="Where do visits come from that reach a goal?",
    columns=(
        _GOAL,
        ReportColumn("medium", "text", "medium of the visit's campaign or referrer"),
        ReportColumn("source", "text", "source of the visit's campaign, or its referrer's name or host"),
        _COMPLETIONS,
        _VISITS,
        _VISITORS,
        ReportColumn("all_visits", "visits", "all that came from there"),
        _RATE,
        _VALUE,
    ),
    remark=f"{_NEEDED} {_ONCE_RULE} What brought no visit that reached a goal has no row of it.",
    rules=(m.VISITOR_RULE,),
    measure=_measure_sources,
    finish=_finish_sources,
)
