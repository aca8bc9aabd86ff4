"""Read many values that PHP has serialised at once.

A text in a serialised value says how long it is and may hold anything, so there is no way to its end but that length.
All rows are walked in step: one member of each, then the next. Arrays have to have as many members as they say, and
the last token to end the row. What is not as PHP writes it, or beyond the bounds here, is left to
`ingest.formats.php`, the reader for everything: nothing is read otherwise here than there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from ingest.formats.encoded import Bytes, Decoded, Flags, Places
from ingest.formats.php_names import Names
from ingest.formats.php_tokens import ARRAY, END, count_at, have, tokens_at

MOST_MEMBERS: Final = 1_000
DEEPEST: Final = 3
"""Bounds of what is read here: members of a row in all, and arrays around a member."""

_USUAL_MEMBERS: Final = 200
_FEW_ROWS: Final = 16
"""Rows that have more members than is usual are left, too, when they are so few that the other way is the faster."""

_COLUMNS: Final = 8
"""Columns of a step; see `_Walk.step`."""


@dataclass(frozen=True, slots=True)
class Members:
    """Names and values in the order of rows and places.

    `row` counts the texts, `level` is how many arrays are around the member, `kind` that of its value, and `name` the
    number of its name among `names`, distinct ones. Values are between places of the data: of a text the text, else
    the digits.
    """

    row: Places
    level: Places
    kind: Places
    name: Places
    begins: Places
    ends: Places
    names: pl.Series


class _Walk:
    """Where the rows that are still walked stand: the next name, arrays around it, and members still to come.

    `held` has for each level the members that are still to come behind an array in it.
    """

    __slots__ = ("data", "ends", "held", "is_read", "left", "level", "names", "place", "row")

    def __init__(self, texts: Decoded, counts: Places) -> None:
        self.data = texts.data
        self.names = Names(texts.data)
        self.ends = texts.ends
        self.is_read = np.zeros(len(counts), np.bool_)
        self.left, self.place, is_begun = count_at(self.data, counts)
        self.row = np.arange(len(counts))
        self.level = np.zeros(len(counts), np.int64)
        self.held = np.zeros((DEEPEST + 1, len(counts)), np.int64)
        self._keep(is_begun & texts.is_sound)

    def _keep(self, kept: Flags) -> None:
        if not kept.all():
            self.row, self.place, self.left, self.level = (
                each[kept] for each in (self.row, self.place, self.left, self.level)
            )
            self.held = self.held[:, kept]

    def leave_arrays(self) -> None:
        """Go behind the ends of arrays that have no more members; rows that end with them are read."""
        while len(over := np.flatnonzero(self.left == 0)):
            good = have(self.data, self.place.take(over), END)
            self.place[over] += 1
            self.level[over] -= 1
            level = self.level.take(over)
            row = self.row.take(over)
            self.is_read[row] = good & (level < 0) & (self.place.take(over) == self.ends.take(row))
            self.left[over] = self.held[level, over]
            kept = np.ones(len(self.row), np.bool_)
            kept[over] = good & (level >= 0)
            self._keep(kept)

    def step(self) -> tuple[Places | Bytes, ...]:
        """Read a member of each row, and return the columns of these members; rows without one are not walked on."""
        name = self.names.at(self.place)
        value = tokens_at(self.data, name.behind)
        is_array = value.kinds == ARRAY
        good = name.good & (value.kinds > 0)
        good &= ~is_array | (self.level < DEEPEST)
        named = (name.number, name.begins, name.ends)
        member = (self.row, self.level.copy(), value.kinds, *named, value.begins, value.ends)
        self.place = value.behind
        self.left -= 1
        arrays = np.flatnonzero(is_array & good)
        self.held[self.level.take(arrays), arrays] = self.left.take(arrays)
        self.level[arrays] += 1
        self.left[arrays] = value.count.take(arrays)
        self._keep(good)
        return member


def read_members(texts: Decoded, counts: Places) -> tuple[Members, Flags]:
    """Return the members of serialised objects, and tell of each text whether it is one that can be read here.

    `counts` are the places where texts say how many members they have. Texts that cannot be read have none.
    """
    walk = _Walk(texts, counts)
    steps: list[tuple[Places | Bytes, ...]] = [(walk.row[:0],) * _COLUMNS]
    walk.leave_arrays()
    while len(walk.row) > _FEW_ROWS * (len(steps) > _USUAL_MEMBERS) and len(steps) <= MOST_MEMBERS:
        steps.append(walk.step())
        walk.leave_arrays()

    columns = [np.concatenate(column) for column in zip(*steps, strict=True)]
    order = _order(columns[0], [len(step[0]) for step in steps], walk.is_read)
    row, level, kind, number, name_begins, name_ends, begins, ends = (
        column.take(order) for column in columns
    )
    name, names = walk.names.numbered(number, name_begins, name_ends)
    return Members(row, level, kind, name, begins, ends, names), walk.is_read


def _order(row: Places, sizes: list[int], is_read: Flags) -> Places:
    """Return where the members of rows that are read stand, row by row; those of each step are together now."""
    kept = np.flatnonzero(is_read.take(row))
    row, step = row.take(kept), np.repeat(np.arange(len(sizes)) - 1, sizes).take(kept)
    counts = np.bincount(row, minlength=len(is_read))
    order = np.empty_like(kept)
    order[(np.cumsum(counts) - counts).take(row) + step] = kept
    return order
