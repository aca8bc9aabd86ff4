"""Reports about habits: how deep, how long, how often and how soon again visits are, in ranges."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import polars as pl

from reports.catalogue import measures as m
from reports.partials.part import Part
from reports.report import Report, ReportColumn, View
from reports.visits import Facts

_VISITS: Final = ReportColumn("visits", "visits", "in the range")
_VISITORS: Final = ReportColumn("visitors", "visitors", "distinct ones who made them")
_EMPTY_RULE: Final = "A range with nothing in it is shown as 0."


@dataclass(frozen=True, slots=True)
class _Ranges:
    """Ranges of a number: each holds what is at most its bound and in none before it; the last one holds the rest."""

    labels: tuple[str, ...]
    bounds: tuple[float, ...]

    def place(self, number: pl.Expr) -> pl.Expr:
        """Return which range `number` is in, from 0; what is null is in the first."""
        below = [(number > bound).fill_null(value=False).cast(pl.Int64) for bound in self.bounds]
        return pl.sum_horizontal(below)


def _counted(*bounds: int, low: int = 1) -> _Ranges:
    """Return ranges of whole numbers from `low`, each up to a bound, and of all above."""
    lows = (low, *(bound + 1 for bound in bounds))
    # In words, since spreadsheets take 3-5 for a day in May.
    labels = [f"{a}" if a == b else f"{a} to {b}" for a, b in zip(lows, bounds, strict=False)]
    return _Ranges((*labels, f"{lows[-1]}+"), bounds)


_PAGES: Final = _counted(0, 1, 2, 5, 10, 20, low=0)
_TIMES: Final = _counted(1, 2, 5, 10, 20, 50)
_SECONDS: Final = _Ranges(
    ("0 to 30 s", "30 s to 2 min", "2 to 5 min", "5 to 15 min", "15 to 30 min", "30 to 60 min", "1 h+"),
    (30, 120, 300, 900, 1800, 3600),
)
_DAYS: Final = _Ranges(
    ("first visit", "same day", "1", "2", "3 to 7", "8 to 14", "15 to 30", "31 to 60", "61 to 120", "121+"),
    (-1, 0, 1, 2, 7, 14, 30, 60, 120),
)

Rows = Callable[[Facts], pl.LazyFrame]


def _of_visits(column: str, facts: Facts) -> pl.LazyFrame:
    return facts.visits.select(
        pl.col(column).alias("number"), pl.lit(1, pl.Int64).alias("visits"), "visitor_code"
    )


def _days_before(facts: Facts) -> pl.LazyFrame:
    return _of_visits("days_since_prior", facts).with_columns(pl.col("number").fill_null(-1))


def _of_visitors(facts: Facts) -> pl.LazyFrame:
    counted = facts.visits.group_by("visitor_code").agg(pl.len().cast(pl.Int64).alias("visits"))
    return counted.with_columns(pl.col("visits").alias("number"))


def _measure(ranges: _Ranges, rows: Rows, facts: Facts, view: View) -> tuple[Part, ...]:
    del view
    placed = rows(facts).group_by(ranges.place(pl.col("number")).alias("place"))
    figures = placed.agg(
        pl.col("visits").sum(), pl.col("visitor_code").n_unique().cast(pl.Int64).alias("visitors")
    )
    return (m.adding("ranges", figures, "visits", "visitors"),)


def _finish(
    ranges: _Ranges, of: str, names: Sequence[str], parts: Mapping[str, pl.LazyFrame], view: View
) -> pl.LazyFrame:
    del view
    schema = pl.Schema({"place": pl.Int64(), names[0]: pl.String()})
    labels = pl.LazyFrame({"place": range(len(ranges.labels)), names[0]: ranges.labels}, schema=schema)
    rows = labels.join(parts["ranges"], on="place", how="left").sort("place")
    filled = rows.with_columns(pl.col("visits", "visitors").fill_null(0))
    total = pl.col(of).sum()
    return filled.filter(total > 0).with_columns(m.share(pl.col(of), total).alias("share")).select(names)


def _report(
    name: str,
    question: str,
    ranged: ReportColumn,
    ranges: _Ranges,
    rows: Rows,
    remark: str,
    of: str = "visits",
) -> Report:
    whole, other = (_VISITS, _VISITORS) if of == "visits" else (_VISITORS, _VISITS)
    columns = (ranged, whole, ReportColumn("share", "share", f"of all {of}"), other)
    return Report(
        name=name,
        question=question,
        columns=columns,
        remark=f"{remark} {_EMPTY_RULE}".strip(),
        rules=m.VISIT_RULES,
        measure=partial(_measure, ranges, rows),
        finish=partial(_finish, ranges, of, tuple(column.name for column in columns)),
        chart="bar",
    )


VISIT_DEPTH: Final = _report(
    "visit-depth",
    "How many pages do visits view?",
    ReportColumn("page_views", "text", "page views of the visit"),
    _PAGES,
    partial(_of_visits, "page_views"),
    "A visit without a page view is one in which something else was done.",
)

VISIT_DURATION: Final = _report(
    "visit-duration",
    "How long are visits?",
    ReportColumn("duration", "text", "from first to last hit; a range holds its upper bound"),
    _SECONDS,
    partial(_of_visits, "duration_seconds"),
    "The ranges are those of AWStats. Of a visit with one hit nobody knows how long it was; it counts as 0 seconds.",
)

FREQUENCY: Final = _report(
    "frequency",
    "How often do visitors come?",
    ReportColumn("visits_made", "text", "visits of the visitor in the range"),
    _TIMES,
    _of_visitors,
    "Visits before the range do not count.",
    of="visitors",
)

RECENCY: Final = _report(
    "recency",
    "How soon do visitors come again?",
    ReportColumn("days_since", "text", "calendar days since the visit before"),
    _DAYS,
    _days_before,
    "The visit before is the one in the events at hand: with --lookback those before the range are looked at, too.",
)

LOYALTY: Final = _report(
    "loyalty",
    "Which of their visits are visitors on?",
    ReportColumn("visit_number", "text", "which visit of the visitor it is, from 1"),
    _TIMES,
    partial(_of_visits, "visit_number"),
    "Visits are numbered in the events at hand: with --lookback those before the range are looked at, too.",
)
