"""Read the reply to a BatchWriteItem that was carried out, wholly or in part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec

from footfall.store.writer.batches import Batch, Put, put_of, puts_of


@dataclass(frozen=True, slots=True)
class BatchReply:
    """What a BatchWriteItem left, as raw JSON by table, and the units it spent."""

    unprocessed: dict[str, list[msgspec.Raw]]
    consumed_units: float

    @property
    def unprocessed_count(self) -> int:
        """Return how many puts it left."""
        return sum(len(puts) for puts in self.unprocessed.values())


def read_reply(body: bytes) -> BatchReply:
    """Return what the body of a successful BatchWriteItem says. Raises `msgspec.MsgspecError` when it is none."""
    reply = _REPLY.decode(body)
    return BatchReply(reply.unprocessed, sum(consumed.units for consumed in reply.consumed))


def left_of(batch: Batch, reply: BatchReply, table: str) -> tuple[Put, ...] | None:
    """Return those puts of `batch` that `reply` left, matched by their keys, in the order of the batch.

    Neither order nor bytes of ``UnprocessedItems`` are promised to be ours, so it is our own puts that go again. None
    when the reply names a put that was not sent, or one of another table: then it is no reply of DynamoDB's, and
    nothing it says counts.
    """
    if not reply.unprocessed_count:
        return ()

    sent = puts_of(batch, table)
    try:
        named = {put_of(raw).key for puts in reply.unprocessed.values() for raw in puts}
    except msgspec.MsgspecError:
        return None

    left = tuple(put for put in sent if put.key in named)
    is_ours = set(reply.unprocessed) == {table} and len(left) == len(named) == reply.unprocessed_count
    return left if is_ours else None


class _Consumed(msgspec.Struct):
    units: float = msgspec.field(name="CapacityUnits", default=0.0)


class _Reply(msgspec.Struct):
    unprocessed: dict[str, list[msgspec.Raw]] = msgspec.field(name="UnprocessedItems", default_factory=dict)
    consumed: list[_Consumed] = msgspec.field(name="ConsumedCapacity", default_factory=list)


_REPLY: Final = msgspec.json.Decoder(_Reply)
