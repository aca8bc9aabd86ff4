from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.beacons.items import arrays_of_items
from ingest.beacons.json_bodies import Object, decoded
from ingest.beacons.json_members import column_of, columns_of, objects_of, others_of, text_of
from tests.ingest.beacons.test_json_bodies import JSON

OBJECTS = st.lists(st.dictionaries(st.sampled_from(["a", "b", "$c", "d"]), JSON, max_size=4), max_size=6)


def objects(values: list[dict[str, Any]]) -> list[Object]:
    return [decoded(json.dumps(value)) for value in values]


def one(series: Any) -> list[Any]:
    """Return the values of the one column there is, none of no column."""
    found = list(series)
    assert len(found) <= 1
    return found[0].to_list() if found else []


@settings(max_examples=100)
@given(OBJECTS)
def test_columns_have_what_a_plain_reading_of_the_objects_has(values: list[dict[str, Any]]) -> None:
    names = {"one": "a", "two": "$c", "none": "z"}
    found = {series.name: series for series in columns_of(objects(values), names)}
    assert set(found) == {column for column, name in names.items() if any(name in value for value in values)}
    for column, series in found.items():
        expected = [value.get(names[column]) for value in values]
        assert series.dtype == pl.String
        assert [text is None for text in series] == [value is None for value in expected]
        for text, value in zip(series, expected, strict=True):
            is_text = value is None or isinstance(value, str)
            assert text == value if is_text else json.loads(text) == json.loads(json.dumps(value))


@settings(max_examples=100)
@given(OBJECTS)
def test_what_is_left_is_what_a_plain_reading_leaves(values: list[dict[str, Any]]) -> None:
    expected = [
        {name: inner for name, inner in value.items() if name in {"b", "d"} and inner is not None}
        for value in values
    ]
    found = one(others_of("left", objects(values), ("a",), hidden="$")) or [None] * len(values)
    assert [json.loads(text or "{}") for text in found] == expected
    assert [list(json.loads(text)) for text in found if text] == [list(value) for value in expected if value]
    assert "{}" not in found


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ('"x \\"y\\" \\u00e9\\n"', 'x "y" é\n'),
        ('""', ""),
        ("true", "true"),
        ("false", "false"),
        ("null", None),
        ("0", "0"),
        ("-12", "-12"),
        ("19.90", "19.90"),
        ("1e-7", "1e-7"),
        ("18446744073709551616", "18446744073709551616"),
        ('[1, {"a": "\\u00e9"}, 2.50, null]', '[1,{"a":"é"},2.50,null]'),
        ("{}", "{}"),
    ],
)
def test_a_value_is_its_text(value: str, text: str | None) -> None:
    assert text_of(decoded(value)) == text
    assert column_of("x", [None, decoded(value), "y"]).to_list() == [None, text, "y"]
    assert column_of("x", ["y", decoded(value), 0, False]).to_list() == ["y", text, "0", "false"]


def test_members_are_chosen_by_name_and_named_anew() -> None:
    given: list[Object] = [{"b": 1, "x": 2, "a": "y"}, {"x": 1}, {"a": None}, {"a": ""}]
    found = one(objects_of("own", given, {"first": "a", "b": "b", "c": "c"}))
    assert found == ['{"first":"y","b":1}', None, None, '{"first":""}']
    assert one(objects_of("own", given, {"z": "z"})) == []


def test_what_is_nested_too_deep_to_be_written_is_nothing() -> None:
    deep: Any = 1
    for _ in range(100_000):
        deep = [deep]

    assert column_of("x", ["a", deep]).to_list() == ["a", None]
    assert one(others_of("left", [{"a": 1}, {"a": deep}], ())) == ['{"a":1}', None]
    while isinstance(deep, list):
        deep = deep.pop()


def test_line_items_are_named_as_the_event_names_them() -> None:
    names = {"sku": ("sku", "id"), "name": ("n",), "category": ("c",), "price": ("p",), "quantity": ("q",)}
    orders = [
        '{"i":[{"id":"A","n":"Bell \\"x\\"","p":"9.90","q":2},{"z":1},7,{"sku":5,"id":"B","p":19.90,"c":""}]}',
        '{"i":"[{\\"sku\\":\\"S\\",\\"p\\":\\"1e5\\"}]"}',
        '{"i":[{"sku":"S","p":1E5,"q":true}]}',
        '{"i":[]}',
        '{"i":[{"z":1}]}',
        '{"i":{"sku":"A"}}',
        "{}",
    ]
    given = [decoded(order) for order in orders]
    assert one(arrays_of_items(given, "i", names)) == [
        '[{"sku":"A","name":"Bell \\"x\\"","price":9.90,"quantity":2},{"sku":"5","price":19.90}]',
        '[{"sku":"S","price":"1e5"}]',
        '[{"sku":"S","price":"1E5","quantity":"true"}]',
        *[None] * 4,
    ]
    assert one(arrays_of_items(given, "j", names)) == []
