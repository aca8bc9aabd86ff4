"""The key figures at the top of the page, from the summary where it is among the answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from typing import Final

import polars as pl

from reports.answer import Answer
from reports.outputs.html.cells import cells_of, is_number, shown_number
from reports.outputs.html.charts import sparkline
from reports.outputs.html.markup import Html, tag
from reports.report import ReportColumn

SUMMARY: Final = "summary"
SERIES: Final = ("visits", "days")
COMPARISON: Final = "comparison"
MOST_CARDS: Final = 8
PREFERRED: Final = (
    "visitors", "visits", "page_views", "requests", "bounce_rate", "visit_duration", "pages_per_visit", "revenue",
    "bytes", "pages", "addresses", "client_errors", "not_found", "server_errors",
)  # fmt: skip
"""Figures that people ask for first; those that a summary has are shown in this order, then its others."""

_PARTS: Final = ("_share", "_change", "_previous")
"""Ends of the names of columns that say something about another one."""


def key_figures(answers: Sequence[Answer]) -> Html | None:
    """Return the cards, or None when there is no summary with figures."""
    summary = next((one for one in answers if one.report.name == SUMMARY and one.frame.height == 1), None)
    if summary is None:
        return None

    series = [one for one in answers if one.report.name in SERIES]
    changes = _changes(answers)
    cards = [_card(summary, column, changes, series) for column in _chosen(summary)]
    return tag("section", *cards, class_="cards", aria_label="Key figures") if cards else None


def _chosen(summary: Answer) -> Sequence[ReportColumn]:
    figures = [
        column
        for column in summary.report.columns
        if is_number(summary.frame.schema[column.name]) and not column.name.endswith(_PARTS)
    ]
    return sorted(figures, key=_rank)[:MOST_CARDS]


def _rank(column: ReportColumn) -> int:
    return PREFERRED.index(column.name) if column.name in PREFERRED else len(PREFERRED)


def _card(
    summary: Answer, column: ReportColumn, changes: Mapping[str, float], series: Sequence[Answer]
) -> Html:
    [cell] = cells_of(summary.frame[column.name], column)
    return tag(
        "div",
        tag("p", column.name.replace("_", " ").capitalize(), class_="card-name"),
        tag("p", cell.shown, class_="card-value", title=cell.title),
        tag("p", *_remarks(summary, column, changes), class_="card-more"),
        _shape(series, column.name),
        class_="card",
        title=column.meaning,
    )


def _remarks(summary: Answer, column: ReportColumn, changes: Mapping[str, float]) -> Iterator[Html | str]:
    change = changes.get(column.name, change_of(summary.frame, column.name))
    if change is not None:
        yield tag("span", change_text(change), class_="change")
        yield " on the period before"
        return

    share_column = next((one for one in summary.report.columns if one.name == f"{column.name}_share"), None)
    if share_column is not None:
        [cell] = cells_of(summary.frame[share_column.name], share_column)
        yield f"{cell.shown} {share_column.meaning}"
        return

    yield column.meaning


def _changes(answers: Sequence[Answer]) -> Mapping[str, float]:
    """Return the changes against the period before by figure, from the comparison where it is among the answers."""
    comparison = next((one for one in answers if one.report.name == COMPARISON), None)
    if comparison is None or not {"metric", "change"} <= {*comparison.frame.columns}:
        return {}

    rows = comparison.frame.select("metric", "change").iter_rows()
    return {metric: change for metric, change in rows if change is not None and isfinite(change)}


def change_of(frame: pl.DataFrame, name: str) -> float | None:
    """Return how a figure changed against the previous period, 0.1 for a tenth more; None when nobody says.

    Columns say so by name: ``visits_change`` has it, or ``visits_previous`` the figure to compare with.
    """
    change = _only(frame, f"{name}_change")
    if change is not None:
        return change

    before, now = _only(frame, f"{name}_previous"), _only(frame, name)
    return now / before - 1 if before and now is not None else None


def change_text(change: float) -> str:
    """Return a change with an arrow, as ``▲ 12.3%``."""
    arrow = "▲" if change > 0 else "▼" if change < 0 else "="
    return f"{arrow} {shown_number(abs(change), 'change').lstrip('+')}"


def _only(frame: pl.DataFrame, name: str) -> float | None:
    if name not in frame.columns or not frame.schema[name].is_numeric():
        return None

    value = frame[name].item()
    return None if value is None or value != value else float(value)


def _shape(series: Sequence[Answer], name: str) -> Html | None:
    frames = [one.frame for one in series if one.frame.height > 2 and name in one.frame.columns]
    return next((sparkline(frame[name]) for frame in frames if is_number(frame.schema[name])), None)
