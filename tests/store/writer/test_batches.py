from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import msgspec
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.event import SCHEMA, conform
from footfall.layout import LARGEST_ITEM_BYTES, encode, item_bytes
from footfall.store.writer.batches import (
    LARGEST_BATCH_BYTES,
    LARGEST_BATCH_ITEMS,
    Batch,
    batch_of,
    cut_batches,
    lengths_by_bytes,
    request_body,
)
from footfall.store.writer.batches import puts_of as split

TABLE = "owa_events"
ESCAPED = "\x01"
"""One byte in DynamoDB, six in JSON."""


def items(*rows: tuple[str, str]) -> pl.DataFrame:
    """Items with the key (pk, sk) that say in which place they came."""
    found = [
        (pk, sk, msgspec.json.encode({"pk": {"S": pk}, "sk": {"S": sk}, "n": {"N": str(place)}}).decode())
        for place, (pk, sk) in enumerate(rows)
    ]
    return pl.DataFrame(found, schema=["pk", "sk", "item"], orient="row")


def puts_of(batch: Batch) -> list[dict[str, dict[str, str]]]:
    document = msgspec.json.decode(batch.body)
    assert document["ReturnConsumedCapacity"] == "TOTAL"
    [(table, requests)] = document["RequestItems"].items()
    assert table == TABLE
    assert all(list(request) == ["PutRequest"] for request in requests)
    return [request["PutRequest"]["Item"] for request in requests]


def test_no_items_are_no_batches() -> None:
    assert cut_batches(items(), TABLE) == []
    assert cut_batches(encode(pl.DataFrame(schema=SCHEMA)), TABLE) == []


@pytest.mark.parametrize(("count", "sizes"), [(1, [1]), (25, [25]), (26, [25, 1]), (60, [25, 25, 10])])
def test_batches_are_full_but_for_the_last(count: int, sizes: list[int]) -> None:
    batches = cut_batches(items(*(("day", str(number)) for number in range(count))), TABLE)
    assert [batch.puts for batch in batches] == sizes


def test_partitions_take_turns_whatever_order_a_log_has() -> None:
    rows = [(pk, str(number)) for pk in ("a", "b", "c") for number in range(4)]
    [batch] = cut_batches(items(*rows), TABLE)
    assert [put["pk"]["S"] + put["sk"]["S"] for put in puts_of(batch)] == [
        *("a0", "b0", "c0"), *("a1", "b1", "c1"), *("a2", "b2", "c2"), *("a3", "b3", "c3")
    ]  # fmt: skip


def test_a_large_partition_is_in_every_batch_and_not_left_over_at_the_end() -> None:
    rows = [("large", str(number)) for number in range(150)]
    rows += [(f"small {number // 10}", str(number)) for number in range(50)]
    batches = cut_batches(items(*rows), TABLE)
    large = [sum(put["pk"]["S"] == "large" for put in puts_of(batch)) for batch in batches]
    assert all(17 <= count <= 20 for count in large)


def test_short_bursts_of_one_partition_are_taken_apart_too() -> None:
    rows = [(f"shard {number // 2 % 5}", str(number)) for number in range(200)]
    puts = [put for batch in cut_batches(items(*rows), TABLE) for put in puts_of(batch)]
    assert not any(one["pk"] == next_one["pk"] for one, next_one in pairwise(puts))


def test_a_table_without_limits_gets_the_order_of_the_log() -> None:
    rows = [(f"shard {number // 2 % 5}", str(number)) for number in range(200)]
    batches = cut_batches(items(*rows), TABLE, interleave=False)
    assert [int(put["n"]["N"]) for batch in batches for put in puts_of(batch)] == list(range(200))


def test_a_put_taken_out_of_a_batch_goes_again_byte_for_byte() -> None:
    [batch] = cut_batches(items(('é"', "1"), ("b", "2")), TABLE)
    puts = split(batch, TABLE)
    assert [put.key for put in puts] == [('é"', "1"), ("b", "2")]
    assert batch_of(puts, TABLE) == batch
    assert batch_of(puts[1:], TABLE).puts == 1


@pytest.mark.parametrize("item", [{}, {"pk": {"N": "1"}}, {"pk": None, "sk": {"S": 5}}, {"pk": {"S": ""}}])
def test_a_put_without_good_keys_can_still_be_taken_out(item: dict[str, object]) -> None:
    raw = msgspec.json.encode({"PutRequest": {"Item": item}})
    [put] = split(Batch(request_body(TABLE, raw.decode()), 1), TABLE)
    assert (put.key, put.raw) == (("", ""), raw)


def test_large_items_are_cut_by_the_bytes_on_the_wire() -> None:
    frame = conform(
        pl.DataFrame(
            {
                "site": "example.org",
                "time": [datetime(2026, 3, 1, tzinfo=UTC)] * 30,
                "shard": 0,
                "source_id": "0123456789abcdef",
                "offset": list(range(30)),
                "user_agent": ESCAPED * 399_000,
            }
        )
    )
    assert item_bytes(frame).max() in range(399_000, LARGEST_ITEM_BYTES)
    batches = cut_batches(encode(frame), TABLE)
    assert [batch.puts for batch in batches] == [7, 7, 7, 7, 2]
    assert max(len(batch.body) for batch in batches) <= LARGEST_BATCH_BYTES
    assert max(len(batch.body) for batch in batches) + 399_000 * 6 > LARGEST_BATCH_BYTES
    assert len(puts_of(batches[-1])[0]["ua"]["S"]) == 399_000


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 60)), max_size=90))
def test_batches_hold_all_items_each_partition_in_order_and_within_the_limits(
    keys: list[tuple[str, int]],
) -> None:
    rows = [(pk, str(sk)) for pk, sk in keys]
    batches = cut_batches(items(*rows), TABLE)
    puts = [put for batch in batches for put in puts_of(batch)]
    for pk in "ab":
        places = [int(put["n"]["N"]) for put in puts if put["pk"]["S"] == pk]
        assert places == [place for place, row in enumerate(rows) if row[0] == pk]

    assert [batch.puts for batch in batches] == [len(puts_of(batch)) for batch in batches]
    assert all(1 <= batch.puts <= LARGEST_BATCH_ITEMS for batch in batches)


@given(st.lists(st.integers(1, 3_000_000), max_size=120))
def test_lengths_by_bytes_take_all_and_stay_below_both_limits(sizes: list[int]) -> None:
    lengths = list(lengths_by_bytes(sizes))
    assert sum(lengths) == len(sizes)
    begin = 0
    for place, length in enumerate(lengths):
        taken = sum(sizes[begin : begin + length]) + length
        assert 1 <= length <= LARGEST_BATCH_ITEMS
        assert taken <= LARGEST_BATCH_BYTES
        begin += length
        if place + 1 < len(lengths) and length < LARGEST_BATCH_ITEMS:
            assert taken + sizes[begin] + 1 > LARGEST_BATCH_BYTES - 1024


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 200_000), min_size=1, max_size=40))
def test_items_of_any_size_come_through_whole(sizes: list[int]) -> None:
    rows = [("a", f"{place:04}{ESCAPED * size}") for place, size in enumerate(sizes)]
    batches = cut_batches(items(*rows), TABLE)
    assert [put["sk"]["S"] for batch in batches for put in puts_of(batch)] == [sk for _, sk in rows]
    assert all(len(batch.body) <= LARGEST_BATCH_BYTES for batch in batches)
