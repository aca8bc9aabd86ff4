"""Series as inline SVG: a panel for each measure, an area over time or a column for each row.

Nothing has a fixed width: shapes are in a box that stretches, and texts beside it stay as they are, at places in
percent. A panel's values are told as text too, and its rows stand in the table below.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

import polars as pl

from reports.answer import Answer
from reports.outputs.html import scales
from reports.outputs.html.cells import GROUP, cells_of, plain_values, short_number, shown_number
from reports.outputs.html.markup import Html, joined, tag
from reports.outputs.html.pictures import MOST_PANELS, Picture, drawn_measures, moments
from reports.report import ReportColumn

MOST_POINTS: Final = 1_000
"""Points of a line; of more rows, each stands for the mean of several."""

_WIDE: Final = 1000.0
_HIGH: Final = 100.0
_TOP: Final = 16
_BOTTOM: Final = 24
_LARGE: Final = 220
_SMALL: Final = 116
_NAME_WIDTH: Final = 0.15
"""The part of a phone's width that the name of a value on the axis takes."""

_LONG_LABEL: Final = 8
"""Characters of a label from which fewer of them fit side by side on a phone."""


@dataclass(frozen=True, slots=True)
class Axis:
    """The horizontal axis that all panels of a figure share: a place between 0 and 1 and two labels for each row."""

    places: Sequence[float]
    labels: Sequence[str]
    long_labels: Sequence[str]


def series_figure(answer: Answer, picture: Picture) -> Html:
    """Return the panels of a series, drawn as ``line`` or ``columns``."""
    rows_of_a_point = ceil(answer.frame.height / MOST_POINTS)
    frame = _thinned(answer.frame, rows_of_a_point)
    axis = _axis(moments(answer).gather_every(rows_of_a_point), answer.report.columns[0], picture)
    measures = drawn_measures(answer)[:MOST_PANELS]
    panels = (
        _panel(frame, column, axis, picture, is_large=place == 0) for place, column in enumerate(measures)
    )
    note = f"Each point is the mean of {rows_of_a_point} rows." if rows_of_a_point > 1 else None
    return tag(
        "figure",
        tag("div", *panels, class_="panels"),
        note and tag("figcaption", note),
        class_="chart",
        data_labels=joined(axis.long_labels, "\n"),
        data_places=" ".join(f"{place:.4f}" for place in axis.places),
    )


def sparkline(values: pl.Series) -> Html:
    """Return the shape of a series as a small decoration, hidden from screen readers."""
    heights = _heights(values)
    places = [place / max(len(heights) - 1, 1) for place in range(len(heights))]
    shapes = _line_shapes(places, heights, scales.axis_end(max(heights)))
    return tag("svg", _stretched(shapes, 0, 32), class_="spark", width="100%", height=32, aria_hidden="true")


def _thinned(frame: pl.DataFrame, rows_of_a_point: int) -> pl.DataFrame:
    if rows_of_a_point == 1:
        return frame

    means = [
        pl.col(name).mean() if dtype.is_numeric() else pl.col(name).first()
        for name, dtype in frame.schema.items()
    ]
    point = pl.int_range(frame.height) // rows_of_a_point
    return frame.group_by(point.alias("_point"), maintain_order=True).agg(means).drop("_point")


def _axis(keys: pl.Series, column: ReportColumn, picture: Picture) -> Axis:
    count = len(keys)
    places = (
        scales.positions(keys)
        if picture == "line"
        else [(place + 0.5) / max(count, 1) for place in range(count)]
    )
    values = plain_values(keys).to_list()
    is_of_years = scales.spans_years(keys)
    if column.unit == "hour":
        hours = [f"{hour}:00" for hour in values]
        return Axis(places, hours, hours)

    labels = [scales.label(value, is_of_years=is_of_years) for value in values]
    return Axis(places, labels, [scales.long_label(value) for value in values])


def _panel(
    frame: pl.DataFrame, column: ReportColumn, axis: Axis, picture: Picture, *, is_large: bool
) -> Html:
    values = frame[column.name]
    heights = _heights(values)
    end = scales.axis_end(max(heights))
    size = _LARGE if is_large else _SMALL
    parts = (0.0, 0.5, 1.0) if is_large and picture == "line" else (0.0, 1.0)
    named = [part for part in parts if part == 1 or (part and _is_free(part, axis, heights, end))]
    drawing = tag(
        "svg",
        *(_grid_line(_height_of(part, size), is_base=part == 0) for part in parts),
        _stretched(_SHAPES[picture](axis.places, heights, end), _TOP, size - _TOP - _BOTTOM),
        *(_grid_name(part * end, column.unit, _height_of(part, size)) for part in named),
        _ticks(axis, size, 4 if is_large else 2),
        width="100%",
        height=size,
        role="img",
        aria_label=_summary(column, axis, values),
        data_values=joined([cell.shown for cell in cells_of(values, column)], "\n"),
    )
    title = tag("p", tag("b", _title(column)), tag("span", _highest(column, values)), class_="panel-title")
    return tag(
        "div", title, tag("div", drawing, class_="plot"), class_="panel large" if is_large else "panel"
    )


