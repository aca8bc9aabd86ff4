"""Take a BatchWriteItem apart into what each put and delete costs, and put a part of it together again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import msgspec

from footfall.store.embedded.batch import MAX_REQUESTS
from footfall.store.embedded.capacity import write_units
from footfall.store.embedded.incoming import take_in
from footfall.store.embedded.keys import KeyBytes, KeySchema, Place
from footfall.store.embedded.problem import invalid
from footfall.store.embedded.requests import WriteRequest, decode

Members: TypeAlias = dict[str, msgspec.Raw]
"""A JSON object whose members are left as they came."""

ITEMS: Final = "RequestItems"
LEFT: Final = "UnprocessedItems"
CAPACITY: Final = "ConsumedCapacity"
MODE: Final = "ReturnConsumedCapacity"


class Consumed(msgspec.Struct, frozen=True):
    """The part of a ConsumedCapacity document that is read here."""

    table: str = msgspec.field(name="TableName", default="")
    units: float = msgspec.field(name="CapacityUnits", default=0.0)


@dataclass(frozen=True, slots=True)
class Write:
    """A put or delete of a batch as it came, and what it costs at least: `key` is its partition key.

    Nothing is known, or asked, of writes to other tables than the limited one: their key is None.
    """

    table: str
    raw: msgspec.Raw
    key: KeyBytes | None = None
    units: float = 0.0


def members_of(body: bytes) -> Members:
    """Return the members of a request or reply. Raises `msgspec.MsgspecError` when it is no JSON object."""
    return _MEMBERS.decode(body)


def read_writes(items: msgspec.Raw, table: str, schema: KeySchema) -> list[Write]:
    """Return the writes in a batch's ``RequestItems``, those to `table` with their costs.

    Raises `Problem` or `msgspec.MsgspecError` for what DynamoDB would refuse whole, which costs nothing.
    """
    requested = _BY_TABLE.decode(items)
    counts = [len(writes) for writes in requested.values()]
    if not counts or not min(counts) or sum(counts) > MAX_REQUESTS:
        raise invalid("Too many, or no items requested for the BatchWriteItem call")

    found = [Write(name, raw) for name, writes in requested.items() if name != table for raw in writes]
    seen: set[Place] = set()
    for raw in requested.get(table, ()):
        place, units = _cost(raw, schema)
        seen.add(place)
        found.append(Write(table, raw, place[1], units))

    if len(seen) < len(requested.get(table, ())):
        raise invalid("Provided list of item keys contains duplicates")

    return found


def planned(writes: Iterable[Write]) -> dict[KeyBytes | None, float]:
    """Return the units that writes to the limited table cost at least, by partition key."""
    units: dict[KeyBytes | None, float] = {}
    for write in writes:
        if write.key is not None:
            units[write.key] = units.get(write.key, 0.0) + write.units

    return units


def body_of(members: Members, writes: Sequence[Write]) -> bytes:
    """Return the request of `members` with only these `writes`, which asks for the capacity it consumes."""
    return msgspec.json.encode({**asking(members), ITEMS: by_table(writes)})


def asking(members: Members) -> dict[str, object]:
    """Return the members of a request that asks for the capacity it consumes, as it did or in total."""
    return {**members, MODE: members[MODE] if wants_capacity(members) else "TOTAL"}


def wants_capacity(members: Members) -> bool:
    """Tell whether a request asks for the capacity it consumes."""
    return bytes(members.get(MODE, b'"NONE"')) != b'"NONE"'


def by_table(writes: Iterable[Write]) -> dict[str, list[msgspec.Raw]]:
    """Return writes as ``RequestItems`` and ``UnprocessedItems`` have them."""
    tables: dict[str, list[msgspec.Raw]] = {}
    for write in writes:
        tables.setdefault(write.table, []).append(write.raw)

    return tables


def answer_of(members: Members, reply: Members, left: Sequence[Write]) -> bytes:
    """Return the answer to a batch, of which `reply` answers the part that was sent on and `left` is the rest."""
    told: dict[str, object] = {**reply}
    if not wants_capacity(members):
        del told[CAPACITY]

    unprocessed = by_table(left)
    if LEFT in reply:
        for name, writes in _BY_TABLE.decode(reply[LEFT]).items():
            unprocessed.setdefault(name, []).extend(writes)

    return msgspec.json.encode({**told, LEFT: unprocessed})


def consumed_units(reply: Members, table: str) -> float:
    """Return the units that a reply says were consumed of `table`; 0 when it does not say."""
    if CAPACITY not in reply:
        return 0.0

    told = _CONSUMED.decode(reply[CAPACITY])
    return sum(one.units for one in ([told] if isinstance(told, Consumed) else told) if one.table == table)


def _cost(raw: msgspec.Raw, schema: KeySchema) -> tuple[Place, float]:
    write = decode(_WRITE, bytes(raw))
    if (write.put_request is None) == (write.delete_request is None):
        raise invalid("Supplied WriteRequest must contain exactly one of PutRequest and DeleteRequest")

    if write.put_request is not None:
        put = take_in(write.put_request.item).put(schema)
        return put.place, float(write_units(put.size))

    assert write.delete_request is not None
    return schema.exact_place(write.delete_request.key), 1.0


_MEMBERS: Final = msgspec.json.Decoder(Members)
_BY_TABLE: Final = msgspec.json.Decoder(dict[str, list[msgspec.Raw]])
_WRITE: Final = msgspec.json.Decoder(WriteRequest)
_CONSUMED: Final = msgspec.json.Decoder(Consumed | list[Consumed])
