"""Send batches until the table has them: the one owner of retries on the write path.

Nothing overtakes a newer put of its key. The key of a put is its source and its place in it; the byte ranges of a
source that are under way never overlap, and of two puts of one key in a range only the later is sent (`checks`). So no
two puts of one key are under way at once, and `write` returns only when all that was left of its batch is stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from math import inf
from typing import Final

from footfall.backoff import Backoff
from footfall.clock import Clock
from footfall.errors import StoppedEarly
from footfall.store import Store
from footfall.store.engine import Reply
from footfall.store.outcome import error_for
from footfall.store.writer.batches import LARGEST_BATCH_ITEMS, Batch, Put, Refused, batch_of, puts_of
from footfall.store.writer.capacity import ask_capacity
from footfall.store.writer.checks import DUPLICATE_KEY, REFUSED_BY_STORE, STORE_REASONS
from footfall.store.writer.figures import Figures
from footfall.store.writer.gate import LONGEST_NAP_SECONDS
from footfall.store.writer.lanes import Lane, Ticket
from footfall.store.writer.rate import CUBIC, Law
from footfall.store.writer.sender import OPERATION, Sender, Sent
from footfall.text import printable

DEFAULT_BACKOFF: Final = Backoff(base_seconds=0.05, cap_seconds=5.0)
"""Units and room are waited for at the gate; this only spreads what comes back."""

DEFAULT_WRITERS: Final = 16


class Writer:
    """Writes batches to a `table` of a store, that of the events unless another is named; many tasks may call `write`.

    `writers` is how many requests are under way at most, however many tasks there are; `max_write_units` a ceiling in
    units per second.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        tally: Figures,
        *,
        table: str | None = None,
        give_up_after_seconds: float,
        writers: int = DEFAULT_WRITERS,
        max_write_units: float | None = None,
        backoff: Backoff = DEFAULT_BACKOFF,
    ) -> None:
        self._store = store
        self._table = table or store.events_table
        self._clock = clock
        self._tally = tally
        self._give_up_after_seconds = give_up_after_seconds
        self._backoff = backoff
        self._orders = count()
        self._sender = Sender(
            store, clock, tally, table=self._table, writers=writers, max_write_units=max_write_units or inf
        )

    @property
    def write_units_per_second(self) -> float:
        """Return the rate that is kept to at the moment; infinite when nothing limits it."""
        return self._sender.pace.rate.units

    @property
    def ceiling_units(self) -> float:
        """Return the rate that is never exceeded: the user's or the table's maximum; infinite without."""
        return self._sender.pace.rate.ceiling

    @property
    def requests_at_once(self) -> int:
        """Return how many requests may be under way at the moment."""
        return self._sender.width.limit

    @property
    def is_limited(self) -> bool:
        """Tell whether the table has limits, as far as it has told; a file on this machine has none."""
        return self.write_units_per_second < inf or self.has_hot_partitions

    @property
    def has_hot_partitions(self) -> bool:
        """Tell whether batches may wait for their part in a hot partition, so that more of them should be in hand."""
        return bool(self._sender.lanes)

    async def begin(self, law: Law = CUBIC) -> None:
        """Ask what the table takes and start near it. Without this the first throttling tells."""
        self._sender.begin(await ask_capacity(self._store, self._table), law)

    async def write(self, batch: Batch) -> tuple[Refused, ...]:
        """Return when every put of `batch` is stored, except those that the store refuses, which are returned.

        Raises `StoppedEarly` when nothing at all could be written for the time it may take, and the error of
        `error_for` when the store is at fault.
        """
        order, tickets = next(self._orders), list[Ticket]()
        try:
            refused = await self._write_cold(batch, order, tickets)
            await self._write_hot(tickets, self._clock.monotonic())
        finally:
            if tickets:
                self._sender.lanes.abandon(tickets)

        self._tally.batches += 1
        return (*refused, *(ticket.refused for ticket in tickets if ticket.refused))

    async def _write_cold(self, batch: Batch, order: int, tickets: list[Ticket]) -> list[Refused]:
        """Store the puts of partitions that are not hot; draw tickets for the others, which may be driven already."""
        began_at, retry = self._clock.monotonic(), 0
        refused: list[Refused] = []
        rest: Batch | None = batch
        if self._sender.lanes:
            rest = self._divert(puts_of(batch, self._table), order, tickets)

        while rest is not None:
            head, tail = self._sized(rest)
            sent, named = await self._deliver(head, order)
            refused += named
            if not sent.left and not tail:
                break

            before = len(tickets)
            rest = self._divert([*sent.left, *tail], order, tickets)
            if len(tickets) - before < len(sent.left) and not sent.was_held:
                retry = 0 if len(sent.left) < head.puts else retry
                await self._pause(retry, began_at)
                retry += 1

        return refused

    def _sized(self, batch: Batch) -> tuple[Batch, Sequence[Put]]:
        """Return as much of `batch` as may go at once, and the rest."""
        most = self._sender.puts_at_once(batch)
        if batch.puts <= most:
            return batch, ()

        puts = puts_of(batch, self._table)
        return self._batch(puts[:most]), puts[most:]

    def _divert(self, puts: Sequence[Put], order: int, tickets: list[Ticket]) -> Batch | None:
        cold, drawn = self._sender.lanes.divert(puts, order)
        tickets += drawn
        return self._batch(cold) if cold else None

    def _batch(self, puts: Sequence[Put]) -> Batch:
        return batch_of(puts, self._table)

    async def _deliver(
        self, batch: Batch, order: int, lane: Lane | None = None
    ) -> tuple[Sent, tuple[Refused, ...]]:
        """Send `batch` once, a refused one in parts; return the puts to send again, and those that are refused."""
        sent = await self._sender.send(batch, order, lane)
        if sent.refusal is None:
            return sent, ()

        left, refused = await self._bisect(batch, sent.refusal, order, lane)
        self._judge_refused(batch, refused, sent.refusal)
        return Sent(left), refused

    async def _bisect(
        self, batch: Batch, refusal: Reply, order: int, lane: Lane | None
    ) -> tuple[tuple[Put, ...], tuple[Refused, ...]]:
        puts, refused = _without_duplicates(puts_of(batch, self._table))
        if len(puts) == 1 and not refused:
            return (), (_refused(puts[0], refusal),)

        left: tuple[Put, ...] = ()
        middle = len(puts) if refused else len(puts) // 2
        for half in filter(None, (puts[:middle], puts[middle:])):
            part = self._batch(half)
            sent = await self._sender.send(part, order, lane)
            left += sent.left
            if sent.refusal is not None:
                more, named = await self._bisect(part, sent.refusal, order, lane)
                left, refused = left + more, refused + named

        return left, refused

    def _judge_refused(self, batch: Batch, refused: Sequence[Refused], refusal: Reply) -> None:
        """Raise when no put is good: one bad put is its own fault, but then something is wrong with the table."""
        bad = sum(one.reason == REFUSED_BY_STORE for one in refused)
        self._sender.refused_in_a_row += bad
        if bad == batch.puts > 1 or self._sender.refused_in_a_row >= LARGEST_BATCH_ITEMS:
            raise error_for(OPERATION, self._table, refusal, self._store.location)

    async def _write_hot(self, tickets: list[Ticket], began_at: float) -> None:
        """Drive the lanes of `tickets`, or wait for others that do, until all are done."""
        while waiting := [ticket for ticket in tickets if not ticket.is_done]:
            lane = self._sender.lanes.to_drive(waiting)
            if lane is None:
                await self._sender.lanes.change()
                continue

            try:
                with lane.driving():
                    await self._drive(lane, began_at)
            finally:
                self._sender.lanes.announce()

    async def _drive(self, lane: Lane, began_at: float) -> None:
        """Send one request of `lane` when its pace allows one."""
        seconds = lane.pace.wait_seconds(self._clock.monotonic())
        if seconds > 0:
            await self._clock.sleep(min(seconds, LONGEST_NAP_SECONDS))
            return

        tickets = lane.take(min(lane.pace.puts_at_once(1.0), LARGEST_BATCH_ITEMS))
        try:
            await self._send_tickets(lane, tickets)
        finally:
            lane.add(ticket for ticket in tickets if not ticket.is_done and not ticket.is_abandoned)

        if any(ticket.is_done for ticket in tickets):
            lane.retry = 0
            return

        lane.retry += 1
        await self._pause(lane.retry - 1, began_at)

    async def _send_tickets(self, lane: Lane, tickets: list[Ticket]) -> None:
        if not tickets:
            return

        batch = self._batch([ticket.put for ticket in tickets])
        sent, refused = await self._deliver(batch, tickets[0].order, lane)
        again, named = {put.key for put in sent.left}, {(one.pk, one.sk): one for one in refused}
        for ticket in tickets:
            ticket.refused = named.get(ticket.put.key)
            ticket.is_done = ticket.put.key not in again

    async def _pause(self, retry: int, began_at: float) -> None:
        # Time in which there was nothing to write, a quiet pipe for instance, is not time without progress.
        idle_seconds = self._clock.monotonic() - max(self._sender.stored_at, began_at)
        if idle_seconds > self._give_up_after_seconds:
            raise StoppedEarly(
                f"Nothing could be written to {self._store.location} for {idle_seconds:.0f} seconds. Nothing is lost.",
                details=[f"last: {self._sender.last_problem}"],
                hint="run the same command again: it goes on where this run stopped",
            )

        await self._clock.sleep(self._backoff.delay_seconds(retry, self._clock.random()))
        self._tally.retried += 1


def _without_duplicates(puts: Sequence[Put]) -> tuple[tuple[Put, ...], tuple[Refused, ...]]:
    """Return the last put of each key, in order, and the others by name."""
    last = {put.key: place for place, put in enumerate(puts)}
    kept = tuple(put for place, put in enumerate(puts) if last[put.key] == place)
    sentence = STORE_REASONS[DUPLICATE_KEY]
    doubled = (put for place, put in enumerate(puts) if last[put.key] != place)
    return kept, tuple(Refused(put.pk, put.sk, DUPLICATE_KEY, sentence) for put in doubled)


def _refused(put: Put, refusal: Reply) -> Refused:
    code = printable(refusal.error_code, 100) or f"HTTP {refusal.status}"
    said = printable(refusal.error_message, 300)
    return Refused(put.pk, put.sk, REFUSED_BY_STORE, f"DynamoDB refuses the item: {code} {said}".rstrip())