def _heights(values: pl.Series) -> list[float]:
    # What is below zero has no height here; the table has it.
    return plain_values(values).cast(pl.Float64).fill_nan(0).fill_null(0).clip(0).to_list()


def _stretched(shapes: Html, top: int, height: int) -> Html:
    view = {"viewBox": f"0 0 {_WIDE:.0f} {_HIGH:.0f}", "preserveAspectRatio": "none"}
    return tag("svg", shapes, x=0, y=top, width="100%", height=height, overflow="visible", **view)


def _line_shapes(places: Sequence[float], heights: Sequence[float], end: float) -> Html:
    points = [
        (place * _WIDE, _HIGH - _HIGH * height / end) for place, height in zip(places, heights, strict=True)
    ]
    stretches = [[points[place] for place in run] for run in scales.runs(places)]
    line = "".join(_path(stretch) for stretch in stretches if len(stretch) > 1)
    # A point by itself is a line of no length, which round ends make a dot.
    dots = "".join(f"M{x:.1f} {y:.2f}h0" for stretch in stretches if len(stretch) == 1 for x, y in stretch)
    area = "".join(
        f"M{stretch[0][0]:.1f} {_HIGH:.0f}L{_path(stretch)[1:]}V{_HIGH:.0f}Z"
        for stretch in stretches
        if stretch
    )
    kinds = {"area": area, "line": line, "line dot": dots}
    return joined(tag("path", class_=kind, d=path) for kind, path in kinds.items() if path)


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.2f}" for x, y in points)


def _column_shapes(places: Sequence[float], heights: Sequence[float], end: float) -> Html:
    width = _WIDE / max(len(places), 1)
    drawn = width * 0.72
    return joined(
        tag(
            "rect",
            class_="column",
            x=place * _WIDE - drawn / 2,
            y=_HIGH - _HIGH * height / end,
            width=drawn,
            height=_HIGH * height / end,
        )
        for place, height in zip(places, heights, strict=True)
        if height > 0
    )


_SHAPES: Final[dict[Picture, Callable[[Sequence[float], Sequence[float], float], Html]]] = {
    "line": _line_shapes,
    "columns": _column_shapes,
}


def _height_of(part: float, size: int) -> float:
    return _TOP + (size - _TOP - _BOTTOM) * (1 - part)


def _is_free(part: float, axis: Axis, heights: Sequence[float], end: float) -> bool:
    """Whether no line goes through where the name of a part of the axis would stand."""
    beginning = (
        height / end for place, height in zip(axis.places, heights, strict=True) if place < _NAME_WIDTH
    )
    return not any(part - 0.03 < height < part + 0.15 for height in beginning)


def _grid_line(y: float, *, is_base: bool) -> Html:
    return tag("line", class_="base" if is_base else "grid", x1=0, x2="100%", y1=y, y2=y)


def _grid_name(value: float, unit: str, y: float) -> Html:
    return tag("text", short_number(value, unit), class_="y", x=0, y=y - 4)


def _ticks(axis: Axis, size: int, most: int) -> Html:
    longest = max((len(label) for label in axis.labels), default=0)
    chosen = scales.tick_places(len(axis.places), most - (most > 2 and longest > _LONG_LABEL))
    return joined(
        tag(
            "text",
            axis.labels[place],
            class_="x",
            x=f"{100 * axis.places[place]:.2f}%",
            y=size - 6,
            text_anchor=_anchor(axis.places[place]),
        )
        for place in chosen
    )


def _anchor(place: float) -> str:
    return "start" if place < 0.05 else "end" if place > 0.95 else "middle"


def _title(column: ReportColumn) -> str:
    return column.name.replace("_", " ").capitalize()


def _highest(column: ReportColumn, values: pl.Series) -> str:
    highest = plain_values(values).max()
    return f"max {shown_number(highest, column.unit)}" if isinstance(highest, int | float) else ""


def _summary(column: ReportColumn, axis: Axis, values: pl.Series) -> str:
    shown = [cell.shown.replace(GROUP, "") for cell in cells_of(values, column)]
    heights = _heights(values)
    highest = heights.index(max(heights))
    return (
        f"{_title(column)}: {shown[0]} at {axis.long_labels[0]}, {shown[-1]} at {axis.long_labels[-1]}, "
        f"highest {shown[highest]} at {axis.long_labels[highest]}. The table below has all values."
    )
