"""The forms an answer can take, and how it gets to where it is wanted.

In reading order: `output` (the protocol), `words` (a cell as a person reads it), `forms` (a value as a program does),
then the outputs: `table` and `markdown` (for people), `html` (a page), `excel` (a workbook), `machine` (for programs);
`settings` (which of them, and for whom), `naming` (what files are called), `destination` (a folder or S3), `deliver`
(all of it together).
"""

from __future__ import annotations

from reports.outputs.excel import ExcelOutput
from reports.outputs.html import HtmlOutput
from reports.outputs.machine import CsvOutput, JsonOutput, NdjsonOutput, ParquetOutput
from reports.outputs.markdown import MarkdownOutput
from reports.outputs.output import Output
from reports.outputs.settings import OUTPUTS, OutputSettings, Screen
from reports.outputs.table import TableOutput

__all__ = [
    "OUTPUTS",
    "CsvOutput",
    "ExcelOutput",
    "HtmlOutput",
    "JsonOutput",
    "MarkdownOutput",
    "NdjsonOutput",
    "Output",
    "OutputSettings",
    "ParquetOutput",
    "Screen",
    "TableOutput",
]
