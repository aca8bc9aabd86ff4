from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote_plus, unquote_plus, unquote_to_bytes

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.keys import event_identity
from ingest.beacons import BeaconSettings, read_beacons
from ingest.formats import FORMATS, named
from ingest.formats.owa_queue import _unquoted
from ingest.formats.owa_rows import read_rows
from ingest.formats.php import DEEPEST, MOST_VALUES, NotPhp, read_php
from tests.ingest.beacons.beaconing import AT_EPOCH, lines_of, only, parsed_of, read_lines, reasons

QUEUE = FORMATS["owa_queue"]
CLASS = "OWA\\Module\\Base\\Classes\\Event"
PROPERTIES = {
    "site_id": "shop",
    "page_url": "https://www.example.com/räder?q=50%25+1",
    "page_title": 'Räder; 100%25 "neu";s:1:"x',
    "timestamp": AT_EPOCH,
    "is_new_session": True,
    "nps": None,
    "ip_address": "192.0.2.1",
    "HTTP_USER_AGENT": "Mozilla/5.0 (X11)",
    "HTTP_ACCEPT_LANGUAGE": "de",
    "ct_total": 12.5,
    "ct_line_items": {0: {"li_sku": "a", "li_quantity": 2}},
}


def php(value: Any) -> str:
    """Return what PHP's `serialize` makes of a value."""
    if value is None:
        return "N;"

    if isinstance(value, bool):
        return f"b:{int(value)};"

    if isinstance(value, int | float):
        return f"{'i' if isinstance(value, int) else 'd'}:{value};"

    if isinstance(value, str):
        return f's:{len(value.encode())}:"{value}";'

    return f"a:{len(value)}:{{{''.join(php(name) + php(inner) for name, inner in value.items())}}}"


def php_object(name: str, members: dict[str, Any]) -> str:
    return f'O:{len(name)}:"{name}":{php(members).removeprefix("a:")}'


def row(properties: dict[str, Any], name: str = CLASS, **members: Any) -> str:
    event = {"\0*\0properties": properties, "\0*\0eventType": "base.page_request", "guid": "176", **members}
    return f"10:06:01 2026-01-12|*|incoming_tracking_events|*|4711|*|{quote_plus(php_object(name, event))}"


def test_the_example_is_read_and_whole() -> None:
    assert only(read_lines(QUEUE.example, form="owa_queue"))["kind"] == "pageview"
    assert QUEUE.is_whole(QUEUE.example)
    assert not QUEUE.is_whole(QUEUE.example[:-3])


@pytest.mark.parametrize("name", [CLASS, "owa_event"])
def test_a_row_is_the_event_that_the_beacon_would_have_been(name: str) -> None:
    assert only(read_lines(row(PROPERTIES, name), form="owa_queue")) == {
        "line_number": 1,
        "offset": 0,
        "time": datetime(2026, 1, 12, 10, 6, tzinfo=UTC),
        "kind": "pageview",
        "dialect": "owa",
        "event_id": "176",
        "identity": event_identity("owa", "shop", "176"),
        "host": "www.example.com",
        "path": "/räder",
        "query": "q=50%25+1",
        "title": 'Räder; 100%25 "neu";s:1:"x',
        "ip": "192.0.2.1",
        "user_agent": "Mozilla/5.0 (X11)",
        "agent_logged": True,
        "language": "de",
        "revenue": 12.5,
        "items": '[{"sku":"a","quantity":2}]',
        "props": '{"is_new_session":"true"}',
    }


def test_the_event_says_when_it_was_if_its_properties_do_not() -> None:
    timeless = {name: value for name, value in PROPERTIES.items() if name != "timestamp"}
    event = only(read_lines(row(timeless, timestamp=AT_EPOCH + 1), form="owa_queue"))
    assert event["time"] == datetime(2026, 1, 12, 10, 6, 1, tzinfo=UTC)


def test_rows_are_read_by_their_own_dialect_or_not_at_all() -> None:
    line = row(PROPERTIES)
    asked = [("owa",), ("matomo", "owa"), ("matomo",), ()]
    read = [read_lines(line, form="owa_queue", settings=BeaconSettings(dialects=each)) for each in asked]
    assert [len(each.parsed.events) for each in read] == [1, 1, 0, 0]
    assert [reasons(each) for each in read] == [[], [], [(1, "no-match")], [(1, "no-match")]]


