from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.outputs.html.cells import LONGEST_TITLE, Cell, cells_of, cut, short_number, shown_number
from reports.report import ReportColumn


def cell(value: Any, unit: str, dtype: Any = None) -> Cell:
    [only] = cells_of(pl.Series("x", [value], dtype=dtype), ReportColumn("x", unit, "meaning"))
    return only


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (1_234_567, "requests", Cell("1\u202f234\u202f567")),
        (0, "requests", Cell("0")),
        (-1_500, "visits", Cell("\u22121\u202f500", "-1500")),
        (3.0, "things nobody knows", Cell("3")),
        (3.14159, "things nobody knows", Cell("3.14")),
        (404, "status", Cell("404")),
        (7, "weekday", Cell("Sun", "7")),
        (0.5, "share", Cell("50.00%", "0.5")),
        (0.00001, "share", Cell("<0.01%", "1e-05")),
        (2_747_282_505, "bytes", Cell("2.75\u202fGB", "2747282505", "2\u202f747\u202f282\u202f505 bytes")),
        (125, "seconds", Cell("2:05", "125", "125 seconds")),
        (3_723, "seconds", Cell("1:02:03", "3723", "3\u202f723 seconds")),
        (9.5, "currency", Cell("9.50")),
        (9.0, "currency", Cell("9.00")),
        (float("nan"), "share", Cell("\u2013", "")),
        (float("inf"), "ratio", Cell("\u2013", "")),
        ("/a", "text", Cell("/a")),
        (True, "text", Cell("yes")),
        (date(2026, 3, 1), "date", Cell("2026-03-01")),
        (datetime(2026, 3, 1, 12, tzinfo=UTC), "time", Cell("2026-03-01 12:00:00")),
        (timedelta(minutes=2, seconds=5), "whatever", Cell("2:05", "125", "125 seconds")),
    ],
)
def test_a_value_is_shown_with_its_unit_and_sorted_by_itself(value: Any, unit: str, expected: Cell) -> None:
    assert cell(value, unit) == expected


@pytest.mark.parametrize(
    "dtype", [pl.String, pl.Int64, pl.Float64, pl.Datetime("us", "Europe/Berlin"), pl.Null]
)
def test_what_is_not_there_is_a_dash_and_sorts_as_nothing(dtype: Any) -> None:
    assert cell(None, "text", dtype) == Cell("\u2013", "")


def test_a_giant_text_is_shown_in_part_and_told_in_part() -> None:
    giant = cell("/begin" + "x" * 1_000_000 + "end.html", "text")

    assert giant.shown.startswith("/begin")
    assert giant.shown.endswith("xend.html")
    assert len(giant.shown) == 160
    assert giant.title is not None
    assert len(giant.title) == LONGEST_TITLE


@given(text=st.text(max_size=400), longest=st.integers(10, 200))
def test_a_cut_text_fits_and_keeps_both_ends(text: str, longest: int) -> None:
    shown = cut(text, longest)

    assert len(shown) <= longest
    assert shown == text or (text.startswith(shown.split("…")[0]) and text.endswith(shown[-3:]))


def test_an_axis_has_no_decimals_that_say_nothing() -> None:
    assert [short_number(*one) for one in [(1.0, "share"), (0.125, "share"), (10_000.0, "currency")]] == [
        "100%",
        "12.50%",
        "10\u202f000",
    ]
    assert shown_number(None, "share") == "\u2013"
