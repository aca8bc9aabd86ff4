from __future__ import annotations

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.bucket import BURST_SECONDS, Bucket
from footfall.store.writer.pace import Meter, Pace
from footfall.store.writer.rate import CUBIC, SLOWEST_UNITS, UNKNOWN_UNITS, Rate
from footfall.store.writer.width import Width

UNITS = st.floats(1, 1e5)
SHARES = st.floats(0, 1)


def grown(rate: Rate, seconds: float) -> Rate:
    for _ in range(round(seconds * 20)):
        rate.grow(0.05)

    return rate


def test_a_rate_doubles_every_five_seconds_until_it_is_throttled() -> None:
    rate = grown(Rate(4000), 10)
    assert rate.units == pytest.approx(16_000)
    rate.fall(0.0)
    assert rate.units == pytest.approx(16_000 * 0.95)
    assert not rate.is_starting


@pytest.mark.parametrize(("refused", "left"), [(0.0, 0.95), (0.04, 0.95), (0.2, 0.8), (0.5, 0.5), (1.0, 0.5)])
def test_a_rate_falls_by_what_was_refused_within_bounds(refused: float, left: float) -> None:
    rate = Rate(1000)
    rate.fall(refused)
    assert rate.units == pytest.approx(1000 * left)


def test_a_rate_is_back_soon_stays_there_long_and_then_looks_for_more_ever_faster() -> None:
    rate = Rate(1000)
    rate.fall(0.05)
    assert grown(rate, 3.5).units == pytest.approx(994, abs=1)
    assert grown(rate, 3.5).units == pytest.approx(1000, abs=1)
    assert grown(rate, 3.5).units == pytest.approx(1006, abs=1)
    assert grown(rate, 15.3).units == pytest.approx(2000, rel=0.02)


def test_a_rate_that_was_never_reached_falls_from_what_was_written() -> None:
    rate = Rate(inf)
    rate.fall(0.1, reached_units=2000)
    assert rate.units == pytest.approx(1800)


def test_when_nothing_was_ever_written_it_looks_for_the_ceiling_from_below() -> None:
    rate = Rate(inf)
    rate.fall(1.0, reached_units=0, stored_units=0)
    assert rate.units == UNKNOWN_UNITS / 2
    assert grown(rate, 3).units > 1000


def test_after_an_outage_a_rate_is_back_in_seconds() -> None:
    rate = Rate(1000)
    rate.fall(0.05)
    for _ in range(100):
        rate.fall(1.0, stored_units=0)

    assert rate.units == SLOWEST_UNITS
    assert grown(rate, 6).units == pytest.approx(950, rel=0.02)
    assert grown(rate, 60).units > 1000


def test_a_ceiling_met_on_the_way_back_is_believed() -> None:
    rate = Rate(1000)
    rate.fall(0.05)
    for _ in range(3):
        rate.fall(1.0, stored_units=0)

    grown(rate, 1.0)
    rate.fall(0.05, stored_units=20)
    ceiling = rate.units / 0.95
    assert grown(rate, 10).units == pytest.approx(ceiling, rel=0.01)


def test_a_maximum_is_never_tried_again() -> None:
    rate = Rate(1000)
    rate.fall(0.05, is_maximum=True)
    assert grown(rate, 600).units == 1000


@given(UNITS, UNITS, st.lists(st.one_of(SHARES, st.just(None)), max_size=60))
def test_a_rate_stays_between_its_bounds_whatever_happens(
    units: float, ceiling: float, story: list[float | None]
) -> None:
    rate = Rate(units, ceiling=ceiling)
    for refused in story:
        if refused is None:
            rate.grow(1.0)
        else:
            rate.fall(refused, stored_units=0)

        assert SLOWEST_UNITS <= rate.units <= ceiling


@given(UNITS, SHARES)
def test_the_law_begins_where_the_fall_ends(peak: float, refused: float) -> None:
    share = CUBIC.share(refused)
    assert CUBIC.rate(peak, share, 0.0) == pytest.approx(peak * (1 - share))


@given(UNITS, st.lists(st.tuples(st.floats(0, 2), st.floats(1, 1000)), max_size=50))
def test_a_bucket_never_gives_more_than_its_rate_and_one_request(
    units: float, requests: list[tuple[float, float]]
) -> None:
    bucket, now, spent = Bucket(units, 0.0), 0.0, 0.0
    for pause, cost in requests:
        now += pause
        now += bucket.wait_seconds(now)
        assert spent <= units * (now + BURST_SECONDS) + 1e-3
        bucket.spend(cost)
        spent += cost


def test_a_bucket_without_limit_makes_nobody_wait() -> None:
    bucket = Bucket(inf, 0.0)
    bucket.spend(1e9)
    assert bucket.wait_seconds(0.0) == 0.0


def test_what_a_reply_reports_corrects_what_was_expected() -> None:
    pace = Pace(Rate(100, ceiling=100), 0.0)
    pace.spend(25, 0.0)
    pace.correct(75)
    assert pace.wait_seconds(0.0) == pytest.approx(1.0)


def test_a_pace_grows_only_when_it_was_what_held_back() -> None:
    pace = Pace(Rate(100), 0.0)
    for second in range(10):
        assert pace.wait_seconds(float(second)) == 0
        pace.spend(25, float(second))

    assert (pace.rate.units, pace.is_limiting(9.0)) == (100, False)
    pace.spend(1000, 9.0)
    assert pace.wait_seconds(9.5) > 0
    pace.spend(25, 10.0)
    assert pace.rate.units > 100
    assert pace.is_limiting(10.0)


def test_there_is_one_change_per_round_trip() -> None:
    pace = Pace(Rate(1000), 0.0)
    pace.accept(0.0, 0.0, 1.0)
    pace.throttle(0.9, 1.0)
    once = pace.rate.units
    for sent_at in (0.95, 0.99, 1.0):
        pace.throttle(sent_at, 1.05)

    assert pace.rate.units == once
    pace.throttle(1.01, 1.1)
    assert pace.rate.units < once


@pytest.mark.parametrize(("units", "puts"), [(inf, 25), (1000, 25), (20, 10), (5, 2), (0.5, 1)])
def test_a_request_holds_half_a_seconds_worth(units: float, puts: int) -> None:
    assert Pace(Rate(units), 0.0).puts_at_once(1.0) == puts


def test_the_meter_knows_the_rate_soon_and_forgets_it_in_seconds() -> None:
    meter = Meter()
    for step in range(100):
        meter.add(10, step / 100)

    assert meter.units_per_second(1.0) == pytest.approx(1000, rel=0.05)
    assert meter.units_per_second(6.0) < 20


def test_the_width_halves_once_per_round_trip_and_grows_with_each_success() -> None:
    width = Width(16)
    for sent_at in (0.0, 0.1, 0.2):
        width.fail(sent_at, 1.0, 0.5)

    assert width.limit == 8
    width.fail(1.1, 1.2, 0.5)
    assert width.limit == 4
    for _ in range(20):
        width.succeed()

    assert (width.limit, width.is_reduced, width.wait_seconds(1.2)) == (16, False, 0.0)


def test_single_requests_that_fail_wait_longer_each_time_but_never_long() -> None:
    width, now = Width(1), 0.0
    waits = []
    for _ in range(12):
        now += 1e-3
        width.fail(now - 1e-4, now, 0.999)
        waits.append(width.wait_seconds(now))
        now += waits[-1]

    assert waits == pytest.approx(sorted(waits))
    assert 1.9 < waits[-1] <= 2.0
