from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.errors import SettingsError
from reports.schedule.cron import NAMES, cron_of

ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "America/Havana",
    "Asia/Kathmandu",
)
EXPRESSIONS = (
    "15 2 * * *",
    "*/20 * * * *",
    "30 1-3 * * *",
    "0 0 * * *",
    "59 23 L * *",
    "0 2 * * 0",
    "5 * * * 1",
    "*/7 2 * * *",
)


def due(expression: str, zone: str, first: str, last: str) -> list[str]:
    """The local times due from `first` to `last`, as ``dd HH:MM+offset``."""
    cron = cron_of(expression, zone)
    begin, end = (datetime.fromisoformat(day).replace(tzinfo=cron.zone) for day in (first, last))
    times = cron.between(begin, end)
    return [at.astimezone(cron.zone).strftime("%d %H:%M%z") for at in times]


def test_a_time_that_does_not_exist_is_due_once_just_after_the_gap() -> None:
    found = due("15 2 * * *", "Europe/Berlin", "2026-03-28", "2026-03-31")
    assert found == ["28 02:15+0100", "29 03:00+0200", "30 02:15+0200"]


def test_a_time_that_occurs_twice_is_due_once_the_first_time() -> None:
    found = due("15 2 * * *", "Europe/Berlin", "2026-10-24", "2026-10-27")
    assert found == ["24 02:15+0200", "25 02:15+0200", "26 02:15+0100"]


def test_two_times_of_a_gap_become_one() -> None:
    assert due("15,45 2 * * *", "Europe/Berlin", "2026-03-29", "2026-03-30") == ["29 03:00+0200"]


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)])
def test_an_hourly_job_is_due_every_real_hour(day: str, hours: int) -> None:
    cron = cron_of("0 * * * *", "Europe/Berlin")
    begin = datetime.fromisoformat(day).replace(tzinfo=cron.zone).astimezone(UTC) - timedelta(seconds=1)
    times = list(islice(cron.after(begin), hours + 1))
    assert {later - earlier for earlier, later in pairwise(times)} == {timedelta(hours=1)}
    assert times[-1].astimezone(cron.zone).strftime("%H:%M") == "00:00"


def test_minutes_with_a_star_go_by_real_time() -> None:
    assert due("*/30 2 * * *", "Europe/Berlin", "2026-03-29", "2026-03-30") == []
    assert len(due("*/30 2 * * *", "Europe/Berlin", "2026-10-25", "2026-10-26")) == 4


def test_summer_time_of_the_other_half_of_the_world() -> None:
    assert due("15 2 * * *", "America/Santiago", "2026-09-05", "2026-09-07") == [
        "05 02:15-0400",
        "06 02:15-0300",
    ]
    assert due("30 0 * * *", "America/Santiago", "2026-09-05", "2026-09-07") == [
        "05 00:30-0400",
        "06 01:00-0300",
    ]
    assert due("30 23 * * *", "America/Santiago", "2026-04-04", "2026-04-06") == [
        "04 23:30-0300",
        "05 23:30-0400",
    ]


@given(
    st.sampled_from(EXPRESSIONS),
    st.sampled_from(ZONES),
    st.sampled_from(["2026-03-01", "2026-10-01"]),
    st.integers(0, 40 * 86_400),
    st.integers(0, 72 * 60),
)
def test_what_is_due_does_not_depend_on_when_it_is_asked(
    expression: str, zone: str, day: str, seconds: int, minutes: int
) -> None:
    cron = cron_of(expression, zone)
    later = datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(seconds=seconds)
    earlier = later - timedelta(minutes=minutes)
    from_earlier = next(at for at in cron.after(earlier) if at > later)
    assert cron.next_after(later) == from_earlier
    assert list(cron.between(later, later + timedelta(days=1))) == [
        at for at in cron.between(earlier, later + timedelta(days=1)) if at > later
    ]


@pytest.mark.parametrize(
    "expression",
    ["", "* * * *", "60 * * * *", "* 24 * * *", "0 0 31 2 *", "0 22-2 * * *", "* * * * * *", "0 0 1 1 * 2027",
     "H * * * *", "@reboot", "0 0 0 * *", "*/0 * * * *", "٣ * * * *", "9" * 5000 + " * * * *", "0 0 30 2 *", "x"],
)  # fmt: skip
def test_what_is_no_expression_is_refused(expression: str) -> None:
    with pytest.raises(SettingsError, match="no cron expression"):
        cron_of(expression, "UTC")


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(SettingsError, match="not a time zone"):
        cron_of("0 0 * * *", "Europe/Atlantis")


@pytest.mark.parametrize("name", NAMES)
def test_names_of_crontab_stand_for_expressions(name: str) -> None:
    assert cron_of(name.upper(), "UTC").expression == NAMES[name]


@given(st.text(alphabet="0123456789*/,-#LWMONJA ?@", max_size=30))
def test_any_text_is_an_expression_or_refused(text: str) -> None:
    try:
        cron = cron_of(text, "Europe/Berlin")
    except SettingsError:
        return

    first, second = islice(cron.after(datetime(2026, 1, 1, tzinfo=UTC)), 2)
    assert first < second
