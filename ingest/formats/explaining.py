"""Explain how a format made of fields reads a line: which field took what, and where a line stops to fit.

The pieces of a format, fields and separators, are tried on the line in ever longer rows. The longest that fits tells
how far the line is good, and the piece behind it what was expected there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any, Final

import polars as pl

from footfall.text import printable
from ingest.formats.fields import Field, literal
from ingest.formats.model import BAD_TIME, NO_MATCH, Explanation, Format, Taken

SKIPPED: Final = "nothing: a blank line or a comment is skipped"
END_OF_LINE: Final = "the end of the line"


@dataclass(frozen=True, slots=True)
class Piece:
    """A field of a format, or the literal text between two: `expression` is how it is read, `expected` what it is."""

    expression: str
    expected: str
    field: Field | None = None
    text: str = ""

    @classmethod
    def of_field(cls, field: Field) -> Piece:
        """Return a field as a piece."""
        return cls(field.tolerant, f"{field.name}: {field.meaning}", field)

    @classmethod
    def of_separator(cls, text: str) -> Piece:
        """Return literal text as a piece."""
        return cls(literal(text), SEPARATOR_NAMES.get(text, f"the text {printable(text)!r}"), text=text)


SEPARATOR_NAMES: Final[Mapping[str, str]] = {
    " ": "a space",
    "\t": "a tab",
    ",": "a comma",
    '"': "a quotation mark",
}


@dataclass(frozen=True, slots=True)
class _Span:
    piece: Piece
    begin: int
    end: int
    texts: Mapping[str, str | None]


def explain_pieces(form: Format, pieces: Sequence[Piece], line: str) -> Explanation:
    """Return how `line` is read by `form`, which is made of `pieces`; raises on no text."""
    text = line.encode(errors="backslashreplace").decode()
    parsed = form.parse(_frame(text))
    spans = _longest(pieces, text)
    if parsed.skipped_lines:
        return Explanation((), None, SKIPPED)

    if len(parsed.events):
        return Explanation(
            tuple(_taken(span, parsed.events.to_dicts()[0]) for span in spans if span.piece.field)
        )

    if parsed.rejected["reason"][0] == BAD_TIME:
        return _unreadable_time(_taken_of(spans))

    while spans and spans[-1].piece.field is not None and spans[-1].begin == spans[-1].end:
        spans.pop()  # a field that may be empty, and something else stands where it should

    return _unfit(_taken_of(spans), spans, pieces, text)


def _taken_of(spans: Sequence[_Span]) -> tuple[Taken, ...]:
    return tuple(_taken(span, None) for span in spans if span.piece.field is not None)


def _unfit(
    taken: tuple[Taken, ...], spans: Sequence[_Span], pieces: Sequence[Piece], text: str
) -> Explanation:
    begin = spans[-1].end if spans else 0
    if len(spans) == len(pieces):
        return Explanation(taken, begin + 1, END_OF_LINE, NO_MATCH)

    missing = pieces[len(spans)]
    alike = takewhile(lambda pair: pair[0] == pair[1], zip(missing.text, text[begin:], strict=False))
    fitting = len(list(alike))
    return Explanation(taken, begin + fitting + 1, missing.expected, NO_MATCH)


def _unreadable_time(taken: tuple[Taken, ...]) -> Explanation:
    [first, *_] = [part for part in taken if "time" in part.columns] or [
        *taken,
        Taken("time", (), 0, 0, None),
    ]
    return Explanation(taken, first.begin + 1, f"{first.field}: a time that can be read", BAD_TIME)


def _taken(span: _Span, event: Mapping[str, Any] | None) -> Taken:
    assert span.piece.field is not None
    columns = span.piece.field.columns
    values = span.texts if event is None else event
    present = [values[column] for column in columns if values.get(column) is not None]
    return Taken(
        span.piece.field.name, columns, span.begin, span.end, _shown(present[0]) if present else None
    )


def _shown(value: object) -> str:
    return value.isoformat(timespec="milliseconds") if isinstance(value, datetime) else str(value)


def _longest(pieces: Sequence[Piece], text: str) -> list[_Span]:
    """Return the pieces that `text` begins with, as many as there are, with their places."""
    for expression in (_row(pieces, END), _row(pieces, "")):
        if found := _spans(pieces, expression, text):
            return found

    low, high = 0, len(pieces)
    while high - low > 1:  # a row that does not fit has no longer one that does
        middle = (low + high) // 2
        low, high = (middle, high) if _fits(pieces[:middle], text) else (low, middle)

    return _spans(pieces[:low], _row(pieces[:low], ""), text)


END: Final = "$"


def _row(pieces: Sequence[Piece], end: str) -> str:
    groups = "".join(f"(?P<piece_{at}>{piece.expression})" for at, piece in enumerate(pieces))
    return f"^(?P<nuls>\0*){groups}{end}"


def _fits(pieces: Sequence[Piece], text: str) -> bool:
    return bool(pl.Series([text]).str.contains(_row(pieces, ""))[0])


def _spans(pieces: Sequence[Piece], expression: str, text: str) -> list[_Span]:
    groups = pl.Series([text]).str.extract_groups(expression)[0]
    if groups["nuls"] is None:
        return []

    spans, begin = [], len(groups["nuls"])
    for at, piece in enumerate(pieces):
        end = begin + len(groups[f"piece_{at}"])
        spans.append(_Span(piece, begin, end, groups))
        begin = end

    return spans


def _frame(text: str) -> pl.DataFrame:
    place = {"line_number": pl.Int64, "offset": pl.Int64, "text": pl.String}
    return pl.DataFrame({"line_number": [1], "offset": [0], "text": [text]}, schema=place)
