from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote_plus

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.beacons.parameters import split_parameters
from ingest.formats.owa_queue import _read
from ingest.formats.owa_rows import read_rows
from ingest.formats.php_columns import _FEW_ROWS, _USUAL_MEMBERS, DEEPEST, MOST_MEMBERS
from tests.ingest.beacons.test_owa_queue import CLASS, php_object

Told = tuple[tuple[str | None, ...], dict[str, str]] | None
"""Address, agent and language, and parameters; None for what is no event."""

HOSTILE: Final = [
    "",
    "0",
    ':"',
    '";',
    '";s:1:"a',
    '";}',
    "%41",
    "%25",
    "%",
    "a&owa_b=c",
    "räder",
    "a+b ~",
    "\0*\0",
]
TEXTS: Final = st.text(alphabet=st.sampled_from('abé;:"{}siN1%&=+ ~\\')) | st.sampled_from(HOSTILE)
PLAIN: Final = st.none() | st.booleans() | st.integers(-(10**18), 10**18) | TEXTS
KEYS: Final = st.integers(0, 12) | st.sampled_from(["li_sku", "a", "ct"])
ARRAYS: Final = st.dictionaries(KEYS, PLAIN | st.dictionaries(KEYS, PLAIN, max_size=2), max_size=3)
NAMES: Final = st.sampled_from(
    [
        "guid",
        "timestamp",
        "event_type",
        "ip_address",
        "REMOTE_ADDR",
        "user_agent",
        "language",
        "ct_line_items",
        "a",
    ]
)
EVENTS: Final = st.builds(
    lambda properties, members: {
        "\0*\0properties": properties,
        "\0*\0eventType": "base.page_request",
        **members,
    },
    st.dictionaries(NAMES, PLAIN | ARRAYS, max_size=6),
    st.dictionaries(st.sampled_from(["guid", "timestamp", "status", "a"]), PLAIN, max_size=3),
)


def encoded(event: dict[str, Any], name: str = CLASS) -> str:
    return quote_plus(php_object(name, event))


def by_columns(events: Sequence[str | None]) -> dict[int, Told]:
    """Return what events say that are read by columns, by their numbers."""
    rows = read_rows(pl.Series(events, dtype=pl.String))
    sent = rows.sent.cast({"name": pl.String}).partition_by("row", as_dict=True)
    return {
        row: (tuple(server), firsts(sent[row,].select("name", "value").rows() if (row,) in sent else []))
        for row, *server in rows.server.iter_rows()
    }


def one_by_one(event: str) -> Told:
    """Return what an event says that is read for itself."""
    read = _read(event)
    if read is None:
        return None

    *server, form = read
    return tuple(server), firsts(split_parameters(pl.Series([form])).select("name", "value").rows())


def firsts(parameters: list[tuple[str, str]]) -> dict[str, str]:
    """Return parameters by name, of those of one name the first."""
    return {name: value for name, value in reversed(parameters) if name}


@given(st.lists(EVENTS, min_size=1, max_size=5), st.sampled_from([CLASS, "owa_event"]))
def test_events_are_read_by_columns_and_say_what_they_say_one_by_one(
    events: list[dict[str, Any]], name: str
) -> None:
    texts = [encoded(event, name) for event in events]
    assert by_columns(texts) == {number: one_by_one(text) for number, text in enumerate(texts)}


@given(EVENTS, st.data())
def test_a_damaged_event_says_by_columns_what_it_says_one_by_one_or_is_left(
    event: dict[str, Any], data: st.DataObject
) -> None:
    whole = php_object(CLASS, event)
    place = data.draw(st.integers(0, len(whole) - 1))
    cut = data.draw(st.integers(0, 3))
    put = data.draw(st.text(alphabet='0123456789sibNadO:;"{}\0*-', max_size=3))
    texts = [quote_plus(whole), quote_plus(whole[:place] + put + whole[place + cut :]), quote_plus(whole)]
    read = by_columns(texts)
    assert {0, 2} <= read.keys()
    assert read == {number: one_by_one(texts[number]) for number in read}


