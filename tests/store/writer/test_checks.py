from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from footfall.event import SCHEMA, conform
from footfall.layout import LARGEST_ITEM_BYTES, encode
from footfall.store.writer.checks import (
    DUPLICATE_KEY,
    EMPTY_KEY,
    ITEM_TOO_LARGE,
    LARGEST_PARTITION_KEY_BYTES,
    NUMBER_OUT_OF_RANGE,
    PARTITION_KEY_TOO_LONG,
    SORT_KEY_TOO_LONG,
    STORE_REASONS,
    find_unstorable,
)

EVENT: dict[str, Any] = {
    "site": "example.org",
    "time": datetime(2026, 3, 1, tzinfo=UTC),
    "shard": 3,
    "source_id": "0123456789abcdef",
}
BAD: dict[str, dict[str, Any]] = {
    EMPTY_KEY: {"site": None},
    PARTITION_KEY_TOO_LONG: {"site": "x" * LARGEST_PARTITION_KEY_BYTES},
    SORT_KEY_TOO_LONG: {"source_id": "x" * 1024},
    NUMBER_OUT_OF_RANGE: {"duration_ms": float("nan")},
    ITEM_TOO_LARGE: {"user_agent": "é" * (LARGEST_ITEM_BYTES // 2)},
}


def events(*rows: dict[str, Any]) -> pl.DataFrame:
    schema = {name: dtype for name, dtype in SCHEMA.items() if any(name in row for row in (EVENT, *rows))}
    placed = [EVENT | {"offset": place} | row for place, row in enumerate(rows)]
    return conform(pl.DataFrame(placed, schema=schema | {"offset": pl.Int64}))


def reasons(frame: pl.DataFrame) -> list[str | None]:
    found = find_unstorable(frame, encode(frame))
    return [None] * len(frame) if found is None else found.to_list()


def test_what_can_be_stored_is_not_looked_at_twice() -> None:
    frame = events({}, {"user_agent": "x"}, {"duration_ms": 0.5})
    assert find_unstorable(frame, encode(frame)) is None
    assert find_unstorable(frame.clear(), encode(frame.clear())) is None


@pytest.mark.parametrize("code", BAD)
def test_a_bad_event_is_named_and_its_neighbours_are_not(code: str) -> None:
    frame = events({}, BAD[code], {})
    assert reasons(frame) == [None, code, None]
    assert STORE_REASONS[code].endswith(".")


def test_an_empty_partition_key_is_found_in_items_that_were_made_elsewhere() -> None:
    frame = events({}, {})
    items = encode(frame).with_columns(pk=pl.Series(["", "a"]))
    found = find_unstorable(frame, items)
    assert found is not None
    assert found.to_list() == [EMPTY_KEY, None]


def test_of_two_events_with_one_key_the_later_is_stored_and_the_other_named() -> None:
    frame = events({"offset": 1, "path": "/old"}, {"offset": 2}, {"offset": 1, "path": "/new"})
    assert reasons(frame) == [DUPLICATE_KEY, None, None]


def test_an_event_is_no_duplicate_of_one_that_is_not_stored() -> None:
    assert reasons(events({"offset": 1}, {"offset": 1} | BAD[NUMBER_OUT_OF_RANGE])) == [
        None,
        NUMBER_OUT_OF_RANGE,
    ]


def test_the_same_sort_key_in_two_partitions_is_no_duplicate() -> None:
    assert reasons(events({"offset": 1}, {"offset": 1, "shard": 4})) == [None, None]


def test_control_characters_that_only_json_makes_long_are_stored() -> None:
    assert reasons(events({"user_agent": "\x01" * (LARGEST_ITEM_BYTES - 1000)})) == [None]
