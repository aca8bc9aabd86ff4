from __future__ import annotations

from math import inf

import anyio
import pytest

from footfall.store.writer.gate import Gate
from footfall.store.writer.pace import Pace
from footfall.store.writer.rate import Rate
from footfall.store.writer.width import Width
from tests.fakes import FakeClock

pytestmark = pytest.mark.anyio


class Stage:
    def __init__(self, units: float = inf, width: int = 1) -> None:
        self.clock = FakeClock()
        self.width = Width(width)
        self.pace = Pace(Rate(units, ceiling=units), 0.0)
        self.gate = Gate(self.clock, self.pace, self.width)
        self.passed: list[tuple[int, float]] = []

    async def pass_through(self, order: int, seconds: float = 0.0, units: float = 25) -> None:
        await self.gate.enter(order, units)
        self.passed.append((order, self.clock.monotonic()))
        if seconds:
            await self.clock.sleep(seconds)

        self.gate.leave()


async def test_nobody_waits_where_nothing_is_limited() -> None:
    stage = Stage(width=100)
    for order in range(100):
        await stage.pass_through(order)

    assert stage.clock.sleeps == []


async def test_the_oldest_batch_is_next_whoever_waited_longer() -> None:
    stage = Stage(width=1)
    async with anyio.create_task_group() as tasks:
        for order in (5, 9, 7, 1, 8):
            tasks.start_soon(stage.pass_through, order, 1.0)

    assert stage.passed == [(5, 0.0), (1, 1.0), (7, 2.0), (8, 3.0), (9, 4.0)]


async def test_units_are_handed_out_at_the_rate() -> None:
    stage = Stage(units=50, width=100)
    async with anyio.create_task_group() as tasks:
        for order in range(9):
            tasks.start_soon(stage.pass_through, order)

    assert [at for _, at in stage.passed] == pytest.approx([0.5 * number for number in range(9)], abs=1e-3)


async def test_a_waiter_that_is_cancelled_stands_in_nobodys_way() -> None:
    stage = Stage(units=10)
    await stage.pass_through(0)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(stage.pass_through, 2)
        with anyio.CancelScope() as scope:
            async with anyio.create_task_group() as doomed:
                doomed.start_soon(stage.pass_through, 1)
                doomed.start_soon(stage.pass_through, 3)
                await stage.clock.sleep(1)
                scope.cancel()

    assert [order for order, _ in stage.passed] == [0, 2]


async def test_room_that_grows_back_is_used_at_once() -> None:
    stage = Stage(width=4)
    stage.width.fail(0.0, 0.5, 0.0)
    stage.width.fail(0.6, 0.7, 0.0)
    async with anyio.create_task_group() as tasks:
        for order in range(4):
            tasks.start_soon(stage.pass_through, order, 1.0)

        await stage.clock.sleep(0.5)
        assert len(stage.passed) == 1
        for _ in range(3):
            stage.width.succeed()

    assert [at for _, at in stage.passed] == [0.0, 1.0, 1.0, 1.0]


async def test_when_one_in_the_middle_gives_up_the_others_keep_their_turns() -> None:
    stage = Stage(width=1)
    async with anyio.create_task_group() as tasks, anyio.create_task_group() as doomed:
        for order in (0, 2, 5, 4, 3, 1, 6):
            (doomed if order == 2 else tasks).start_soon(stage.pass_through, order, 1.0)

        await stage.clock.sleep(0.5)
        doomed.cancel_scope.cancel()

    assert [order for order, _ in stage.passed] == [0, 1, 3, 4, 5, 6]
