"""Limits over the wire: what is stored, what is handed back, what it costs, why not."""

from __future__ import annotations

import msgspec
import pytest

from footfall.store.engine import Reply
from footfall.store.outcome import Verdict, judge
from footfall.store.simulator import SimulatedEngine, parse_conditions
from tests.store.conformance.harness import Subject, delete, item, key, pairs, put, sized
from tests.store.simulator.direct import Rehearsal, left_of

pytestmark = pytest.mark.anyio

ARN = "arn:aws:dynamodb:embedded:000000000000:table/events"


async def rehearse(parameters: str) -> Rehearsal:
    return await Rehearsal(parameters).opened()


def reasons_of(reply: Reply, member: str) -> list[str]:
    told = msgspec.json.decode(reply.body)
    assert [one["resource"] for one in told[member]] == [ARN] * len(told[member])
    return [one["reason"] for one in told[member]]


async def test_a_batch_is_stored_as_far_as_there_is_capacity() -> None:
    rehearsal = await rehearse("write_units=40")
    assert await rehearsal.stored_of(25) == 25
    reply = await rehearsal.send(25, first=25)
    answer = msgspec.json.decode(reply.body)
    left = [write["PutRequest"]["Item"] for write in answer["UnprocessedItems"]["events"]]
    assert answer["ConsumedCapacity"] == [{"TableName": "events", "CapacityUnits": 15.0}]
    assert len(left) == 10
    sent = [("p", f"{number:06}") for number in range(50)]
    assert sorted(pairs(await rehearsal.truth.all()) + pairs(left)) == sent


async def test_what_is_handed_back_is_in_no_order() -> None:
    rehearsal = await rehearse("write_units=25&partition_write_units=3")
    answer = msgspec.json.decode((await rehearsal.send(25)).body)
    left = [write["PutRequest"]["Item"]["sk"]["S"] for write in answer["UnprocessedItems"]["events"]]
    assert len(left) == 22
    assert left != sorted(left)


async def test_what_is_handed_back_can_be_sent_as_it_is() -> None:
    rehearsal = await rehearse("write_units=5")
    reply = await rehearsal.send(25)
    sent = 1
    while left_of(reply):
        rehearsal.clock.advance(1)
        unprocessed = msgspec.json.decode(reply.body)["UnprocessedItems"]
        reply = await rehearsal.subject.call("BatchWriteItem", RequestItems=unprocessed)
        sent += 1

    assert sent == 5
    assert len(await rehearsal.truth.all()) == 25


async def test_nothing_unprocessed_is_an_empty_map() -> None:
    rehearsal = await rehearse("write_units=40")
    assert await rehearsal.subject.batch(put(item("p"))) == {"UnprocessedItems": {}}


async def test_capacity_comes_back_with_time() -> None:
    rehearsal = await rehearse("write_units=10")
    stored = [await rehearsal.stored_of(10)]
    for seconds in (0.0, 0.5, 0.3, 2.0):
        rehearsal.clock.advance(seconds)
        stored.append(await rehearsal.stored_of(25, first=100))

    # The last ones overwrite: what is there already costs the same.
    assert stored == [10, 0, 5, 3, 20]


async def test_unused_capacity_is_kept_for_the_burst() -> None:
    for burst, kept in (("", 250), ("&burst_seconds=4", 40)):
        rehearsal = await rehearse(f"write_units=10{burst}")
        rehearsal.clock.advance(24)
        stored = [await rehearsal.stored_of(25, f"p{number}") for number in range(20)]
        assert sum(stored) == kept


async def test_a_ceiling_changes_over_time() -> None:
    rehearsal = await rehearse("write_units=20,5@10,25@20&burst_seconds=1")
    stored = []
    for seconds in (0, 10, 11):
        rehearsal.clock.advance(seconds)
        stored.append(await rehearsal.stored_of(25))

    assert stored == [20, 5, 25]


