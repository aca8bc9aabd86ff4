from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from ingest.beacons.dialects.umami import UMAMI
from tests.ingest.beacons.asking import events_of, of_body, refusals, rows_of

PAYLOAD = {"website": "w-1", "hostname": "www.example.com", "url": "/bikes/"}
PLAIN = {"kind": "pageview", "site_id": "w-1", "host": "www.example.com", "url": "/bikes/"}


def sent(kind: str = "event", **members: Any) -> dict[str, Any]:
    return {"type": kind, "payload": PAYLOAD | members}


def test_the_example_is_read() -> None:
    assert events_of(UMAMI, (None, UMAMI.example)) == [
        {
            "kind": "pageview",
            "site_id": "0f9d3a3c-7a0e-4c53-8a43-1f2b6d1f7a11",
            "host": "www.example.com",
            "url": "/bikes/",
            "title": "Bikes",
            "screen": "1920x1080",
            "language": "en-GB",
            "referrer": "https://www.google.com/",
        }
    ]


@pytest.mark.parametrize(
    ("body", "columns"),
    [
        (sent(referrer=""), {}),
        (sent(referrer="/"), {"referrer": "https://www.example.com/"}),
        (sent(name=""), {}),
        (
            sent(name="play", tag="b", data={"video": "x", "seconds": 12.5, "deep": [{"er": 1}]}),
            {
                "kind": "event",
                "event_action": "play",
                "props": '{"video":"x","seconds":12.5,"deep":[{"er":1}],"tag":"b"}',
            },
        ),
        (
            sent(name="order", data={"revenue": 99, "currency": "EUR"}),
            {"kind": "event", "event_action": "order", "revenue": Decimal(99), "currency": "EUR"},
        ),
        (
            sent("identify", id="anna", data={"plan": "gold"}),
            {"kind": "identify", "user": "anna", "props": '{"plan":"gold"}'},
        ),
        (sent("engagement", engagement=15000), {"kind": "ping", "props": '{"engagement":"15000"}'}),
        (
            sent("error", name="TypeError", message="x is not", eventId="e-1", timestamp=1768212000000),
            {"kind": "error", "event_action": "TypeError", "event_label": "x is not", "event_id": "e-1"},
        ),
        (sent(name="buy", eventId="concert-7"), {"kind": "event", "event_action": "buy"}),
        (sent(vid="v-1"), {"visitor": "v-1"}),
        (sent("pageview"), {}),
        (
            sent(event_type="click", event_value="signup"),
            {"kind": "event", "event_action": "click", "event_label": "signup"},
        ),
        (
            sent(event_name="signup", event_data={"a": 1}),
            {"kind": "event", "event_action": "signup", "props": '{"a":1}'},
        ),
        (sent("performance", lcp=1210, ttfb=80), {"kind": "timing", "props": '{"lcp":"1210","ttfb":"80"}'}),
        (
            sent(timestamp=1768212000, ip="192.0.2.7", userAgent="Mozilla/5.0"),
            {
                "created_at": datetime(2026, 1, 12, 10, tzinfo=UTC),
                "ip": "192.0.2.7",
                "user_agent": "Mozilla/5.0",
            },
        ),
    ],
)
def test_members_become_columns(body: dict[str, Any], columns: dict[str, Any]) -> None:
    assert of_body(UMAMI, body) == PLAIN | columns


@pytest.mark.parametrize(("site", "kind"), [("link", "click"), ("pixel", "impression")])
def test_links_and_pixels_are_sites_too_but_no_pages(site: str, kind: str) -> None:
    event = of_body(UMAMI, {"type": "event", "payload": {site: "s-1", "url": "/"}})
    assert (event["site_id"], event["kind"]) == ("s-1", kind)


def test_a_batch_has_several_events_and_an_element_that_is_none_is_refused_alone() -> None:
    batch = json.dumps([sent(), sent(name="play", data={"a": [1]}), 7, sent("identify", id="anna")])
    rows = rows_of(UMAMI, (None, json.dumps(sent())), (None, batch), (None, json.dumps(sent())))
    assert [row["row"] for row in rows] == [0, 1, 1, 1, 1, 2]
    assert ["refused" in row for row in rows] == [False, False, False, True, False, False]


def test_what_is_no_event_of_a_site_is_refused() -> None:
    bodies = [
        json.dumps(sent("poke")),
        '{"type":"event","payload":{}}',
        '{"type":"event"}',
        '{"payload":{"website":"w"}}',
    ]
    assert all(refusals(UMAMI, *((None, body) for body in (*bodies, "[]", "[1", "{", None))))
