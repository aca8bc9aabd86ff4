"""The output for people: a table in the terminal, or plain aligned text when it goes elsewhere.

Cells come from log lines, so everything passes `printable` and nothing is read as markup.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from itertools import accumulate
from types import MappingProxyType
from typing import BinaryIO, Final

import polars as pl
from rich.box import HORIZONTALS, SIMPLE_HEAD, Box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from footfall.text import printable
from reports.answer import Answer
from reports.catalogue import ReportColumn

ABSENT: Final = "-"
NARROWEST_TEXT: Final = 12
PLAIN_TEXT_LIMIT: Final = 100
"""How much of a text cell is shown where no terminal sets the width."""

_LEFT_UNITS: Final = frozenset({"text", "date", "time"})
_BYTE_STEPS: Final = ("B", "kB", "MB", "GB", "TB", "PB", "EB")
_GAP: Final = 3
"""Columns between two cells of a row."""

_WIDEST_SINGLE_ROW: Final = 10
"""An answer of one row with more columns than this is shown with one measure per line."""

_PLAIN_WIDTH: Final = 100
_WIDEST: Final = 10_000
_HEIGHT: Final = 25
"""Means nothing to a table, but rich takes a dumb terminal for 80 columns wide unless it is told both."""


@dataclass(frozen=True, slots=True)
class TableOutput:
    """Tables with a question above and what it counts below.

    `width` is the terminal's in columns; None means that this is no terminal: no colour, no shortening to
    fit.
    """

    width: int | None = None
    name: str = "table"
    suffix: str = "txt"
    is_text: bool = True
    takes_many: bool = True

    def write(self, answers: Sequence[Answer], stream: BinaryIO) -> None:
        """Write each answer as a table, a blank line between them, and the rules they follow once at the end."""
        tables = [self._shown(answer) for answer in answers]
        text = "\n".join([*tables, self._rules(answers)])
        stream.write(text.encode("utf-8", "backslashreplace"))

    def _shown(self, answer: Answer) -> str:
        console = self._console()
        is_tall = answer.frame.height == 1 and len(answer.report.columns) > _WIDEST_SINGLE_ROW
        columns = answer.report.columns if is_tall else _with_room(answer, self.width)
        console.print(Text(f"{answer.report.name}: {answer.report.question}", style="bold"))
        console.print(Text(answer.provenance.sentence(), style="dim"))
        console.print(self._body(answer, columns, is_tall=is_tall))
        self._remark(console, _notes(answer, columns))
        return _printed(console)

    def _rules(self, answers: Sequence[Answer]) -> str:
        console = self._console()
        rules = dict.fromkeys(rule for answer in answers for rule in answer.report.rules)
        self._remark(console, rules)
        return _printed(console)

    def _remark(self, console: Console, lines: Iterable[str]) -> None:
        for line in lines:
            console.print(Text(line, style="dim"), width=min(self.width or _PLAIN_WIDTH, _PLAIN_WIDTH))

    def _console(self) -> Console:
        return Console(
            file=StringIO(),
            width=self.width or _WIDEST,
            height=_HEIGHT,
            force_terminal=self.width is not None,
            color_system="auto" if self.width is not None else None,
            highlight=False,
            markup=False,
            emoji=False,
            legacy_windows=False,
        )

    def _body(self, answer: Answer, columns: Sequence[ReportColumn], *, is_tall: bool) -> Table | Text:
        if answer.frame.is_empty():
            return Text("no rows")

        return (
            _tall_table(answer, self._box())
            if is_tall
            else _wide_table(answer, columns, self._box(), self.width)
        )

    def _box(self) -> Box:
        return SIMPLE_HEAD if self.width is None else HORIZONTALS


def _printed(console: Console) -> str:
    text = console.file.getvalue()  # type: ignore[attr-defined]  # a StringIO, made in _console
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def human_bytes(count: int) -> str:
    """Return a number of bytes with three digits and a decimal unit, as ``2.75 GB``."""
    size = float(count)
    for unit in _BYTE_STEPS:
        if abs(size) < 999.5 or unit == _BYTE_STEPS[-1]:
            break

        size /= 1000

    return f"{count} {unit}" if unit == "B" else f"{size:.{_decimals(size)}f} {unit}"


def _decimals(size: float) -> int:
    return 2 if abs(size) < 9.995 else 1 if abs(size) < 99.95 else 0


def _share(value: float) -> str:
    percent = 100 * value
    return "<0.01%" if 0 < percent < 0.01 else f"{percent:.2f}%"


def _time(value: datetime) -> str:
    return value.strftime("%Y-%m-%d %H:%M:%S")


_SHOWN: Final[Mapping[str, Callable[..., str]]] = MappingProxyType(
    {
        "text": printable,
        "date": str,
        "time": _time,
        "status": str,
        "hour": str,
        "bytes": human_bytes,
        "share": _share,
    }
)


def shown(value: object, unit: str) -> str:
    """Return a cell as a person reads it: thousands separated, bytes and shares with units, safe to print."""
    if value is None:
        return ABSENT

    return _SHOWN[unit](value) if unit in _SHOWN else f"{value:,}"


def _cells(frame: pl.DataFrame, columns: Sequence[ReportColumn]) -> dict[str, list[str]]:
    # Wall times: an aware datetime would have Python look for its zone, whose data Polars has and Python may not.
    local = frame.with_columns(pl.col(pl.Datetime).dt.replace_time_zone(None))
    return {column.name: [shown(value, column.unit) for value in local[column.name]] for column in columns}


def _title(column: ReportColumn) -> str:
    return column.name.replace("_", " ")


def _wide_table(answer: Answer, columns: Sequence[ReportColumn], box: Box, width: int | None) -> Table:
    cells = _cells(answer.frame, columns)
    limit = PLAIN_TEXT_LIMIT if width is None else _text_limit(columns, cells, width)
    table = Table(box=box, pad_edge=False, show_edge=False, header_style="bold")
    for column in columns:
        is_text = column.unit == "text"
        table.add_column(
            Text(_title(column)),
            justify="left" if column.unit in _LEFT_UNITS else "right",
            no_wrap=True,
            overflow="ellipsis",
            max_width=limit if is_text else None,
        )

    for row in zip(*cells.values(), strict=True):
        table.add_row(*(Text(cell) for cell in row))

    return table


def _with_room(answer: Answer, width: int | None) -> Sequence[ReportColumn]:
    """Return the columns, from the left, that fit side by side: a cut number would be a wrong number."""
    columns = answer.report.columns
    if width is None:
        return columns

    widths = _widths(columns, _cells(answer.frame, columns))
    needed = accumulate(
        _GAP + (min(widths[column.name], NARROWEST_TEXT) if column.unit == "text" else widths[column.name])
        for column in columns
    )
    return columns[: max(1, sum(total <= width for total in needed))]


def _widths(columns: Sequence[ReportColumn], cells: Mapping[str, list[str]]) -> dict[str, int]:
    return {column.name: max(map(cell_len, [_title(column), *cells[column.name]])) for column in columns}


def _text_limit(columns: Sequence[ReportColumn], cells: Mapping[str, list[str]], width: int) -> int:
    """Return how wide a text column may be so that the numbers beside it stay whole."""
    widths = _widths(columns, cells)
    fixed = sum(widths[column.name] for column in columns if column.unit != "text") + _GAP * len(columns)
    return _fair_limit(
        sorted(widths[column.name] for column in columns if column.unit == "text"), width - fixed
    )


def _fair_limit(wanted: Sequence[int], room: int) -> int:
    """Return the limit under which columns that want `wanted` widths, ascending, fit in `room`."""
    left = room
    for position, want in enumerate(wanted):
        part = left // (len(wanted) - position)
        if want > part:
            return max(part, NARROWEST_TEXT)

        left -= want

    return max([*wanted, NARROWEST_TEXT])


def _tall_table(answer: Answer, box: Box) -> Table:
    table = Table(box=box, pad_edge=False, show_edge=False, header_style="bold")
    table.add_column(Text("measure"), no_wrap=True)
    table.add_column(Text("value"), justify="right", no_wrap=True)
    table.add_column(Text("meaning"), style="dim", overflow="fold")
    cells = _cells(answer.frame, answer.report.columns)
    for column in answer.report.columns:
        [value] = cells[column.name]
        table.add_row(Text(_title(column)), Text(value), Text(column.meaning))

    return table


def _notes(answer: Answer, shown_columns: Sequence[ReportColumn]) -> Iterator[str]:
    hidden_rows = answer.total_rows - answer.frame.height
    if hidden_rows:
        yield f"… and {hidden_rows:,} more (--limit 0 for all)"

    hidden = answer.report.column_names[len(shown_columns) :]
    if hidden:
        yield f"No room here for: {', '.join(hidden)}"

    if answer.report.remark:
        yield answer.report.remark
