from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import polars as pl
import pytest
from boto3.dynamodb.types import TypeSerializer
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from footfall.errors import SchemaMismatch
from footfall.event import ATTRIBUTES, MONEY, SCHEMA, TIME, Column, conform
from footfall.layout import LARGEST_ITEM_BYTES, decode_page, encode, item_bytes, numbers_out_of_range
from footfall.store.embedded import EmbeddedEngine
from footfall.store.embedded.values import item_size
from tests.fakes import FakeClock

LARGEST_NUMBER_EXCESS_BYTES = 10
"""What `item_bytes` may count too much for one Number: the zeros, signs and exponents of a 64-bit one."""

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
FLOATS = st.floats(-9e125, 9e125).map(lambda value: 0.0 if abs(value) < 1e-125 else value)
VALUES: dict[Any, st.SearchStrategy[Any]] = {
    pl.String: TEXTS,
    pl.Int64: st.integers(-(2**63), 2**63 - 1),
    pl.Float64: FLOATS,
    MONEY: st.decimals(-(10**13), 10**13, places=4, allow_nan=False),
}
TIMES = st.datetimes().map(lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000, tzinfo=UTC))
ANY_COLUMN = st.sampled_from(ATTRIBUTES)
KEY = {
    "site": st.sampled_from(["example.org", "a", "default", "x-1.example_2.org"]),
    "time": TIMES,
    "shard": st.integers(0, 1023),
    "source_id": st.sampled_from(["0123456789abcdef", "ffffffffffffffff"]),
    "offset": st.integers(0, 10**13 - 1),
}


def cell(column: Column) -> st.SearchStrategy[tuple[str, Any]]:
    return st.tuples(st.just(column.name), st.none() | VALUES[column.dtype])


EVENTS = st.builds(
    lambda keys, cells: keys | dict(cells),
    st.fixed_dictionaries(KEY),
    st.lists(ANY_COLUMN.flatmap(cell), max_size=8),
)
FRAMES = st.lists(EVENTS, max_size=6).map(lambda rows: frame_of(*rows))
EVENT: dict[str, Any] = {
    "site": "example.org",
    "time": datetime(2026, 3, 1, 23, 59, 59, 7000, tzinfo=UTC),
    "shard": 3,
    "source_id": "0123456789abcdef",
    "offset": 42,
}
STORED_KEY = {
    "pk": {"S": "example.org#2026-03-01#3"},
    "sk": {"S": "2026-03-01T23:59:59.007Z#0123456789abcdef0000000000042"},
}


def frame_of(*rows: dict[str, Any]) -> pl.DataFrame:
    return conform(pl.DataFrame(list(rows), schema=SCHEMA))


def event(**columns: Any) -> pl.DataFrame:
    return frame_of(EVENT | columns)


def items_of(frame: pl.DataFrame) -> list[dict[str, Any]]:
    return [json.loads(item) for item in encode(frame)["item"]]


def page(items: list[str], **members: Any) -> bytes:
    """Return the body of a Scan reply; `items` are JSON."""
    more = "".join(f',"{name}":{json.dumps(value)}' for name, value in members.items())
    return f'{{"Items":[{",".join(items)}],"Count":{len(items)}{more}}}'.encode()


def comparable(item: dict[str, Any]) -> dict[str, Any]:
    """Return an item with its numbers as numbers: 1e+22 and 1E22 are one."""
    return {name: Decimal(value["N"]) if "N" in value else (value["S"], "S") for name, value in item.items()}


def by_boto3(row: dict[str, Any], key: dict[str, Any]) -> dict[str, Any]:
    serializer = TypeSerializer()
    filled = {str(c.attribute): row[c.name] for c in ATTRIBUTES if row[c.name] is not None}
    values = {name: Decimal(repr(x)) if isinstance(x, float) else x for name, x in filled.items()}
    return {name: serializer.serialize(value) for name, value in values.items()} | key


@given(FRAMES)
def test_a_frame_comes_back_from_its_items_as_it_was(frame: pl.DataFrame) -> None:
    assert_frame_equal(decode_page(page(encode(frame)["item"].to_list())).frame, frame)


@given(FRAMES)
def test_a_frame_comes_back_when_json_is_written_in_ascii(frame: pl.DataFrame) -> None:
    items = [json.dumps(item, ensure_ascii=True) for item in items_of(frame)]
    assert_frame_equal(decode_page(page(items)).frame, frame)


@given(FRAMES)
def test_items_are_those_of_boto3(frame: pl.DataFrame) -> None:
    encoded = encode(frame)
    for row, item, pk, sk in zip(
        frame.to_dicts(), items_of(frame), encoded["pk"], encoded["sk"], strict=True
    ):
        assert comparable(item) == comparable(by_boto3(row, {"pk": {"S": pk}, "sk": {"S": sk}}))


@given(FRAMES)
def test_a_null_column_is_no_attribute(frame: pl.DataFrame) -> None:
    for row, item in zip(frame.to_dicts(), items_of(frame), strict=True):
        filled = {column.attribute for column in ATTRIBUTES if row[column.name] is not None}
        assert set(item) == filled | {"pk", "sk"}


