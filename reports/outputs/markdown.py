"""The output for documents and tickets: GitHub Flavored Markdown, in which whatever a log line says stays text.

Escaping one character at a time is not enough on GitHub: addresses become links and ``@names`` are notified after
Markdown has been read. A text that is not plain words is a code span, in which nothing is found; the one character that
would end a cell of a table there, the pipe, stands between two spans as a character reference (GitHub Flavored Markdown
Spec 0.29, sections 2.5, 4.10 and 6.3).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO, Final

import polars as pl

from footfall.text import printable
from reports.answer import Answer
from reports.outputs import words
from reports.report import ReportColumn

_PIPE: Final = "&#124;"
_PLAIN_WORDS: Final = re.compile(r"(?!.*\b[0-9a-fA-F]{7,}\b)[^\W_]+(?:[ ,]+[^\W_]+)*")
"""Letters, digits, spaces and commas; GitHub makes links of hashes of commits."""

_BACKTICKS: Final = re.compile("`+")
_MEANINGFUL: Final = re.compile(r"[\\`*_{}\[\]<>()#|~$&@!]")
_SLICE_ROWS: Final = 10_000


@dataclass(frozen=True, slots=True)
class MarkdownOutput:
    """A heading, a table and a definition for each answer."""

    name: str = "markdown"
    suffix: str = "md"
    is_text: bool = True
    takes_many: bool = True
    is_whole: bool = False

    def write(self, answers: Sequence[Answer], stream: BinaryIO) -> None:
        """Write each answer, a blank line between them."""
        for place, answer in enumerate(answers):
            for line in chain([""] if place else [], _section(answer)):
                stream.write(f"{line}\n".encode())


def prose(text: str) -> str:
    """Return a sentence that stays a sentence: signs that mean something to Markdown are escaped."""
    return _MEANINGFUL.sub(r"\\\g<0>", printable(text))


def cell(text: str) -> str:
    """Return a text for a cell of a table: plain words as they are, anything else as code."""
    safe = printable(text)
    if not safe.strip() or safe == words.ABSENT or _PLAIN_WORDS.fullmatch(safe):
        return safe.strip()

    return _PIPE.join(_code(part) for part in safe.split("|"))


def _code(text: str) -> str:
    if not text:
        return ""

    longest = max(map(len, _BACKTICKS.findall(text)), default=0)
    fence = "`" * (longest + 1)
    # A reader takes one space from either end, where it is at both and there is more than spaces.
    edge = " " if text.strip(" ") and (text[0] in "` " or text[-1] in "` ") else ""
    return f"{fence}{edge}{text}{edge}{fence}"


def _section(answer: Answer) -> Iterator[str]:
    report, columns = answer.report, answer.report.columns
    yield f"## {prose(report.question)}"
    yield ""
    yield f"**{prose(report.name)}** · {prose(answer.provenance.sentence())}"
    yield ""
    yield from _table(answer, columns) if columns and answer.frame.height else ["No rows."]
    yield ""
    hidden = answer.total_rows - answer.frame.height
    if hidden:
        yield f"… and {hidden:,} more."
        yield ""

    yield prose(answer.definition)


def _table(answer: Answer, columns: Sequence[ReportColumn]) -> Iterator[str]:
    yield _row([cell(words.title(column)) for column in columns])
    yield _row(["---" if words.is_left(column) else "---:" for column in columns])
    for rows in answer.frame.iter_slices(_SLICE_ROWS):
        texts = words.cells(rows, columns)
        yield from map(_row, zip(*(_written(texts[name], rows.schema[name]) for name in texts), strict=True))


def _written(texts: Sequence[str], dtype: pl.DataType) -> Sequence[str]:
    is_ours = dtype.is_numeric() or dtype.is_temporal() or dtype == pl.Boolean
    return texts if is_ours else [cell(text) for text in texts]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
