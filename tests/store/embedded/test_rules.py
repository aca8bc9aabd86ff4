"""The arithmetic of sizes, numbers, keys, segments and pages, for any input."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import anyio
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.clock import SystemClock
from footfall.store.embedded import EmbeddedEngine
from footfall.store.embedded.capacity import read_units, write_units
from footfall.store.embedded.incoming import take_in
from footfall.store.embedded.keys import BUCKETS, KeyPart, KeySchema, bucket, segment_range
from footfall.store.embedded.numbers import canonical, number_size, parse_number, sortable
from footfall.store.embedded.problem import Problem
from footfall.store.embedded.values import item_size
from tests.store.conformance.harness import SCHEMA, Item, Subject, item, pairs

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NUMBERS = st.builds(
    lambda digits, exponent, sign: f"{sign}{digits}E{exponent}",
    st.integers(0, 10**38 - 1),
    st.integers(-130, 87),
    st.sampled_from(["", "-"]),
)
SCALARS = st.one_of(
    TEXT.map(lambda text: {"S": text}),
    NUMBERS.map(lambda text: {"N": text}),
    st.binary(max_size=20).map(lambda data: {"B": base64.b64encode(data).decode()}),
    st.booleans().map(lambda flag: {"BOOL": flag}),
    st.just({"NULL": True}),
    st.sets(TEXT, min_size=1, max_size=4).map(lambda texts: {"SS": sorted(texts)}),
)
VALUES: st.SearchStrategy[dict[str, Any]] = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(lambda values: {"L": values}),
        st.dictionaries(TEXT, inner, max_size=4).map(lambda values: {"M": values}),
    ),
    max_leaves=8,
)
ITEMS = st.dictionaries(TEXT.filter(bool), VALUES, min_size=1, max_size=6)


def by_the_book(value: dict[str, Any]) -> int:
    """Return a value's size as "Capacity unit consumption" (AWSDG) writes it down."""
    ((kind, payload),) = value.items()
    rules: dict[str, Callable[[], int]] = {
        "S": lambda: len(payload.encode()),
        "N": lambda: (
            (len(str(int("".join(map(str, Decimal(payload).as_tuple().digits)))).rstrip("0")) + 1) // 2 + 1
        ),
        "B": lambda: len(base64.b64decode(payload)),
        "BOOL": lambda: 1,
        "NULL": lambda: 1,
        "SS": lambda: sum(len(text.encode()) for text in payload),
        "L": lambda: 3 + sum(1 + by_the_book(inner) for inner in payload),
        "M": lambda: 3 + sum(1 + len(name.encode()) + by_the_book(inner) for name, inner in payload.items()),
    }
    return rules[kind]()


@given(ITEMS)
def test_sizes_agree_with_the_book(stored: Item) -> None:
    expected = sum(len(name.encode()) + by_the_book(value) for name, value in stored.items())

    assert item_size(stored) == expected
    assert take_in(msgspec.Raw(json.dumps(stored).encode())).size == expected


@given(
    st.dictionaries(
        TEXT, st.one_of(TEXT.map(lambda t: {"S": t}), NUMBERS.map(lambda n: {"N": n})), min_size=1
    )
)
def test_what_is_stored_means_what_came_in(stored: Item) -> None:
    data = take_in(msgspec.Raw(json.dumps(stored).encode())).data

    kept = json.loads(data)
    assert {name: value.get("S") for name, value in kept.items()} == {
        n: v.get("S") for n, v in stored.items()
    }
    for name, value in kept.items():
        if "N" in value:
            assert Decimal(value["N"]) == Decimal(stored[name]["N"])
            assert value["N"] == canonical(value["N"])


@pytest.mark.parametrize(
    ("text", "size"),
    [("0", 1), ("7", 2), ("10", 2), ("-10", 2), ("12", 2), ("123", 3), ("1.5", 2), ("1" * 38, 20)],
)
def test_a_number_counts_a_byte_for_two_digits_and_one(text: str, size: int) -> None:
    assert number_size(text) == size


@given(NUMBERS, NUMBERS)
def test_number_keys_sort_as_numbers_do(first: str, second: str) -> None:
    left, right = parse_number(first), parse_number(second)

    assert (sortable(left) < sortable(right)) is (left < right)
    assert (sortable(left) == sortable(right)) is (left == right)


@pytest.mark.parametrize(
    "text", ["", " 1", "1 ", "1_0", "٣", "Infinity", "1e", ".", "--1", "1" * 39, "9.9E126", "1E-131"]
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(Problem):
        number_size(text)


@given(st.binary(max_size=200))
def test_any_bytes_are_taken_in_or_refused(data: bytes) -> None:
    assert outcome(data) in {"taken in", "ValidationException", "SerializationException"}


def outcome(data: bytes) -> str:
    try:
        take_in(msgspec.Raw(data))
    except Problem as problem:
        return problem.code

    return "taken in"


@given(st.integers(1, 1_000_000))
def test_segments_meet_without_gap(total: int) -> None:
    inner = [segment_range(segment, total) for segment in {0, total // 2, max(0, total // 2 - 1), total - 1}]

    assert segment_range(0, total)[0] == 0
    assert segment_range(total - 1, total)[1] == BUCKETS
    assert all(
        segment_range(segment, total)[1] == segment_range(segment + 1, total)[0]
        for segment in range(total)[:50][:-1]
    )
    assert all(low < high for low, high in inner)


def test_the_bucket_of_a_key_never_changes() -> None:
    assert [bucket("example.org#2015-05-17#0"), bucket(b"\x00"), bucket("")] == [
        2_786_997_829,
        3_673_189_205,
        3_259_895_544,
    ]


@given(st.integers(0, 409_600), st.integers(0, 409_600))
def test_units_cover_the_bytes(size: int, old: int) -> None:
    assert (write_units(size, old) - 1) * 1024 < max(size, old, 1) <= write_units(size, old) * 1024
    assert (
        read_units(size, consistent=True)
        == 2 * read_units(size, consistent=False)
        == max(1, -(-size // 4096))
    )


def test_a_key_of_a_number_is_the_number_not_its_text() -> None:
    schema = KeySchema(KeyPart("pk", "S"), KeyPart("n", "N"))

    assert schema.place({"pk": {"S": "p"}, "n": {"N": "1.0"}}) == schema.place(
        {"pk": {"S": "p"}, "n": {"N": "1"}}
    )


@given(
    st.sets(st.tuples(st.sampled_from("abcde"), TEXT.filter(bool)), max_size=60),
    st.integers(1, 20),
    st.integers(1, 9),
)
def test_paging_through_segments_gives_every_item_once(
    keys: set[tuple[str, str]], limit: int, total: int
) -> None:
    async def collect() -> list[Item]:
        engine = EmbeddedEngine.open(":memory:", SystemClock())
        subject = Subject(engine, "events")
        await subject.on_table("CreateTable", **SCHEMA)
        await subject.fill([item(pk, sk) for pk, sk in keys])
        found = [
            stored
            for segment in range(total)
            for stored in await subject.all(Segment=segment, TotalSegments=total, Limit=limit)
        ]
        await engine.aclose()
        return found

    assert pairs(anyio.run(collect)) == sorted(keys)
