from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from reports.answer import Answer
from reports.catalogue import CATALOGUE
from reports.outputs import HtmlOutput
from reports.report import ReportColumn
from tests.chromium import Pipe, chromium, chromium_missing
from tests.reports.conftest import MakeAnswer, MakeEvents
from tests.reports.outputs.html.tree import Element, read

MakeTable = Callable[..., Answer]
PageOf = Callable[..., Element]

HOSTILE = (
    "<script>window.hacked = 1</script>",
    '"><img src=x onerror="window.hacked=1">',
    "' onmouseover='window.hacked=1' x='",
    "</td></table></script></style></title><!-- <svg onload=window.hacked=1>",
    "javascript:window.hacked=1",
    "https://example.com/?a=1&lt;b&gt;&#60;script&#62;",
    "gpj.\u202egnp.exe",
    "\u2066isolated\u2069\u200b",
    "nul\x00 escape\x1b[31m bell\x07 newline\n tab\t",
    "]]>--><![CDATA[ {{7*7}} ${7*7}",
    "/x" * 50_000,
    "W" * 300,
    "\u0645\u0631\u062d\u0628\u0627/\u0639\u0627\u0644\u0645",
    "=1+1",
)


@pytest.fixture(scope="session")
def make_table(make_answer: MakeAnswer, make_events: MakeEvents) -> MakeTable:
    """An answer with these columns, as (name, unit), and rows; keywords are those of a report."""

    def make(
        columns: Sequence[tuple[str, str]], rows: Sequence[Sequence[Any]] | pl.DataFrame, **about: Any
    ) -> Answer:
        template = make_answer("pages", make_events({}))
        described = tuple(ReportColumn(name, unit, f"meaning of {name}") for name, unit in columns)
        report = replace(CATALOGUE["pages"], columns=described, **about)
        names = [name for name, _ in columns]
        frame = (
            rows
            if isinstance(rows, pl.DataFrame)
            else pl.DataFrame(rows, schema=names, orient="row", infer_schema_length=None)
        )
        return replace(template, report=report, frame=frame, total_rows=frame.height)

    return make


@pytest.fixture(scope="session")
def page_of() -> PageOf:
    """The page for some answers, as a tree of elements."""

    def page(*answers: Answer, usual_rows: int | None = 500) -> Element:
        return read(written(answers, usual_rows))

    return page


@pytest.fixture(scope="session")
def hostile_answer(make_table: MakeTable) -> Answer:
    """A ranking and a series in one, whose texts would like to be something else."""
    rows = [(text, 20 - place, text) for place, text in enumerate(HOSTILE)]
    return make_table([("path", "text"), ("requests", "requests"), ("top_referrer", "text")], rows)


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipe]:
    missing = chromium_missing()
    if missing is not None and os.environ.get("FOOTFALL_REQUIRE_CHROMIUM"):
        pytest.fail(missing)

    if missing is not None:
        pytest.skip(missing)

    with chromium(tmp_path_factory.mktemp("chromium")) as pipe:
        yield pipe


def written(answers: Sequence[Answer], usual_rows: int | None = 500) -> str:
    """Return the page for `answers` as text."""
    stream = BytesIO()
    HtmlOutput(usual_rows).write(answers, stream)
    return stream.getvalue().decode()


def save(folder: Path, *answers: Answer) -> Path:
    """Write the page for `answers` into `folder`."""
    file = folder / "report.html"
    file.write_text(written(answers), encoding="utf-8")
    return file