@given(FRAMES)
def test_item_bytes_never_counts_too_little_and_little_too_much(frame: pl.DataFrame) -> None:
    for item, counted in zip(items_of(frame), item_bytes(frame), strict=True):
        numbers = sum("N" in value for value in item.values())
        assert item_size(item) <= counted <= item_size(item) + LARGEST_NUMBER_EXCESS_BYTES * numbers


def test_item_bytes_counts_bytes_and_not_characters() -> None:
    assert (item_bytes(event(path="é🎈")) - item_bytes(event(path="ab"))).item() == 4
    assert item_bytes(event(user_agent="x" * LARGEST_ITEM_BYTES)).item() > LARGEST_ITEM_BYTES


def test_item_bytes_over_no_event_is_an_empty_series() -> None:
    assert item_bytes(frame_of()).to_list() == []


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), float("-inf"), 1e126, -1e126, 1e300, 9.9e-131, -1e-200, 5e-324]
)
def test_a_number_that_dynamodb_has_not_is_found(value: float) -> None:
    frame = frame_of(EVENT, EVENT | {"event_value": value}, EVENT | {"duration_ms": 1.0})
    assert numbers_out_of_range(frame).to_list() == [False, True, False]


def test_minus_zero_is_zero() -> None:
    (item,) = items_of(event(duration_ms=-0.0))
    assert item["d"] == {"N": "0.0"}


@pytest.mark.parametrize("value", [1e-130, -1e-130, 9.99999999999999e125, 0.1, 1 / 3])
def test_a_number_within_the_bounds_of_dynamodb_is_kept(value: float) -> None:
    (item,) = items_of(event(event_value=value))
    assert float(item["ev"]["N"]) == value
    assert not numbers_out_of_range(event(event_value=value)).any()


def test_keys_and_attributes_are_those_of_the_stored_format() -> None:
    (item,) = items_of(event(path='/"\\\n', bytes=7, revenue=Decimal("12.5")))
    assert item == STORED_KEY | {"p": {"S": '/"\\\n'}, "b": {"N": "7"}, "rv": {"N": "12.5000"}}


@given(st.lists(TIMES, min_size=2, max_size=20))
def test_sort_keys_are_in_order_of_time(times: list[datetime]) -> None:
    frame = frame_of(*(EVENT | {"time": at} for at in times))
    assert encode(frame).sort("sk")["sk"].str.head(23).to_list() == [
        f"{at:%Y-%m-%dT%H:%M:%S}".zfill(19) + f".{at.microsecond // 1000:03}" for at in sorted(times)
    ]


@given(st.sets(st.integers(0, 10**13 - 1), min_size=1, max_size=20))
def test_lines_of_one_source_never_share_a_key(offsets: set[int]) -> None:
    frame = frame_of(*(EVENT | {"offset": offset} for offset in offsets))
    assert encode(frame).select("pk", "sk").n_unique() == len(offsets)


IDENTITY = "0123456789abcdef" * 2


def test_an_event_with_an_id_of_its_own_comes_back_as_it_was() -> None:
    frame = pl.concat([event(event_id="one"), event(offset=99, path="/")])
    known = frame.with_columns(pl.Series("identity", [IDENTITY, None]))
    assert_frame_equal(decode_page(page(encode(known)["item"].to_list())).frame, frame)


def test_the_key_of_an_event_with_an_id_of_its_own_is_the_day_and_the_id() -> None:
    [item] = items_of(event().with_columns(identity=pl.lit(IDENTITY)))
    assert item == {
        "pk": {"S": "example.org#2026-03-01#3"},
        "sk": {"S": f"2026-03-01T00:00:00.000Z#id{IDENTITY}"},
        "t": {"N": "1772409599007"},
        "si": {"S": "0123456789abcdef"},
        "of": {"N": "42"},
    }


def test_the_size_of_an_item_counts_its_place_where_the_key_does_not_carry_it() -> None:
    frame = event(path="/").with_columns(identity=pl.lit(IDENTITY))
    [item], [counted] = items_of(frame), item_bytes(frame)
    assert 0 <= counted - item_size(item) <= LARGEST_NUMBER_EXCESS_BYTES


def test_a_column_that_is_missing_is_one_that_is_null() -> None:
    keys = event().select(*EVENT)
    assert encode(keys)["item"].to_list() == encode(event())["item"].to_list()


def test_no_event_makes_no_item() -> None:
    assert encode(frame_of()).schema == pl.Schema({"pk": pl.String, "sk": pl.String, "item": pl.String})
    assert len(encode(frame_of())) == 0


def test_a_page_without_items_is_an_empty_frame_with_all_columns() -> None:
    empty = decode_page(b'{"Count":0,"Items":[],"ScannedCount":9}')
    assert (empty.frame.schema, len(empty.frame), empty.last_key) == (SCHEMA, 0, None)


def test_a_page_says_where_the_next_begins_and_what_it_cost() -> None:
    items = encode(event())["item"].to_list()
    consumed = {"TableName": "events", "CapacityUnits": 128.5}
    read = decode_page(page(items, LastEvaluatedKey=STORED_KEY, ConsumedCapacity=consumed))
    assert (json.loads(read.last_key or b""), read.consumed_units, len(read.frame)) == (STORED_KEY, 128.5, 1)


