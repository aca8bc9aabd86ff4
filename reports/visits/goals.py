"""Goals: what a site wants its visitors to do, and what each visit did of it, worked out anew for every report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import polars as pl

from reports.visits.matching import Matcher, marked

Worth = Literal["event_value", "revenue"]


@dataclass(frozen=True, slots=True)
class Goal:
    """What a site wants its visitors to do: a hit that `matcher` matches reaches it.

    One that counts `once` is reached at most once a visit, by the first such hit. `value` is what reaching it is worth,
    or the column of the hit that says so. A visit with a hit that `starts` matches has set out for it.
    """

    name: str
    matcher: Matcher
    starts: Matcher | None = None
    value: float | Worth = 0.0
    is_once: bool = True


_FIGURES: Final[Mapping[str, Any]] = {
    "completions": pl.Int64,
    "starts": pl.Int64,
    "abandons": pl.Int64,
    "value": pl.Float64,
}
REACHED_SCHEMA: Final = pl.Schema({"visit": pl.Int64, "goal": pl.Int64} | dict(_FIGURES))
"""Columns of what visits did of goals, which are numbered from 0: how often the visit reached the goal, whether it set
out for it (0 or 1), whether it did and never reached it (0 or 1), and what that was worth."""

VISIT_COLUMNS: Final[Mapping[str, str]] = {
    "completions": "goals",
    "starts": "goal_starts",
    "abandons": "goal_abandons",
    "value": "goal_value",
}
"""The column of a visit that adds up each figure."""


def reached(hits: pl.LazyFrame, visits: pl.LazyFrame, goals: Sequence[Goal]) -> pl.DataFrame:
    """Return a row, of `REACHED_SCHEMA`, for each visit and goal that it reached or set out for.

    `hits` are in order, with all columns of their schema.
    """
    if not goals:
        return pl.DataFrame(schema=REACHED_SCHEMA)

    ends = marked(hits, visits, [goal.matcher for goal in goals])
    begins = marked(hits, visits, [goal.starts for goal in goals if goal.starts is not None])
    rows = hits.select("visit", "event_value", pl.col("revenue").cast(pl.Float64)).collect()
    left = iter(begins)
    frames = [
        _of_goal(number, goal, rows.filter(end), None if goal.starts is None else rows.filter(next(left)))
        for number, (goal, end) in enumerate(zip(goals, ends, strict=True))
    ]
    return pl.concat(frames)


def with_goals(visits: pl.DataFrame, done: pl.DataFrame) -> pl.DataFrame:
    """Return `visits` with their columns of goals filled from `done`, as `reached` gives it."""
    sums = done.group_by("visit").agg(pl.col(of).sum().alias(name) for of, name in VISIT_COLUMNS.items())
    joined = visits.drop(VISIT_COLUMNS.values()).join(sums, on="visit", how="left", maintain_order="left")
    return joined.with_columns(pl.col(name).fill_null(0) for name in VISIT_COLUMNS.values()).select(
        visits.columns
    )


def _of_goal(number: int, goal: Goal, ends: pl.DataFrame, begins: pl.DataFrame | None) -> pl.DataFrame:
    reaching = ends.group_by("visit", maintain_order=True).agg(
        (pl.lit(1) if goal.is_once else pl.len()).cast(pl.Int64).alias("completions"),
        _worth(goal).cast(pl.Float64).alias("value"),
    )
    setting_out = (
        pl.DataFrame(schema={"visit": pl.Int64}) if begins is None else begins.select("visit").unique()
    )
    both = reaching.join(
        setting_out.with_columns(starts=pl.lit(1, pl.Int64)), on="visit", how="full", coalesce=True
    )
    done, begun = pl.col("completions").fill_null(0), pl.col("starts").fill_null(0)
    return both.select(
        "visit",
        pl.lit(number, pl.Int64).alias("goal"),
        done,
        begun,
        ((begun > 0) & (done == 0)).cast(pl.Int64).alias("abandons"),
        pl.col("value").fill_null(0.0),
    )


def _worth(goal: Goal) -> pl.Expr:
    """Return what the hits of a visit that reach `goal` are worth; a value that is no number is worth nothing."""
    if not isinstance(goal.value, str):
        return pl.lit(goal.value) * (1 if goal.is_once else pl.len())

    said = pl.when(pl.col(goal.value).is_finite()).then(goal.value).otherwise(0.0)
    return said.first() if goal.is_once else said.sum()
