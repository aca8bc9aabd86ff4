"""The first sheet of a workbook: where the figures come from, what each sheet asks and each column means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from footfall.text import counted
from reports.answer import Answer
from reports.outputs import words
from reports.outputs.excel.cells import TEXT_FORMAT, excel_text
from reports.outputs.excel.sheets import HEADER, Formats, Worksheet, rows_cut, write_row

NAME: Final = "About"
_WIDTHS: Final = (24, 40, 24, 90)

Row = tuple[str, Sequence[str]]
"""A format and the texts of a row."""


def fill_about(
    sheet: Worksheet, answers: Sequence[Answer], names: Sequence[str], formats: Formats, most_rows: int
) -> None:
    """Write what `about_rows` says."""
    for place, width in enumerate(_WIDTHS):
        sheet.set_column(place, place, width, formats(TEXT_FORMAT))

    for place, (form, texts) in enumerate(about_rows(answers, names, most_rows)):
        write_row(sheet, place, [excel_text(text) for text in texts], [formats(form)] * len(texts))


def about_rows(answers: Sequence[Answer], names: Sequence[str], most_rows: int) -> Iterator[Row]:
    """Yield provenance, then a row for each sheet, then one for each column; `names` are those of the sheets."""
    yield from _provenance(answers)
    yield TEXT_FORMAT, ()
    yield HEADER, ("sheet", "question", "rows", "definition")
    for answer, name in zip(answers, names, strict=True):
        yield (
            TEXT_FORMAT,
            (name, answer.report.question, _extent(answer, most_rows), answer.definition),
        )

    yield TEXT_FORMAT, ()
    yield HEADER, ("sheet", "column", "unit", "meaning")
    for answer, name in zip(answers, names, strict=True):
        for column in answer.report.columns:
            yield TEXT_FORMAT, (name, words.title(column), column.unit, column.meaning)


def _provenance(answers: Sequence[Answer]) -> Iterator[Row]:
    yield HEADER, ("footfall", "")
    for sentence in dict.fromkeys(answer.provenance.sentence() for answer in answers):
        yield TEXT_FORMAT, ("events", sentence)

    for provenance in [answer.provenance for answer in answers[:1]]:
        yield TEXT_FORMAT, ("store", provenance.location)
        yield TEXT_FORMAT, ("generated at", provenance.generated_at.isoformat(timespec="seconds"))
        yield TEXT_FORMAT, ("reading", provenance.reading.sentence())


def _extent(answer: Answer, most_rows: int) -> str:
    """Return how many rows there are, and how many of them are not here."""
    cut, limited = rows_cut(answer, most_rows), answer.total_rows - answer.frame.height
    parts = [
        counted(answer.frame.height - cut, "row"),
        f"{cut:,} more have no place on a sheet" if cut else "",
        f"{limited:,} more are over the limit" if limited else "",
    ]
    return "; ".join(filter(None, parts))
