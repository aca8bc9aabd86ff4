from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree as Xml

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.outputs.excel.cells import CUT, LONGEST_TEXT, excel_cells, excel_text, number_format


@pytest.mark.parametrize(
    ("values", "unit", "expected"),
    [
        (["=1", None], "text", ["=1", None]),
        ([1, None, -2], "requests", [1, None, -2]),
        ([10**15 - 1, 10**15], "bytes", [10**15 - 1, "1000000000000000"]),
        ([0.5, float("nan"), float("inf")], "share", [0.5, None, None]),
        ([Decimal("1.50"), None], "currency", [1.5, None]),
        ([43_200, None], "seconds", [0.5, None]),
        ([-125.0, float("nan")], "seconds", ["-2:05", None]),
        ([timedelta(hours=12)], "seconds", [0.5]),
        ([True, None], "flags", [True, None]),
        ([date(2026, 3, 1), date(1899, 12, 31)], "date", [date(2026, 3, 1), "1899-12-31"]),
        ([time(1, 2, 3)], "time", [time(1, 2, 3)]),
        ([["=a", "b"]], "text", ["=a, b"]),
        ([b"\x00"], "text", ["00"]),
    ],
)
def test_a_value_is_what_excel_can_reckon_with(values: list[Any], unit: str, expected: list[Any]) -> None:
    assert excel_cells(pl.Series(values), unit) == expected


def test_a_time_before_1900_is_text() -> None:
    values = pl.Series(["1815-06-18 12:00", "2026-03-01 12:00"]).str.to_datetime("%Y-%m-%d %H:%M")
    [early, late] = excel_cells(values, "time")

    assert early == "1815-06-18 12:00:00"
    assert isinstance(late, datetime)


@pytest.mark.parametrize(
    ("dtype", "unit", "expected"),
    [
        (pl.Int64(), "requests", "#,##0"),
        (pl.Float64(), "pages", "#,##0.00"),
        (pl.Float64(), "share", "0.0%"),
        (pl.Int64(), "status", "0"),
        (pl.Float64(), "seconds", "[h]:mm:ss"),
        (pl.Date(), "date", "yyyy-mm-dd"),
        (pl.Datetime("ms", "UTC"), "time", "yyyy-mm-dd hh:mm:ss"),
        (pl.String(), "requests", "@"),
        (pl.List(pl.String()), "bytes", "@"),
    ],
)
def test_a_format_follows_from_type_and_unit(dtype: pl.DataType, unit: str, expected: str) -> None:
    assert number_format(dtype, unit) == expected


@given(text=st.one_of(st.text(), st.text(alphabet="\ufffe\uffff\x00\x0b\ud7ff\ue000")))
def test_any_text_can_stand_in_xml(text: str) -> None:
    escaped = excel_text(text).replace("&", "&amp;").replace("<", "&lt;")

    assert Xml.fromstring(f"<t>{escaped}</t>").text in {excel_text(text), None}


@pytest.mark.parametrize("letter", ["x", "ä", "\U0001d518"])
def test_a_long_text_is_cut_where_excel_would_and_says_so(letter: str) -> None:
    units = len(letter.encode("utf-16-le")) // 2
    most = LONGEST_TEXT // units
    longer = excel_text(letter * (most + 1))

    assert excel_text(letter * most) == letter * most
    assert longer.endswith(f"{letter}{CUT}")
    assert LONGEST_TEXT - 2 < len(longer.encode("utf-16-le")) // 2 <= LONGEST_TEXT
