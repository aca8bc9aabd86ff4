from __future__ import annotations

from math import inf

import pytest

from footfall.store.read_pace import ReadPace, unlimited
from tests.fakes import FakeClock

pytestmark = pytest.mark.anyio


async def read(pace: ReadPace, *units: float) -> None:
    for each in units:
        pace.settle(await pace.turn(), each)


async def test_what_pages_cost_is_paid_before_the_next_one() -> None:
    clock = FakeClock()
    await read(ReadPace(10.0, clock), 100.0, 100.0, 0.5)

    assert clock.monotonic() == pytest.approx(20.0)


async def test_pages_that_cost_less_than_thought_are_not_waited_for() -> None:
    clock = FakeClock()
    await read(ReadPace(10.0, clock), *[0.5] * 20)

    assert clock.monotonic() < 1.1


async def test_without_a_limit_nobody_waits() -> None:
    clock = FakeClock()
    await read(unlimited(clock), *[128.0] * 10)

    assert clock.sleeps == []


async def test_no_reader_asks_while_another_is_charged() -> None:
    clock = FakeClock()
    pace = ReadPace(10.0, clock)
    await read(pace, 100.0)
    first = await pace.turn()
    second_at = clock.monotonic()
    await pace.turn()

    assert first == 100.0
    assert clock.monotonic() - second_at == pytest.approx(10.0)


@pytest.mark.parametrize(("units", "expected"), [(inf, None), (128.0, None), (100.0, 1_600), (0.01, 1)])
def test_pages_take_about_a_second(units: float, expected: int | None) -> None:
    assert ReadPace(units, FakeClock()).page_items == expected
