"""A report as a person reads it in a terminal: question, lines or bars, table, what it counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from textwrap import wrap
from typing import BinaryIO, Final

from reports.answer import Answer
from reports.outputs import words
from reports.outputs.table.bars import bars, sparkline, with_gaps
from reports.outputs.table.grid import GAP, GridColumn, fitted, grid_column, lines, text_limit, with_room
from reports.outputs.table.ink import Ink
from reports.report import ReportColumn

PLAIN_TEXT_LIMIT: Final = 100
"""How much of a text cell is shown where no terminal sets the width."""

_WIDEST_SINGLE_ROW: Final = 10
"""An answer of one row with more columns than this is shown with one measure per line."""

_BAR_WIDTH: Final = 10
_TEXT_BESIDE_BARS: Final = 24
"""Characters that texts must be left for a bar to be worth its room."""

_NARROWEST_MEANING: Final = 16
_SPARKLINES: Final = 3
_WIDEST_SPARKLINE: Final = 60
_FEWEST_POINTS: Final = 3
_BAR_STYLE: Final = "cyan"


@dataclass(frozen=True, slots=True)
class TableOutput:
    """Tables with a question above and what it counts below.

    `width` is the terminal's in columns, 40 or more; None means that this is no terminal: no colour, no shortening to
    fit. Bars and sparklines are left out where `encoding` has no characters for them.
    """

    width: int | None = None
    encoding: str = "utf-8"
    name: str = "table"
    suffix: str = "txt"
    is_text: bool = True
    takes_many: bool = True
    is_whole: bool = False

    def write(self, answers: Sequence[Answer], stream: BinaryIO) -> None:
        """Write each answer as a table, a blank line between them, and the rules they follow once at the end."""
        ink = Ink(self.width, self.encoding)
        for answer in answers:
            stream.write(ink.encoded("".join(_shown(answer, ink)) + "\n"))

        rules = dict.fromkeys(rule for answer in answers for rule in answer.rules)
        stream.write(ink.encoded(ink.sentences(rules, "dim")))


def _shown(answer: Answer, ink: Ink) -> Iterator[str]:
    yield ink.sentences([f"{answer.report.name}: {answer.report.question}"], "bold")
    yield ink.sentences([answer.provenance.sentence()], "dim")
    if answer.frame.is_empty():
        yield "no rows\n"
        yield ink.sentences(_notes(answer, answer.report.columns), "dim")
        return

    is_tall = answer.frame.height == 1 and len(answer.report.columns) > _WIDEST_SINGLE_ROW
    columns, grid = (answer.report.columns, _tall(answer, ink)) if is_tall else _wide(answer, ink)
    yield from (f"{line}\n" for line in [*_sparklines(answer, ink), *lines(grid, ink.pen)])
    yield ink.sentences(_notes(answer, columns), "dim")


def _wide(answer: Answer, ink: Ink) -> tuple[Sequence[ReportColumn], Sequence[GridColumn]]:
    """Return the columns of the report that are shown, and those of the grid."""
    columns = answer.report.columns
    texts = words.cells(answer.frame, columns)
    grid = tuple(
        grid_column(
            words.title(column),
            texts[column.name],
            is_left=words.is_left(column),
            is_text=column.unit == "text",
        )
        for column in columns
    )
    count = len(grid) if ink.width is None else with_room(grid, ink.width)
    shown = grid[:count]
    barred = _with_bars(answer, shown) if ink.has_blocks and _has_bars(answer) else shown
    if ink.width is None:
        return columns, [
            replace(one, width=min(one.width, PLAIN_TEXT_LIMIT)) if one.is_text else one for one in barred
        ]

    return columns[:count], fitted(barred if _is_roomy(barred, ink.width) else shown, ink.width)


def _is_roomy(columns: Sequence[GridColumn], width: int) -> bool:
    """Whether `columns` fit with texts that can still be told apart."""
    texts = [column.width for column in columns if column.is_text]
    enough = min(_TEXT_BESIDE_BARS, max(texts, default=0))
    return with_room(columns, width) == len(columns) and text_limit(columns, width) >= enough


def _has_bars(answer: Answer) -> bool:
    return not answer.report.is_series and answer.frame.height > 1


def _with_bars(answer: Answer, grid: Sequence[GridColumn]) -> Sequence[GridColumn]:
    """Return `grid` with bars behind its first measure."""
    shown = answer.report.columns[: len(grid)]
    place = next((place for place, column in enumerate(shown, 1) if _is_drawn(answer, column)), None)
    if place is None:
        return grid

    values = answer.frame[shown[place - 1].name].to_list()
    drawn = grid_column("", bars(values, _BAR_WIDTH), is_left=True, style=_BAR_STYLE)
    return [*grid[:place], replace(drawn, width=_BAR_WIDTH), *grid[place:]]


def _is_drawn(answer: Answer, column: ReportColumn) -> bool:
    return words.is_measure(column) and answer.frame.schema[column.name].is_numeric()


def _sparklines(answer: Answer, ink: Ink) -> Iterator[str]:
    """Yield a line for each of the first measures of a series, the range of its values behind it."""
    frame, columns = answer.frame, answer.report.columns
    is_line = (
        answer.report.is_series
        and frame.height >= _FEWEST_POINTS
        and frame[columns[0].name].is_unique().all()
    )
    if not (is_line and ink.has_blocks):
        return

    drawn = [column for column in columns[1:] if _is_drawn(answer, column) and column.unit != "share"][
        :_SPARKLINES
    ]
    title_width = max(len(words.title(column)) for column in drawn) if drawn else 0
    pen = ink.pen(_BAR_STYLE)
    for column in drawn:
        values = frame[column.name]
        extent = " to ".join(words.shown(value, column.unit) for value in (values.min(), values.max()))
        room = ink.line_width - title_width - len(extent) - 2 * len(GAP)
        line = sparkline(with_gaps(frame[columns[0].name], values), min(max(room, 1), _WIDEST_SPARKLINE))
        yield GAP.join([words.title(column).ljust(title_width), pen(line), extent])

    yield from [""] if drawn else []


def _tall(answer: Answer, ink: Ink) -> Sequence[GridColumn]:
    """Return measures, values and meanings, one measure below the other."""
    columns = answer.report.columns
    values = [cells[0] for cells in words.cells(answer.frame, columns).values()]
    grid = [
        grid_column("measure", [words.title(column) for column in columns], is_left=True, is_text=True),
        grid_column("value", values),
    ]
    if ink.width is None:
        return [*grid, grid_column("meaning", [column.meaning for column in columns], is_left=True)]

    room = ink.width - sum(column.width for column in grid) - len(GAP) * len(grid)
    if room < _NARROWEST_MEANING:
        # Which of the values are texts differs from row to row; a number is never wider than half a terminal.
        return fitted([grid[0], replace(grid[1], is_text=grid[1].width > ink.width // 2)], ink.width)

    return _explained([column.cells for column in grid], [wrap(column.meaning, room) for column in columns])


def _explained(cells: Sequence[Sequence[str]], meanings: Sequence[Sequence[str]]) -> Sequence[GridColumn]:
    """Return the grid of measures and values with meanings that take several lines."""
    rows = [
        row
        for measure, value, meaning in zip(*cells, meanings, strict=True)
        for row in zip_longest([measure], [value], meaning or [""], fillvalue="")
    ]
    measures, values, parts = ([row[place] for row in rows] for place in range(3))
    return [
        grid_column("measure", measures, is_left=True),
        grid_column("value", values),
        grid_column("meaning", parts, is_left=True, style="dim"),
    ]


def _notes(answer: Answer, shown_columns: Sequence[ReportColumn]) -> Iterator[str]:
    hidden_rows = answer.total_rows - answer.frame.height
    if hidden_rows:
        yield f"… and {hidden_rows:,} more (--limit 0 for all)"

    hidden = answer.report.columns[len(shown_columns) :]
    if hidden:
        yield f"No room here for: {', '.join(column.name for column in hidden)}"

    if answer.report.remark:
        yield answer.report.remark
