"""Formats that are a table of fields, read by regular expressions.

A line is read in two stages. Nearly all lines of nearly all logs pass the strict expression, which is fast.
What it refuses is tried with the tolerant one; blank lines and comments are set aside first. What both refuse
is rejected, with its reason, never dropped.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import reduce
from typing import Final

import polars as pl

from ingest.formats.explaining import Piece, explain_pieces
from ingest.formats.fields import CLOSED_OR_CUT, Field, captured, capturing, literal
from ingest.formats.finish import TimeReader, finish, is_skipped
from ingest.formats.model import NO_MATCH, PLACE, Explanation, Format, Parsed, rejecting
from ingest.formats.times import read_apache_time
from ingest.formats.values import split_requests, unescape

ESCAPED_TEXTS: Final = ("user", "referrer", "user_agent")
"""Columns in which a backslash begins an escape, where a format does not say otherwise."""


CLUE_FIELDS: Final = 5
"""How many fields tell nearly all lines of other formats; the fifth of those behind a virtual host is the time."""


@dataclass(frozen=True, slots=True)
class RegularFormat(Format):
    r"""A format of fields in the order of the line.

    `rest` is a tolerant expression of what may follow the last field. `separators` is the text in front of the first
    field, between each two, and behind the last; not given, it is one space between each two. `escaped` are the
    columns in which a backslash begins an escape (``\"``, ``\xhh``). `derived` are expressions that make columns of
    what the fields have captured, still as text or as numbers; captures that are no columns end there. `definition`
    is what the format was made of, when a user gave it.
    """

    name: str
    title: str
    fields: tuple[Field, ...]
    rest: str
    example: str
    family: str = "Web servers"
    read_time: TimeReader = read_apache_time
    separators: tuple[str, ...] = ()
    escaped: tuple[str, ...] = ESCAPED_TEXTS
    derived: tuple[pl.Expr, ...] = dataclasses.field(default=(), compare=False)
    definition: str = ""

    @property
    def spec(self) -> str:
        """Return the text the format can be made from again; see `Format.spec`."""
        return f"{self.name}:{self.definition}" if self.definition else self.name

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the event columns the format carries."""
        return tuple(column for field in self.fields for column in field.columns)

    @property
    def strict(self) -> str:
        """Return the expression of a well-formed line."""
        return "^" + self._joined([field.strict for field in self.fields]) + "$"

    @property
    def tolerant(self) -> str:
        """Return the expression of a line as it may be: see `ingest.formats.fields`."""
        # A field that was cut has eaten the end of the line, so all that stands behind it is optional.
        first_cut, pieces = self._first_cut, self._tolerant_pieces
        between = [literal(separator) for separator in self._separators]
        certain = "".join(pieces[: first_cut + 1])
        behind = [*pieces[first_cut + 1 :], *filter(None, between[-1:])]
        if first_cut == len(self.fields):
            return f"^\0*{certain}{between[-1]}{self.rest}$"

        return f"^\0*{certain}{reduce(_optional_behind, reversed(behind), '')}{self.rest}$"

    @property
    def clue(self) -> str:
        """Return an expression of the first fields, up to one that can be cut; see `Format.clue`."""
        return "^\0*" + capturing("".join(self._tolerant_pieces[: min(CLUE_FIELDS, self._first_cut)]))

    @property
    def whole(self) -> str:
        """Return the expression of a line that surely has its end: tolerant, with every quotation mark closed."""
        return (
            "^\0*" + self._joined([field.tolerant.replace(CLOSED_OR_CUT, '"') for field in self.fields]) + "$"
        )

    def parse(self, lines: pl.DataFrame, header: str = "") -> Parsed:
        """Read lines; see `Format.parse`."""
        strict = _extract(lines, *_one_pass(self.strict))
        is_read = strict["time"].is_not_null()
        if is_read.all():
            return finish(self._derive(strict), rejecting(strict.clear(), NO_MATCH), 0, self.read_time)

        rest = lines.filter(~is_read)
        unread = rest.filter(~is_skipped())
        tolerant = _extract(unread, self.tolerant)
        is_event = tolerant["time"].is_not_null()
        events = pl.concat([strict.filter(is_read), self._cook(tolerant.filter(is_event))], how="diagonal")
        unmatched = rejecting(unread.filter(~is_event), NO_MATCH)
        skipped = len(rest) - len(unread)
        return finish(self._derive(events).sort("line_number", "offset"), unmatched, skipped, self.read_time)

    def is_whole(self, line: str) -> bool:
        """Tell whether a line surely has its end: every quotation mark is closed."""
        return bool(pl.Series([line]).str.contains(self.whole).all())

    def explain(self, line: str, header: str = "") -> Explanation:
        """Return how `line` is read: the fields as far as the line has them, and what should have come next."""
        return explain_pieces(self, self._pieces(), line)

    @property
    def _separators(self) -> tuple[str, ...]:
        return self.separators or ("", *[" "] * (len(self.fields) - 1), "")

    @property
    def _first_cut(self) -> int:
        return next((at for at, field in enumerate(self.fields) if field.can_be_cut), len(self.fields))

    @property
    def _tolerant_pieces(self) -> list[str]:
        before = map(literal, self._separators)
        return [text + field.tolerant for text, field in zip(before, self.fields, strict=False)]

    def _joined(self, fields: list[str]) -> str:
        first, *others = map(literal, self._separators)
        return first + "".join(field + separator for field, separator in zip(fields, others, strict=True))

    def _pieces(self) -> list[Piece]:
        first, *others = self._separators
        pieces = [Piece.of_separator(first)]
        for field, separator in zip(self.fields, others, strict=True):
            pieces += [Piece.of_field(field), Piece.of_separator(separator)]

        return [piece for piece in pieces if piece.expression]

    def _derive(self, events: pl.DataFrame) -> pl.DataFrame:
        if not self.derived:
            return events

        made = events.with_columns(self.derived)
        kept = {*self.columns, *PLACE, "request"}
        return made.drop(name for name in made.columns if name not in kept)

    def _cook(self, events: pl.DataFrame) -> pl.DataFrame:
        """Give what the tolerant expression read the columns and the meaning of what the strict one reads."""
        plain = events.with_columns(unescape(events[name]) for name in self.escaped if name in events.columns)
        return split_requests(plain) if "request" in plain.columns else plain


def _optional_behind(behind: str, piece: str) -> str:
    return f"(?:{piece}{behind})?"


def _one_pass(expression: str) -> list[str]:
    """Return expressions that capture the groups of `expression` between them, few enough for one pass each."""
    names = captured(expression)
    if len(names) <= _MOST_GROUPS:
        return [expression]

    size = -(-len(names) // -(-len(names) // _MOST_GROUPS))
    return [capturing(expression, names[at : at + size]) for at in range(0, len(names), size)]


_MOST_GROUPS: Final = 16
"""What the engine can capture without going over a line twice (regex-automata, `dfa::onepass`)."""


def _extract(lines: pl.DataFrame, *expressions: str) -> pl.DataFrame:
    """Return the lines with one column for each named group; all are null where a line does not match."""
    text = pl.col("text")
    groups = [text.str.extract_groups(expression).struct.unnest() for expression in expressions]
    return lines.select(*PLACE, *groups)
