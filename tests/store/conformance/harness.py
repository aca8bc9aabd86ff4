"""One table on one engine, spoken to in DynamoDB's wire."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from footfall.store.engine import Engine, Reply

Item = dict[str, dict[str, Any]]

SCHEMA: dict[str, Any] = {
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    "AttributeDefinitions": [
        {"AttributeName": "pk", "AttributeType": "S"},
        {"AttributeName": "sk", "AttributeType": "S"},
    ],
    "BillingMode": "PAY_PER_REQUEST",
}


def key(pk: str, sk: str = "0") -> Item:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def item(pk: str, sk: str = "0", **attributes: dict[str, Any]) -> Item:
    return {**key(pk, sk), **attributes}


def sized(total: int, pk: str = "p", sk: str = "s") -> Item:
    """Return an item of `total` bytes by DynamoDB's rules."""
    overhead = len("pk" + pk + "sk" + sk + "x")
    return item(pk, sk, x={"S": "x" * (total - overhead)})


def put(stored: Item) -> dict[str, Any]:
    return {"PutRequest": {"Item": stored}}


def delete(stored: Item) -> dict[str, Any]:
    return {"DeleteRequest": {"Key": stored}}


def pairs(items: list[Item]) -> list[tuple[str, str]]:
    """Return the keys of items, sorted."""
    return sorted((stored["pk"]["S"], stored["sk"]["S"]) for stored in items)


@dataclass(frozen=True, slots=True)
class Subject:
    """A table to try rules on."""

    engine: Engine
    table: str

    async def call(self, operation: str, **members: Any) -> Reply:
        return await self.engine.call(operation, json.dumps(members).encode())

    async def on_table(self, operation: str, **members: Any) -> dict[str, Any]:
        """Carry out an operation on the table; return its answer."""
        return _answer(await self.call(operation, TableName=self.table, **members))

    async def refused(self, operation: str, **members: Any) -> Reply:
        """Return the refusal of an operation on the table."""
        reply = await self.call(operation, TableName=self.table, **members)
        assert reply.status == 400, reply.body[:500]
        return reply

    async def batch(self, *writes: dict[str, Any], **members: Any) -> dict[str, Any]:
        return _answer(await self.try_batch(*writes, **members))

    async def try_batch(self, *writes: dict[str, Any], **members: Any) -> Reply:
        return await self.call("BatchWriteItem", RequestItems={self.table: list(writes)}, **members)

    async def fill(self, items: list[Item], at_once: int = 25) -> None:
        for start in range(0, len(items), at_once):
            answer = await self.batch(*map(put, items[start : start + at_once]))
            assert answer["UnprocessedItems"] == {}

    async def get(self, stored: Item) -> Item | None:
        answer = await self.on_table("GetItem", Key=stored, ConsistentRead=True)
        found: Item | None = answer.get("Item")
        return found

    async def pages(self, operation: str, **members: Any) -> AsyncIterator[dict[str, Any]]:
        """Give every page of a Scan or Query."""
        start: dict[str, Any] = {}
        while True:
            page = await self.on_table(operation, **members, **start)
            yield page
            if "LastEvaluatedKey" not in page:
                return

            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    async def all(self, operation: str = "Scan", **members: Any) -> list[Item]:
        return [found async for page in self.pages(operation, **members) for found in page["Items"]]

    async def units(self, operation: str, **members: Any) -> float:
        """Return the capacity units an operation reports."""
        answer = await self.on_table(operation, **members, ReturnConsumedCapacity="TOTAL")
        return float(answer["ConsumedCapacity"]["CapacityUnits"])


def _answer(reply: Reply) -> dict[str, Any]:
    assert reply.ok, reply.body[:500]
    answer: dict[str, Any] = json.loads(reply.body)
    return answer
