"""The rules of CreateTable, DescribeTable, DeleteTable, ListTables, time to live, and of requests as such."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.store.conformance.harness import SCHEMA, Subject, item

pytestmark = pytest.mark.anyio


async def test_a_new_table_describes_itself(subject: Subject) -> None:
    described = (await subject.on_table("DescribeTable"))["Table"]

    assert described["TableName"] == subject.table
    assert described["TableStatus"] == "ACTIVE"
    assert described["KeySchema"] == SCHEMA["KeySchema"]
    assert described["AttributeDefinitions"] == SCHEMA["AttributeDefinitions"]
    assert described["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert described["TableArn"].endswith(f"table/{subject.table}")
    assert described["CreationDateTime"] > 1_500_000_000
    assert (described["ItemCount"], described["TableSizeBytes"]) == (0, 0)


async def test_provisioned_units_are_described_back(subject: Subject) -> None:
    units = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 7}
    other = Subject(subject.engine, f"{subject.table}_2")
    created = await other.on_table(
        "CreateTable",
        KeySchema=SCHEMA["KeySchema"],
        AttributeDefinitions=SCHEMA["AttributeDefinitions"],
        ProvisionedThroughput=units,
    )
    described = (await other.on_table("DescribeTable"))["Table"]
    await other.on_table("DeleteTable")

    assert units.items() <= created["TableDescription"]["ProvisionedThroughput"].items()
    assert units.items() <= described["ProvisionedThroughput"].items()


async def test_a_table_exists_once(subject: Subject) -> None:
    assert (await subject.refused("CreateTable", **SCHEMA)).error_code == "ResourceInUseException"


@pytest.mark.parametrize(
    "changes",
    [
        {"KeySchema": [{"AttributeName": "pk", "KeyType": "RANGE"}]},
        {"KeySchema": [{"AttributeName": "other", "KeyType": "HASH"}]},
        {"KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}]},
        {"BillingMode": "PROVISIONED"},
        {"BillingMode": "FREE"},
    ],
    ids=["no hash key", "undefined key", "unused definition", "no units", "unknown billing"],
)
async def test_an_impossible_table_is_refused(subject: Subject, changes: dict[str, Any]) -> None:
    reply = await subject.call("CreateTable", TableName=f"{subject.table}_3", **{**SCHEMA, **changes})

    assert reply.status == 400
    assert reply.error_code == "ValidationException"


@pytest.mark.parametrize("name", ["ab", "with space", "x" * 256], ids=["short", "space", "long"])
async def test_an_impossible_name_is_refused(subject: Subject, name: str) -> None:
    reply = await subject.call("CreateTable", TableName=name, **SCHEMA)

    assert reply.status == 400
    assert reply.error_code == "ValidationException"


@pytest.mark.parametrize("operation", ["DescribeTable", "DeleteTable", "DescribeTimeToLive"])
async def test_a_missing_table_is_not_found(subject: Subject, operation: str) -> None:
    reply = await subject.call(operation, TableName="footfall_test_none")

    assert reply.status == 400
    assert reply.error_code == "ResourceNotFoundException"


async def test_a_deleted_table_is_gone_with_its_items(subject: Subject) -> None:
    await subject.fill([item("p")])
    await subject.on_table("DeleteTable")
    assert (await subject.refused("DescribeTable")).error_code == "ResourceNotFoundException"

    await subject.on_table("CreateTable", **SCHEMA)
    assert await subject.all() == []


async def test_tables_are_listed_page_by_page(subject: Subject) -> None:
    names: list[str] = []
    start: dict[str, Any] = {}
    while True:
        reply = await subject.call("ListTables", Limit=1, **start)
        answer = json.loads(reply.body)
        names += answer["TableNames"]
        if "LastEvaluatedTableName" not in answer:
            break

        start = {"ExclusiveStartTableName": answer["LastEvaluatedTableName"]}

    assert subject.table in names
    assert len(names) == len(set(names))


async def test_time_to_live_is_off_until_it_is_set(subject: Subject) -> None:
    before = await subject.on_table("DescribeTimeToLive")
    setting = {"Enabled": True, "AttributeName": "expires"}
    answer = await subject.on_table("UpdateTimeToLive", TimeToLiveSpecification=setting)
    after = await subject.on_table("DescribeTimeToLive")

    assert before["TimeToLiveDescription"]["TimeToLiveStatus"] == "DISABLED"
    assert answer["TimeToLiveSpecification"] == setting
    assert after["TimeToLiveDescription"] == {"TimeToLiveStatus": "ENABLED", "AttributeName": "expires"}


async def test_an_unknown_operation_is_refused(subject: Subject) -> None:
    reply = await subject.call("MakeCoffee", TableName=subject.table)

    assert reply.status == 400
    assert reply.error_code == "UnknownOperationException"


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"TableName": 5}'], ids=["empty", "cut", "list", "number"]
)
async def test_a_malformed_body_is_refused(subject: Subject, body: bytes) -> None:
    reply = await subject.engine.call("Scan", body)

    assert reply.status == 400
    assert reply.error_code == "SerializationException"
