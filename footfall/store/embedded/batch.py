"""BatchWriteItem: the hot way in.

A request is refused whole for one bad item, as DynamoDB does (API_BatchWriteItem); otherwise everything is stored:
there is nothing unprocessed in a file that has no limits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec

from footfall.store.embedded import requests
from footfall.store.embedded.capacity import consumed
from footfall.store.embedded.incoming import Incoming, take_in
from footfall.store.embedded.keys import Place
from footfall.store.embedded.problem import invalid
from footfall.store.embedded.rows import Put, delete_all, put_all
from footfall.store.embedded.session import Session
from footfall.store.embedded.tables import Table, find_table
from footfall.store.embedded.values import Item

MAX_REQUESTS: Final = 25
_TOO_MANY: Final = (
    "1 validation error detected: Value at 'requestItems' failed to satisfy constraint: Map value must satisfy "
    "constraint: [Member must have length less than or equal to 25, Member must have length greater than or equal to 1]"
)
_DECODER: Final = msgspec.json.Decoder(requests.BatchWriteItem)


@dataclass(frozen=True, slots=True)
class Writes:
    """What goes to one table: items, and keys to delete."""

    puts: list[Incoming]
    deletes: list[Item]


@dataclass(frozen=True, slots=True)
class Batch:
    """A checked request; the keys are checked later, against the tables."""

    writes: dict[str, Writes]
    capacity_mode: requests.CapacityMode


def prepare(body: bytes) -> Batch:
    """Decode a request, count it and measure its items. Raises `Problem`."""
    request = requests.decode(_DECODER, body)
    _refuse_counts([len(writes) for writes in request.request_items.values()])
    writes = {name: _measured(writes) for name, writes in request.request_items.items()}
    return Batch(writes, request.return_consumed_capacity)


def batch_write_item(session: Session, batch: Batch) -> bytes:
    """Store and delete; return the reply's body. Raises `Problem` before anything is written."""
    plans = [_plan(find_table(session.connection, name), writes) for name, writes in batch.writes.items()]
    capacity = [
        consumed(
            batch.capacity_mode,
            table.name,
            put_all(session.connection, table, puts) + delete_all(session.connection, table, places),
        )
        for table, puts, places in plans
    ]
    answer: dict[str, object] = {"UnprocessedItems": {}}
    if batch.capacity_mode != "NONE":
        answer["ConsumedCapacity"] = capacity

    return msgspec.json.encode(answer)


def _refuse_counts(counts: list[int]) -> None:
    if not counts or not all(1 <= count <= MAX_REQUESTS for count in counts):
        raise invalid(_TOO_MANY)

    if sum(counts) > MAX_REQUESTS:
        raise invalid("Too many items requested for the BatchWriteItem call")


def _measured(requested: list[requests.WriteRequest]) -> Writes:
    writes = Writes([], [])
    for request in requested:
        if (request.put_request is None) == (request.delete_request is None):
            raise invalid("Supplied WriteRequest must contain exactly one of PutRequest and DeleteRequest")

        if request.put_request is not None:
            writes.puts.append(take_in(request.put_request.item))
        elif request.delete_request is not None:
            writes.deletes.append(request.delete_request.key)

    return writes


def _plan(table: Table, writes: Writes) -> tuple[Table, list[Put], list[Place]]:
    schema = table.schema
    puts = [item.put(schema) for item in writes.puts]
    places = [schema.exact_place(key) for key in writes.deletes]
    if len({*places, *(put.place for put in puts)}) < len(puts) + len(places):
        raise invalid("Provided list of item keys contains duplicates")

    return table, puts, places