async def test_a_hot_partition_throttles_only_itself() -> None:
    rehearsal = await rehearse("write_units=1000&partition_write_units=10")
    hot = [put(item("hot", f"{number}")) for number in range(15)]
    cold = [put(item(f"cold{number}")) for number in range(10)]
    answer = await rehearsal.subject.batch(*hot, *cold)
    left = [write["PutRequest"]["Item"]["pk"]["S"] for write in answer["UnprocessedItems"]["events"]]
    assert left == ["hot"] * 5
    reply = await rehearsal.send(3, "hot", first=100)
    assert reply.error_code == "ProvisionedThroughputExceededException"
    assert reasons_of(reply, "ThrottlingReasons") == ["TableWriteKeyRangeThroughputExceeded"]


async def test_a_partition_takes_its_thousand_units_even_if_the_table_has_more() -> None:
    rehearsal = await rehearse("write_units=4000")
    stored = [await rehearsal.stored_of(25, first=25 * number) for number in range(50)]
    assert sum(stored) == 1000
    assert await rehearsal.stored_of(25, "other") == 25


@pytest.mark.parametrize(
    ("parameters", "code", "member", "reason"),
    [
        (
            "write_units=5",
            "ProvisionedThroughputExceededException",
            "ThrottlingReasons",
            "TableWriteProvisionedThroughputExceeded",
        ),
        (
            "max_write_units=5",
            "ThrottlingException",
            "throttlingReasons",
            "TableWriteMaxOnDemandThroughputExceeded",
        ),
        (
            "account_write_units=5",
            "ThrottlingException",
            "throttlingReasons",
            "TableWriteAccountLimitExceeded",
        ),
        (
            "warm_write_units=5",
            "ThrottlingException",
            "throttlingReasons",
            "TableWriteKeyRangeThroughputExceeded",
        ),
        (
            "partition_write_units=5",
            "ThrottlingException",
            "throttlingReasons",
            "TableWriteKeyRangeThroughputExceeded",
        ),
    ],
)
async def test_when_nothing_fits_the_reply_says_which_limit(
    parameters: str, code: str, member: str, reason: str
) -> None:
    rehearsal = await rehearse(parameters)
    assert await rehearsal.stored_of(5) == 5
    reply = await rehearsal.send(5)
    assert (reply.status, reply.error_code) == (400, code)
    assert reasons_of(reply, member) == [reason]
    assert judge(reply) is Verdict.THROTTLED


async def test_all_limits_that_are_met_are_named() -> None:
    rehearsal = await rehearse("write_units=5&partition_write_units=5&burst_seconds=1")
    await rehearsal.send(5)
    assert reasons_of(await rehearsal.send(5), "ThrottlingReasons") == [
        "TableWriteProvisionedThroughputExceeded",
        "TableWriteKeyRangeThroughputExceeded",
    ]


async def test_an_item_costs_a_unit_for_each_started_kilobyte() -> None:
    rehearsal = await rehearse("write_units=10")
    answer = await rehearsal.subject.batch(
        put(sized(1025, sk="a")), put(sized(6 * 1024, sk="b")), ReturnConsumedCapacity="TOTAL"
    )
    assert answer["ConsumedCapacity"][0]["CapacityUnits"] == 8
    assert await rehearsal.stored_of(10, first=50) == 2


async def test_an_item_larger_than_the_ceiling_gets_through_and_is_paid_for() -> None:
    rehearsal = await rehearse("write_units=5&burst_seconds=1")
    large = put(sized(40 * 1024))
    assert (await rehearsal.subject.batch(large))["UnprocessedItems"] == {}
    rehearsal.clock.advance(7)
    assert await rehearsal.stored_of(1) == 0
    rehearsal.clock.advance(0.2)
    assert await rehearsal.stored_of(2, first=10) == 1


async def test_replacing_a_larger_item_costs_the_larger_size_afterwards() -> None:
    rehearsal = await rehearse("write_units=30&burst_seconds=1")
    await rehearsal.truth.batch(put(sized(20 * 1024)))
    answer = await rehearsal.subject.batch(put(item("p", "s")), ReturnConsumedCapacity="TOTAL")
    assert answer["ConsumedCapacity"][0]["CapacityUnits"] == 20
    assert await rehearsal.stored_of(25) == 10


