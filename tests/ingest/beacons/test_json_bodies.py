from __future__ import annotations

import json
from typing import Any

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ingest.beacons.encoded import decode_base64
from ingest.beacons.json_bodies import (
    cut_member,
    filled_objects,
    line_items,
    member,
    read_members,
    spread_arrays,
)
from ingest.beacons.json_texts import elements, members, merge_objects, to_objects, without
from tests.examples import SOME

GOOD = '{"a":"x","b":1}'
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False, width=32)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)
LINES = (
    st.text(max_size=40)
    | JSON.map(json.dumps)
    | st.sampled_from([GOOD, "{", "}", '{"a":"\\ud800"}', "{}", "[]"])
)


def texts(*given: str | None) -> pl.Series:
    return pl.Series(given, dtype=pl.String)


def read(*given: str | None, names: tuple[str, ...] = ("a", "b")) -> list[tuple[Any, ...]]:
    found, is_object = read_members(texts(*given), names)
    return [(ok, *row) for ok, row in zip(is_object, found.iter_rows(), strict=True)]


def test_strings_are_their_text_and_other_values_their_json() -> None:
    assert read('{"a":"x \\"y\\" \\u00e9","b":1.5}', '{"a":true,"b":[1,"z"]}', '{"a":null}') == [
        (True, 'x "y" é', "1.5"),
        (True, "true", '[1, "z"]'),
        (True, None, None),
    ]


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "   ",
        "null",
        "7",
        '"text"',
        "[1]",
        "{",
        '{"a":"x"',
        '{"a":"x"} and more',
        '{"a":"x"},{"a":"y"}',
        '{"a":1e999}',
        "{'a':1}",
        '{"a":NaN}',
        '{"a":"\t"}',
        '{"a":"\x00"}',
        "\ufeff" + GOOD,
        '{"a":' + "[" * 20_000 + "]" * 20_000 + "}",
        '{"a":' * 20_000 + "1" + "}" * 20_000,
        "[" * 200_000,
    ],
)
def test_what_is_no_object_leaves_its_neighbours_alone(bad: str) -> None:
    assert read(GOOD, bad, GOOD) == [(True, "x", "1"), (False, None, None), (True, "x", "1")]


def test_two_halves_of_an_object_are_not_put_together() -> None:
    assert [row[0] for row in read('{"a":1', '"b":2}', '{"a":[{"b":1}', '{"b":1}]},{"a":2}')] == [False] * 4


def test_line_ends_within_a_body_are_white_space() -> None:
    assert read('{\n"a":\r\n"x"\n}', GOOD) == [(True, "x", None), (True, "x", "1")]


def test_no_bodies_have_no_members() -> None:
    found, is_object = read_members(texts(), ("a",))
    assert (found.schema, len(found), len(is_object)) == (pl.Schema({"a": pl.String()}), 0, 0)


@settings(max_examples=40)
@given(st.lists(LINES | st.none(), max_size=12))
def test_what_is_made_of_a_body_does_not_depend_on_its_neighbours(bodies: list[str | None]) -> None:
    assert read(*bodies) == [row for body in bodies for row in read(body)]


@SOME
@given(st.lists(st.dictionaries(st.sampled_from("abcd"), JSON, max_size=4), max_size=8))
def test_every_object_is_read(values: list[dict[str, Any]]) -> None:
    found = read(*(json.dumps(value) for value in values))
    assert all(row[0] for row in found)
    strings = [value["a"] for value in values if isinstance(value.get("a"), str)]
    assert strings == [
        row[1] for row, value in zip(found, values, strict=True) if isinstance(value.get("a"), str)
    ]


def test_a_member_keeps_the_order_and_the_escapes_of_its_own() -> None:
    wide = {f"k{number}": number for number in range(50)} | {'q"\\': "é"}
    [found] = member(texts(json.dumps({"p": wide})), "p")
    assert found == json.dumps(wide, separators=(",", ":"), ensure_ascii=False)


@pytest.mark.parametrize(
    ("body", "rest", "inner"),
    [
        ('{"e":1,"p":{"a":"x"},"z":3}', {"e": 1, "p": 0, "z": 3}, {"a": "x"}),
        ('{"e":1, "p": {"a": "x"}}', {"e": 1, "p": {"a": "x"}}, {"a": "x"}),
        ('{"p":{"a":{"b":"}"}}}', {"p": {"a": {"b": "}"}}}, {"a": {"b": "}"}}),
        ('{"p":{}}', {"p": 0}, {}),
        ('{"q":{"p":1}}', {"q": {"p": 1}}, None),
        ('{"p":"{}"}', {"p": "{}"}, {}),
        ('{"p":[1]}', {"p": [1]}, None),
        ('{"e":1}', {"e": 1}, None),
    ],
)
def test_an_object_is_cut_out_of_a_body(body: str, rest: Any, inner: Any) -> None:
    outer, found = cut_member(texts(body, GOOD, None), "p")
    assert json.loads(outer[0]) == rest
    assert (None if found[0] is None else json.loads(found[0])) == inner
    assert (outer[1], found[1], outer[2], found[2]) == (GOOD, None, None, None)


