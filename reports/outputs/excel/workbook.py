"""One workbook for all answers of a run."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from tempfile import TemporaryFile
from typing import IO, Any, BinaryIO, Final

from xlsxwriter import Workbook
from xlsxwriter.exceptions import FileCreateError

from reports.answer import Answer
from reports.outputs.excel.about import NAME, fill_about
from reports.outputs.excel.names import sheet_names
from reports.outputs.excel.sheets import HEADER, MOST_ROWS, Format, Formats, fill_sheet

_OPTIONS: Final = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "constant_memory": True,
    "remove_timezone": False,
}
_HEADER_FORMAT: Final = {"bold": True, "bottom": 1, "num_format": "@"}


@dataclass(frozen=True, slots=True)
class ExcelOutput:
    """An .xlsx workbook: a sheet for each answer, and a first one that says where its figures come from.

    `most_rows` are those of a sheet, its header included.
    """

    most_rows: int = MOST_ROWS
    name: str = "xlsx"
    suffix: str = "xlsx"
    is_text: bool = False
    takes_many: bool = True
    is_whole: bool = True

    def write(self, answers: Sequence[Answer], stream: BinaryIO) -> None:
        """Write the workbook; the same answers give the same bytes."""
        # xlsxwriter turns a broken pipe into an error of its own, so it gets a file.
        with TemporaryFile() as file:
            with _workbook(file, answers) as workbook:
                self._fill(workbook, answers)

            file.seek(0)
            shutil.copyfileobj(file, stream)

    def _fill(self, workbook: Any, answers: Sequence[Answer]) -> None:
        formats = _formats_of(workbook)
        names = sheet_names((answer.report.name for answer in answers), taken=[NAME])
        fill_about(workbook.add_worksheet(NAME), answers, names, formats, self.most_rows)
        for name, answer in zip(names, answers, strict=True):
            fill_sheet(workbook.add_worksheet(name), answer, formats, self.most_rows)


@contextmanager
def _workbook(file: IO[bytes], answers: Sequence[Answer]) -> Iterator[Any]:
    workbook = Workbook(file, _OPTIONS)
    if answers:
        # Otherwise xlsxwriter puts the time of writing there.
        workbook.set_properties({"created": answers[0].provenance.generated_at.replace(tzinfo=None)})

    try:
        yield workbook
        workbook.close()
    except FileCreateError as error:
        raise OSError(f"no room for a workbook: {error}") from error


def _formats_of(workbook: Any) -> Formats:
    @cache
    def format_of(name: str) -> Format:
        return workbook.add_format(_HEADER_FORMAT if name == HEADER else {"num_format": name})

    return format_of