@given(EVENTS, st.data())
def test_encoding_that_is_damaged_says_by_columns_what_it_says_one_by_one_or_is_left(
    event: dict[str, Any], data: st.DataObject
) -> None:
    whole = encoded(event)
    place = data.draw(st.integers(0, len(whole) - 1))
    put = data.draw(st.text(alphabet="%2B3A7DFfC9ab+&=|é", max_size=3))
    texts = [whole, whole[:place] + put + whole[place + data.draw(st.integers(0, 3)) :], whole]
    read = by_columns(texts)
    assert {0, 2} <= read.keys()
    assert read == {number: one_by_one(texts[number]) for number in read}


@given(st.lists(EVENTS, min_size=1, max_size=4), st.data())
def test_what_is_read_of_an_event_does_not_depend_on_its_neighbours(
    events: list[dict[str, Any]], data: st.DataObject
) -> None:
    texts = []
    for event in events:
        whole = encoded(event, data.draw(st.sampled_from([CLASS, "owa_event"])))
        place = data.draw(st.integers(0, len(whole) - 1))
        put = data.draw(st.text(alphabet="%2B3A7DFfC9ab+&=|é", max_size=2))
        texts += [whole, whole[:place] + put + whole[place + data.draw(st.integers(0, 2)) :]]

    alone = [by_columns([text]).get(0, "left") for text in texts]
    read = by_columns(texts)
    assert [read.get(number, "left") for number in range(len(texts))] == alone


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('s:1:"b"', 's:1:"a"'),
        ('s:1:"b"', 's:4:"\0*\0a"'),
        ('s:1:"d"', "i:7"),
        ('s:4:"guid"', 's:9:"eventType"'),
    ],
)
def test_an_event_with_two_members_of_one_name_is_left_to_be_read_one_by_one(old: str, new: str) -> None:
    """Do so because PHP, and so the other reader, lets the last one count, and a form the first."""
    inner = {7: "e", "d": "f"}
    event = {"properties": {"a": "1", "b": "2", "c": inner}, "eventType": "e", "guid": "g"}
    whole = php_object(CLASS, event)
    assert whole.count(old) == 1
    texts = [quote_plus(whole.replace(old, new)), quote_plus(whole)]
    assert by_columns(texts) == {1: one_by_one(texts[1])}
    assert one_by_one(texts[0]) is not None


def test_a_name_with_brackets_is_not_taken_for_that_of_an_array() -> None:
    events = [{"a[b]": "x"}, {"a": {"b": "x"}}, {"a": {"b][c": "x"}}, {"a": {"b": {"c": "x"}}}]
    texts = [encoded({"properties": properties, "eventType": "e"}) for properties in events]
    assert by_columns(texts) == {number: one_by_one(texts[number]) for number in (1, 3)}


def test_a_text_that_claims_to_end_in_the_next_row_takes_nothing_of_it() -> None:
    event = {"properties": {"a": "b" * 90, "c": 'x";i:1;i:2;s:1:"y'}, "eventType": "e"}
    whole = php_object("owa_event", event)
    rest = len(whole) - whole.index("b" * 90)
    lengths = [rest + place for place in range(len(whole)) if whole[place : place + 2] == '";']
    assert len(lengths) == 8
    liars = [whole.replace("s:90:", f"s:{length}:") for length in lengths]
    # The length of a length is a byte more than it was.
    liars += [whole.replace("s:90:", f"s:{length + 1}:") for length in lengths]
    texts = [quote_plus(text) for liar in liars for text in (liar, whole)]
    read = by_columns(texts)
    assert {number: one_by_one(texts[number]) for number in read} == read
    assert not any(number % 2 == 0 for number in read)
    assert one_by_one(texts[0]) is None


