"""Outputs for programs: CSV, JSON, NDJSON and Parquet. Each is written by column, never row by row.

Times are ISO 8601 with their offset, shares are numbers between 0 and 1, an absent value is null or an empty
cell.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from io import BytesIO
from typing import BinaryIO, Final

import msgspec
import polars as pl

from footfall.text import FORMULA_STARTS, printable
from reports.answer import Answer

ISO_TIME: Final = "%Y-%m-%dT%H:%M:%S%.3f%:z"
METADATA_PREFIX: Final = "footfall."
_SLICE_ROWS: Final = 65_536
"""Rows made into text at a time. Polars could write to the stream itself, but goes round Python to the file behind
it, so that a broken pipe would no longer be a BrokenPipeError."""


@dataclass(frozen=True, slots=True)
class CsvOutput:
    r"""Comma-separated values with a header (RFC 4180, lines ending in ``\n``), UTF-8.

    Text cells that a spreadsheet would run as a formula begin with an apostrophe, unless `is_raw`.
    """

    is_raw: bool = False
    is_shown: bool = False
    name: str = "csv"
    suffix: str = "csv"
    is_text: bool = True
    takes_many: bool = False

    def write(self, answers: Sequence[Answer], stream: BinaryIO) -> None:
        """Write the rows of each answer, header first."""
        for answer in answers:
            stream.write(_csv_header(answer))
            for rows in answer.frame.iter_slices(_SLICE_ROWS):
                safe = rows if self.is_raw else without_formulas(rows)
                shown = with_printable_texts(safe) if self.is_shown else safe
                stream.write(with_iso_times(shown).write_csv(include_header=False).encode())


@dataclass(frozen=True, slots=True)
class JsonOutput:
    """One JSON object for one answer, an array of them for several."""

    name: str = "json"
    suffix: str = "json"
    is_text: bool = True
    takes_many: bool = True

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

    def write(self, answers: Sequence[Answer], stream: BinaryIO) -> None:
        """Write the rows of each answer."""
        for answer in answers:
            for rows in answer.frame.iter_slices(_SLICE_ROWS):
                stream.write(with_iso_times(rows).write_ndjson().encode())


@dataclass(frozen=True, slots=True)
class ParquetOutput:
    """A typed Parquet file, zstd; report, definition and provenance are in the file's key-value metadata."""

    name: str = "parquet"
    suffix: str = "parquet"
    is_text: bool = False
    takes_many: bool = False

    def write(self, answers: Sequence[Answer], stream: BinaryIO) -> None:
        """Write the rows of each answer."""
        for answer in answers:
            # Polars wants a stream that can seek; a pipe cannot.
            file = BytesIO()
            answer.frame.write_parquet(file, compression="zstd", metadata=_metadata(answer))
            stream.write(file.getbuffer())


def with_iso_times(frame: pl.DataFrame) -> pl.DataFrame:
    """Return `frame` with times as ISO 8601 text in their own time zone."""
    return frame.with_columns(pl.col(pl.Datetime).dt.strftime(ISO_TIME))


def with_printable_texts(rows: pl.DataFrame) -> pl.DataFrame:
    """Return `rows` with every text made safe for a terminal; files and pipes get texts as they are."""
    return rows.with_columns(
        pl.Series(name, [text and printable(text) for text in rows[name]], dtype=pl.String)
        for name, dtype in rows.schema.items()
        if dtype == pl.String
    )


def without_formulas(rows: pl.DataFrame) -> pl.DataFrame:
    """Return `rows` with an apostrophe before every text that begins like a formula; numbers are left alone."""
    return rows.with_columns(
        pl.when(_begins_formula(pl.col(name)))
        .then(pl.concat_str(pl.lit("'"), name))
        .otherwise(name)
        .alias(name)
        for name, dtype in rows.schema.items()
        if dtype == pl.String
    )


def _csv_header(answer: Answer) -> bytes:
    return answer.frame.clear().write_csv().encode()


def _begins_formula(cell: pl.Expr) -> pl.Expr:
    return cell.str.head(1).is_in(FORMULA_STARTS)


def _document(answer: Answer) -> dict[str, object]:
    rows = with_iso_times(answer.frame).write_json().encode()
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