async def test_what_is_only_known_afterwards_is_shared_out_by_partition() -> None:
    rehearsal = await rehearse("partition_write_units=20")
    await rehearsal.truth.batch(put(sized(11 * 1024, "p")))
    # 3 units planned for p and 1 for q, 12 consumed: of the other 8, p is charged 6 and q 2.
    await rehearsal.subject.batch(put(sized(3 * 1024, "p")), put(item("q")))
    assert [await rehearsal.stored_of(25, pk) for pk in ("p", "q")] == [11, 17]


async def test_a_delete_costs_what_it_deletes() -> None:
    rehearsal = await rehearse("write_units=20&partition_write_units=10")
    await rehearsal.truth.batch(put(sized(9 * 1024)))
    assert (await rehearsal.subject.batch(delete(key("p", "s")), delete(key("q"))))["UnprocessedItems"] == {}
    assert await rehearsal.truth.all() == []
    # Two keys, 10 units: each partition is charged its part of what was known before.
    assert await rehearsal.stored_of(25, "r") == 10


async def test_a_batch_that_is_refused_costs_nothing() -> None:
    rehearsal = await rehearse("write_units=25&burst_seconds=1")
    too_many = await rehearsal.send(26)
    duplicates = await rehearsal.subject.try_batch(*[put(item("p", "1"))] * 2)
    one_too_large = await rehearsal.subject.try_batch(
        put(item("p", "1")), put(sized(400 * 1024 + 1)), put(item("p", "2"))
    )
    keyless = await rehearsal.subject.try_batch(put(item("p", "1")), put({"pk": {"S": "p"}}))
    for reply in (too_many, duplicates, one_too_large, keyless):
        assert (reply.status, reply.error_code) == (400, "ValidationException")

    assert await rehearsal.truth.all() == []
    assert await rehearsal.stored_of(25) == 25


async def test_a_bad_batch_is_refused_even_when_there_is_no_capacity() -> None:
    rehearsal = await rehearse("write_units=5")
    await rehearsal.send(4)
    for bad in ([put(item("p", "1")), put({"pk": {"S": "p"}})], [put(item("p", "1"))] * 2):
        reply = await rehearsal.subject.try_batch(*bad)
        assert reply.error_code == "ValidationException"


async def test_a_part_of_a_batch_that_is_too_large_for_the_wire_is_not_stored() -> None:
    rehearsal = await rehearse("write_units=5")
    body = msgspec.json.encode({"RequestItems": {"events": [put(item("p", "1"))]}})
    reply = await rehearsal.engine.call("BatchWriteItem", body + b" " * 2**24)
    assert (reply.status, await rehearsal.truth.all()) == (400, [])


async def test_other_tables_have_no_limits() -> None:
    rehearsal = await Rehearsal("write_units=1&read_units=1&partition_write_units=1", "state").opened()
    for _ in range(5):
        assert await rehearsal.stored_of(25) == 25
        assert len(await rehearsal.subject.all()) == 25


async def test_a_batch_to_two_tables_is_limited_in_one() -> None:
    rehearsal = await rehearse("write_units=4")
    other = await rehearsal.beside("state").opened()
    writes = [put(item("p", str(number))) for number in range(10)]
    reply = await rehearsal.subject.call(
        "BatchWriteItem", RequestItems={"events": writes, "state": writes}, ReturnConsumedCapacity="TOTAL"
    )
    answer = msgspec.json.decode(reply.body)
    assert {name: len(left) for name, left in answer["UnprocessedItems"].items()} == {"events": 6}
    assert (len(await rehearsal.truth.all()), len(await other.truth.all())) == (4, 10)


async def test_a_table_in_debt_does_not_hold_up_another() -> None:
    rehearsal = await rehearse("write_units=4&burst_seconds=1")
    other = await rehearsal.beside("state").opened()
    await rehearsal.subject.batch(put(sized(40 * 1024)))
    writes = [put(item("p", str(number))) for number in range(10)]
    reply = await rehearsal.subject.call("BatchWriteItem", RequestItems={"events": writes, "state": writes})
    assert (left_of(reply), len(await other.truth.all())) == (10, 10)


