"""The forms an answer can take, and how it gets to where it is wanted.

In reading order: `output` (the protocol), `table` (for people), `machine` (for programs), `deliver` (to
standard output or into a folder).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from reports.outputs.machine import CsvOutput, JsonOutput, NdjsonOutput, ParquetOutput
from reports.outputs.output import Output
from reports.outputs.table import TableOutput

__all__ = ["OUTPUTS", "CsvOutput", "JsonOutput", "NdjsonOutput", "Output", "ParquetOutput", "TableOutput"]

OUTPUTS: Final[Mapping[str, Callable[[], Output]]] = MappingProxyType(
    {
        "table": TableOutput,
        "csv": CsvOutput,
        "json": JsonOutput,
        "ndjson": NdjsonOutput,
        "parquet": ParquetOutput,
    }
)
"""What ``--format`` takes; calling one gives the output with its usual settings."""
