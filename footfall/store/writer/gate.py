"""Where every request waits for its turn: for room among those under way, and for units to spend; oldest batch first.

A batch that was begun is finished before a later one begins, or a slow table would keep all of them waiting. When
nothing holds back, passing costs no more than looking.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import Final

import anyio

from footfall.clock import Clock
from footfall.store.writer.pace import Pace
from footfall.store.writer.width import Width

LONGEST_NAP_SECONDS: Final = 0.5
"""Somebody who waits for units looks again this soon: the rate may have risen."""


class _Turn:
    __slots__ = ("order", "ready")

    def __init__(self, order: int) -> None:
        self.order = order
        self.ready = anyio.Event()

    def __lt__(self, other: _Turn) -> bool:
        return self.order < other.order


class Gate:
    """Lets requests pass: at most `width.limit` are between `enter` and `leave`, and they keep to the `pace`."""

    def __init__(self, clock: Clock, pace: Pace, width: Width) -> None:
        self._clock = clock
        self._pace = pace
        self._width = width
        self._under_way = 0
        self._waiting: list[_Turn] = []
        self._room = anyio.Event()

    async def enter(self, order: int, units: float) -> None:
        """Return when a request that costs about `units` may be sent; of those that wait the lowest `order` is next."""
        if self._waiting or not self._has_room or self._wait_seconds() > 0:
            await self._queue(order)

        self._under_way += 1
        self._pace.spend(units, self._clock.monotonic())

    def leave(self) -> None:
        """Note that a request is over."""
        self._under_way -= 1
        if self._waiting:
            self._room.set()
            self._room = anyio.Event()

    @property
    def _has_room(self) -> bool:
        return self._under_way < self._width.limit

    def _wait_seconds(self) -> float:
        now = self._clock.monotonic()
        return self._pace.wait_seconds(now) or self._width.wait_seconds(now)

    async def _queue(self, order: int) -> None:
        turn = _Turn(order)
        heappush(self._waiting, turn)
        try:
            while not await self._passes(turn):
                pass
        finally:
            self._forget(turn)

    async def _passes(self, turn: _Turn) -> bool:
        """Wait for one of the things to come; return whether the turn may go now."""
        if self._waiting[0] is not turn:
            turn.ready = anyio.Event()
            await turn.ready.wait()
            return False

        if not self._has_room:
            await self._room.wait()
            return False

        seconds = self._wait_seconds()
        if seconds > 0:
            await self._clock.sleep(min(seconds, LONGEST_NAP_SECONDS))
            return False

        return True

    def _forget(self, turn: _Turn) -> None:
        if self._waiting[0] is turn:
            heappop(self._waiting)
        else:
            self._waiting.remove(turn)
            heapify(self._waiting)

        if self._waiting:
            self._waiting[0].ready.set()
