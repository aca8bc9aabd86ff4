"""Rows as tables: a bar behind what a row is about, values right-aligned with what a script sorts them by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from reports.answer import Answer
from reports.outputs.html.cells import Cell, cells_of, cells_of_units, grouped, is_number, plain_values
from reports.outputs.html.markup import Html, breakable, tag
from reports.outputs.html.pictures import Picture, drawn_measures
from reports.report import ReportColumn

WIDEST_SINGLE_ROW: Final = 4
"""An answer of one row with more columns than this is shown with one measure per line."""

SHORT_TEXT: Final = 20
"""Characters of texts that stay on one line."""

LONGEST_ASIDE: Final = 90
"""Characters of a text that does not say what the row is about."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How many rows of an answer the page has. `usual` holds unless somebody chose another limit before."""

    usual: int | None

    def of(self, answer: Answer) -> int:
        """Return how many of the answer's rows are shown."""
        height = answer.frame.height
        is_chosen = height < answer.total_rows
        return height if is_chosen or self.usual is None else min(height, self.usual)


def rows_of(answer: Answer, picture: Picture, limit: Limit, heading_id: str) -> Iterator[Html]:
    """Return an answer's table, and below it how many rows there are beyond it."""
    count = limit.of(answer)
    is_tall = (
        answer.frame.height == 1
        and len(answer.report.columns) > WIDEST_SINGLE_ROW
        and not (answer.report.is_series or answer.frame.dtypes[0] == pl.String)
    )
    table = _tall_table(answer) if is_tall else _wide_table(answer, picture, answer.frame.head(count))
    yield tag("div", table, class_="scroll", role="group", tabindex=0, aria_labelledby=heading_id)
    if count < answer.total_rows:
        note = f"This page has the first {grouped(count)} of {grouped(answer.total_rows)} rows."
        yield tag("p", note, class_="note")


def _wide_table(answer: Answer, picture: Picture, frame: pl.DataFrame) -> Html:
    columns = answer.report.columns
    kinds = [_kind(frame, column) for column in columns]
    barred = drawn_measures(answer)[0] if picture == "bars" else None
    head = tag("thead", tag("tr", *map(_head_cell, columns, [f"{kinds[0]} key", *kinds[1:]])))
    names = _name_cells(frame, columns[0], kinds[0], barred)
    others = (_value_cells(frame, column, kind) for column, kind in zip(columns[1:], kinds[1:], strict=True))
    body = (tag("tr", *row) for row in zip(names, *others, strict=True))
    return tag(
        "table",
        _caption(answer, barred),
        head,
        tag("tbody", *body),
        class_=_table_classes(kinds, has_bars=barred is not None),
    )


def _table_classes(kinds: Sequence[str], *, has_bars: bool) -> str:
    # One text takes what room there is; several share it.
    is_alone = kinds.count("t") <= 1 and has_bars
    return " ".join(filter(None, ["rows", "with-bars" if has_bars else "", "alone" if is_alone else ""]))


def _caption(answer: Answer, barred: ReportColumn | None) -> Html:
    name = tag("span", f"{answer.report.name}: ", class_="unseen")
    if barred is None:
        return tag("caption", name, tag("span", "all values", class_="unseen"))

    return tag("caption", name, tag("span", f"Bars show {_title(barred)}", class_="bar-note"))


def _tall_table(answer: Answer) -> Html:
    columns = answer.report.columns
    rows = (
        tag("tr", tag("th", _title(column), scope="row"), _value_cell(cell, "n"), _meaning(column))
        for column in columns
        for cell in cells_of(answer.frame[column.name], column)
    )
    heads = (tag("th", name, scope="col", class_=kind) for name, kind in _TALL_HEADS)
    return tag(
        "table",
        _caption(answer, None),
        tag("thead", tag("tr", *heads)),
        tag("tbody", *rows),
        class_="tall",
    )


_TALL_HEADS: Final = (("measure", None), ("value", "n"), ("meaning", None))


def _meaning(column: ReportColumn) -> Html:
    return tag("td", column.meaning, class_="meaning")


def _kind(frame: pl.DataFrame, column: ReportColumn) -> str:
    """Return the class of a column's cells: number, what stays on one line, or text."""
    values = frame[column.name]
    if is_number(values.dtype):
        return "n"

    is_text = values.dtype == pl.String
    longest = values.str.len_chars().max() if is_text else 0
    return "t" if isinstance(longest, int) and longest > SHORT_TEXT else "d"


def _head_cell(column: ReportColumn, kind: str) -> Html:
    return tag("th", _title(column), scope="col", class_=kind, title=column.meaning)


def _name_cells(
    frame: pl.DataFrame, column: ReportColumn, kind: str, barred: ReportColumn | None
) -> Iterator[Html]:
    bars = bar_classes(frame[barred.name]) if barred else [None] * frame.height
    for cell, bar in zip(cells_of(frame[column.name], column), bars, strict=True):
        # A text needs no class: it is what a row is usually about.
        classes = " ".join(filter(None, ["" if kind == "t" else "d", bar])) or None
        yield tag(
            "th", breakable(cell.shown), scope="row", class_=classes, data_v=cell.sort_key, title=cell.title
        )


def bar_classes(values: pl.Series) -> Sequence[str | None]:
    """Return the class of each bar, ``w1`` to ``w100`` for its percent of the longest; None is no bar."""
    lengths = plain_values(values).cast(pl.Float64).fill_nan(0).fill_null(0).to_list()
    longest = max(lengths, default=0.0)
    return [f"w{max(round(100 * length / longest), 1)}" if length > 0 else None for length in lengths]


def _value_cells(frame: pl.DataFrame, column: ReportColumn, kind: str) -> Iterator[Html]:
    values = frame[column.name]
    has_units = column.unit == "number" and kind == "n" and "unit" in frame.columns
    cells = cells_of_units(values, frame["unit"]) if has_units else cells_of(values, column, LONGEST_ASIDE)
    return (_value_cell(cell, kind) for cell in cells)


def _value_cell(cell: Cell, kind: str) -> Html:
    shown, class_ = (breakable(cell.shown), None) if kind == "t" else (cell.shown, kind)
    return tag("td", shown, class_=class_, data_v=cell.sort_key, title=cell.title)


def _title(column: ReportColumn) -> str:
    return column.name.replace("_", " ")