def test_what_looks_like_tokens_within_a_text_makes_up_for_nothing_that_is_missing() -> None:
    """Let a text of the row before end where the hidden member begins that the properties lack."""
    hidden = 'x";s:1:"b";i:1;y'
    short = php_object("owa_event", {"properties": {"a": hidden}, "eventType": "e"}).replace("a:1:", "a:2:")
    before = php_object("owa_event", {"properties": {"a": "b" * 90}, "eventType": "e"})
    length = len(before) - before.index("b" * 90) + short.index('";s:1:"b"')
    texts = [quote_plus(text) for text in (before.replace("s:90:", f"s:{length}:"), short)]
    assert by_columns(texts) == {}
    assert [one_by_one(text) for text in texts] == [None, None]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("%7D", ""),
        ("%7D", "%7Dx%7D"),
        ("%7D", "%7DN%3B%7D"),
        ("%7D", "%7d"),
        ("%22%3B%7D", "%22%3B%7C"),
        ("s%3A1%3A%22c%22%3B", "s%3A3%3A%22%4g%22%3B"),
        ("s%3A1%3A%22c%22%3B", "s%3A3%3A%22a%26b%22%3B%00"),
        ("s%3A1%3A%22c%22%3B", "s%3A3%3A%22a&b%22%3B"),
        ("s%3A1%3A%22c%22%3B", "i%3A01%3B"),
        ("s%3A1%3A%22c%22%3B", "i%3A-0%3B"),
        ("s%3A1%3A%22c%22%3B", "i%3A%3B"),
        ("s%3A1%3A%22c%22%3B", "b%3A2%3B"),
        ("s%3A1%3A%22c%22%3B", "i%3A99999999999999999999%3B"),
    ],
)
def test_what_php_would_not_write_is_left_to_be_read_one_by_one(old: str, new: str) -> None:
    whole = encoded({"eventType": "e", "properties": {"ip_address": "c"}})
    begin, _, end = whole.rpartition(old)
    assert by_columns([whole, begin + new + end, whole]).keys() == {0, 2}


@pytest.mark.parametrize(
    "properties",
    [
        {"a": 12.5},
        {"a": float("inf")},
        {"a b[": "name"},
        {"": "no name"},
        {"a": {"b": {"c": {"d": "too deep"}}}},
        {"a": dict.fromkeys(range(MOST_MEMBERS), "")},
    ],
)
def test_what_is_rarely_put_together_so_is_left_to_be_read_one_by_one(properties: dict[Any, Any]) -> None:
    event = {"properties": {"site_id": "s", **properties}, "eventType": "e"}
    texts = [encoded(event), encoded({"properties": {"site_id": "s"}, "eventType": "e"})]
    assert by_columns(texts) == {1: one_by_one(texts[1])}
    read = one_by_one(texts[0])
    assert read is not None
    assert read[1]["site_id"] == "s"


def test_rows_with_many_members_are_read_by_columns_where_they_are_many() -> None:
    event = {"properties": {f"n{number}": number for number in range(_USUAL_MEMBERS + 9)}, "eventType": "e"}
    text = encoded(event)
    assert by_columns([text] * _FEW_ROWS) == {}
    assert by_columns([text] * (_FEW_ROWS + 1)) == dict.fromkeys(range(_FEW_ROWS + 1), one_by_one(text))


def test_arrays_are_read_as_deep_as_the_bounds_say() -> None:
    value: Any = "x"
    for name in "cb"[: DEEPEST - 1]:
        value = {name: value}

    [read] = by_columns([encoded({"properties": {"a": value}, "eventType": "e"})]).values()
    assert read is not None
    assert read[1] == {"a[b][c]": "x", "event_type": "e"}


@pytest.mark.parametrize(
    "members",
    [
        {"properties": "none"},
        {"a": {"b": "c"}, "properties": {"site_id": "s"}},
        {"\0*\0properties": {"site_id": "s"}, "properties": {"site_id": "t"}},
        {"": "x", "properties": {"site_id": "s"}},
    ],
)
def test_other_arrays_than_one_of_properties_are_left_to_be_read_one_by_one(members: dict[str, Any]) -> None:
    assert not by_columns([encoded({**members, "eventType": "e"})])


def test_no_events_are_read_of_nothing() -> None:
    assert by_columns([]) == {}
    assert by_columns([None, "", "x"]) == {}


def test_events_of_many_blocks_stay_in_their_order() -> None:
    events = [
        encoded({"properties": {"site_id": "s", "page_title": f"{number} {'%2' * 3_000}"}, "eventType": "e"})
        for number in range(200)
    ]
    assert sum(map(len, events)) > 2**21
    read = by_columns(events)
    titles = [each[1]["page_title"].partition(" ")[0] for each in read.values() if each is not None]
    assert titles == [str(number) for number in range(200)]
