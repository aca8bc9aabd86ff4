from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.store.writer.batches import Batch, request_body
from footfall.store.writer.reply import left_of, read_reply

PUT = '{"PutRequest":{"Item":{"pk":{"S":"%s"},"sk":{"S":"1"}}}}'


def batch_of(*names: str) -> Batch:
    return Batch(request_body("events", ",".join(PUT % name for name in names)), len(names))


def reply_with(*names: str) -> bytes:
    return ('{"UnprocessedItems":{"events":[' + ",".join(PUT % name for name in names) + "]}}").encode()


def test_a_reply_says_what_is_left_and_what_it_cost() -> None:
    reply = read_reply(
        b'{"ConsumedCapacity":[{"CapacityUnits":2.5},{"CapacityUnits":1}],' + reply_with("a", "b")[1:]
    )
    assert (reply.unprocessed_count, reply.consumed_units) == (2, 3.5)


def test_a_reply_without_anything_left_or_counted_is_done() -> None:
    assert read_reply(b"{}") == read_reply(b'{"UnprocessedItems":{},"ConsumedCapacity":[]}')
    assert left_of(batch_of("a"), read_reply(b"{}"), "events") == ()


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"UnprocessedItems":[]}'])
def test_what_is_no_reply_says_so(body: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        read_reply(body)


@given(st.permutations(list("abcdefgh")), st.integers(0, 8))
def test_what_is_left_is_ours_in_our_order_whatever_order_it_comes_in(names: list[str], count: int) -> None:
    left = left_of(batch_of(*"abcdefgh"), read_reply(reply_with(*names[:count])), "events")
    assert left is not None
    assert [put.pk for put in left] == sorted(names[:count])


def test_a_reply_that_names_more_than_was_sent_is_none() -> None:
    assert left_of(batch_of("a"), read_reply(reply_with("a", "b")), "events") is None


def test_a_reply_about_another_table_is_none_of_ours() -> None:
    elsewhere = read_reply(reply_with("a").replace(b"events", b"others"))
    assert left_of(batch_of("a"), elsewhere, "events") is None
