from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.backoff import Backoff

ATTEMPTS = st.integers(-5, 100_000)
CHANCES = st.floats(0, 1, exclude_max=True)


@given(ATTEMPTS, CHANCES)
def test_a_delay_lies_between_nothing_and_the_cap(attempt: int, chance: float) -> None:
    backoff = Backoff(base_seconds=0.05, cap_seconds=20.0)
    assert 0 <= backoff.delay_seconds(attempt, chance) <= 20.0


@given(st.integers(0, 100_000), CHANCES)
def test_a_later_retry_never_waits_less_for_the_same_chance(attempt: int, chance: float) -> None:
    backoff = Backoff()
    assert backoff.delay_seconds(attempt, chance) <= backoff.delay_seconds(attempt + 1, chance)


@pytest.mark.parametrize(
    ("attempt", "seconds"), [(0, 0.5), (1, 1.0), (2, 2.0), (3, 4.0), (4, 5.0), (2_000, 5.0)]
)
def test_the_ceiling_doubles_up_to_the_cap(attempt: int, seconds: float) -> None:
    backoff = Backoff(base_seconds=1.0, cap_seconds=10.0)
    assert backoff.delay_seconds(attempt, 0.5) == seconds


def test_jitter_is_full() -> None:
    assert Backoff().delay_seconds(10, 0.0) == 0.0
