from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from ingest.beacons.dialects.goatcounter import GOATCOUNTER
from tests.ingest.beacons.beaconing import get, only, read_lines, reasons

HIT = {
    "path": "/a",
    "query": "?x=1",
    "title": "A",
    "ref": "https://a.example/",
    "size": [1920, 1080, 2],
    "bot": 0,
}


def event_of(**parameters: Any) -> dict[str, Any]:
    """Return the event of a beacon of the page `/a` with these parameters, without what the page makes of it."""
    base = only(read_lines(get("/count", {"p": "/a"})))
    event = only(read_lines(get("/count", {"p": "/a", **parameters})))
    return {name: value for name, value in event.items() if base.get(name) != value}


def test_the_example_is_read() -> None:
    assert only(read_lines(get("/count", GOATCOUNTER.example)))["path"] == "/bikes/city"


@pytest.mark.parametrize(
    ("parameters", "columns"),
    [
        ({"t": "A", "r": "https://a.example/"}, {"title": "A", "referrer": "https://a.example/"}),
        ({"q": "?x=1"}, {"query": "x=1"}),
        ({"q": "x=1"}, {"query": "x=1"}),
        ({"p": "/a?y=2", "q": "?x=1"}, {"query": "y=2"}),
        ({"p": "a/b"}, {"path": "/a/b"}),
        ({"s": "1920,1080,2"}, {"screen": "1920x1080"}),
        ({"s": "big"}, {}),
        ({"b": "151"}, {"props": '{"bot":"151"}'}),
        ({"b": "0", "rnd": "x9"}, {}),
        ({"e": "false"}, {}),
        (
            {"e": "true", "p": "play"},
            {"kind": "event", "event_action": "play", "path": "/here", "query": "x=1"},
        ),
    ],
)
def test_parameters_go_to_their_columns(parameters: dict[str, Any], columns: dict[str, Any]) -> None:
    assert event_of(**parameters) == columns


def test_a_beacon_without_path_is_bad() -> None:
    assert reasons(read_lines(get("/count", {"p": " ", "rnd": "1"}))) == [(1, "bad-beacon")]


def api(*hits: Any) -> str:
    body = {"no_sessions": True, "hits": list(hits)}
    return json.dumps(
        {"time": "2026-01-12T10:06:00Z", "ip": "192.0.2.1", "path": "/api/v0/count", "body": body}
    )


def test_hits_of_the_api_speak_for_their_visitors() -> None:
    speaking = {
        "ip": "203.0.113.9",
        "user_agent": "UA",
        "created_at": "2026-01-12T10:05:00+00:00",
        "session": "s1",
    }
    event = only(read_lines(api(HIT | speaking), form="beacons"))
    assert event == {
        "line_number": 1,
        "offset": 0,
        "time": datetime(2026, 1, 12, 10, 5, tzinfo=UTC),
        "kind": "pageview",
        "dialect": "goatcounter",
        "path": "/a",
        "query": "x=1",
        "title": "A",
        "referrer": "https://a.example/",
        "screen": "1920x1080",
        "ip": "203.0.113.9",
        "user_agent": "UA",
        "session": "s1",
        "agent_logged": True,
    }


def test_hits_of_the_api_are_read_one_by_one() -> None:
    read = read_lines(
        api(HIT, {"path": "play", "event": True}, 7, HIT | {"created_at": "soon"}), form="beacons"
    )
    assert read.parsed.events["kind"].to_list() == ["pageview", "event", "pageview"]
    assert read.parsed.events["ip"].to_list() == ["192.0.2.1"] * 3
    assert reasons(read) == [(1, "bad-beacon")]


def test_a_request_to_the_api_without_hits_is_bad() -> None:
    assert reasons(read_lines(api(), form="beacons")) == [(1, "bad-beacon")]


def test_its_script_is_known_wherever_it_sends_to() -> None:
    told = "p=%2Fa&t=A&s=1920%2C1080%2C1&b=0&rnd=k3x9q"
    assert only(read_lines(get("/stats/count", told)))["dialect"] == "goatcounter"
    assert only(read_lines(get("/search", "p=2&s=bells&rnd=7")))["kind"] == "request"
