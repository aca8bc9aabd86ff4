from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.schedule.periods import PERIODS, WEEKDAYS

DAYS = st.dates(date(1971, 1, 1), date(2100, 12, 31))
MONDAY, SUNDAY = WEEKDAYS.index("monday"), WEEKDAYS.index("sunday")


def days_of(name: str, on: str, week_starts: int = MONDAY) -> tuple[str, str]:
    first, last = PERIODS[name].days(date.fromisoformat(on), week_starts)
    return str(first), str(last)


@pytest.mark.parametrize(
    ("name", "on", "first", "last"),
    [
        ("today", "2026-03-01", "2026-03-01", "2026-03-01"),
        ("yesterday", "2026-03-01", "2026-02-28", "2026-02-28"),
        ("this-week", "2026-03-04", "2026-03-02", "2026-03-04"),
        ("this-week", "2026-03-02", "2026-03-02", "2026-03-02"),
        ("last-week", "2026-03-04", "2026-02-23", "2026-03-01"),
        ("last-week", "2026-03-01", "2026-02-16", "2026-02-22"),
        ("last-7-days", "2026-03-04", "2026-02-25", "2026-03-03"),
        ("last-28-days", "2026-03-29", "2026-03-01", "2026-03-28"),
        ("last-30-days", "2026-03-31", "2026-03-01", "2026-03-30"),
        ("last-90-days", "2026-04-01", "2026-01-01", "2026-03-31"),
        ("month-to-date", "2026-03-04", "2026-03-01", "2026-03-04"),
        ("last-month", "2026-03-31", "2026-02-01", "2026-02-28"),
        ("last-month", "2026-01-01", "2025-12-01", "2025-12-31"),
        ("quarter-to-date", "2026-05-31", "2026-04-01", "2026-05-31"),
        ("last-quarter", "2026-02-28", "2025-10-01", "2025-12-31"),
        ("last-quarter", "2026-12-31", "2026-07-01", "2026-09-30"),
        ("year-to-date", "2026-03-04", "2026-01-01", "2026-03-04"),
        ("last-year", "2024-02-29", "2023-01-01", "2023-12-31"),
        ("all", "2026-03-04", "None", "None"),
    ],
)
def test_days_of_a_period(name: str, on: str, first: str, last: str) -> None:
    assert days_of(name, on) == (first, last)


def test_a_week_may_start_on_sunday() -> None:
    assert days_of("last-week", "2026-03-04", SUNDAY) == ("2026-02-22", "2026-02-28")
    assert days_of("this-week", "2026-03-01", SUNDAY) == ("2026-03-01", "2026-03-01")


@given(DAYS, st.sampled_from([7, 28, 30, 90]))
def test_last_n_days_are_n_days_without_the_day_of_the_run(on: date, number: int) -> None:
    first, last = PERIODS[f"last-{number}-days"].days(on, MONDAY)
    assert first is not None
    assert last == on - timedelta(days=1)
    assert (last - first).days + 1 == number


@given(DAYS, st.integers(0, 6), st.sampled_from(sorted(set(PERIODS) - {"all"})))
def test_periods_end_before_or_on_the_day_of_the_run(on: date, week_starts: int, name: str) -> None:
    first, last = PERIODS[name].days(on, week_starts)
    assert first is not None
    assert last is not None
    assert first <= last <= on


@given(DAYS, st.integers(0, 6))
def test_last_periods_touch_those_that_are_under_way(on: date, week_starts: int) -> None:
    for last, current in [
        ("last-week", "this-week"),
        ("last-month", "month-to-date"),
        ("last-quarter", "quarter-to-date"),
        ("last-year", "year-to-date"),
        ("yesterday", "today"),
    ]:
        before, now = PERIODS[last].days(on, week_starts), PERIODS[current].days(on, week_starts)
        assert before[1] is not None
        assert now[0] == before[1] + timedelta(days=1)
