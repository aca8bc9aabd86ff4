"""The rules of BatchWriteItem (API_BatchWriteItem, the service model of botocore), each with the test that shows it.

Those on capacity and failures are shown by `test_batch_under_load` on the simulator, as no emulator throttles; the
names of errors by `tests/store/test_outcome.py`, which walks the service model.

========================================================  =============================================================
rule                                                      test
========================================================  =============================================================
A request has up to 25 puts and deletes.                  test_25_puts_are_stored
With more, all of it is refused.                          test_26_puts_are_refused_whole
With none, it is refused.                                 test_an_empty_batch_is_refused
It has up to 16 MB on the wire.                           test_a_batch_of_9_mb_is_stored
With more, it is refused.                                 test_a_request_above_16_mb_is_refused
An item has up to 400 KB, as it is stored.                test_an_item_of_400_kb_is_stored
It may be larger on the wire.                             test_an_item_may_be_larger_on_the_wire_than_400_kb
A larger item refuses the whole request.                  test_an_item_above_400_kb_refuses_the_batch
A missing table refuses the whole request.                test_a_missing_table_is_not_found
That of another table's puts, too.                        test_a_missing_table_refuses_the_puts_of_others
A missing key attribute refuses the whole request.        test_a_missing_key_attribute_refuses_the_batch
So does one of another type than the table's.             test_a_key_of_another_type_refuses_the_batch
So does a delete with more than the key.                  test_a_delete_with_more_than_the_key_refuses_the_batch
Keys are not empty.                                       test_an_empty_key_refuses_the_batch
Partition keys have up to 2,048 bytes, sort keys 1,024.   test_the_longest_keys_are_stored
A longer one refuses the whole request.                   test_a_key_too_long_refuses_the_batch
Two puts of one key refuse the whole request.             test_two_puts_of_one_key_are_refused
Equal ones, too.                                          test_two_equal_puts_are_refused
A put and a delete of one key refuse the whole request.   test_put_and_delete_of_one_key_are_refused
A put replaces the item.                                  test_a_put_replaces_the_whole_item
There are no conditions and no return values.             test_a_put_is_unconditional_and_returns_nothing
A delete of what is not there is no error.                test_deletes_remove_and_nothing_is_no_error
It costs a unit.                                          test_deleting_nothing_costs_a_unit
A put costs a unit for each started KB of its own.        test_units_are_started_kilobytes_of_each_item
The larger of the old and the new item counts.            test_a_small_put_over_a_large_item_costs_the_large_one
Capacity is told when it is asked for.                    test_capacity_is_not_told_unasked
A number has up to 38 digits.                             test_38_digits_are_exact
More refuse the whole request.                            test_39_digits_refuse_the_batch
A number out of range refuses the whole request.          test_a_number_out_of_range_refuses_the_batch
Not the batch is atomic: what lacks capacity comes back.  test_unprocessed_puts_are_exactly_those_not_stored
So does what fails internally.                            test_an_internal_failure_leaves_puts_unprocessed_too
UnprocessedItems has the form of RequestItems.            test_what_is_unprocessed_may_be_sent_as_it_is
Only what was stored is charged.                          test_only_stored_puts_are_charged
Where nothing can be processed, there is an exception.    test_a_batch_of_which_nothing_fits_is_refused_with_its_reason
It means that nothing was stored.                         test_a_refused_batch_stores_nothing
It tells its reasons, in either spelling.                 test_each_exception_for_lack_of_capacity_has_a_reason
A partition's limit throttles that partition alone.       test_a_hot_partition_does_not_hold_up_the_others
After a 500 it may have been applied.                     test_a_batch_that_failed_inside_may_have_been_applied
========================================================  =============================================================
"""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.store.conformance.harness import Subject, delete, item, key, pairs, put, sized

pytestmark = pytest.mark.anyio


async def refused_whole(subject: Subject, *writes: dict[str, Any], keeps: int = 0) -> str:
    """Assert that a batch is refused and that nothing of it was stored; return the message."""
    reply = await subject.try_batch(*writes)
    assert reply.status == 400, reply.body[:300]
    assert reply.error_code == "ValidationException"
    assert len(await subject.all()) == keeps
    return reply.error_message


async def test_25_puts_are_stored(subject: Subject) -> None:
    answer = await subject.batch(*(put(item(f"p{number}")) for number in range(25)))

    assert answer["UnprocessedItems"] == {}
    assert len(await subject.all()) == 25


async def test_26_puts_are_refused_whole(subject: Subject) -> None:
    await refused_whole(subject, *(put(item(f"p{number}")) for number in range(26)))


