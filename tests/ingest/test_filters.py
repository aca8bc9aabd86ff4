from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.event import TIME
from ingest.filters import Filters, early

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)


def hours(*values: int) -> pl.DataFrame:
    times = [NOON + timedelta(hours=value) for value in values]
    return pl.DataFrame({"time": times, "hour": values}, schema={"time": TIME, "hour": pl.Int64})


def test_without_bounds_everything_is_kept() -> None:
    kept, left_out = early(hours(-1, 0, 1), Filters())
    assert (kept["hour"].to_list(), left_out) == ([-1, 0, 1], {})


def test_since_is_inclusive_and_until_is_exclusive() -> None:
    kept, left_out = early(hours(-1, 0, 1, 2, 3), Filters(NOON, NOON + timedelta(hours=2)))
    assert kept["hour"].to_list() == [0, 1]
    assert left_out == {"before-since": 1, "at-or-after-until": 2}


def test_bounds_in_another_time_zone_are_the_same_moments() -> None:
    new_york = NOON.astimezone(timezone(timedelta(hours=-5)))
    kept, _ = early(hours(-1, 0, 1), Filters(since=new_york))
    assert kept["hour"].to_list() == [0, 1]


def test_an_empty_frame_stays_empty() -> None:
    kept, left_out = early(hours(), Filters(NOON, NOON))
    assert (len(kept), left_out) == (0, {})


@settings(deadline=None)
@given(st.lists(st.integers(-50, 50)), st.integers(-60, 60), st.integers(-60, 60))
def test_kept_and_left_out_add_up(values: list[int], since: int, until: int) -> None:
    filters = Filters(NOON + timedelta(hours=since), NOON + timedelta(hours=until))
    kept, left_out = early(hours(*values), filters)
    assert len(kept) + sum(left_out.values()) == len(values)
    assert kept["hour"].to_list() == [value for value in values if since <= value < until]