async def test_what_the_engine_behind_hands_back_is_handed_on() -> None:
    rehearsal = await rehearse("write_units=10")
    outer = SimulatedEngine(rehearsal.engine, parse_conditions("faults=unprocessed:1"), rehearsal.clock)
    sent = [put(item("p", f"{number:02}")) for number in range(25)]
    answer = await Subject(outer, "events").batch(*sent)
    left = [write["PutRequest"]["Item"] for write in answer["UnprocessedItems"]["events"]]
    assert len(left) >= 15
    assert pairs(await rehearsal.truth.all() + left) == [("p", f"{number:02}") for number in range(25)]


@pytest.mark.parametrize("operation", ["PutItem", "UpdateItem", "DeleteItem"])
async def test_single_writes_are_charged_what_they_consumed(operation: str) -> None:
    rehearsal = await rehearse("write_units=10&burst_seconds=1")
    await rehearsal.truth.batch(put(sized(30 * 1024)))
    document = {"Item": item("p", "s")} if operation == "PutItem" else {"Key": key("p", "s")}
    answer = await rehearsal.subject.on_table(operation, **document)
    assert "ConsumedCapacity" not in answer
    rehearsal.clock.advance(1.9)
    reply = await rehearsal.subject.refused(operation, **document)
    assert reply.error_code == "ProvisionedThroughputExceededException"
    assert reasons_of(reply, "ThrottlingReasons") == ["TableWriteProvisionedThroughputExceeded"]
    rehearsal.clock.advance(0.5)
    assert await rehearsal.subject.units(operation, **document) >= 1


async def test_a_condition_that_fails_has_cost_a_write() -> None:
    rehearsal = await rehearse("write_units=2&burst_seconds=1")
    document = {"Item": item("p", "s"), "ConditionExpression": "attribute_exists(pk)"}
    codes = [(await rehearsal.subject.refused("PutItem", **document)).error_code for _ in range(3)]
    assert codes == ["ConditionalCheckFailedException"] * 2 + ["ProvisionedThroughputExceededException"]


async def test_reads_are_charged_afterwards_and_throttled_in_debt() -> None:
    rehearsal = await rehearse("read_units=10&burst_seconds=1")
    await rehearsal.truth.fill([sized(20 * 1024, sk=str(number)) for number in range(8)])
    assert len(await rehearsal.subject.all()) == 8  # 160 KB: 20 units
    reply = await rehearsal.subject.refused("Scan")
    assert reasons_of(reply, "ThrottlingReasons") == ["TableReadProvisionedThroughputExceeded"]
    rehearsal.clock.advance(0.99)
    assert not (await rehearsal.subject.call("GetItem", TableName="events", Key=key("p", "0"))).ok
    rehearsal.clock.advance(0.07)
    assert await rehearsal.subject.get(key("p", "0")) is not None
    rehearsal.clock.advance(10)
    assert await rehearsal.subject.units("Scan") == 20


async def test_reads_of_a_hot_partition_are_throttled_alone() -> None:
    rehearsal = await rehearse("partition_read_units=2")
    await rehearsal.truth.fill([sized(20 * 1024, pk, "s") for pk in ("hot", "cold")])
    question = {
        "KeyConditionExpression": "#p = :p",
        "ExpressionAttributeNames": {"#p": "pk"},
        "ExpressionAttributeValues": {":p": {"S": "hot"}},
    }
    assert await rehearsal.subject.units("Query", **question) == 2.5
    reply = await rehearsal.subject.refused("Query", **question)
    assert reasons_of(reply, "throttlingReasons") == ["TableReadKeyRangeThroughputExceeded"]
    assert not (await rehearsal.subject.call("GetItem", TableName="events", Key=key("hot", "s"))).ok
    assert await rehearsal.subject.get(key("cold", "s")) is not None
    assert len(await rehearsal.subject.all()) == 2


async def test_only_writes_are_limited_by_write_units() -> None:
    rehearsal = await rehearse("write_units=1")
    await rehearsal.truth.fill([sized(300 * 1024, sk=str(number)) for number in range(10)])
    for _ in range(5):
        assert len(await rehearsal.subject.all()) == 10


