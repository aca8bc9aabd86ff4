"""Hot partitions: the puts of one are set aside, from all batches, into a lane with a pace of its own.

The writers that wait for them drive the lane themselves: one takes as many puts as a request holds, sends them and
tells the others. So a lane needs no task of its own, and when a driver is cancelled or fails another drives on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import anyio

from footfall.store.writer.batches import LARGEST_BATCH_ITEMS, Put, Refused
from footfall.store.writer.pace import Pace
from footfall.store.writer.rate import Rate

PARTITION_UNITS: Final = 1000.0
"""What one partition takes per second ("Best practices for designing partition keys", AWSDG)."""

FIRST_SHARE: Final = 0.1
"""How much below that a lane begins; how far it is too fast is not known before it has a pace of its own."""

MOST_DRIVERS: Final = 4
LARGEST_REQUEST_BYTES: Final = 8 * 2**20
COOL_SECONDS: Final = 10.0
"""A lane is closed when its pace has kept nobody waiting for so long."""


@dataclass(slots=True, eq=False)
class Ticket:
    """A put in a lane, for the batch number `order`: `is_done` when it is stored or `refused`."""

    put: Put
    order: int
    is_done: bool = False
    is_abandoned: bool = False
    refused: Refused | None = None


class Lane:
    """The puts of one hot partition that wait to be sent, in the order they came."""

    def __init__(self, pk: str, pace: Pace, now: float) -> None:
        self.pk = pk
        self.pace = pace
        self.retry = 0
        self.limited_at = now
        self._waiting: list[Ticket] = []
        self._drivers = 0

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing waits and nobody drives."""
        return not self._waiting and not self._drivers

    @property
    def wants_driver(self) -> bool:
        """Tell whether one more should drive: nobody does, or there is a full request for each, and one more."""
        full = len(self._waiting) >= LARGEST_BATCH_ITEMS * (self._drivers + 1)
        return bool(self._waiting) and (not self._drivers or (full and self._drivers < MOST_DRIVERS))

    @contextmanager
    def driving(self) -> Iterator[None]:
        """Count as a driver."""
        self._drivers += 1
        try:
            yield
        finally:
            self._drivers -= 1

    def add(self, tickets: Iterable[Ticket]) -> None:
        """Let `tickets` wait, oldest batch first."""
        self._waiting = sorted([*self._waiting, *tickets], key=lambda ticket: ticket.order)

    def take(self, count: int) -> list[Ticket]:
        """Return the next tickets, at most `count` and no more bytes than a request may have."""
        taken, size = 0, 0
        while taken < min(count, len(self._waiting)):
            size += len(self._waiting[taken].put.raw)
            if taken and size > LARGEST_REQUEST_BYTES:
                break

            taken += 1

        tickets, self._waiting = self._waiting[:taken], self._waiting[taken:]
        return tickets

    def abandon(self, ticket: Ticket) -> None:
        """Forget a ticket whose writer is gone; one that is under way is not sent again."""
        ticket.is_abandoned = True
        if ticket in self._waiting:
            self._waiting.remove(ticket)


class Lanes:
    """All lanes of a writer, none as long as no partition is hot; `opened` counts those there ever were."""

    def __init__(self) -> None:
        self.opened = 0
        self._lanes: dict[str, Lane] = {}
        self._changed = anyio.Event()

    def __bool__(self) -> bool:
        return bool(self._lanes)

    def __iter__(self) -> Iterator[Lane]:
        return iter(self._lanes.values())

    def heat(self, pk: str, now: float) -> None:
        """Open a lane for a partition that has refused puts."""
        if pk not in self._lanes:
            rate = Rate(PARTITION_UNITS)
            rate.fall(FIRST_SHARE)
            self._lanes[pk] = Lane(pk, Pace(rate, now), now)
            self.opened += 1

    def divert(self, puts: Sequence[Put], order: int) -> tuple[list[Put], list[Ticket]]:
        """Let those of `puts` wait whose partition is hot; return the others, and the tickets of these."""
        others = [put for put in puts if put.pk not in self._lanes]
        tickets = [Ticket(put, order) for put in puts if put.pk in self._lanes]
        for pk in {ticket.put.pk for ticket in tickets}:
            self._lanes[pk].add(ticket for ticket in tickets if ticket.put.pk == pk)

        return others, tickets

    def to_drive(self, tickets: Sequence[Ticket]) -> Lane | None:
        """Return a lane of one of the `tickets` that somebody should drive."""
        lanes = (self._lanes[ticket.put.pk] for ticket in tickets)
        return next((lane for lane in lanes if lane.wants_driver), None)

    def abandon(self, tickets: Iterable[Ticket]) -> None:
        """Forget the tickets of a writer that goes, and let another drive in its place."""
        for ticket in tickets:
            if not ticket.is_done:
                self._lanes[ticket.put.pk].abandon(ticket)

        self.announce()

    def cool(self, now: float) -> None:
        """Close the lanes that have kept nobody waiting for long."""
        for lane in list(self._lanes.values()):
            if lane.pace.is_limiting(now):
                lane.limited_at = now
            elif lane.is_empty and now - lane.limited_at > COOL_SECONDS:
                del self._lanes[lane.pk]

    async def change(self) -> None:
        """Return when a lane was driven, or a driver is gone."""
        await self._changed.wait()

    def announce(self) -> None:
        """Wake those that wait for a change."""
        self._changed.set()
        self._changed = anyio.Event()
