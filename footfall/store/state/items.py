"""Read and write single items of the state table, and page through a query or a scan of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import msgspec

from footfall.clock import Clock
from footfall.store import Store
from footfall.store.client import command, request
from footfall.store.outcome import error_for
from footfall.store.wire import text


async def get(store: Store, clock: Clock, pk: str, sk: str) -> dict[str, Any] | None:
    """Return an item as it is now, None when there is none."""
    document = {
        "TableName": store.state_table,
        "Key": {"pk": text(pk), "sk": text(sk)},
        "ConsistentRead": True,
    }
    reply = await command(store, clock, "GetItem", document, table=store.state_table)
    return reply.get("Item")


async def put(
    store: Store,
    clock: Clock,
    item: Mapping[str, Any],
    condition: str,
    values: Mapping[str, Any] | None = None,
) -> bool:
    """Put `item` if `condition` holds; return whether it did."""
    document: dict[str, Any] = {
        "TableName": store.state_table,
        "Item": item,
        "ConditionExpression": condition,
    }
    if values:
        document["ExpressionAttributeValues"] = values

    reply = await request(store, clock, "PutItem", msgspec.json.encode(document), table=store.state_table)
    if reply.error_code == "ConditionalCheckFailedException":
        return False

    if not reply.ok:
        raise error_for("PutItem", store.state_table, reply, store.location)

    return True


async def query(
    store: Store, clock: Clock, pk: str, begins: str | None = None
) -> AsyncIterator[dict[str, Any]]:
    """Yield the items of a partition in the order of their sort keys, with `begins` those that begin so."""
    document: dict[str, Any] = {
        "TableName": store.state_table,
        "KeyConditionExpression": "pk = :pk" if begins is None else "pk = :pk AND begins_with(sk, :begins)",
        "ExpressionAttributeValues": {":pk": text(pk)}
        | ({} if begins is None else {":begins": text(begins)}),
        "ConsistentRead": True,
    }
    async for item in _pages(store, clock, "Query", document):
        yield item


async def scan(store: Store, clock: Clock, pk_begins: str) -> AsyncIterator[dict[str, Any]]:
    """Yield the items of all partitions whose key begins with `pk_begins`, in no order; reads the whole table."""
    document: dict[str, Any] = {
        "TableName": store.state_table,
        "FilterExpression": "begins_with(pk, :begins)",
        "ExpressionAttributeValues": {":begins": text(pk_begins)},
        "ConsistentRead": True,
    }
    async for item in _pages(store, clock, "Scan", document):
        yield item


async def _pages(
    store: Store, clock: Clock, operation: str, document: dict[str, Any]
) -> AsyncIterator[dict[str, Any]]:
    while True:
        reply = await command(store, clock, operation, document, table=store.state_table)
        for item in reply["Items"]:
            yield item

        if "LastEvaluatedKey" not in reply:
            return

        document = document | {"ExclusiveStartKey": reply["LastEvaluatedKey"]}