@settings(max_examples=40)
@given(st.dictionaries(st.sampled_from("abp"), JSON, max_size=3))
def test_a_cut_member_is_what_stood_there(value: dict[str, Any]) -> None:
    _, found = cut_member(texts(json.dumps(value, separators=(",", ":"), ensure_ascii=False)), "p")
    if isinstance(value.get("p"), dict):
        assert json.loads(found[0]) == json.loads(member(texts(json.dumps(value)), "p")[0])


def test_an_array_is_cut_out_of_a_body() -> None:
    outer, found = cut_member(texts('{"n":1,"l":[{"a":1},2]}', '{"l":[[1]]}', '{"l":3}'), "l", "[]")
    assert outer[0] == '{"n":1,"l":0}'
    assert found.to_list() == ['[{"a":1},2]', "[[1]]", None]


def compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


@settings(max_examples=40)
@given(st.lists(JSON, max_size=6))
@example([{}, "", None, {}])
def test_an_array_falls_into_its_elements(values: list[Any]) -> None:
    [found] = elements(texts(compact(values)).str.json_path_match("$")).to_list()
    assert found is not None
    assert len(found) == len(values)
    assert json.loads("[" + ",".join(found) + "]") == json.loads(
        texts(compact(values)).str.json_path_match("$")[0]
    )


@pytest.mark.parametrize("text", ["{}", "7", "x", "[" * 40 + "]" * 40, None])
def test_what_is_no_array_has_no_elements(text: str | None) -> None:
    assert elements(texts(text)).to_list() == [None]


@settings(max_examples=40)
@given(st.dictionaries(st.text(max_size=4).filter(lambda name: name != "known"), JSON, max_size=5))
def test_members_are_taken_apart_and_joined_again(value: dict[str, Any]) -> None:
    normal = texts(compact(value)).str.json_path_match("$")
    assert json.loads(to_objects(members(normal))[0]) == json.loads(normal[0])
    left = without(members(normal), ["known"])[0]
    assert json.loads(left or "{}") == {
        name: inner for name, inner in json.loads(normal[0]).items() if inner is not None
    }


def test_members_with_a_dollar_are_left_out_unless_they_are_asked_for() -> None:
    flat, nested = '{"$a":1,"$b":2,"c":"x,\\"$d"}', '{"$a":1,"$b":[2,{"e":1}],"c":{"$f":1}}'
    found = to_objects(members(texts(flat, nested, None, "{}"), ["$a"]))
    assert found.to_list() == ['{"$a":1,"c":"x,\\"$d"}', '{"$a":1,"c":{"$f":1}}', None, "{}"]


def test_a_string_that_looks_like_members_is_a_string() -> None:
    [found] = members(texts('{"a":"x,","b":",\\"c\\":1","d,":2}')).to_list()
    assert found == ['a":"x,"', 'b":",\\"c\\":1"', 'd,":2']


def test_objects_are_merged_without_the_empty_ones() -> None:
    pairs = [('{"a":1}', '{"b":2}'), (None, '{"b":2}'), ('{"a":1}', None), (None, None)]
    frame = pl.DataFrame(pairs, schema={"a": pl.String, "b": pl.String}, orient="row")
    assert frame.select(merge_objects(pl.col("a"), pl.col("b"))).to_series().to_list() == [
        '{"a":1,"b":2}',
        '{"b":2}',
        '{"a":1}',
        None,
    ]


def test_only_objects_with_members_are_filled() -> None:
    assert filled_objects(texts("{}", '{"a":1}', "[1]", None)).to_list() == [None, '{"a":1}', None, None]


def test_arrays_spread_over_rows_and_others_stay() -> None:
    bodies = texts('{"a":1}', '[{"a":2}, {"a":3}]', "[]", "[1", None)
    rows = pl.DataFrame({"row": range(5), "body": bodies})
    assert spread_arrays(rows).rows() == [
        (0, '{"a":1}'),
        (1, '{"a":2}'),
        (1, '{"a":3}'),
        (2, None),
        (3, None),
        (4, None),
    ]


def test_line_items_are_named_as_the_event_names_them() -> None:
    lists = elements(texts('[{"id":"A","n":"Bell \\"x\\"","p":"9.90","q":2},{"z":1},7]', None, "[]"))
    names = {"sku": ("sku", "id"), "name": ("n",), "category": ("c",), "price": ("p",), "quantity": ("q",)}
    assert line_items(lists, names).to_list() == [
        '[{"sku":"A","name":"Bell \\"x\\"","price":9.90,"quantity":2}]',
        None,
        None,
    ]


def test_base64_is_read_plain_or_url_safe_and_padded_or_not() -> None:
    assert decode_base64(texts("aGk_", "aGk/", "eyJhIjoxfQ==", "eyJhIjoxfQ", "aGk=", None)).to_list() == [
        "hi?",
        "hi?",
        '{"a":1}',
        '{"a":1}',
        "hi",
        None,
    ]


@settings(max_examples=40)
@given(st.lists(st.text(max_size=20), max_size=5))
def test_what_is_no_base64_of_utf_8_is_nothing(given: list[str]) -> None:
    gzipped = "H4sIAAAAAAAA"
    found = decode_base64(texts(*given, gzipped, "eyJhIjoxfQ"))
    assert found.to_list()[-2:] == [None, '{"a":1}']