async def test_a_table_that_is_not_there_is_still_not_there() -> None:
    rehearsal = Rehearsal("write_units=5")
    assert (await rehearsal.send(5)).error_code == "ResourceNotFoundException"
    assert (
        await rehearsal.subject.call("DescribeTable", TableName="events")
    ).error_code == "ResourceNotFoundException"


async def test_a_table_made_anew_has_its_own_keys() -> None:
    rehearsal = await rehearse("write_units=5")
    await rehearsal.send(5)
    await rehearsal.subject.on_table("DeleteTable")
    await rehearsal.subject.on_table(
        "CreateTable",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "N"}],
        BillingMode="PAY_PER_REQUEST",
    )
    rehearsal.clock.advance(1)
    writes = [put({"id": {"N": str(number)}}) for number in range(9)]
    assert left_of(await rehearsal.subject.try_batch(*writes)) == 4


async def test_a_thing_that_is_no_request_is_refused_as_ever() -> None:
    rehearsal = await rehearse("write_units=5")
    for body in (b"", b"[]", b"{", b"null", b'{"RequestItems":7}', b'{"RequestItems":{"events":7}}'):
        for operation in ("BatchWriteItem", "Scan", "PutItem"):
            there = await rehearsal.engine.call(operation, body)
            assert there == await rehearsal.behind.call(operation, body)
            assert there.status == 400


async def test_describe_table_tells_a_provisioned_table() -> None:
    rehearsal = await rehearse("write_units=500,50@30&read_units=70")
    table = (await rehearsal.subject.on_table("DescribeTable"))["Table"]
    assert table["BillingModeSummary"] == {"BillingMode": "PROVISIONED"}
    assert table["ProvisionedThroughput"]["WriteCapacityUnits"] == 500
    assert table["ProvisionedThroughput"]["ReadCapacityUnits"] == 70
    assert table["WarmThroughput"] == {
        "ReadUnitsPerSecond": 70,
        "WriteUnitsPerSecond": 500,
        "Status": "ACTIVE",
    }
    assert "OnDemandThroughput" not in table
    rehearsal.clock.advance(30)
    assert (await rehearsal.subject.on_table("DescribeTable"))["Table"]["ProvisionedThroughput"][
        "WriteCapacityUnits"
    ] == 50


async def test_describe_table_tells_a_table_on_demand() -> None:
    rehearsal = await rehearse("max_write_units=500&warm_write_units=4000&warm_read_units=12000")
    table = (await rehearsal.subject.on_table("DescribeTable"))["Table"]
    assert table["BillingModeSummary"] == {"BillingMode": "PAY_PER_REQUEST"}
    assert table["ProvisionedThroughput"]["WriteCapacityUnits"] == 0
    assert table["OnDemandThroughput"] == {"MaxReadRequestUnits": -1, "MaxWriteRequestUnits": 500}
    assert table["WarmThroughput"]["ReadUnitsPerSecond"] == 12000
    assert table["WarmThroughput"]["WriteUnitsPerSecond"] == 500


async def test_describe_table_tells_that_a_table_has_grown() -> None:
    rehearsal = await rehearse("warm_write_units=10&partition_write_units=1000")
    for number in range(181):
        await rehearsal.send(10, first=number)
        await rehearsal.send(25, first=number)
        rehearsal.clock.advance(10)

    table = (await rehearsal.subject.on_table("DescribeTable"))["Table"]
    assert (
        table["WarmThroughput"]["WriteUnitsPerSecond"] == 10
    )  # a tenth of the time at the ceiling is no peak
    for number in range(1900):
        await rehearsal.send(25, first=number)
        rehearsal.clock.advance(1)

    table = (await rehearsal.subject.on_table("DescribeTable"))["Table"]
    assert table["WarmThroughput"]["WriteUnitsPerSecond"] == 20


async def test_a_plain_table_tells_that_it_has_no_limit() -> None:
    rehearsal = await rehearse("seed=1")
    told = await rehearsal.truth.on_table("DescribeTable")
    assert told == await rehearsal.subject.on_table("DescribeTable")
    assert told["Table"]["WarmThroughput"] == {
        "ReadUnitsPerSecond": 1_000_000,
        "WriteUnitsPerSecond": 1_000_000,
        "Status": "ACTIVE",
    }
