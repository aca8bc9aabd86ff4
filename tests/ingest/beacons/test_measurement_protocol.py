from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from ingest.beacons.dialects.measurement_protocol import MEASUREMENT_PROTOCOL
from tests.ingest.beacons.asking import events_of, refusals, rows_of
from tests.ingest.beacons.beaconing import read_lines

QUERY = "measurement_id=G-1&api_secret=hush"


def body_of(*events: Any, **members: Any) -> str:
    return json.dumps({"client_id": "c-1", **members, "events": list(events)})


def event_of(name: str, params: dict[str, Any], **members: Any) -> dict[str, Any]:
    [event] = events_of(MEASUREMENT_PROTOCOL, (QUERY, body_of({"name": name, "params": params}, **members)))
    return event


def test_a_page_view_is_read() -> None:
    params = {
        "page_location": "https://www.example.com/bikes/",
        "page_title": "Bikes",
        "page_referrer": "",
        "session_id": 17,
        "language": "en-gb",
        "screen_resolution": "1920x1080",
        "engagement_time_msec": 100,
        "source": "n",
        "medium": "email",
        "campaign": "c",
        "term": "t",
        "content": "o",
    }
    assert event_of("page_view", params, user_id="anna", timestamp_micros="1768212000123456") == {
        "kind": "pageview",
        "url": "https://www.example.com/bikes/",
        "title": "Bikes",
        "session": "17",
        "language": "en-gb",
        "screen": "1920x1080",
        "source": "n",
        "medium": "email",
        "campaign": "c",
        "campaign_term": "t",
        "campaign_content": "o",
        "visitor": "c-1",
        "user": "anna",
        "site_id": "G-1",
        "props": '{"engagement_time_msec":100}',
        "created_at": datetime(2026, 1, 12, 10, 0, 0, 123000, tzinfo=UTC),
    }


@pytest.mark.parametrize(
    ("name", "params", "columns"),
    [
        ("user_engagement", {}, {"kind": "ping"}),
        (
            "screen_view",
            {"screen_name": "Sign up", "screen_class": "SignUp"},
            {"kind": "pageview", "title": "Sign up", "url": "/Sign up"},
        ),
        (
            "screen_view",
            {"firebase_screen": "/a?b#c%", "page_title": "A"},
            {"kind": "pageview", "title": "A", "url": "/a%3Fb%23c%25"},
        ),
        (
            "click",
            {"outbound": "true", "link_url": "u"},
            {"kind": "outlink", "event_action": "click", "target": "u"},
        ),
        ("click", {"outbound": True}, {"kind": "outlink", "event_action": "click"}),
        ("click", {"link_url": "u"}, {"kind": "click", "event_action": "click", "target": "u"}),
        (
            "file_download",
            {"link_url": "u"},
            {"kind": "download", "event_action": "file_download", "target": "u"},
        ),
        (
            "search",
            {"search_term": "bell"},
            {"kind": "search", "event_action": "search", "event_label": "bell"},
        ),
        (
            "generate_lead",
            {"value": 5, "currency": "EUR", "form": {"a": [1]}},
            {
                "kind": "event",
                "event_action": "generate_lead",
                "event_value": 5.0,
                "currency": "EUR",
                "props": '{"form":{"a":[1]}}',
            },
        ),
        (
            "purchase",
            {
                "transaction_id": "A",
                "value": 99,
                "tax": 7.13,
                "shipping": "9.9",
                "currency": "EUR",
                "items": [
                    {"item_id": "S", "item_name": "B", "item_category": "p", "price": 1, "quantity": 2}
                ],
            },
            {
                "kind": "transaction",
                "event_action": "purchase",
                "order": "A",
                "revenue": Decimal(99),
                "tax": Decimal("7.13"),
                "shipping": Decimal("9.9"),
                "currency": "EUR",
                "items": '[{"sku":"S","name":"B","category":"p","price":1,"quantity":2}]',
            },
        ),
        (
            "add_to_cart",
            {"value": 2, "items": [{"item_id": "S"}]},
            {"kind": "cart", "event_action": "add_to_cart", "event_value": 2.0, "items": '[{"sku":"S"}]'},
        ),
    ],
)
def test_events_are_of_their_kinds(name: str, params: dict[str, Any], columns: dict[str, Any]) -> None:
    assert event_of(name, params) == {"visitor": "c-1", "site_id": "G-1"} | columns


def test_a_body_has_up_to_25_events_of_one_client() -> None:
    events = [
        {"name": "page_view", "params": {"n": number}, "timestamp_micros": number} for number in range(25)
    ]
    rows = rows_of(MEASUREMENT_PROTOCOL, (QUERY, body_of(*events)), (QUERY, body_of(*events[:1], 7)))
    assert [row["row"] for row in rows] == [0] * 25 + [1, 1]
    assert {row.get("visitor") for row in rows} == {"c-1"}
    assert ["refused" in row for row in rows] == [False] * 26 + [True]


def test_what_has_no_events_is_refused() -> None:
    bodies = (body_of(), '{"events":7}', '{"events":[{}]}', "{}", "[]", "{", '{"events":[', None)
    assert all(refusals(MEASUREMENT_PROTOCOL, *((QUERY, body) for body in bodies)))


def test_the_secret_goes_nowhere() -> None:
    assert "hush" not in str(event_of("page_view", {}))


def test_the_example_is_read() -> None:
    [event] = events_of(MEASUREMENT_PROTOCOL, (None, MEASUREMENT_PROTOCOL.example))
    assert event["title"] == "Bikes"


def test_what_asks_for_validation_is_not_recorded() -> None:
    body = {"client_id": "c-1", "events": [{"name": "page_view", "params": {"page_location": "https://h/"}}]}
    paths = ("/mp/collect", "/debug/mp/collect", "/proxy/Debug/MP/collect")
    lines = [json.dumps({"time": "2026-01-12T10:06:00Z", "path": path, "body": body}) for path in paths]
    read = read_lines(*lines, form="beacons")
    assert (len(read.parsed.events), read.left_out) == (1, {"not-recorded": 2})
