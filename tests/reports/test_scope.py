from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.errors import SettingsError
from reports.scope import Scope, scope_of
from tests.reports.conftest import MakeEvents

ZONES = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Kiritimati", "Pacific/Pago_Pago"]
)
ROOT = Path(__file__).parent.parent.parent
DAYS = st.dates(date(2000, 1, 1), date(2040, 1, 1))


def test_a_range_holds_both_its_days_in_their_zone() -> None:
    scope = Scope(first_on=date(2026, 3, 29), last_on=date(2026, 3, 29), time_zone="Europe/Berlin")

    # The clocks go forward that night: the day has 23 hours.
    assert scope.start_at == datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert scope.end_at == datetime(2026, 3, 29, 22, tzinfo=UTC)


def test_no_bounds_hold_everything() -> None:
    assert Scope().is_everything
    assert Scope().start_at is None
    assert Scope().end_at is None
    assert Scope().holds_day(date(1970, 1, 1))


@given(
    first=DAYS, days=st.integers(0, 40), zone=ZONES, second=st.integers(0, 86_399), shift=st.integers(-3, 43)
)
def test_a_moment_in_range_lies_on_a_utc_day_that_is_held(
    first: date, days: int, zone: str, second: int, shift: int
) -> None:
    scope = Scope(first_on=first, last_on=first + timedelta(days=days), time_zone=zone)
    moment = datetime.combine(first + timedelta(days=shift), datetime.min.time(), UTC) + timedelta(
        seconds=second
    )

    assert scope.start_at is not None
    assert scope.end_at is not None
    if scope.start_at <= moment < scope.end_at:
        assert scope.holds_day(moment.date())


@given(first=DAYS, days=st.integers(0, 40), zone=ZONES)
def test_at_most_two_days_more_than_asked_for_are_read(first: date, days: int, zone: str) -> None:
    scope = Scope(first_on=first, last_on=first + timedelta(days=days), time_zone=zone)
    held = [shift for shift in range(-5, days + 6) if scope.holds_day(first + timedelta(days=shift))]

    assert days + 1 <= len(held) <= days + 3


def test_the_predicate_keeps_site_and_range(make_events: MakeEvents) -> None:
    scope = Scope(
        site="a.example", first_on=date(2026, 3, 1), last_on=date(2026, 3, 1), time_zone="Asia/Tokyo"
    )
    events = make_events(
        {"site": "a.example", "at": "2026-02-28T15:00:00+00:00"},
        {"site": "a.example", "at": "2026-03-01T14:59:59.999+00:00"},
        {"site": "a.example", "at": "2026-02-28T14:59:59.999+00:00"},
        {"site": "a.example", "at": "2026-03-01T15:00:00+00:00"},
        {"site": "b.example", "at": "2026-03-01T12:00:00+00:00"},
    )

    assert events.filter(scope.predicate()).collect()["offset"].to_list() == [0, 100]


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../../etc/passwd", "\x00", "a" * 5_000])
def test_what_is_no_time_zone_is_refused(zone: str) -> None:
    with pytest.raises(SettingsError, match="is not a time zone") as caught:
        scope_of(None, None, None, zone)

    assert "IANA" in str(caught.value.hint)


WITHOUT_DATA = """
import sys, zoneinfo
sys.modules["tzdata"] = None
zoneinfo.reset_tzpath(to=[])
try:
    zoneinfo.ZoneInfo("UTC")
except zoneinfo.ZoneInfoNotFoundError:
    pass
else:
    sys.exit("there is time zone data after all")

from datetime import date
from reports.scope import scope_of
print(scope_of(None, date(2026, 3, 1), date(2026, 3, 1), "UTC").end_at)

import polars as pl
from reports.catalogue import ReportColumn
from reports.outputs.words import cells
moments = pl.DataFrame({"at": [0]}).select(pl.from_epoch("at", time_unit="ms").dt.replace_time_zone("UTC"))
in_berlin = moments.select(pl.col("at").dt.convert_time_zone("Europe/Berlin"))
print(*(cells(frame, [ReportColumn("at", "time", "")])["at"][0] for frame in (moments, in_berlin)), sep="\\n")
"""


def test_utc_and_tables_need_no_time_zone_data() -> None:
    run = subprocess.run(
        [sys.executable, "-c", WITHOUT_DATA], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert run.stderr == ""
    assert run.stdout.splitlines() == [
        "2026-03-02 00:00:00+00:00",
        "1970-01-01 00:00:00",
        "1970-01-01 01:00:00",
    ]


def test_a_site_that_cannot_be_is_refused() -> None:
    with pytest.raises(SettingsError, match="cannot be the name of a site"):
        scope_of("Example Org", None, None, "UTC")


def test_a_range_that_ends_before_it_begins_is_refused_with_the_range_meant() -> None:
    with pytest.raises(SettingsError) as caught:
        scope_of(None, date(2026, 3, 2), date(2026, 3, 1), "UTC")

    assert caught.value.hint == "--from 2026-03-01 --to 2026-03-02"


@pytest.mark.parametrize("bound", [date.min, date.max])
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_the_first_and_the_last_day_there_are_do_no_harm(
    bound: date, zone: str, make_events: MakeEvents
) -> None:
    scope = scope_of(None, bound, bound, zone)

    assert make_events({}).filter(scope.predicate()).collect().is_empty()
    assert not scope.holds_day(date(2026, 3, 1))


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (None, None, "all days"),
        (date(2026, 3, 1), date(2026, 3, 1), "2026-03-01"),
        (date(2026, 3, 1), None, "from 2026-03-01"),
        (None, date(2026, 3, 1), "to 2026-03-01"),
        (date(2026, 3, 1), date(2026, 3, 2), "from 2026-03-01 to 2026-03-02"),
    ],
)
def test_a_range_reads_as_words(first: date | None, last: date | None, words: str) -> None:
    assert Scope(first_on=first, last_on=last).range_sentence() == words
