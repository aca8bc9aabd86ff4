from __future__ import annotations

import io
import zipfile

import polars as pl
import pytest

from footfall.text import printable
from reports.outputs.excel import ExcelOutput
from tests.reports.outputs.answers import HOSTILE, ZONE, answer_of, everything, hostile, sheets_of, written


def part(data: bytes, name: str) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        return package.read(name).decode()


def test_every_report_has_a_sheet_behind_the_one_that_tells_of_them() -> None:
    sheets = sheets_of(written(ExcelOutput(), hostile(), everything(), hostile()))

    assert list(sheets) == ["About", "tried", "tried 2", "tried 3"]
    assert sheets["tried 2"][0][0] == "text"
    assert len(sheets["tried 2"]) == 1 + 2, "a row of nothing has no cells"


def test_the_first_sheet_says_where_figures_come_from_and_what_they_mean() -> None:
    rows = sheets_of(written(ExcelOutput(), hostile()))["About"]

    assert ["store", "embedded:x.db"] in rows
    assert ["generated at", "2026-03-02T01:02:03+00:00"] in rows
    assert rows[1][1].startswith("site example.org · all days · time zone America/New_York")
    definition = hostile().definition
    assert definition.startswith("Remarked. Ruled. Profile footfall: ")
    assert ["tried", "What is tried?", f"{len(HOSTILE)} rows", definition] in rows
    assert ["tried", "requests", "requests", "meaning of requests"] in rows


def test_a_text_is_never_a_formula_a_link_or_a_number() -> None:
    data = written(ExcelOutput(), hostile())
    sheet = part(data, "xl/worksheets/sheet2.xml")

    assert "<f>" not in sheet
    assert "hyperlink" not in sheet
    assert "http" not in part(data, "xl/worksheets/_rels/sheet2.xml.rels") if "rels/sheet2" in sheet else True
    assert sheet.count('t="inlineStr"') == 2 + sum(1 for text in HOSTILE)


def test_texts_are_as_safe_as_on_a_terminal() -> None:
    rows = sheets_of(written(ExcelOutput(), hostile()))["tried"]
    shown = {row[0] for row in rows[1:]}

    assert {printable(text) for text in HOSTILE if text.isascii() and "_x" not in text} <= shown
    assert "\\ufffe\\uffff\ufdd0" in shown
    assert "_x005F_x0041_" in shown, "or Excel would read it as the letter A"


def test_numbers_dates_and_durations_are_numbers() -> None:
    names, values, *_ = sheets_of(written(ExcelOutput(), everything()))["tried"]
    first = dict(zip(names, values, strict=False))  # the last column is empty

    assert first["day"] == "46082"
    assert first[f"at ({ZONE})"] == "46082.5"
    assert float(first["seconds"]) == pytest.approx(3725 / 86_400)
    assert float(first["lasting"]) == pytest.approx(125 / 86_400)
    assert (first["share"], first["currency"], first["requests"]) == ("0.5", "1234.5", "1234567")


def test_units_have_their_formats() -> None:
    styles = part(written(ExcelOutput(), everything()), "xl/styles.xml")

    for form in ("0.0%", "yyyy-mm-dd", "yyyy-mm-dd hh:mm:ss", "[h]:mm:ss"):
        assert f'formatCode="{form}"' in styles


def test_the_header_stays_in_view_and_every_column_can_be_filtered() -> None:
    sheet = part(written(ExcelOutput(), hostile()), "xl/worksheets/sheet2.xml")

    assert 'state="frozen"' in sheet
    assert f'<autoFilter ref="A1:B{len(HOSTILE) + 1}"' in sheet
    assert "customWidth" in sheet


def test_rows_without_a_place_are_cut_and_counted() -> None:
    sheets = sheets_of(written(ExcelOutput(most_rows=4), hostile().first(10)))

    assert len(sheets["tried"]) == 4
    assert any(
        "3 rows; 7 more have no place on a sheet; " + f"{len(HOSTILE) - 10} more are over the limit" in row
        for row in sheets["About"]
    )


def test_no_answers_make_a_workbook_too() -> None:
    assert list(sheets_of(written(ExcelOutput()))) == ["About"]


def test_names_of_columns_are_only_text() -> None:
    frame = pl.DataFrame({"=1+1": [1], "http://x.example": [2], "\x1b": [3]})

    assert sheets_of(written(ExcelOutput(), answer_of(frame)))["tried"][0] == [
        "=1+1",
        "http://x.example",
        "\\x1b",
    ]
