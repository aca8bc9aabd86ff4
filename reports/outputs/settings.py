"""What a run is to leave, in which forms, where and under which names; and the outputs that follow from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import BinaryIO, Final

from reports.outputs.excel import ExcelOutput
from reports.outputs.html import USUAL_ROWS, HtmlOutput
from reports.outputs.machine import CsvOutput, JsonOutput, NdjsonOutput, ParquetOutput
from reports.outputs.markdown import MarkdownOutput
from reports.outputs.naming import DEFAULT_NAME
from reports.outputs.output import Output
from reports.outputs.table import TableOutput

OUTPUTS: Final[Mapping[str, Callable[[], Output]]] = MappingProxyType(
    {
        "table": TableOutput,
        "csv": CsvOutput,
        "json": JsonOutput,
        "ndjson": NdjsonOutput,
        "parquet": ParquetOutput,
        "xlsx": ExcelOutput,
        "markdown": MarkdownOutput,
        "html": HtmlOutput,
    }
)
"""What ``--format`` takes; calling one gives the output with its usual settings."""


@dataclass(frozen=True, slots=True)
class OutputSettings:
    """What a run is to leave.

    `formats` are names of `OUTPUTS`. `out` is a folder or ``s3://bucket/prefix``, None standard output. `name` is the
    pattern that files there are called by. `limit` cuts each report to so many rows: 0 to none, None to what the
    output usually shows. `csv_raw` leaves CSV cells alone that a spreadsheet would run as formulas.
    """

    formats: tuple[str, ...] = ("table",)
    out: str | None = None
    name: str = DEFAULT_NAME
    limit: int | None = None
    csv_raw: bool = False


@dataclass(frozen=True, slots=True)
class Screen:
    """Standard output: its bytes, the encoding of its texts, and its width where it is a terminal, else None."""

    stream: BinaryIO
    width: int | None = None
    encoding: str = "utf-8"


def outputs_of(settings: OutputSettings, screen: Screen | None = None) -> tuple[Output, ...]:
    """Return the outputs that `settings` name, each once; for `screen`, or for files."""
    special: dict[str, Output] = {
        "csv": CsvOutput(is_raw=settings.csv_raw, is_shown=screen is not None and screen.width is not None),
        "table": TableOutput(screen.width, screen.encoding) if screen else TableOutput(),
        "html": HtmlOutput(USUAL_ROWS if settings.limit is None else None),
    }
    return tuple(special.get(name) or OUTPUTS[name]() for name in dict.fromkeys(settings.formats))
