"""An answer on a sheet: header in view, a filter on every column, columns as wide as what is in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from types import MappingProxyType
from typing import Any, Final

import polars as pl

from reports.answer import Answer
from reports.outputs import words
from reports.outputs.excel.cells import Cell, excel_cells, excel_text, number_format
from reports.report import ReportColumn

Format = Any
Worksheet = Any
Formats = Callable[[str], Format]
"""What gives the format of a workbook for a number format; `HEADER` for that of headers."""

MOST_ROWS: Final = 1_048_576
"""Rows of a sheet, its header included ("Excel specifications and limits", Microsoft Support)."""

HEADER: Final = "header"
_ROWS_MEASURED: Final = 500
_NARROWEST: Final = 9
_WIDEST: Final = 60
_MARGIN: Final = 3
"""Characters left beside a header for the button of its filter."""

_SLICE_ROWS: Final = 10_000

_WRITERS: Final[Mapping[type, str]] = MappingProxyType(
    {
        str: "write_string",
        bool: "write_boolean",
        int: "write_number",
        float: "write_number",
        date: "write_datetime",
        datetime: "write_datetime",
        time: "write_datetime",
    }
)


def fill_sheet(sheet: Worksheet, answer: Answer, formats: Formats, most_rows: int = MOST_ROWS) -> None:
    """Write header and rows of `answer`, as many as fit in `most_rows`, the header included."""
    columns = answer.report.columns
    _set_widths(sheet, answer, formats)
    write_row(sheet, 0, [header(column, answer) for column in columns], [formats(HEADER)] * len(columns))
    rows = answer.frame.head(most_rows - 1)
    by_column = [formats(number_format(rows.schema[column.name], column.unit)) for column in columns]
    for begins, piece in enumerate(words.with_wall_times(rows).iter_slices(_SLICE_ROWS)):
        cells = [excel_cells(piece[column.name], column.unit) for column in columns]
        for place, row in enumerate(zip(*cells, strict=True), begins * _SLICE_ROWS + 1):
            write_row(sheet, place, row, by_column)

    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, rows.height, max(len(columns) - 1, 0))
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def write_row(sheet: Worksheet, place: int, cells: Sequence[Cell], formats: Sequence[Format]) -> None:
    """Write `cells` into row `place`, each as what it is: a text never becomes a formula, a link or a number."""
    for column, (cell, form) in enumerate(zip(cells, formats, strict=True)):
        if cell is not None:
            getattr(sheet, _WRITERS[type(cell)])(place, column, cell, form)


def header(column: ReportColumn, answer: Answer) -> str:
    """Return the heading of a column; times say their zone, which Excel has no place for."""
    dtype = answer.frame.schema[column.name]
    zone = dtype.time_zone if isinstance(dtype, pl.Datetime) else None
    name = excel_text(words.title(column))
    return f"{name} ({zone})" if zone else name


def rows_cut(answer: Answer, most_rows: int = MOST_ROWS) -> int:
    """Return how many rows of `answer` a sheet has no place for."""
    return max(answer.frame.height - (most_rows - 1), 0)


def _set_widths(sheet: Worksheet, answer: Answer, formats: Formats) -> None:
    shown = words.cells(answer.frame.head(_ROWS_MEASURED), answer.report.columns)
    for place, column in enumerate(answer.report.columns):
        longest = max([len(header(column, answer)) + _MARGIN, *map(len, shown[column.name])])
        form = formats(number_format(answer.frame.schema[column.name], column.unit))
        sheet.set_column(place, place, min(max(longest, _NARROWEST), _WIDEST), form)
