"""Send batches until the table has them: the one owner of retries on the write path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec

from footfall.backoff import Backoff
from footfall.clock import Clock
from footfall.errors import StoppedEarly
from footfall.store import Store
from footfall.store.engine import NoReply, Reply
from footfall.store.outcome import Verdict, error_for, judge
from ingest.tally import Tally
from ingest.writer.batches import Batch, Refused, retry_body

OPERATION: Final = "BatchWriteItem"
DEFAULT_BACKOFF: Final = Backoff()


@dataclass(frozen=True, slots=True)
class BatchReply:
    """What a BatchWriteItem left: the raw ``UnprocessedItems`` if any, their number, and the units spent."""

    unprocessed: bytes | None
    unprocessed_count: int
    consumed_units: float


def read_reply(body: bytes) -> BatchReply:
    """Return what the body of a successful BatchWriteItem says."""
    reply = _REPLY.decode(body)
    units = sum(consumed.units for consumed in reply.consumed)
    count = sum(len(puts) for puts in reply.unprocessed.values())
    return BatchReply(msgspec.json.encode(reply.unprocessed) if count else None, count, units)


class Writer:
    """Writes batches to the events table of a store; many tasks may call `write` at once."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        tally: Tally,
        *,
        give_up_after_seconds: float,
        backoff: Backoff = DEFAULT_BACKOFF,
    ) -> None:
        self._store = store
        self._clock = clock
        self._tally = tally
        self._give_up_after_seconds = give_up_after_seconds
        self._backoff = backoff
        self._progressed_at = clock.monotonic()
        self._last_problem = ""

    async def write(self, batch: Batch) -> tuple[Refused, ...]:
        """Return when every put of `batch` is stored, except those that the store refuses, which are returned.

        Raises `StoppedEarly` when nothing at all could be written for the time it may take, and the error of
        `error_for` when the request or the store is at fault.
        """
        began_at, retry = self._clock.monotonic(), 0
        while (rest := await self._send(batch)) is not None:
            retry = 0 if rest.puts < batch.puts else retry
            await self._pause(retry, began_at)
            batch, retry = rest, retry + 1

        self._tally.batches += 1
        return ()

    async def _send(self, batch: Batch) -> Batch | None:
        """Send one request; return what is left to send, None when nothing is."""
        self._tally.requests += 1
        try:
            reply = await self._store.engine.call(OPERATION, batch.body)
        except NoReply as lost:
            self._last_problem = str(lost)
            return batch

        verdict = judge(reply)
        if verdict is Verdict.DONE:
            return self._account(batch, reply)

        if verdict in {Verdict.REFUSED, Verdict.FATAL}:
            raise error_for(OPERATION, self._store.events_table, reply, self._store.location)

        self._last_problem = f"{reply.error_code or f'HTTP {reply.status}'} {reply.error_message}".strip()
        self._tally.throttled += verdict is Verdict.THROTTLED
        return batch

    def _account(self, batch: Batch, reply: Reply) -> Batch | None:
        try:
            outcome = read_reply(reply.body)
        except msgspec.MsgspecError:
            self._last_problem = "a reply that is not DynamoDB's, from a proxy perhaps"
            return batch

        self._tally.consumed_write_units += outcome.consumed_units
        self._tally.unprocessed += outcome.unprocessed_count
        if outcome.unprocessed_count < batch.puts:
            self._progressed_at = self._clock.monotonic()

        if outcome.unprocessed is None:
            return None

        self._last_problem = "every reply left items unprocessed"
        self._tally.throttled += 1
        return Batch(retry_body(outcome.unprocessed), outcome.unprocessed_count)

    async def _pause(self, retry: int, began_at: float) -> None:
        # Time in which there was nothing to write, a quiet pipe for instance, is not time without progress.
        idle_seconds = self._clock.monotonic() - max(self._progressed_at, began_at)
        if idle_seconds > self._give_up_after_seconds:
            raise StoppedEarly(
                f"Nothing could be written to {self._store.location} for {idle_seconds:.0f} seconds. Nothing is lost.",
                details=[f"last: {self._last_problem}"],
                hint="run the same command again: it goes on where this run stopped",
            )

        await self._clock.sleep(self._backoff.delay_seconds(retry, self._clock.random()))
        self._tally.retried += 1


class _Consumed(msgspec.Struct):
    units: float = msgspec.field(name="CapacityUnits", default=0.0)


class _Reply(msgspec.Struct):
    unprocessed: dict[str, list[msgspec.Raw]] = msgspec.field(name="UnprocessedItems", default_factory=dict)
    consumed: list[_Consumed] = msgspec.field(name="ConsumedCapacity", default_factory=list)


_REPLY: Final = msgspec.json.Decoder(_Reply)
