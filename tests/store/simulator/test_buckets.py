from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.store.simulator.buckets import Bucket
from footfall.store.simulator.rates import Rate, parse_rate, steady
from tests.store.simulator.test_rates import rates

COSTS = st.floats(0.5, 5000).map(lambda units: round(units, 1))
PAUSES = st.floats(0, 100).map(lambda seconds: round(seconds, 2))


def admitted(bucket: Bucket, now: float, units: float) -> float:
    bucket.refill(now)
    if not bucket.has(units):
        return 0.0

    bucket.spend(units)
    return units


@given(rates(), st.floats(1, 300), st.lists(st.tuples(PAUSES, COSTS), min_size=1, max_size=60))
def test_no_window_gives_more_than_burst_and_rate(
    rate: Rate, burst_seconds: float, asked: list[tuple[float, float]]
) -> None:
    bucket, now, spent = Bucket(rate, 0.0, burst_seconds=burst_seconds), 0.0, []
    for pause, units in asked:
        now += pause
        spent.append((now, admitted(bucket, now, units)))

    most = max(units for _, units in rate.points) * burst_seconds
    for first, (start, _) in enumerate(spent):
        for last, (end, _) in enumerate(spent[first:], first):
            window = [units for _, units in spent[first : last + 1]]
            # What is larger than the bucket gets through when the bucket is full: then it counts instead of the burst.
            assert sum(window) <= max(most, *window) + rate.units(start, end) + 1e-3


@given(st.floats(1, 5000), st.floats(1, 300), st.lists(PAUSES, min_size=1, max_size=40))
def test_asking_more_often_gives_no_more_and_no_less(
    units: float, burst_seconds: float, pauses: list[float]
) -> None:
    often, seldom = (Bucket(steady(units), 0.0, burst_seconds=burst_seconds) for _ in range(2))
    for now in (sum(pauses[:count]) for count in range(1, len(pauses) + 1)):
        often.refill(now)

    seldom.refill(sum(pauses))
    assert often.units == pytest.approx(seldom.units, rel=1e-9, abs=1e-6)


def test_a_bucket_starts_with_a_second_and_saves_up_to_its_burst() -> None:
    bucket = Bucket(steady(10), 0.0, burst_seconds=300)
    assert bucket.units == 10
    bucket.refill(100)
    assert bucket.units == 1010
    bucket.refill(1e6)
    assert bucket.units == 3000
    assert bucket.is_full


def test_what_is_larger_than_the_bucket_gets_through_when_it_is_full() -> None:
    bucket = Bucket(steady(5), 0.0)
    assert admitted(bucket, 0, 400) == 400
    assert [admitted(bucket, now, 1) for now in (1, 79, 79.1, 79.2)] == [0, 0, 0, 1]


def test_a_debt_is_paid_before_anything_is_given() -> None:
    bucket = Bucket(steady(10), 0.0)
    bucket.spend(35)
    assert [admitted(bucket, now, 1) for now in (1.0, 2.5, 2.6)] == [0, 0, 1]


def test_a_table_that_gives_nothing_gives_nothing() -> None:
    bucket = Bucket(parse_rate("10,0@60"), 0.0, burst_seconds=300)
    assert admitted(bucket, 59, 1) == 1
    assert [admitted(bucket, now, 0.5) for now in (60, 61, 1e6)] == [0, 0, 0]


def test_what_was_saved_under_a_higher_rate_shrinks_with_it() -> None:
    bucket = Bucket(parse_rate("1000,10@60"), 0.0, burst_seconds=30)
    bucket.refill(59)
    assert bucket.units == 30_000
    bucket.refill(60)
    assert bucket.units == 300


def test_a_rate_that_rises_saves_at_the_lower_rate_until_then() -> None:
    bucket = Bucket(parse_rate("10,1000@600"), 0.0, burst_seconds=300)
    bucket.refill(600)
    assert bucket.units == 3000
    bucket.refill(601)
    assert bucket.units == 4000


def test_what_is_given_back_does_not_overflow() -> None:
    bucket = Bucket(steady(10), 0.0)
    bucket.spend(-50)
    assert bucket.units == 10


def test_moments_that_go_back_change_nothing() -> None:
    bucket = Bucket(steady(10), 100.0)
    bucket.spend(10)
    bucket.refill(50)
    assert bucket.units == 0
