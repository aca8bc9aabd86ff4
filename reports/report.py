"""What a report is: a question, the columns of its answer, and the lazy query that gives it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

from reports.partials.approximate import HIGH, LOW
from reports.partials.part import Part, merge_rows
from reports.visits import Facts, VisitRule
from reports.visits.funnels import Funnel
from reports.visits.goals import Goal
from reports.visits.profiles import FOOTFALL

Chart = Literal["line", "bar", "heat"]


@dataclass(frozen=True, slots=True)
class ReportColumn:
    """A column of an answer.

    `unit` is ``text``, ``date``, ``time`` (aware, in the view's time zone), ``bytes``, ``share`` (0 to 1) or
    the plural noun of what is counted.
    """

    name: str
    unit: str
    meaning: str


def bounds_of(column: ReportColumn) -> tuple[ReportColumn, ReportColumn]:
    """Return the columns of the bounds of an estimate."""
    name, unit = column.name, column.unit
    return (
        ReportColumn(f"{name}{LOW}", unit, f"lower bound of {name}"),
        ReportColumn(f"{name}{HIGH}", unit, f"upper bound of {name}"),
    )


@dataclass(frozen=True, slots=True)
class View:
    """How events are looked at, the same for all reports of a run.

    `time_zone` is an IANA name; it decides where days and hours begin. `own_hosts` are host names, lower
    case, that count as the site itself besides its name and virtual hosts. `rule` says what a visitor and a visit are;
    `goals` and `funnels` are those of a definitions file, none without one. Where it `is_approximate` distinct things
    are counted by sketches.
    """

    time_zone: str = "UTC"
    own_hosts: tuple[str, ...] = ()
    rule: VisitRule = FOOTFALL
    goals: tuple[Goal, ...] = ()
    funnels: tuple[Funnel, ...] = ()
    is_approximate: bool = False


Measure = Callable[[Facts, View], Sequence[Part]]
Finish = Callable[[Mapping[str, pl.LazyFrame], View], pl.LazyFrame]


@dataclass(frozen=True, slots=True)
class Report:
    """A row of the catalogue.

    `measure` gives what the visitors of one partition contribute, a few named frames; `finish` takes what all of them
    come to, by name, and returns a query for exactly `columns`, in a fixed order of rows. Without events it gives no
    rows, or one row of zeros. `remark` says what only this report counts and `rules` what it has in common with
    others. `is_series` says that rows are moments in time, which a terminal shows whole rather than the first few of.
    `chart` is how a picture shows it: ``line`` and ``bar`` over the first column, ``heat`` over the first two; None
    lets the output choose: a line for a series, bars for a ranking. One that `looks_back` reads as many days before
    the range as it has. `uniques` are the columns that are estimates where the view is approximate.
    """

    name: str
    question: str
    columns: tuple[ReportColumn, ...]
    remark: str
    rules: tuple[str, ...]
    measure: Measure
    finish: Finish
    is_series: bool = False
    chart: Chart | None = None
    looks_back: bool = False
    uniques: tuple[str, ...] = ()

    @property
    def definition(self) -> str:
        """Return what the figures mean, in sentences."""
        return " ".join(filter(None, [self.remark, *self.rules]))

    @property
    def column_names(self) -> tuple[str, ...]:
        """Return the names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    def build(self, facts: Facts, view: View) -> pl.LazyFrame:
        """Return the query for the answer where `facts` are all there are."""
        parts = {part.name: merge_rows(part.rows, part.merge) for part in self.measure(facts, view)}
        return self.finish(parts, view)