async def test_an_empty_batch_is_refused(subject: Subject) -> None:
    await refused_whole(subject)


async def test_two_equal_puts_are_refused(subject: Subject) -> None:
    message = await refused_whole(subject, put(item("p")), put(item("p")))

    assert "duplicates" in message


async def test_two_puts_of_one_key_are_refused(subject: Subject) -> None:
    await refused_whole(subject, put(item("p", x={"S": "1"})), put(item("p", x={"S": "2"})))


async def test_put_and_delete_of_one_key_are_refused(subject: Subject) -> None:
    await refused_whole(subject, put(item("p")), delete(key("p")))


async def test_a_put_replaces_the_whole_item(subject: Subject) -> None:
    await subject.batch(put(item("p", x={"S": "old"}, y={"S": "gone"})))
    await subject.batch(put(item("p", x={"S": "new"})))

    assert await subject.get(key("p")) == item("p", x={"S": "new"})


async def test_deletes_remove_and_nothing_is_no_error(subject: Subject) -> None:
    await subject.batch(put(item("p")), put(item("q")))
    await subject.batch(delete(key("p")), delete(key("never there")))

    assert pairs(await subject.all()) == [("q", "0")]


async def test_an_item_of_400_kb_is_stored(subject: Subject) -> None:
    await subject.batch(put(sized(409_600)))

    assert await subject.get(key("p", "s")) == sized(409_600)


async def test_an_item_above_400_kb_refuses_the_batch(subject: Subject) -> None:
    message = await refused_whole(subject, put(item("good")), put(sized(409_601)))

    assert "size" in message.lower()


async def test_a_missing_key_attribute_refuses_the_batch(subject: Subject) -> None:
    await refused_whole(subject, put(item("good")), put({"pk": {"S": "p"}}))


async def test_a_key_of_another_type_refuses_the_batch(subject: Subject) -> None:
    await refused_whole(subject, put(item("good")), put({"pk": {"S": "p"}, "sk": {"N": "1"}}))


async def test_a_delete_with_more_than_the_key_refuses_the_batch(subject: Subject) -> None:
    await subject.batch(put(item("p")))

    await refused_whole(subject, delete(item("p", x={"S": "x"})), keeps=1)


@pytest.mark.parametrize("empty", [item("", "s"), item("p", "")], ids=["pk", "sk"])
async def test_an_empty_key_refuses_the_batch(subject: Subject, empty: dict[str, Any]) -> None:
    await refused_whole(subject, put(item("good")), put(empty))


async def test_the_longest_keys_are_stored(subject: Subject) -> None:
    longest = item("p" * 2048, "s" * 1024)
    await subject.batch(put(longest))

    assert await subject.all() == [longest]


@pytest.mark.parametrize(
    "long", [item("p" * 2049, "s"), item("p", "s" * 1025), item("é" * 1025, "s")], ids=["pk", "sk", "utf8"]
)
async def test_a_key_too_long_refuses_the_batch(subject: Subject, long: dict[str, Any]) -> None:
    await refused_whole(subject, put(item("good")), put(long))


@pytest.mark.parametrize("number", ["1E126", "-1E126", "1E-131", "1e999999999999"])
async def test_a_number_out_of_range_refuses_the_batch(subject: Subject, number: str) -> None:
    await refused_whole(subject, put(item("good")), put(item("p", n={"N": number})))


async def test_39_digits_refuse_the_batch(subject: Subject) -> None:
    await refused_whole(subject, put(item("p", n={"N": "1" * 39})))


@pytest.mark.parametrize("text", ["", "abc", "NaN", "0x1"])
async def test_a_number_that_is_none_refuses_the_batch(subject: Subject, text: str) -> None:
    await refused_whole(subject, put(item("p", n={"N": text})))


async def test_38_digits_are_exact(subject: Subject) -> None:
    number = "12345678901234567890123456789012345678"
    await subject.batch(put(item("p", n={"N": number})))

    assert await subject.get(key("p")) == item("p", n={"N": number})


async def test_a_value_of_two_types_refuses_the_batch(subject: Subject) -> None:
    await refused_whole(subject, put(item("p", x={"S": "1", "N": "1"})))


async def test_a_value_without_type_refuses_the_batch(subject: Subject) -> None:
    await refused_whole(subject, put(item("p", x={})))


async def test_a_missing_table_is_not_found(subject: Subject) -> None:
    reply = await subject.call("BatchWriteItem", RequestItems={"footfall_test_none": [put(item("p"))]})

    assert reply.status == 400
    assert reply.error_code == "ResourceNotFoundException"


