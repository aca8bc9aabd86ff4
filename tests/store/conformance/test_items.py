"""The rules of GetItem, PutItem, UpdateItem and DeleteItem."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.store.conformance.harness import Subject, item, key, put, sized

pytestmark = pytest.mark.anyio


async def test_an_absent_item_is_an_empty_answer(subject: Subject) -> None:
    assert await subject.on_table("GetItem", Key=key("p")) == {}


async def test_reading_nothing_costs_half_a_unit(subject: Subject) -> None:
    assert await subject.units("GetItem", Key=key("p")) == 0.5
    assert await subject.units("GetItem", Key=key("p"), ConsistentRead=True) == 1.0


async def test_reading_costs_a_unit_for_each_4_kb(subject: Subject) -> None:
    await subject.batch(put(sized(4_097)))

    assert await subject.units("GetItem", Key=key("p", "s"), ConsistentRead=True) == 2.0
    assert await subject.units("GetItem", Key=key("p", "s")) == 1.0


async def test_a_1025_byte_item_costs_two_units_to_write(subject: Subject) -> None:
    assert await subject.units("PutItem", Item=sized(1_025)) == 2.0


async def test_an_incomplete_key_is_refused(subject: Subject) -> None:
    reply = await subject.refused("GetItem", Key={"pk": {"S": "p"}})

    assert reply.error_code == "ValidationException"


async def test_a_condition_holds_or_nothing_happens(subject: Subject) -> None:
    once = {"ConditionExpression": "attribute_not_exists(pk)"}
    await subject.on_table("PutItem", Item=item("p", x={"S": "first"}), **once)
    reply = await subject.refused("PutItem", Item=item("p", x={"S": "second"}), **once)

    assert reply.error_code == "ConditionalCheckFailedException"
    assert await subject.get(key("p")) == item("p", x={"S": "first"})


async def test_a_failed_condition_shows_the_item_when_asked(subject: Subject) -> None:
    await subject.batch(put(item("p", revision={"N": "7"})))
    reply = await subject.refused(
        "PutItem",
        Item=item("p"),
        ConditionExpression="revision = :expected",
        ExpressionAttributeValues={":expected": {"N": "6"}},
        ReturnValuesOnConditionCheckFailure="ALL_OLD",
    )

    assert json.loads(reply.body)["Item"] == item("p", revision={"N": "7"})


async def test_a_put_returns_the_old_item_when_asked(subject: Subject) -> None:
    await subject.batch(put(item("p", x={"S": "old"})))
    answer = await subject.on_table("PutItem", Item=item("p"), ReturnValues="ALL_OLD")

    assert answer["Attributes"] == item("p", x={"S": "old"})


async def test_a_delete_is_conditional(subject: Subject) -> None:
    await subject.batch(put(item("p", owner={"S": "me"})))
    condition = {"ConditionExpression": "#owner = :who", "ExpressionAttributeNames": {"#owner": "owner"}}
    reply = await subject.refused(
        "DeleteItem", Key=key("p"), **condition, ExpressionAttributeValues={":who": {"S": "you"}}
    )
    answer = await subject.on_table(
        "DeleteItem",
        Key=key("p"),
        **condition,
        ExpressionAttributeValues={":who": {"S": "me"}},
        ReturnValues="ALL_OLD",
    )

    assert reply.error_code == "ConditionalCheckFailedException"
    assert answer["Attributes"] == item("p", owner={"S": "me"})
    assert await subject.get(key("p")) is None


async def test_add_makes_and_counts(subject: Subject) -> None:
    add = {
        "Key": key("p"),
        "UpdateExpression": "ADD revision :one, written :many",
        "ExpressionAttributeValues": {":one": {"N": "1"}, ":many": {"N": "2.5"}},
        "ReturnValues": "ALL_NEW",
    }
    await subject.on_table("UpdateItem", **add)
    answer = await subject.on_table("UpdateItem", **add)

    assert answer["Attributes"] == item("p", revision={"N": "2"}, written={"N": "5"})


async def test_set_and_remove_change_what_they_name(subject: Subject) -> None:
    await subject.batch(put(item("p", a={"N": "1"}, b={"S": "gone"}, c={"S": "kept"})))
    answer = await subject.on_table(
        "UpdateItem",
        Key=key("p"),
        UpdateExpression="SET a = a + :one, d = if_not_exists(d, :zero) REMOVE b",
        ExpressionAttributeValues={":one": {"N": "1"}, ":zero": {"N": "0"}},
        ReturnValues="UPDATED_NEW",
    )

    assert answer["Attributes"] == {"a": {"N": "2"}, "d": {"N": "0"}}
    assert await subject.get(key("p")) == item("p", a={"N": "2"}, c={"S": "kept"}, d={"N": "0"})


async def test_a_path_changes_inside_a_map(subject: Subject) -> None:
    await subject.batch(put(item("p", m={"M": {"x": {"N": "1"}, "l": {"L": [{"S": "a"}, {"S": "b"}]}}})))
    await subject.on_table(
        "UpdateItem",
        Key=key("p"),
        UpdateExpression="SET m.x = :x, m.l[1] = :y",
        ExpressionAttributeValues={":x": {"S": "new"}, ":y": {"S": "c"}},
    )

    assert await subject.get(key("p")) == item(
        "p", m={"M": {"x": {"S": "new"}, "l": {"L": [{"S": "a"}, {"S": "c"}]}}}
    )


async def test_an_update_is_conditional(subject: Subject) -> None:
    reply = await subject.refused(
        "UpdateItem",
        Key=key("p"),
        UpdateExpression="SET x = :x",
        ConditionExpression="attribute_exists(pk)",
        ExpressionAttributeValues={":x": {"S": "x"}},
    )

    assert reply.error_code == "ConditionalCheckFailedException"
    assert await subject.get(key("p")) is None


@pytest.mark.parametrize(
    "update",
    [
        {"UpdateExpression": "SET pk = :x", "ExpressionAttributeValues": {":x": {"S": "other"}}},
        {"UpdateExpression": "SET x = absent"},
        {"UpdateExpression": "SET x = :x, x = :x", "ExpressionAttributeValues": {":x": {"S": "other"}}},
        {"UpdateExpression": "ADD x :x", "ExpressionAttributeValues": {":x": {"S": "text"}}},
        {"UpdateExpression": "SET status = :x", "ExpressionAttributeValues": {":x": {"S": "reserved"}}},
        {"UpdateExpression": "SETTLE x"},
    ],
)
async def test_an_impossible_update_is_refused(subject: Subject, update: dict[str, Any]) -> None:
    reply = await subject.refused("UpdateItem", Key=key("p"), **update)

    assert reply.error_code == "ValidationException"


CONDITIONS = {
    "n = :seven": True,
    "n <> :seven": False,
    "n < :eight": True,
    "n IN (:eight, :seven)": True,
    "n BETWEEN :seven AND :eight": True,
    "NOT n = :seven": False,
    "n = :eight OR n = :seven AND absent = :seven": False,
    "(n = :eight OR n = :seven) AND attribute_exists(n)": True,
    "attribute_type(n, :number)": True,
    "begins_with(word, :foot)": True,
    "contains(word, :fall)": True,
    "contains(words, :foot)": True,
    "contains(series, :seven)": True,
    "size(word) = :eight": True,
    "absent <> :seven": True,
    "absent < :seven": False,
    "word > :seven": False,
    "m.x = :seven": True,
    "series[0] = :seven": True,
    "m.y.z = :seven": False,
}


@pytest.mark.parametrize("condition", CONDITIONS)
async def test_conditions_are_judged_as_dynamodb_does(subject: Subject, condition: str) -> None:
    seven = {"N": "7.0"}
    values: dict[str, dict[str, str]] = {
        ":seven": {"N": "7"},
        ":eight": {"N": "8"},
        ":number": {"S": "N"},
        ":foot": {"S": "foot"},
        ":fall": {"S": "fall"},
    }
    stored = item(
        "p",
        n=seven,
        word={"S": "footfall"},
        words={"SS": ["foot", "fall"]},
        series={"L": [seven]},
        m={"M": {"x": seven}},
    )
    await subject.batch(put(stored))
    page = await subject.on_table(
        "Scan",
        FilterExpression=condition,
        ExpressionAttributeValues={alias: value for alias, value in values.items() if alias in condition},
    )

    assert (page["Count"] == 1) is CONDITIONS[condition]


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "n =",
        "n = :seven AND",
        "(n = :seven",
        "n ! :seven",
        "unknown(n, :seven)",
        "size(n)",
        "status = :seven",
    ],
)
async def test_an_expression_with_an_error_is_refused(subject: Subject, expression: str) -> None:
    reply = await subject.refused(
        "Scan", FilterExpression=expression, ExpressionAttributeValues={":seven": {"N": "7"}}
    )

    assert reply.error_code == "ValidationException"
