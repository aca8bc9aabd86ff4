from __future__ import annotations

from footfall.store.simulator.growth import GrowingBucket


def taken(bucket: GrowingBucket, start: int, seconds: int, asked_units: int) -> int:
    """Ask for units one by one, each second; return how many were given."""
    given = 0
    for now in range(start, start + seconds):
        bucket.refill(now)
        for _ in range(asked_units):
            if bucket.has(1):
                bucket.spend(1)
                given += 1

    return given


def test_a_table_takes_its_warm_throughput_at_first() -> None:
    bucket = GrowingBucket(40, 0.0)
    assert taken(bucket, 0, 600, 100) == 600 * 40


def test_half_an_hour_later_it_takes_twice_its_peak() -> None:
    bucket = GrowingBucket(40, 0.0)
    taken(bucket, 0, 1800, 100)
    assert bucket.rate_units(1800) == 80
    taken(bucket, 1800, 1800, 100)
    assert bucket.rate_units(3600) == 160


def test_a_table_that_is_little_used_stays_as_it_is() -> None:
    bucket = GrowingBucket(40, 0.0)
    taken(bucket, 0, 1800, 15)
    assert bucket.rate_units(1800) == 40


def test_a_peak_is_never_forgotten() -> None:
    bucket = GrowingBucket(40, 0.0)
    taken(bucket, 0, 1800, 100)
    bucket.refill(100_000)
    assert bucket.rate_units(100_000) == 80


def test_a_burst_of_a_moment_is_no_peak() -> None:
    bucket = GrowingBucket(40, 0.0)
    taken(bucket, 0, 1, 100)
    assert bucket.rate_units(1800) == 40
