"""Formats that are parts with a separator between them, read by the expressions of `ingest.formats.parts`.

Like `ingest.formats.regular`, in two stages; the difference is that what is read of a part need not be a column as it
stands there: see `ingest.formats.readings`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import polars as pl

from ingest.formats.finish import finish, is_skipped
from ingest.formats.model import NO_MATCH, PLACE, Explanation, Format, Parsed, Taken, rejecting
from ingest.formats.parts import Row
from ingest.formats.readings import derive, each_once
from ingest.formats.values import unescape_text


@dataclass(frozen=True, slots=True)
class DelimitedFormat(Format):
    """A format of one row of parts.

    `heading` is how a line begins that only names the parts: it is skipped. `unescape` gives a captured text that
    only the tolerant expression has read its plain form.
    """

    name: str
    title: str
    family: str
    row: Row
    example: str
    heading: str = ""
    unescape: Callable[[str], str] = unescape_text
    definition: str = field(default="", kw_only=True)

    @property
    def spec(self) -> str:
        """Return the name, and the definition when a user gave one."""
        return f"{self.name}:{self.definition}" if self.definition else self.name

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the event columns the format carries."""
        return tuple(dict.fromkeys(column for _, reading in self.row.sources for column in reading.columns))

    @property
    def clue(self) -> str:
        """Return an expression of the first parts; see `Format.clue`."""
        return self.row.clue

    def parse(self, lines: pl.DataFrame, header: str = "") -> Parsed:
        """Read lines; see `Format.parse`."""
        raw, unmatched, skipped = read_row(lines, self.row, self.heading, self.unescape)
        return finish(derive(raw, self.row.sources), unmatched, skipped, as_it_is)

    def is_whole(self, line: str) -> bool:
        """Tell whether a line surely has its end: all the parts of the newest version of the format."""
        return bool(pl.Series([line]).str.contains(self.row.whole).all())

    def explain(self, line: str, header: str = "") -> Explanation:
        """Return part by part how `line` is read."""
        return explain_row(line, self.row, self)


def as_it_is(time: pl.Expr) -> pl.Expr:
    """Return times that a reading has made already."""
    return time


def read_row(
    lines: pl.DataFrame, row: Row, heading: str, unescape: Callable[[str], str]
) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    """Return the captured texts of lines in their order, the rejected lines, and how many were skipped."""
    strict = _extract(lines, *row.strict)
    is_read = _is_read(strict, row)
    if is_read.all():
        return strict, rejecting(strict.clear(), NO_MATCH), 0

    rest = lines.filter(~is_read)
    unread = rest.filter(~_is_passed_over(heading))
    tolerant = _extract(unread, row.tolerant).select(strict.columns)
    is_event = _is_read(tolerant, row)
    plain = tolerant.filter(is_event).with_columns(
        each_once(tolerant.filter(is_event)[group], unescape) for group, _ in row.sources
    )
    raw = pl.concat([strict.filter(is_read), plain]).sort("line_number", "offset")
    return raw, rejecting(unread.filter(~is_event), NO_MATCH), len(rest) - len(unread)


def _extract(lines: pl.DataFrame, *expressions: str) -> pl.DataFrame:
    groups = (pl.col("text").str.extract_groups(expression).struct.unnest() for expression in expressions)
    return lines.select(*PLACE, *groups)


def _is_read(raw: pl.DataFrame, row: Row) -> pl.Series:
    """Tell for each line whether the expression has read it: a part that cannot lack was captured."""
    sure = (f"p{i}" for i, part in enumerate(row.parts) if part.reading is not None and not part.may_lack)
    return raw[next(sure)].is_not_null()


def _is_passed_over(heading: str) -> pl.Expr:
    return is_skipped() | pl.col("text").str.starts_with(heading) if heading else is_skipped()


def explain_row(line: str, row: Row, form: Format, header: str = "") -> Explanation:
    """Return part by part how `line` is read, or at which column the first part fails that does not fit."""
    frame = pl.DataFrame({"line_number": [1], "offset": [0], "text": [line]})
    parsed = form.parse(frame, header)
    taken = _taken(line, row, parsed.events.to_dicts()[0] if len(parsed.events) else {})
    if parsed.rejected.is_empty():
        return Explanation(tuple(taken))

    end = taken[-1].end if taken else 0
    expected = row.parts[len(taken)].name if len(taken) < len(row.parts) else "the end of the line"
    return Explanation(tuple(taken), end + 1, expected, parsed.rejected["reason"][0])


def _taken(line: str, row: Row, event: dict[str, object]) -> list[Taken]:
    """Return as many parts of the line as can be read from its beginning."""
    for count in range(len(row.parts), 0, -1):
        pieces = pl.Series([line]).str.extract_groups(row.begin(count)).struct.unnest().row(0)
        if pieces[0] is not None:
            return list(_placed(pieces, row, event))

    return []


def _placed(pieces: tuple[str, ...], row: Row, event: dict[str, object]) -> list[Taken]:
    taken, end, gap = [], 0, 0
    for part, piece in zip(row.parts, pieces, strict=False):
        begin, end = end + gap * bool(piece), end + len(piece)
        gap = 0 if part.is_glued else len(row.separator)
        columns = part.reading.columns if part.reading is not None else ()
        values = (str(event[column]) for column in columns if event.get(column) is not None)
        if piece or not part.may_lack:
            taken.append(Taken(part.name, columns, begin, end, next(values, None)))

    return taken