def test_a_page_without_items_may_not_be_the_last() -> None:
    read = decode_page(page([], LastEvaluatedKey=STORED_KEY, ConsumedCapacity={"CapacityUnits": 0.5}))
    assert (json.loads(read.last_key or b""), read.consumed_units) == (STORED_KEY, 0.5)


def test_a_page_that_does_not_tell_its_cost_counts_as_free() -> None:
    assert decode_page(page(encode(event())["item"].to_list())).consumed_units == 0.0


def test_attributes_of_others_beside_ours_are_passed_over() -> None:
    item = STORED_KEY | {"p": {"S": "/"}, "expires": {"N": "1"}, "tags": {"L": [{"M": {}}]}}
    assert_frame_equal(decode_page(page([json.dumps(item)])).frame, event(path="/"))


FOREIGN: dict[str, dict[str, Any]] = {
    "another key schema": {"id": {"S": "x"}},
    "nothing at all": {},
    "no sort key": {"pk": STORED_KEY["pk"]},
    "numbers as keys": {"pk": {"N": "1"}, "sk": {"N": "2"}},
    "a single-table design": {"pk": {"S": "USER#1"}, "sk": {"S": "PROFILE"}},
    "a partition of ours without shard": STORED_KEY | {"pk": {"S": "example.org#2026-03-01"}},
    "a partition of ours with more": STORED_KEY | {"pk": {"S": "example.org#2026-03-01#3#x"}},
    "a sort key that is cut": STORED_KEY | {"sk": {"S": STORED_KEY["sk"]["S"][:-3]}},
    "a sort key that is too long": STORED_KEY | {"sk": {"S": STORED_KEY["sk"]["S"] + "0"}},
    "an offset that is no number": STORED_KEY | {"sk": {"S": STORED_KEY["sk"]["S"][:-3] + "abc"}},
    "a time that is none": STORED_KEY | {"sk": {"S": STORED_KEY["sk"]["S"].replace("T23", "T25")}},
    "a status that is no whole number": STORED_KEY | {"st": {"N": "1.5"}},
    "a value without type": STORED_KEY | {"p": "plain"},
}


@pytest.mark.parametrize("item", FOREIGN.values(), ids=FOREIGN.keys())
def test_an_item_of_somebody_else_is_refused_with_a_sentence(item: dict[str, Any]) -> None:
    ours = encode(event())["item"].to_list()
    with pytest.raises(SchemaMismatch, match=r"not an event of footfall's: .+") as caught:
        decode_page(page([*ours, json.dumps(item)]))

    assert "\n" not in str(caught.value)
    assert "another --store prefix" in (caught.value.hint or "")


@pytest.mark.parametrize(
    "body", [b"", b"<html>502</html>", b"{}", b"[]", b'{"Count":1,"Items":[1]}', b"\xff"]
)
def test_a_body_that_is_no_page_is_refused_with_a_sentence(body: bytes) -> None:
    with pytest.raises(SchemaMismatch):
        decode_page(body)


def test_what_a_stranger_stored_cannot_steer_the_terminal() -> None:
    item = json.dumps(STORED_KEY | {"st": {"N": "\x1b]0;title\x07"}})
    with pytest.raises(SchemaMismatch) as caught:
        decode_page(page([item]))

    assert str(caught.value).isprintable()


AWKWARD: tuple[dict[str, Any], ...] = (
    {"path": '/"\\\x00\x1f\x7f\u2028', "user_agent": "🎈é\ufffd", "query": "", "status": 200},
    {"duration_ms": 1e-130, "event_value": 9.99999999999999e125, "bytes": 2**63 - 1},
    {"duration_ms": 0.1, "event_value": -123456.789, "bytes": -(2**63), "revenue": Decimal("-0.0001")},
    {"revenue": Decimal("99999999999999.9999"), "duration_ms": 0.0, "bytes": 0},
)


@pytest.mark.anyio
async def test_a_store_gives_events_back_as_they_were() -> None:
    frame = frame_of(*(EVENT | row | {"offset": place} for place, row in enumerate(AWKWARD)))
    engine = EmbeddedEngine.open(":memory:", FakeClock())
    try:
        await engine.call("CreateTable", TABLE)
        puts = ",".join(f'{{"PutRequest":{{"Item":{item}}}}}' for item in encode(frame)["item"])
        written = await engine.call("BatchWriteItem", f'{{"RequestItems":{{"events":[{puts}]}}}}'.encode())
        assert written.ok, written.body
        scanned = await engine.call("Scan", b'{"TableName":"events"}')
    finally:
        await engine.aclose()

    assert_frame_equal(decode_page(scanned.body).frame, frame)


TABLE = msgspec.json.encode(
    {
        "TableName": "events",
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
        ],
    }
)


def test_times_are_milliseconds_in_utc() -> None:
    assert decode_page(page(encode(event())["item"].to_list())).frame.schema["time"] == TIME