def test_rows_between_others_are_the_events_that_they_are_alone() -> None:
    """Let rows that are no beacons, refused ones and comments stand between those that are events."""
    titles = ["a", "b", "c"]
    rows = [row({**PROPERTIES, "page_title": title}) for title in titles]
    untyped, unplaced = row({"site_id": "s"}).replace("eventType", "eventTipe"), row({"site_id": "s"})
    read = read_lines(rows[0], untyped, "# x", rows[1], "", unplaced, "y", rows[2], form="owa_queue")
    assert read.parsed.events["title"].to_list() == titles
    assert read.parsed.events["line_number"].to_list() == [1, 4, 8]
    assert reasons(read) == [(2, "no-match"), (6, "bad-beacon"), (7, "no-match")]


def test_rows_are_read_inside_of_other_lines() -> None:
    rows = (row(PROPERTIES), row(PROPERTIES)[:-9])
    lines = [json.dumps({"log": f"{line}\n", "stream": "stdout"}) for line in rows]
    read = read_beacons(named("docker:owa_queue").parse(lines_of(lines)), BeaconSettings())
    assert read.parsed.events["event_id"].to_list() == ["176"]
    assert reasons(read) == [(2, "no-match")]


def encoded(line: str) -> str:
    return line.rpartition("|*|")[2]


def are_read(*events: str) -> list[bool]:
    """Tell which events are read by columns."""
    rows = read_rows(pl.Series(events, dtype=pl.String)).server["row"].to_list()
    return [number in rows for number in range(len(events))]


def test_rows_of_both_ways_give_the_same_events_in_their_order() -> None:
    plain = {name: value for name, value in PROPERTIES.items() if isinstance(value, str | int)}
    plain["page_title"] = "Räder & mehr %41"
    by_columns = row(plain)
    one_by_one = row({**plain, "x": float("nan")})
    assert are_read(encoded(by_columns), encoded(one_by_one)) == [True, False]
    read = read_lines(one_by_one, by_columns, one_by_one, by_columns, form="owa_queue").parsed.events
    assert read["line_number"].to_list() == [1, 2, 3, 4]
    assert read.drop("line_number", "offset").unique().height == 1
    for line in (by_columns, one_by_one):
        assert {part.field: part.value for part in QUEUE.explain(line).taken}["owa_site_id"] == "shop"


def test_an_event_without_type_is_no_beacon() -> None:
    properties: tuple[dict[str, Any], ...] = ({"site_id": "s"}, {"site_id": "s", "x": {}})
    untyped = [row(each).replace("eventType", "eventTipe") for each in properties]
    assert reasons(read_lines(*untyped, form="owa_queue")) == [(1, "no-match"), (2, "no-match")]


def test_the_end_of_a_text_within_a_value_is_part_of_it() -> None:
    titles = ['a";s:1:"b', '";', 'x";}', ";i:1;", "}}", 'a:"b', '"', '";N;s:1:"a']
    told = [
        row({"site_id": "s", "page_url": "/", "page_title": title, "timestamp": AT_EPOCH}) for title in titles
    ]
    assert are_read(*map(encoded, told)) == [True] * len(titles)
    assert read_lines(*told, form="owa_queue").parsed.events["title"].to_list() == titles


@pytest.mark.parametrize("title", ["%3;", "%;;", "%4g"])
def test_percent_signs_that_php_has_not_escaped_are_left_to_the_reader_of_texts(title: str) -> None:
    told = row({"site_id": "s", "page_url": "/", "page_title": "T"})
    damaged = told.replace("s%3A1%3A%22T%22", f"s%3A1%3A%22{title}%22")
    assert damaged != told
    assert are_read(encoded(damaged)) == [False]
    assert reasons(read_lines(damaged, form="owa_queue")) == [(1, "no-match")]


