from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.beacons.json_bodies import (
    NOTHING,
    Object,
    all_decoded,
    alone,
    decoded,
    elements_of,
    objects_in,
    read_bodies,
)
from ingest.beacons.json_members import columns_of, others_of

GOOD = '{"a":"x","b":1}'
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.sampled_from("abcd"), JSON, max_size=4)
LINES = (
    st.text(max_size=40)
    | (JSON | OBJECTS).map(json.dumps)
    | st.sampled_from([GOOD, "{", "}", '{"a":"\\ud800"}', "{}", "[]", '{"a":1e999}', f"[{GOOD},7,{GOOD}]"])
)


def sent(bodies: Sequence[str | None]) -> pl.DataFrame:
    return pl.DataFrame({"row": range(len(bodies)), "body": bodies}, {"row": pl.UInt32, "body": pl.String})


def events_of(body: Any) -> Sequence[Object]:
    return elements_of(body) if isinstance(body, list) else alone(body)


def columns(events: list[Object], around: Iterable[Object]) -> Iterator[pl.Series]:
    yield from columns_of(events, {"a": "a", "b": "b"})
    yield from others_of("left", events, ("a", "b"))
    yield from columns_of(list(around), {"around": "a"})


def read(*bodies: str | None) -> list[dict[str, Any]]:
    """Return what is not null of the events of bodies."""
    rows = read_bodies(sent(bodies), events_of, columns).to_dicts()
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


def only(body: str) -> dict[str, Any]:
    """Return what is not null of the one event of a body."""
    [event] = read(body)
    return {name: value for name, value in event.items() if name not in {"row", "around"}}


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "   ",
        "null",
        "7",
        '"text"',
        "[1]",
        "[]",
        "{",
        '{"a":"x"',
        '{"a":"x"} and more',
        '{"a":"x"},{"a":"y"}',
        "{'a':1}",
        '{"a":NaN}',
        '{"a":"\t"}',
        '{"a":"\x00"}',
        '{"a":"\\ud800"}',
        '{"a":01}',
        f'{{"a":{"1" * 5000}}}',
        "\ufeff" + GOOD,
        '{"a":' + "[" * 20_000 + "]" * 20_000 + "}",
        '{"a":' * 20_000 + "1" + "}" * 20_000,
        "[" * 200_000,
        None,
    ],
)
def test_what_is_no_object_leaves_its_neighbours_alone(bad: str | None) -> None:
    good = {"a": "x", "b": "1", "around": "x"}
    assert read(GOOD, bad, GOOD) == [{"row": 0, **good}, {"row": 1}, {"row": 2, **good}]


def test_two_halves_of_an_object_are_not_put_together() -> None:
    halves = ('{"a":1', '"b":2}', '{"a":[{"b":1}', '{"b":1}]},{"a":2}')
    assert read(*halves) == [{"row": row} for row in range(4)]


def test_white_space_around_and_within_a_body_means_nothing() -> None:
    assert only(' \t\r\n{\n"a":\r\n"x"\n} \n') == {"a": "x"}


def test_numbers_stay_as_they_are_written() -> None:
    numbers = "[0.10,1E5,-0.0,1e999,123456789012345678901234567890]"
    assert only(f'{{"a":0.10,"b":1E5,"c":1e999,"d":{numbers}}}') == {
        "a": "0.10",
        "b": "1E5",
        "left": f'{{"c":1e999,"d":{numbers}}}',
    }


def test_of_members_of_one_name_the_last_counts() -> None:
    assert only('{"a":1,"c":1,"a":"x","c":2}') == {"a": "x", "left": '{"c":2}'}


def test_a_body_of_several_events_is_several_rows_that_know_what_is_around_them() -> None:
    within = pl.DataFrame({"row": [7, 9], "body": ['{"a":"o","l":[{"a":1},2,{"a":3}]}', "{}"]})
    found = read_bodies(within, lambda body: elements_of(body.get("l")), columns)
    assert found.select("row", "a", "around").rows() == [
        (7, "1", "o"),
        (7, None, "o"),
        (7, "3", "o"),
        (9, None, None),
    ]


def test_columns_that_only_some_batches_have_are_filled_with_nulls() -> None:
    bodies = [*['{"a":1}'] * 600, *['{"b":2}'] * 600]
    found = read_bodies(sent(bodies), alone, columns)
    assert found["row"].to_list() == list(range(1200))
    assert found["a"].to_list() == [*["1"] * 600, *[None] * 600]
    assert found["b"].to_list() == [*[None] * 600, *["2"] * 600]


def test_no_bodies_have_no_events() -> None:
    assert read_bodies(sent([]), alone, columns).schema == {"row": pl.UInt32}


@settings(max_examples=60)
@given(st.lists(LINES | st.none(), max_size=12))
def test_what_is_made_of_a_body_does_not_depend_on_its_neighbours(bodies: list[str | None]) -> None:
    apart = [event | {"row": row} for row, body in enumerate(bodies) for event in read(body)]
    assert read(*bodies) == apart


@settings(max_examples=60)
@given(st.lists(st.none() | LINES, max_size=12))
def test_texts_together_say_what_each_says(texts: list[str | None]) -> None:
    written = [msgspec.json.encode(value) for value in all_decoded(texts)]
    assert written == [msgspec.json.encode(decoded(text)) for text in texts]


@settings(max_examples=100)
@given(JSON)
def test_a_body_says_what_any_other_parser_reads(value: Any) -> None:
    text = json.dumps(value)
    found = decoded(f"[{text}]")
    assert found is not None
    assert json.loads(json.dumps(found, default=lambda raw: float(bytes(raw)))) == [json.loads(text)]


def test_elements_that_are_no_objects_stand_for_events_that_are_none() -> None:
    assert elements_of([{"a": 1}, 7, [], None]) == [{"a": 1}, NOTHING, NOTHING, NOTHING]
    assert [*elements_of([])] == [*elements_of({"a": 1})] == [*elements_of(None)] == [NOTHING]


def test_an_object_within_may_also_be_a_string_that_holds_one() -> None:
    given: list[Object] = [
        {"p": {"a": 1}},
        {"p": ' {"a":2}'},
        {"p": '{"a"'},
        {"p": "[1]"},
        {"p": [1]},
        {"p": None},
        {},
    ]
    assert objects_in(given, "p") == [{"a": 1}, {"a": 2}, *[NOTHING] * 5]