async def test_a_missing_table_refuses_the_puts_of_others(subject: Subject) -> None:
    puts = {subject.table: [put(item("p"))], "footfall_test_none": [put(item("p"))]}
    reply = await subject.call("BatchWriteItem", RequestItems=puts)

    assert reply.error_code == "ResourceNotFoundException"
    assert await subject.all() == []


async def test_a_put_is_unconditional_and_returns_nothing(subject: Subject) -> None:
    await subject.batch(put(item("p", x={"S": "old"})))
    answer = await subject.batch(put(item("p", x={"S": "new"})))

    assert answer.keys() <= {"UnprocessedItems", "ConsumedCapacity", "ItemCollectionMetrics"}
    assert answer["UnprocessedItems"] == {}


async def test_an_item_may_be_larger_on_the_wire_than_400_kb(subject: Subject) -> None:
    data = base64.b64encode(b"\x00" * 390_000).decode()
    await subject.batch(put(item("p", x={"B": data})))

    assert len(data) > 409_600
    assert await subject.get(key("p")) == item("p", x={"B": data})


async def test_every_type_comes_back_as_it_went(subject: Subject) -> None:
    stored = item(
        "p",
        text={"S": 'Grüße 🐾 " \\ \u2028'},
        empty={"S": ""},
        number={"N": "-17.25"},
        data={"B": "AAEC/w=="},
        yes={"BOOL": True},
        nothing={"NULL": True},
        many={"L": [{"S": "a"}, {"N": "1"}, {"L": []}]},
        inner={"M": {"a": {"S": "b"}, "ü": {"M": {}}}},
        words={"SS": ["a", "b"]},
    )
    await subject.batch(put(stored))

    assert await subject.get(key("p")) == stored


async def test_numbers_come_back_without_superfluous_zeros(subject: Subject) -> None:
    await subject.batch(put(item("p", a={"N": "007.50"}, b={"N": "-0"}, c={"N": "1E3"}, d={"NS": ["+1.0"]})))

    assert await subject.get(key("p")) == item(
        "p", a={"N": "7.5"}, b={"N": "0"}, c={"N": "1000"}, d={"NS": ["1"]}
    )


async def test_a_batch_of_9_mb_is_stored(subject: Subject) -> None:
    await subject.batch(*(put(sized(380_000, f"p{number}")) for number in range(24)))

    assert len(await subject.all(ProjectionExpression="pk")) == 24


async def test_a_request_above_16_mb_is_refused(subject: Subject) -> None:
    # Escapes count on the wire, not in the item: these items are small enough.
    wide = json.dumps("\u0001" * 300_000)
    items = ",".join(
        f'{{"PutRequest":{{"Item":{{"pk":{{"S":"p{number}"}},"sk":{{"S":"s"}},"x":{{"S":{wide}}}}}}}}}'
        for number in range(10)
    )
    body = f'{{"RequestItems":{{"{subject.table}":[{items}]}}}}'.encode()

    reply = await subject.engine.call("BatchWriteItem", body)
    assert not reply.ok


async def test_units_are_started_kilobytes_of_each_item(subject: Subject) -> None:
    answer = await subject.batch(
        put(sized(1_024, "a")), put(sized(1_025, "b")), put(sized(3_584, "c")), ReturnConsumedCapacity="TOTAL"
    )

    assert answer["ConsumedCapacity"] == [{"TableName": subject.table, "CapacityUnits": 7.0}]


async def test_a_small_put_over_a_large_item_costs_the_large_one(subject: Subject) -> None:
    await subject.batch(put(sized(5_000)))
    answer = await subject.batch(put(sized(100)), ReturnConsumedCapacity="TOTAL")

    assert answer["ConsumedCapacity"][0]["CapacityUnits"] == 5.0


async def test_deleting_nothing_costs_a_unit(subject: Subject) -> None:
    answer = await subject.batch(delete(key("never there")), ReturnConsumedCapacity="TOTAL")

    assert answer["ConsumedCapacity"][0]["CapacityUnits"] == 1.0


async def test_deleting_costs_the_size_of_the_item(subject: Subject) -> None:
    await subject.batch(put(sized(2_500)))
    answer = await subject.batch(delete(key("p", "s")), ReturnConsumedCapacity="TOTAL")

    assert answer["ConsumedCapacity"][0]["CapacityUnits"] == 3.0


async def test_capacity_is_not_told_unasked(subject: Subject) -> None:
    assert "ConsumedCapacity" not in await subject.batch(put(item("p")))
