"""Answer reports out of daily rollups, whether or not the events are still there.

A report is answered when it is metrics by dimensions that a rollup has; metrics that do not add up over days are left
out, and said so. Figures are those that the events gave; distinct visitors are estimates of sketches. A visit belongs
to the day it began on and is not cut where the range ends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

import polars as pl

from footfall.clock import Clock
from footfall.errors import SettingsError
from footfall.keys import SEPARATOR
from footfall.layout import PageReply
from footfall.store import Store
from footfall.store.derived import ROLLUPS as ROLLUPS_TABLE
from footfall.store.derived import read_frames
from footfall.store.partitions import KeyRange
from footfall.store.state.derived import read_definition, read_derived_days
from reports.answer import Answer, Provenance, answers_of
from reports.extraction.reading import ROLLUPS as METHOD
from reports.extraction.reading import Reading
from reports.materialize.layouts import decode
from reports.materialize.rollups import ROLLUPS, Rollup
from reports.materialize.run import Wish
from reports.partials.sketches import RELATIVE_ERROR, estimate, union
from reports.query.asked import Query
from reports.query.dimensions import DIMENSIONS
from reports.query.grain import Grain
from reports.query.metrics import METRICS
from reports.query.planning import plan
from reports.query.query import finish
from reports.report import Report, View
from reports.run import Questions

_NUMBERS: Final = {"status": pl.Int64}
"""Dimensions that are numbers; rollups keep all as texts."""

_HINT: Final = "leave out --from-rollups while the events are there"
_LAST: Final = "9999-12-31"


@dataclass(frozen=True, slots=True)
class Readable:
    """A report that rollups answer: its query with the metrics they have, and which rollup has what, by grain."""

    report: Report
    query: Query
    rollups: Mapping[Grain, Rollup]
    measured: Mapping[Grain, frozenset[str]]


def readable(report: Report) -> Readable:
    """Return how rollups answer `report`; raises `SettingsError` that says why they do not."""
    query = _query_of(report)
    planned = plan(query)
    rollups = {
        grain: _rollup_for(report, query, grain, [one.name for one in ones])
        for grain, ones in planned.items()
    }
    had = {one.name for grain, ones in planned.items() for one in ones if _has(rollups[grain], one.name)}
    kept = tuple(name for name in query.metrics if _needs(name) <= had)
    narrowed = replace(query, metrics=kept)
    lacking = {name for metric in narrowed.worked_out for name in _needs(metric.name)} - had
    if not kept or lacking:
        names = ", ".join(sorted(lacking)) or ", ".join(query.metrics)
        raise _cannot(report, f"{names} cannot be added up over days")

    needed = {one.name for one in narrowed.measured}
    measured = {grain: frozenset(one.name for one in ones) & needed for grain, ones in planned.items()}
    return Readable(_told(report, narrowed), narrowed, rollups, measured)


async def answer_from_rollups(store: Store, clock: Clock, questions: Questions) -> tuple[Answer, ...]:
    """Return an answer to each report, in order, out of the rollups of a store.

    Raises `SettingsError` for a report that they do not answer and for another profile than theirs, and the errors of
    the store.
    """
    plans = [readable(report) for report in questions.reports]
    await _check_definition(store, clock, questions.view)
    known = await read_derived_days(store, clock, ROLLUPS_TABLE)
    sites = sorted({site for site, _ in known if questions.scope.site in {None, site}})
    needed = dict.fromkeys(rollup.name for one in plans for rollup in one.rollups.values())
    started, frames = clock.monotonic(), {}
    for name in needed:
        frames[name] = await _rows(
            store, clock, next(one for one in ROLLUPS if one.name == name), questions, sites
        )

    items = sum(frame.height for frame in frames.values())
    reading = Reading(METHOD, len(frames), items, items, seconds=round(clock.monotonic() - started, 3))
    provenance = Provenance(store.location, questions.scope, questions.view, clock.now(), reading)
    rows = [_answered(one, frames, questions.view) for one in plans]
    return answers_of([one.report for one in plans], rows, provenance)


def _query_of(report: Report) -> Query:
    made = report.measure
    if isinstance(made, partial) and isinstance(report.finish, partial) and report.finish.func is finish:
        query = made.args[0]
        if isinstance(query, Query):
            return query

    raise _cannot(report, "it is more than metrics by dimensions")


def _rollup_for(report: Report, query: Query, grain: Grain, measured: Sequence[str]) -> Rollup:
    """Return the rollup with all dimensions of `query` that has most of what is `measured`."""
    dimensions = {one.name for one in query.dimensions}
    days = {name for name in dimensions if _is_of_day(name, grain)}
    able = [
        rollup
        for rollup in ROLLUPS
        if rollup.grain == grain
        and dimensions - days <= {"site", *rollup.by}
        and not (days and grain == "hits" and rollup.dates_visits)
    ]
    if not able:
        names = ", ".join(sorted(dimensions - days)) or "nothing"
        raise _cannot(report, f"none has {grain} by {names}")

    return max(able, key=lambda rollup: (sum(_has(rollup, name) for name in measured), -len(rollup.by)))


def _is_of_day(name: str, grain: Grain) -> bool:
    made = DIMENSIONS[name].rows.get(grain)
    return made is not None and set(made(View()).meta.root_names()) == {"date"}


def _has(rollup: Rollup, name: str) -> bool:
    return name in rollup.figures or name in rollup.sketched


def _needs(name: str) -> set[str]:
    return set(getattr(METRICS[name], "parts", (name,)))


def _told(report: Report, query: Query) -> Report:
    """Return the report with the columns that are left, and a remark on what is different."""
    gone = [column.name for column in report.columns if column.name not in {*query.by, *query.metrics}]
    without = f" Not kept in rollups: {', '.join(gone)}." if gone else ""
    error = f"Out of daily rollups: visitors and clients are estimates, within {RELATIVE_ERROR:.1%}."
    remark = " ".join(filter(None, [report.remark, f"{error}{without}"]))
    return replace(report, columns=query.columns(), remark=remark)


async def _check_definition(store: Store, clock: Clock, view: View) -> None:
    known = await read_definition(store, clock, ROLLUPS_TABLE)
    if known is None:
        raise SettingsError(
            f"{store.location} has no rollups yet.",
            hint=f"footfall materialize rollups --create --store {store.location}",
        )

    if known.text != Wish(view=view).definition.text:
        raise SettingsError(
            f"The rollups are made by profile {known.name!r} or in another time zone.",
            details=[known.words],
            hint="choose that profile and time zone",
        )


async def _rows(
    store: Store, clock: Clock, rollup: Rollup, questions: Questions, sites: Sequence[str]
) -> pl.DataFrame:
    """Return the rows of a rollup in the range, with `site`, `date`, its dimensions, figures and sketches."""
    scope = questions.scope
    first = scope.first_on.isoformat() if scope.first_on else "0"
    last = scope.last_on.isoformat() if scope.last_on else _LAST
    parts = [KeyRange(f"{site}{SEPARATOR}{rollup.name}", first, f"{last}$") for site in sites]

    def made(reply: PageReply) -> pl.DataFrame:
        return decode(reply, rollup.fields)

    schema: dict[str, Any] = {"pk": pl.String, "sk": pl.String}
    empty = pl.DataFrame(schema=schema | {field.name: field.dtype for field in rollup.fields})
    rows = await read_frames(store, clock, ROLLUPS_TABLE, parts, made, empty)
    adding = [name for name, how in rollup.merge.items() if how == "sum"]
    return rows.with_columns(
        pl.col("pk").str.splitn(SEPARATOR, 2).struct.field("field_0").alias("site"),
        pl.col("sk").str.head(10).str.to_date("%Y-%m-%d").alias("date"),
        *(pl.col(name).cast(dtype) for name, dtype in _NUMBERS.items() if name in rollup.by),
        pl.col(*adding).fill_null(0),
    )


def _answered(one: Readable, frames: Mapping[str, pl.DataFrame], view: View) -> pl.DataFrame:
    parts = {
        f"figures:{grain}": _figures(one, grain, frames[rollup.name], view).lazy()
        for grain, rollup in one.rollups.items()
    }
    return finish(one.query, parts, view).collect(engine="streaming")


def _figures(one: Readable, grain: Grain, rows: pl.DataFrame, view: View) -> pl.DataFrame:
    """Return what the rows of a rollup come to by the dimensions of the query."""
    query, rollup, needed = one.query, one.rollups[grain], one.measured[grain]
    made = [
        DIMENSIONS[each.name].rows[grain](view).alias(each.name)
        for each in query.dimensions
        if _is_of_day(each.name, grain)
    ]
    rows = rows.with_columns(made)
    if query.where is not None:
        rows = rows.filter(query.where)

    if query.is_known:
        rows = rows.filter(pl.col(name).is_not_null() for name in query.by)

    figures = [getattr(pl.col(name), how)() for name, how in rollup.merge.items() if name in needed]
    sketches = [pl.col(f"{name}_sketch").alias(name) for name in rollup.sketched if name in needed]
    if query.by:
        grouped = rows.group_by(query.by).agg(*figures, *sketches)
    else:
        grouped = rows.select(*figures, *(each.implode() for each in sketches))

    return grouped.with_columns(
        _estimated(grouped.get_column(name)) for name in rollup.sketched if name in needed
    )


def _estimated(sketches: pl.Series) -> pl.Series:
    values = [estimate(union(one.drop_nulls())).value for one in sketches]
    return pl.Series(sketches.name, values, dtype=pl.Int64)


def _cannot(report: Report, why: str) -> SettingsError:
    return SettingsError(f"Rollups do not answer report {report.name}: {why}.", hint=_HINT)
