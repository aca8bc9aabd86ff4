"""Reports about who comes back: visitors by when they first came, and how many of them return later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal

import polars as pl

from reports.catalogue import measures as m
from reports.partials.part import Part
from reports.report import Report, ReportColumn, View
from reports.visits import Facts

_KEYS: Final = ("cohort", "offset")
_LAST: Final = "_last"
_DIFFERENT: Final = pl.col("visitor_code").n_unique().cast(pl.Int64).alias("visitors")


@dataclass(frozen=True, slots=True)
class _Period:
    """A kind of cohort. Periods have a number, one more for the next; `longest` is the last that is looked at."""

    name: Literal["day", "week", "month"]
    longest: int

    def number(self, day: pl.Expr) -> pl.Expr:
        """Return the number of the period that a day is in."""
        days = day.cast(pl.Int32).cast(pl.Int64)
        # The first of January 1970 was a Thursday.
        numbers = {
            "day": days,
            "week": (days + 3) // 7,
            "month": day.dt.year().cast(pl.Int64) * 12 + day.dt.month() - 1,
        }
        return numbers[self.name].cast(pl.Int64)

    def label(self, number: pl.Expr) -> pl.Expr:
        """Return what the period with a number is called."""
        day = (number if self.name == "day" else number * 7 - 3).cast(pl.Int32).cast(pl.Date)
        month = pl.concat_str(
            (number // 12).cast(pl.String).str.zfill(4),
            (number % 12 + 1).cast(pl.String).str.zfill(2),
            separator="-",
        )
        return {"day": day, "week": day.dt.strftime("%G-W%V"), "month": month}[self.name]


def _measure(period: _Period, facts: Facts, view: View) -> tuple[Part, ...]:
    first_on = pl.col("first_started_at").dt.convert_time_zone(view.time_zone).dt.date()
    visits = facts.visits.select(
        "visitor_code",
        # Who first came before the range is in no cohort: of those only some would be known.
        facts.scope.predicate("first_started_at").alias("is_known"),
        period.number(first_on).alias("cohort"),
        period.number(pl.col("date")).alias("period"),
    )
    returned = visits.filter("is_known").with_columns((pl.col("period") - pl.col("cohort")).alias("offset"))
    last = visits.select(pl.col("period").max().alias(_LAST))
    return (
        m.adding("visitors", returned.group_by(_KEYS).agg(_DIFFERENT), "visitors"),
        Part("last", last, {_LAST: "max"}),
    )


def _finish(period: _Period, parts: Mapping[str, pl.LazyFrame], view: View) -> pl.LazyFrame:
    del view
    visitors = parts["visitors"]
    first = visitors.filter(pl.col("offset") == 0).select(
        "cohort", pl.col("visitors").alias("cohort_visitors")
    )
    left = (pl.col(_LAST) - pl.col("cohort")).clip(upper_bound=period.longest)
    grid = (
        first.join(parts["last"], how="cross")
        .with_columns(pl.int_ranges(0, left + 1).alias("offset"))
        .explode("offset")
    )
    rows = grid.join(visitors, on=_KEYS, how="left").sort(_KEYS).with_columns(pl.col("visitors").fill_null(0))
    return rows.select(
        period.label(pl.col("cohort")).alias("cohort"),
        "offset",
        "visitors",
        m.share(pl.col("visitors"), pl.col("cohort_visitors")).alias("share"),
        "cohort_visitors",
    )


def _report(name: str, period: _Period, unit: str) -> Report:
    word = period.name
    return Report(
        name=name,
        question=f"Of those who first came in one {word}, how many come back in the {word}s after it?",
        columns=(
            ReportColumn("cohort", unit, f"{word} of the first visit"),
            ReportColumn("offset", "offset", f"{word}s after it; 0 is the {word} of the first visit"),
            ReportColumn("visitors", "visitors", "of them, who came then"),
            ReportColumn("share", "share", "of the cohort's visitors"),
            ReportColumn("cohort_visitors", "visitors", f"who first came in that {word}"),
        ),
        remark=(
            "Cohorts are the visitors whose first visit is in the range; who came before it, as far as --lookback "
            f"reads, is in none. A cohort has rows up to the last {word} with a visit, {period.longest} {word}s at "
            f"most; a {word} in which nobody of it came is 0, and the last one may not be over yet. A visit counts "
            "when it began."
        ),
        rules=(m.VISITOR_RULE,),
        measure=partial(_measure, period),
        finish=partial(_finish, period),
        chart="heat",
    )


RETENTION: Final = _report("retention", _Period("week", 26), "week")
RETENTION_DAYS: Final = _report("retention-days", _Period("day", 30), "date")
RETENTION_MONTHS: Final = _report("retention-months", _Period("month", 24), "month")
