"""A heat map as inline SVG: the first column's values from top to bottom, the second's from left to right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from reports.answer import Answer
from reports.outputs.html.cells import is_number, plain_values, short_number, shown_number
from reports.outputs.html.markup import Html, tag
from reports.outputs.html.pictures import heat_measure
from reports.outputs.html.scales import label, long_label, tick_places
from reports.report import ReportColumn

MOST_ROWS: Final = 60
MOST_COLUMNS: Final = 60
STEPS: Final = 10
"""Shades of a colour, from next to nothing to all of it; the stylesheet has them as ``h0`` to ``h9``."""

_ROW: Final = 24
_BOTTOM: Final = 22
_LETTER: Final = 7
"""Pixels that a character of a label takes, or a little less."""


@dataclass(frozen=True, slots=True)
class Heat:
    """A heat map's values by row and column, and what both are called."""

    rows: Sequence[Any]
    columns: Sequence[Any]
    values: dict[tuple[Any, Any], float]


def heat_figure(answer: Answer) -> Html:
    """Return the heat map of an answer whose report has a measure for one."""
    down, across = _sides(answer)
    measure = heat_measure(answer)
    assert measure, "picture_of asks before"
    heat = _heat(answer.frame, down.name, across.name, measure.name)
    highest = max(heat.values.values(), default=0.0)
    height = _ROW * len(heat.rows) + _BOTTOM
    names = _names(heat.rows, down.unit)
    about = f"{_title(measure)} by {_title(down)} and {_title(across)}"
    return tag(
        "figure",
        tag("p", tag("b", about.capitalize()), class_="panel-title"),
        tag(
            "div",
            _row_names(names, height),
            _field(heat, _names(heat.columns, across.unit), names, measure, highest, height),
            class_="heat",
            role="img",
            aria_label=f"{about}, highest {shown_number(highest, measure.unit)}. The table below has all values.",
        ),
        _legend(short_number(highest, measure.unit)),
        class_="heat-map",
    )


def _sides(answer: Answer) -> tuple[ReportColumn, ReportColumn]:
    first, second = answer.report.columns[:2]
    # Hours run from left to right, whichever column they are.
    return (second, first) if first.unit == "hour" else (first, second)


def _heat(frame: pl.DataFrame, down: str, across: str, measure: str) -> Heat:
    wall = frame.with_columns(
        plain_values(frame[down]), plain_values(frame[across]), plain_values(frame[measure])
    )
    rows, columns = _values_of(wall[down])[:MOST_ROWS], _values_of(wall[across])[:MOST_COLUMNS]
    shown = wall.filter(
        pl.col(down).is_in(rows, nulls_equal=True), pl.col(across).is_in(columns, nulls_equal=True)
    )
    values = {
        (row, column): max(float(value), 0.0)
        for row, column, value in shown.select(down, across, measure).iter_rows()
        if value is not None
    }
    return Heat(rows, columns, values)


def _values_of(values: pl.Series) -> list[Any]:
    distinct = values.unique(maintain_order=True)
    return (distinct.sort() if is_number(values.dtype) else distinct).to_list()


def _names(values: Sequence[Any], unit: str) -> list[str]:
    if unit in ("hour", "weekday"):
        return [shown_number(value, unit) if isinstance(value, int) else label(value) for value in values]

    return [long_label(value) for value in values]


def _row_names(names: Sequence[str], height: int) -> Html:
    width = _LETTER * max(map(len, names), default=0) + 14
    texts = (
        tag("text", name, class_="x", x=width - 8, y=_ROW * place + 16, text_anchor="end")
        for place, name in enumerate(names)
    )
    return tag("svg", *texts, class_="row-names", width=width, height=height, aria_hidden="true")


def _field(
    heat: Heat,
    column_names: Sequence[str],
    row_names: Sequence[str],
    measure: ReportColumn,
    highest: float,
    height: int,
) -> Html:
    step = 100 / max(len(heat.columns), 1)
    squares = (
        _square(across * step, down * _ROW, step, f"{row_name}, {column_name}", value, highest, measure.unit)
        for down, (row, row_name) in enumerate(zip(heat.rows, row_names, strict=True))
        for across, (column, column_name) in enumerate(zip(heat.columns, column_names, strict=True))
        for value in _value_at(heat, row, column)
    )
    ticks = (
        tag(
            "text",
            column_names[place],
            class_="x",
            x=f"{(place + 0.5) * step:.2f}%",
            y=height - 6,
            text_anchor="middle",
        )
        for place in tick_places(len(column_names), 8)
    )
    return tag("svg", *squares, *ticks, class_="field", height=height, aria_hidden="true")


def _value_at(heat: Heat, row: Any, column: Any) -> Iterator[float]:
    if (row, column) in heat.values:
        yield heat.values[row, column]


def _square(x: float, y: int, width: float, name: str, value: float, highest: float, unit: str) -> Html:
    return tag(
        "rect",
        tag("title", f"{name}: {shown_number(value, unit)}"),
        class_=f"h{shade(value, highest)}",
        x=f"{x:.2f}%",
        y=y + 1,
        width=f"{width * 0.96:.2f}%",
        height=_ROW - 2,
        rx=3,
    )


def shade(value: float, highest: float) -> int:
    """Return which of the `STEPS` shades `value` has; 0 is for nothing at all."""
    return 0 if value <= 0 or highest <= 0 else min(1 + int((STEPS - 1) * value / highest), STEPS - 1)


def _legend(highest: str) -> Html:
    squares = (
        tag("rect", class_=f"h{step}", x=step * 16, y=0, width=14, height=12, rx=2) for step in range(STEPS)
    )
    scale = tag("svg", *squares, width=16 * STEPS, height=12, aria_hidden="true")
    return tag("figcaption", tag("span", "0"), scale, tag("span", highest), class_="legend")


def _title(column: ReportColumn) -> str:
    return column.name.replace("_", " ")
