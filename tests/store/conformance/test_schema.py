"""Tables whose keys are not footfall's are told from puts that are bad by themselves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from footfall.store.engine import Engine
from footfall.store.outcome import Verdict, is_schema_mismatch, judge
from tests.store.conformance.harness import Item, Subject, item, key, put, sized

pytestmark = pytest.mark.anyio

Keys = tuple[tuple[str, str], ...]

OTHER_KEYS: dict[str, Keys] = {
    "other names": (("id", "S"), ("at", "S")),
    "a number to sort by": (("pk", "S"), ("sk", "N")),
    "a number as partition": (("pk", "N"), ("sk", "S")),
    "binary": (("pk", "B"), ("sk", "B")),
}
"""Names and types of keys, partition key first. A table with ``pk`` alone takes our puts: `admin` refuses it before."""

BAD_PUTS: dict[str, list[Item]] = {
    "empty partition key": [item("", "s")],
    "empty sort key": [item("p", "")],
    "partition key too long": [item("p" * 2049)],
    "sort key too long": [item("p", "s" * 1025)],
    "too large": [sized(409_601)],
    "one key twice": [item("p"), item("p")],
    "number out of range": [item("p", n={"N": "1E200"})],
}


def schema(keys: Keys) -> dict[str, Any]:
    return {
        "KeySchema": [
            {"AttributeName": name, "KeyType": kind}
            for (name, _), kind in zip(keys, ("HASH", "RANGE"), strict=True)
        ],
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": type_} for name, type_ in keys],
        "BillingMode": "PAY_PER_REQUEST",
    }


@pytest.fixture(params=list(OTHER_KEYS.values()), ids=list(OTHER_KEYS))
async def foreign(engine: Engine, table: str, request: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    """A table with other keys."""
    made = Subject(engine, table)
    await made.on_table("CreateTable", **schema(request.param))
    yield made
    await made.call("DeleteTable", TableName=table)


async def test_a_batch_for_other_keys_is_a_mismatch(foreign: Subject) -> None:
    reply = await foreign.try_batch(put(item("p")))

    assert is_schema_mismatch(reply), reply.body
    assert judge(reply) is Verdict.FATAL


async def test_a_put_for_other_keys_is_a_mismatch(foreign: Subject) -> None:
    assert is_schema_mismatch(await foreign.refused("PutItem", Item=item("p")))


async def test_a_get_for_other_keys_is_a_mismatch(foreign: Subject) -> None:
    assert is_schema_mismatch(await foreign.refused("GetItem", Key=key("p")))


async def test_an_update_for_other_keys_is_a_mismatch(foreign: Subject) -> None:
    change = {"UpdateExpression": "SET n = :n", "ExpressionAttributeValues": {":n": {"N": "1"}}}

    assert is_schema_mismatch(await foreign.refused("UpdateItem", Key=key("p"), **change))


async def test_a_query_for_other_keys_is_a_mismatch(foreign: Subject) -> None:
    values = {":pk": {"S": "p"}, ":sk": {"S": "s"}}
    condition = {"KeyConditionExpression": "pk = :pk AND sk > :sk", "ExpressionAttributeValues": values}

    assert is_schema_mismatch(await foreign.refused("Query", **condition))


@pytest.mark.parametrize("bad", BAD_PUTS.values(), ids=BAD_PUTS.keys())
async def test_what_is_wrong_with_a_put_is_no_mismatch(subject: Subject, bad: list[Item]) -> None:
    reply = await subject.try_batch(*map(put, bad))

    assert not is_schema_mismatch(reply)
    assert judge(reply) is Verdict.REFUSED