@given(st.text(alphabet="%2B+a0f._~-", max_size=20))
def test_percent_signs_that_begin_no_escape_stay(text: str) -> None:
    assert _unquoted(text) == unquote_to_bytes(text.replace("+", " "))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("s:4:", "s:3:"),
        ("a:2:{", "a:3:{"),
        (":3:{", ":4:{"),
        ("}", ""),
        ("i:1;", "i:1"),
        ("i:1;", ""),
        ("shop", "shops"),
        ("properties", "propertees"),
        ("eventType", "eventTipe"),
    ],
)
def test_a_row_that_was_damaged_is_read_by_neither_way_as_if_it_was_whole(old: str, new: str) -> None:
    whole = unquote_plus(encoded(row({"site_id": "shop", "n": 1})))
    assert old in whole
    damaged = quote_plus(whole.replace(old, new, 1))
    is_whole = (old, new) == ("eventType", "eventTipe")
    assert are_read(quote_plus(whole), damaged) == [True, is_whole]
    line = "10:06:01 2026-01-12|*|incoming_tracking_events|*|4711|*|" + damaged
    assert reasons(read_lines(line, form="owa_queue")) == [(1, "no-match")]


@pytest.mark.parametrize(
    "text",
    [
        "hello",
        row(PROPERTIES)[:-1],
        row(PROPERTIES) + "x",
        row(PROPERTIES, "Other\\Class"),
        row(PROPERTIES).replace("incoming", "in|coming"),
        row(PROPERTIES).replace("O%3A29", "O%3A28"),
        "10:06:01 2026-01-12|*|q|*|1|*|O%3A1%3A%22x%22%3A0%3A%7B%7D",
        "10:06:01 2026-01-12|*|q|*|1|*|",
        "10:06:01 2026-01-12|*|q|*|1|*|" + quote_plus(php_object("owa_event", {"properties": "none"})),
    ],
)
def test_what_is_no_row_is_rejected(text: str) -> None:
    parsed = parsed_of([text], "owa_queue")
    assert parsed.rejected.select("reason", "text").rows() == [("no-match", text)]
    assert QUEUE.explain(text).reason == "no-match"


def test_a_row_is_explained_by_its_properties() -> None:
    taken = {part.field: part.value for part in QUEUE.explain(row(PROPERTIES)).taken}
    assert taken["ip"] == "192.0.2.1"
    assert taken["owa_site_id"] == "shop"
    [place] = {(part.begin, part.end) for part in QUEUE.explain(row(PROPERTIES)).taken}
    assert place == (row(PROPERTIES).rfind("|*|") + 3, len(row(PROPERTIES)))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.dictionaries(st.text(alphabet='ab;:{}"é', max_size=4), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_what_php_has_serialised_is_read_again(value: Any) -> None:
    try:
        assert read_php(php(value).encode()) == value
    except NotPhp:
        assert php(value).count("{") > DEEPEST


@given(st.binary(max_size=60) | st.text(alphabet='aOsidbN:;{}"0123456789-', max_size=60).map(str.encode))
def test_any_bytes_are_read_or_are_not_php(data: bytes) -> None:
    try:
        read_php(data)
    except NotPhp:
        return


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"N",
        b"N;N;",
        b's:3:"ab";',
        b's:-1:"";',
        b's:1:"a"',
        b"i:1",
        b"i:1.5;",
        b"i: 1;",
        b"b:yes;",
        b"d:one;",
        b"a:1:{i:0;}",
        b"a:2:{i:0;i:1;}",
        b"a:0:{i:0;i:1;}",
        b"a:1:{N;i:1;}",
        b"a:1:{a:0:{}i:1;}",
        b"a:-1:{}",
        b"a:99999999999999999999:{}",
        b"i:" + b"9" * 100 + b";",
        b'C:1:"x":0:{}',
        b"R:1;",
        b"r:1;",
        b'E:3:"A:b";',
        b"a:1:{i:0;" * (DEEPEST + 2) + b"N;" + b"}" * (DEEPEST + 2),
        b"a:%d:{%b}" % (MOST_VALUES, b"".join(b"i:%d;N;" % n for n in range(MOST_VALUES))),
    ],
)
def test_what_is_badly_made_or_beyond_the_bounds_is_not_php(data: bytes) -> None:
    with pytest.raises(NotPhp):
        read_php(data)


def test_an_object_is_its_class_and_its_members_without_their_visibility() -> None:
    assert read_php(php_object("x", {"\0*\0a": 1, "\0x\0b": 2, "c": 3}).encode()) == {
        "": "x",
        "a": 1,
        "b": 2,
        "c": 3,
    }
