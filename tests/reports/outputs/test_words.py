from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.text import printable
from reports.outputs.words import cells, human_bytes, human_seconds, is_left, is_measure, shown, title
from reports.report import ReportColumn
from tests.reports.outputs.answers import EVERYTHING, everything

UNITS = [
    "text",
    "bytes",
    "share",
    "change",
    "ratio",
    "currency",
    "ms",
    "seconds",
    "status",
    "hour",
    "requests",
]


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1_000, "1.00 kB"),
        (9_994, "9.99 kB"),
        (9_996, "10.0 kB"),
        (99_960, "100 kB"),
        (999_499, "999 kB"),
        (999_500, "1.00 MB"),
        (2_747_282_740, "2.75 GB"),
        (9_223_372_036_854_775_807, "9.22 EB"),
        (10**21, "1000 EB"),
        (-1_500, "-1.50 kB"),
        (812.5, "812 B"),
    ],
)
def test_bytes_have_three_digits_and_a_unit(count: float, expected: str) -> None:
    assert human_bytes(count) == expected


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (1234567, "requests", "1,234,567"),
        (1.25, "pages", "1.25"),
        (Decimal("1234.5"), "pages", "1,234.50"),
        (404, "status", "404"),
        (7, "hour", "7"),
        (2026, "year", "2026"),
        (1, "weekday", "Mon"),
        (7, "weekday", "Sun"),
        (0, "weekday", "0"),
        (1.5, "weekday", "1.5"),
        ("2026-W05", "week", "2026-W05"),
        (489.0, "number", "489"),
        (2717, "number", "2,717"),
        (5.5566, "number", "5.56"),
        (0.00012345, "number", "0.000123"),
        (-0.5, "number", "-0.5"),
        (0.9126, "share", "91.26%"),
        (0.00003, "share", "<0.01%"),
        (0.0, "share", "0.00%"),
        (0.123, "change", "+12.3%"),
        (-0.5, "change", "-50.0%"),
        (12.5, "change", "+1,250.0%"),
        (0.0001, "change", "0.0%"),
        (-0.0001, "change", "0.0%"),
        (1.5, "ratio", "1.50"),
        (Decimal("1234.5"), "currency", "1,234.50"),
        (1234.5, "ms", "1,234 ms"),
        (125, "seconds", "2:05"),
        (timedelta(seconds=125), "seconds", "2:05"),
        (True, "flags", "yes"),
        (date(2026, 3, 1), "date", "2026-03-01"),
        (date(2026, 3, 1), "requests", "2026-03-01"),
        (datetime(2026, 3, 1, 12, tzinfo=UTC), "time", "2026-03-01 12:00:00"),
        (time(1, 2, 3), "time", "01:02:03"),
        (None, "bytes", "-"),
        (float("nan"), "share", "-"),
        (float("inf"), "change", "-"),
        ("a\x1bb", "text", "a\\x1bb"),
        ("a\x1bb", "bytes", "a\\x1bb"),
        (["a\x1b", None, 1], "text", "a\\x1b, -, 1"),
        ({"a\x1b": 1}, "text", "{'a\\x1b': 1}"),
        (b"\x00\xff", "text", "00ff"),
    ],
)
def test_cells_read_well(value: object, unit: str, expected: str) -> None:
    assert shown(value, unit) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0:00"),
        (0.2, "<0:01"),
        (0.6, "0:01"),
        (59.4, "0:59"),
        (59.6, "1:00"),
        (3599.9, "1:00:00"),
        (3723, "1:02:03"),
        (360_000, "100:00:00"),
        (36_000_000, "10,000:00:00"),
        (-125, "-2:05"),
    ],
)
def test_durations_are_read_like_a_clock(seconds: float, expected: str) -> None:
    assert human_seconds(seconds) == expected


@given(
    value=st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.binary(), st.lists(st.text()))
)
@pytest.mark.parametrize("unit", UNITS)
def test_any_value_of_any_unit_is_safe_to_print(value: object, unit: str) -> None:
    text = shown(value, unit)

    assert text == printable(text)


def test_every_type_has_a_text_and_a_null_has_a_dash() -> None:
    answer = everything()
    texts = cells(answer.frame, answer.report.columns)

    assert {column[1] for column in texts.values()} == {"-"}
    assert (texts["at"][0], texts["local"][0]) == ("2026-03-01 12:00:00", "2026-03-01 12:00:00")
    assert texts["steps"] == ["=/a, /b", "-", ""]
    assert texts["kind"][0] == "=a"


def test_numbers_stand_on_the_right_and_names_are_not_measured() -> None:
    known = {unit for unit, _ in EVERYTHING.values()} | {"week", "year", "weekday", "number", "flag"}
    units = {unit: ReportColumn("x", unit, "") for unit in known}

    assert {unit for unit, column in units.items() if is_left(column)} == {"text", "date", "time", "week"}
    assert {unit for unit, column in units.items() if not is_measure(column)} == {
        "text", "date", "time", "status", "hour", "week", "year", "weekday", "number", "flag",
    }  # fmt: skip


def test_a_column_may_be_called_anything() -> None:
    assert title(ReportColumn("page_\x1b[2Jviews", "text", "")) == "page \\x1b[2Jviews"
