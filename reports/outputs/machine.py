"""Outputs for programs: CSV, JSON, NDJSON and Parquet. Each is written by column, never row by row.

`forms` says what becomes of times, durations, decimals and what is no number.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from io import BytesIO
from typing import BinaryIO, Final

import msgspec
import polars as pl

from reports.answer import Answer
from reports.outputs.forms import (
    with_finite_numbers,
    with_json_texts,
    with_plain_types,
    with_printable_texts,
    without_formulas,
)

METADATA_PREFIX: Final = "footfall."
_SLICE_ROWS: Final = 65_536
"""Rows made into text at a time. Polars could write to the stream itself, but goes round Python to the file behind
it, so that a broken pipe would no longer be a BrokenPipeError."""


@dataclass(frozen=True, slots=True)
class CsvOutput:
    r"""Comma-separated values with a header (RFC 4180, lines ending in ``\n``), UTF-8.

    Text cells that a spreadsheet would run as a formula begin with an apostrophe, unless `is_raw`. `is_shown` makes
    texts fit for a terminal.
    """

    is_raw: bool = False
    is_shown: bool = False
    name: str = "csv"
    suffix: str = "csv"
    is_text: bool = True
    takes_many: bool = False
    is_whole: bool = False

    def write(self, answers: Sequence[Answer], stream: BinaryIO) -> None:
        """Write the rows of each answer, header first."""
        for answer in answers:
            stream.write(self._lines(_header(answer.frame)))
            for rows in answer.frame.iter_slices(_SLICE_ROWS):
                stream.write(self._lines(with_json_texts(with_plain_types(rows))))

    def _lines(self, rows: pl.DataFrame) -> bytes:
        safe = rows if self.is_raw else without_formulas(rows)
        shown = with_printable_texts(safe) if self.is_shown else safe
        return shown.write_csv(include_header=False).encode()


@dataclass(frozen=True, slots=True)
class JsonOutput:
    """One JSON object for one answer, an array of them for several."""

    name: str = "json"
    suffix: str = "json"
    is_text: bool = True
    takes_many: bool = True
    is_whole: bool = False

    def write(self, answers: Sequence[Answer], stream: BinaryIO) -> None:
        """Write the answers with their columns, units and provenance, two spaces to a level."""
        documents = [_document(answer) for answer in answers]
        whole = msgspec.json.encode(documents[0] if len(documents) == 1 else documents)
        stream.write(msgspec.json.format(whole, indent=2) + b"\n")


@dataclass(frozen=True, slots=True)
class NdjsonOutput:
    """One JSON object per row and line, nothing else."""

    name: str = "ndjson"
    suffix: str = "ndjson"
    is_text: bool = True
    takes_many: bool = False
    is_whole: bool = False

    def write(self, answers: Sequence[Answer], stream: BinaryIO) -> None:
        """Write the rows of each answer."""
        for answer in answers:
            for rows in answer.frame.iter_slices(_SLICE_ROWS):
                stream.write(with_plain_types(rows).write_ndjson().encode())


@dataclass(frozen=True, slots=True)
class ParquetOutput:
    """A typed Parquet file, zstd; report, definition and provenance are in the file's key-value metadata."""

    name: str = "parquet"
    suffix: str = "parquet"
    is_text: bool = False
    takes_many: bool = False
    is_whole: bool = False

    def write(self, answers: Sequence[Answer], stream: BinaryIO) -> None:
        """Write the rows of each answer."""
        for answer in answers:
            # Polars wants a stream that can seek; a pipe cannot.
            file = BytesIO()
            with_finite_numbers(answer.frame).write_parquet(
                file, compression="zstd", metadata=_metadata(answer)
            )
            stream.write(file.getbuffer())


def _header(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the names of the columns as a row: they come from whoever wrote the report, and may be formulas, too."""
    return pl.DataFrame(
        [frame.columns], schema={str(place): pl.String for place in range(frame.width)}, orient="row"
    )


def _document(answer: Answer) -> dict[str, object]:
    rows = with_plain_types(answer.frame).write_json().encode()
    return dict(answer.heading()) | {
        "columns": [asdict(column) for column in answer.report.columns],
        "total_rows": answer.total_rows,
        "rows": msgspec.Raw(rows),
    }


def _metadata(answer: Answer) -> dict[str, str]:
    members = dict(answer.heading()) | {"columns": [asdict(column) for column in answer.report.columns]}
    return {METADATA_PREFIX + name: _plain(value) for name, value in members.items() if value is not None}


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
