"""The rules of Query (API_Query)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.store.conformance.harness import Subject, item, key

pytestmark = pytest.mark.anyio

SORTED = ["01", "02", "03", "1", "10", "11", "2", "é", "\U0001f43e"]
"""Sort keys in DynamoDB's order: by their UTF-8 bytes."""


def where(condition: str, **values: str) -> dict[str, Any]:
    return {
        "KeyConditionExpression": f"pk = :pk{condition}",
        "ExpressionAttributeValues": {":pk": {"S": "p"}}
        | {f":{name}": {"S": text} for name, text in values.items()},
    }


async def fill(subject: Subject) -> None:
    await subject.fill([item("p", sk) for sk in reversed(SORTED)] + [item("q", "01"), item("q", "1")])


async def found(subject: Subject, **members: Any) -> list[str]:
    return [stored["sk"]["S"] for stored in await subject.all("Query", **members)]


async def test_a_partition_comes_in_order_of_its_bytes(subject: Subject) -> None:
    await fill(subject)

    assert await found(subject, **where("")) == SORTED


async def test_backwards_is_the_other_way_round(subject: Subject) -> None:
    await fill(subject)

    assert await found(subject, **where(""), ScanIndexForward=False) == SORTED[::-1]


@pytest.mark.parametrize(
    ("condition", "values", "expected"),
    [
        (" AND sk = :a", {"a": "1"}, ["1"]),
        (" AND sk < :a", {"a": "1"}, ["01", "02", "03"]),
        (" AND sk <= :a", {"a": "1"}, ["01", "02", "03", "1"]),
        (" AND sk > :a", {"a": "11"}, ["2", "é", "\U0001f43e"]),
        (" AND sk >= :a", {"a": "11"}, ["11", "2", "é", "\U0001f43e"]),
        (" AND sk BETWEEN :a AND :b", {"a": "03", "b": "10"}, ["03", "1", "10"]),
        (" AND begins_with(sk, :a)", {"a": "1"}, ["1", "10", "11"]),
        (" AND begins_with(sk, :a)", {"a": "\U0001f43e"}, ["\U0001f43e"]),
        (" AND (sk BETWEEN :a AND :b)", {"a": "2", "b": "2"}, ["2"]),
    ],
)
async def test_a_condition_on_the_sort_key_selects(
    subject: Subject, condition: str, values: dict[str, str], expected: list[str]
) -> None:
    await fill(subject)

    assert await found(subject, **where(condition, **values)) == expected


@pytest.mark.parametrize("forward", [True, False])
@pytest.mark.parametrize("limit", [1, 2, 9])
async def test_paging_gives_every_item_once_in_order(subject: Subject, forward: bool, limit: int) -> None:
    await fill(subject)

    expected = SORTED if forward else SORTED[::-1]
    assert await found(subject, **where(""), Limit=limit, ScanIndexForward=forward) == expected


async def test_no_item_is_no_error(subject: Subject) -> None:
    page = await subject.on_table("Query", **where(""))

    assert (page["Items"], page["Count"], page["ScannedCount"]) == ([], 0, 0)


@pytest.mark.parametrize(
    "condition",
    [
        " AND sk <> :a",
        " OR sk = :a",
        " AND other = :a",
        " AND sk = :a AND sk = :a",
        " AND contains(sk, :a)",
        " AND sk =",
        " AND sk BETWEEN :a",
    ],
    ids=["unequal", "or", "other attribute", "twice", "contains", "cut", "half a range"],
)
async def test_what_is_no_key_condition_is_refused(subject: Subject, condition: str) -> None:
    reply = await subject.refused("Query", **where(condition, a="1"))

    assert reply.error_code == "ValidationException"


async def test_a_query_without_partition_key_is_refused(subject: Subject) -> None:
    reply = await subject.refused(
        "Query", KeyConditionExpression="sk = :a", ExpressionAttributeValues={":a": {"S": "1"}}
    )

    assert reply.error_code == "ValidationException"


async def test_an_undefined_value_is_refused(subject: Subject) -> None:
    reply = await subject.refused("Query", **where(" AND sk = :undefined"))

    assert reply.error_code == "ValidationException"


async def test_an_unused_value_is_refused(subject: Subject) -> None:
    reply = await subject.refused("Query", **where("", unused="1"))

    assert reply.error_code == "ValidationException"
    assert "unused" in reply.error_message


async def test_an_undefined_name_is_refused(subject: Subject) -> None:
    reply = await subject.refused("Query", **where(" AND #sk = :a", a="1"))

    assert reply.error_code == "ValidationException"


async def test_a_filter_sees_what_the_key_selects(subject: Subject) -> None:
    await subject.fill([item("p", f"{number}", n={"N": str(number)}) for number in range(8)])

    members = where(" AND sk < :end", end="6")
    members["ExpressionAttributeValues"][":low"] = {"N": "4"}
    page = await subject.on_table("Query", **members, FilterExpression="n >= :low")
    assert (page["Count"], page["ScannedCount"]) == (2, 6)


async def test_counting_costs_as_much_as_reading(subject: Subject) -> None:
    await subject.fill([item("p", f"{number}", x={"S": "x" * 3000}) for number in range(4)])

    assert await subject.units("Query", **where(""), Select="COUNT") == 1.5
    assert await subject.units("Query", **where(""), ConsistentRead=True) == 3.0


async def test_a_start_in_another_partition_is_refused(subject: Subject) -> None:
    await fill(subject)

    reply = await subject.refused("Query", **where(""), ExclusiveStartKey=key("q", "01"))
    assert reply.error_code == "ValidationException"
