"""Answers made of any frame, for outputs to be tried with, and what is read back from their files."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree as Xml

import polars as pl

from reports.answer import Answer, Provenance
from reports.catalogue import CATALOGUE, View
from reports.extraction.reading import Reading
from reports.outputs import Output
from reports.report import ReportColumn
from reports.scope import Scope

MADE_AT = datetime(2026, 3, 2, 1, 2, 3, tzinfo=UTC)
ZONE = "America/New_York"

HOSTILE = [
    "/\x1b]0;pwned\x07",
    "/\x1b[2J",
    "/a,b;c\td",
    '/say "hi"',
    "/two\r\nlines",
    "/\x00nul",
    "\u202egpj.exe",
    "=1+1",
    "@SUM(1)",
    "-1",
    "+1",
    " =1",
    "\u00a0=1",
    "\ufeff=1",
    "\u200b=1",
    "\t=1",
    "\r=1",
    "\n=1",
    "\uff1d1+1",
    "\uff0b1",
    "\uff0d1",
    "\uff20x",
    "http://evil.example/",
    "www.evil.example",
    "mailto:a@evil.example",
    "<script>alert(1)</script>",
    "</script><img src=x onerror=alert(1)>",
    "`</code>`` | x |",
    "a\\|b",
    "|",
    "\\",
    "[a](javascript:alert(1))",
    "![x](http://evil.example/x.png)",
    "@somebody #1",
    "_x0041_",
    "\ufffe\uffff\ufdd0",
    "&lt;&#124;",
    "",
    " ",
    "/ä…\U0001d518",
]


def _moments(first: str, last: str) -> pl.Series:
    return pl.Series([first, None, last]).str.to_datetime("%Y-%m-%d %H:%M")


EVERYTHING: Mapping[str, tuple[str, pl.Series]] = {
    "text": ("text", pl.Series(["a", None, "b"])),
    "kind": ("text", pl.Series(["=a", None, "b"], dtype=pl.Categorical)),
    "choice": ("text", pl.Series(["=a", None, "b"], dtype=pl.Enum(["=a", "b"]))),
    "day": ("date", pl.Series([date(2026, 3, 1), None, date(1899, 12, 31)])),
    "at": ("time", _moments("2026-03-01 12:00", "1815-06-18 12:00").dt.replace_time_zone(ZONE)),
    "local": ("time", _moments("2026-03-01 12:00", "9999-12-31 12:00")),
    "clock": ("time", pl.Series([time(1, 2, 3), None, time(23, 59, 59)])),
    "bytes": ("bytes", pl.Series([0, None, 2**63 - 1])),
    "share": ("share", pl.Series([0.5, None, float("nan")])),
    "change": ("change", pl.Series([0.123, None, float("inf")])),
    "ratio": ("ratio", pl.Series([1.5, None, float("-inf")])),
    "currency": ("currency", pl.Series([Decimal("1234.50"), None, Decimal("-0.05")])),
    "ms": ("ms", pl.Series([1234.5, None, 0.0])),
    "seconds": ("seconds", pl.Series([3725.0, None, -5.0])),
    "lasting": ("seconds", pl.Series([timedelta(seconds=125), None, timedelta(days=-1)])),
    "status": ("status", pl.Series([404, None, 200], dtype=pl.UInt16)),
    "hour": ("hour", pl.Series([23, None, 0])),
    "requests": ("requests", pl.Series([1_234_567, None, -1])),
    "mean": ("pages", pl.Series([1.25, None, 2.0])),
    "flag": ("flags", pl.Series([True, None, False])),
    "steps": ("text", pl.Series([["=/a", "/b"], None, []])),
    "pair": ("text", pl.Series([{"a": 1}, None, {"a": 2}])),
    "raw": ("text", pl.Series([b"\x00\xff", None, b"="])),
    "nothing": ("text", pl.Series([None, None, None])),
}
"""A unit and values for every type that an answer can have, the second of them null."""


def answer_of(
    frame: pl.DataFrame,
    units: Mapping[str, str] | None = None,
    *,
    name: str = "tried",
    question: str = "What is tried?",
    is_series: bool = False,
) -> Answer:
    """An answer with the rows of `frame`; `units` by column, else ``text``."""
    columns = tuple(
        ReportColumn(one, (units or {}).get(one, "text"), f"meaning of {one}") for one in frame.columns
    )
    report = replace(
        CATALOGUE["pages"],
        name=name,
        question=question,
        columns=columns,
        remark="Remarked.",
        rules=("Ruled.",),
        is_series=is_series,
    )
    reading = Reading("scan", 4, items=10, events=10, read_units=2.5, page_bytes=4_000, seconds=0.25)
    provenance = Provenance("embedded:x.db", Scope(site="example.org"), View(ZONE), MADE_AT, reading)
    return Answer(report, frame, frame.height, provenance)


def everything() -> Answer:
    """An answer with a column of every type and unit."""
    frame = pl.DataFrame({name: values for name, (_, values) in EVERYTHING.items()})
    return answer_of(frame, {name: unit for name, (unit, _) in EVERYTHING.items()})


def hostile() -> Answer:
    """An answer of texts that want to be more than text."""
    return answer_of(
        pl.DataFrame({"path": HOSTILE, "requests": range(len(HOSTILE))}), {"requests": "requests"}
    )


def written(output: Output, *answers: Answer) -> bytes:
    """What `output` writes of `answers`."""
    stream = io.BytesIO()
    output.write(answers, stream)
    return stream.getvalue()


def rows_of(output: Output, data: bytes) -> list[dict[str, Any]]:
    """What a program reads back from the `data` of one answer in a form for programs."""
    if output.name == "csv":
        return list(csv.DictReader(io.StringIO(data.decode(), newline="")))

    if output.name == "parquet":
        return pl.read_parquet(io.BytesIO(data)).to_dicts()

    found: list[dict[str, Any]] = (
        json.loads(data, parse_constant=_refuse)["rows"]
        if output.name == "json"
        else [json.loads(line, parse_constant=_refuse) for line in data.splitlines()]
    )
    return found


def sheets_of(data: bytes) -> dict[str, list[list[str]]]:
    """The texts of the cells of a workbook, by sheet; what is no text as the XML has it."""
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        book = Xml.fromstring(package.read("xl/workbook.xml"))
        names = [sheet.attrib["name"] for sheet in book.iter(_tag("sheet"))]
        return {
            name: _cells(package.read(f"xl/worksheets/sheet{place}.xml"))
            for place, name in enumerate(names, 1)
        }


def _cells(sheet: bytes) -> list[list[str]]:
    return [
        ["".join(cell.itertext()) for cell in row.iter(_tag("c"))]
        for row in Xml.fromstring(sheet).iter(_tag("row"))
    ]


def _tag(name: str) -> str:
    return f"{{http://schemas.openxmlformats.org/spreadsheetml/2006/main}}{name}"


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")
