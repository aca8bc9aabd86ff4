"""Which picture fits an answer, and which of its columns it shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import polars as pl

from reports.answer import Answer
from reports.outputs import words
from reports.outputs.html.cells import is_number
from reports.report import ReportColumn

Picture = Literal["none", "line", "columns", "bars", "heat"]

MOST_PANELS: Final = 5
"""Measures that a series is drawn of: the first one large, the others small beside each other."""

_STEPS: Final = frozenset({"hour", "minute", "weekday", "day"})
"""Units of moments that come round again: columns beside each other, no line."""


def picture_of(answer: Answer) -> Picture:
    """Return how `answer` is drawn: as its report wants it, else a series by time and a ranking by bars."""
    report, frame = answer.report, answer.frame
    has_mixed_units = any(column.unit == "number" for column in report.columns)
    if frame.height < 2 or not drawn_measures(answer) or has_mixed_units:
        return "none"

    if report.chart == "heat":
        return "heat" if len(report.columns) > 2 and heat_measure(answer) else "bars"

    # What is split by another column has several rows for a moment: no line goes through those.
    if moments(answer).is_duplicated().any():
        return "bars"

    if report.chart == "line":
        return "line"

    if not report.is_series:
        return "bars"

    is_of_steps = report.chart == "bar" or report.columns[0].unit in _STEPS
    return "columns" if is_of_steps else "line"


def moments(answer: Answer) -> pl.Series:
    """Return what stands on the horizontal axis: the first column, with the hour of the second where it has one."""
    keys = answer.frame.to_series(0)
    units = [column.unit for column in answer.report.columns[:2]]
    if units != ["date", "hour"]:
        return keys

    return answer.frame.select(pl.col(keys.name).cast(pl.Datetime) + pl.duration(hours=pl.nth(1))).to_series()


def drawn_measures(answer: Answer) -> Sequence[ReportColumn]:
    """Return the columns to draw, the most telling first: numbers behind the first column that are no names."""
    measures = [column for column in answer.report.columns[1:] if _is_measure(answer.frame, column)]
    # The share of a total has the shape of what it is a share of.
    return [column for column in measures if column.name != "share"] or measures


def heat_measure(answer: Answer) -> ReportColumn | None:
    """Return what a heat map shows: a share, which compares rows of different sizes, before a count."""
    measures = [column for column in answer.report.columns[2:] if _is_measure(answer.frame, column)]
    return next((column for column in measures if column.unit == "share"), next(iter(measures), None))


def _is_measure(frame: pl.DataFrame, column: ReportColumn) -> bool:
    return is_number(frame.schema[column.name]) and words.is_measure(column)
