"""Columns of text side by side, and how they are fitted into a width without cutting a number.

rich could draw this, and takes half a minute for 100,000 rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Final

from rich.cells import cell_len, set_cell_size

GAP: Final = "   "
NARROWEST_TEXT: Final = 12
"""Characters that a text is left, however narrow the terminal."""

Pens = Callable[[str], Callable[[str], str]]
"""What gives, for a style (``bold``, ``cyan``), the function that writes a text in it."""


@dataclass(frozen=True, slots=True)
class GridColumn:
    """A column of printable texts; only `is_text` ones may be shortened. `width` is in characters of a terminal."""

    title: str
    cells: Sequence[str]
    width: int
    is_left: bool = False
    is_text: bool = False
    style: str = ""

    @property
    def least(self) -> int:
        """Return how narrow the column can be made."""
        return min(self.width, NARROWEST_TEXT) if self.is_text else self.width

    def shown(self, cell: str, write: Callable[[str], str] = str) -> str:
        """Return `cell`, written by `write`, in a space as wide as the column."""
        width = _width(cell)
        if width > self.width:
            return write(set_cell_size(cell, self.width - 1) + "…")

        space = " " * (self.width - width)
        return write(cell) + space if self.is_left else space + write(cell)


def grid_column(
    title: str, cells: Sequence[str], *, is_left: bool = False, is_text: bool = False, style: str = ""
) -> GridColumn:
    """Return a column as wide as its widest cell."""
    width = max(map(_width, [title, *cells]))
    return GridColumn(title, cells, width, is_left, is_text, style)


def with_room(columns: Sequence[GridColumn], width: int) -> int:
    """Return how many columns, from the left, fit side by side: a cut number would be a wrong number."""
    needed = accumulate(len(GAP) + column.least for column in columns)
    return max(1, sum(total <= width + len(GAP) for total in needed))


def fitted(columns: Sequence[GridColumn], width: int) -> tuple[GridColumn, ...]:
    """Return the columns with texts narrow enough for all of them to fit in `width`, where that is possible."""
    limit = text_limit(columns, width)
    return tuple(
        replace(column, width=min(column.width, limit)) if column.is_text else column for column in columns
    )


def text_limit(columns: Sequence[GridColumn], width: int) -> int:
    """Return how wide a text column may be so that the numbers beside it stay whole."""
    fixed = sum(column.width for column in columns if not column.is_text) + len(GAP) * (len(columns) - 1)
    return _fair_limit(sorted(column.width for column in columns if column.is_text), width - fixed)


def lines(columns: Sequence[GridColumn], pens: Pens) -> Iterator[str]:
    """Yield the header, a rule and the rows."""
    yield pens("bold")(GAP.join(column.shown(column.title) for column in columns).rstrip())
    yield "─" * (sum(column.width for column in columns) + len(GAP) * (len(columns) - 1))
    painted = [_painted(column, pens) for column in columns]
    for row in zip(*painted, strict=True):
        yield GAP.join(row).rstrip()


def _painted(column: GridColumn, pens: Pens) -> Iterator[str]:
    write = pens(column.style) if column.style else str
    return (column.shown(cell, write) for cell in column.cells)


def _width(text: str) -> int:
    return len(text) if text.isascii() else cell_len(text)


def _fair_limit(wanted: Sequence[int], room: int) -> int:
    """Return the limit under which columns that want `wanted` widths, ascending, fit in `room`."""
    left = room
    for position, want in enumerate(wanted):
        part = left // (len(wanted) - position)
        if want > part:
            return max(part, NARROWEST_TEXT)

        left -= want

    return max([*wanted, NARROWEST_TEXT])
