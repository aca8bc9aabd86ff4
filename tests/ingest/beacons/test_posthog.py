from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import pytest

from ingest.beacons.dialects.posthog import POSTHOG
from tests.ingest.beacons.asking import events_of, of_body, refusals, rows_of

BASE = {"api_key": "phc_1", "event": "$pageview", "distinct_id": "d-1"}
PLAIN = {"kind": "pageview", "site_id": "phc_1", "visitor": "d-1"}


def sent(event: str = "$pageview", **properties: Any) -> dict[str, Any]:
    named = {
        (f"${name[4:]}" if name.startswith("own_") else name): value for name, value in properties.items()
    }
    return {**BASE, "event": event, "properties": named}


def test_the_example_is_read() -> None:
    assert events_of(POSTHOG, (None, POSTHOG.example)) == [
        {
            "kind": "pageview",
            "url": "https://www.example.com/bikes/",
            "screen": "1920x1080",
            "site_id": "phc_0123456789",
            "visitor": "0190a1b2",
            "session": "0190a1b3",
            "event_id": "0190a1b4",
            "created_at": datetime(2026, 1, 12, 10, 0, 0, 123000, tzinfo=UTC),
        }
    ]


@pytest.mark.parametrize(
    ("body", "columns"),
    [
        (sent(title="Bikes", own_referrer="$direct"), {"title": "Bikes"}),
        (sent(own_referrer="https://www.google.com/"), {"referrer": "https://www.google.com/"}),
        (sent("$screen", own_screen_name="Cart"), {"title": "Cart", "url": "/Cart"}),
        (sent("$snapshot"), {"kind": "recording"}),
        (sent("$$heatmap"), {"kind": "recording"}),
        (sent("$feature_flag_called"), {"kind": "event", "event_action": "$feature_flag_called"}),
        (sent("$autocapture", own_event_type="submit"), {"kind": "event", "event_action": "submit"}),
        (
            sent("$exception", own_exception_list=[{"type": "TypeError", "value": "x is not"}]),
            {"kind": "error", "event_action": "TypeError", "event_label": "x is not"},
        ),
        (sent("$exception", own_exception_list="[{"), {"kind": "error", "event_action": "$exception"}),
        (
            sent(own_time=1768212000.25) | {"offset": 3002},
            {
                "created_at": datetime(2026, 1, 12, 10, 0, 0, 250000, tzinfo=UTC),
                "sent_at": datetime(2026, 1, 12, 10, 0, 3, 252000, tzinfo=UTC),
            },
        ),
        (BASE | {"offset": 3002}, {}),
        (sent("$pageleave"), {"kind": "ping"}),
        (
            sent("$autocapture", own_event_type="click", own_el_text="Buy"),
            {"kind": "click", "event_action": "click", "event_label": "Buy"},
        ),
        (
            sent("$identify", own_set={"a": 1}),
            {"kind": "identify", "event_action": "$identify", "user": "d-1"},
        ),
        (
            sent("$exception", own_exception_type="TypeError", own_exception_message="no"),
            {"kind": "error", "event_action": "TypeError", "event_label": "no"},
        ),
        (sent("$web_vitals"), {"kind": "timing", "event_action": "$web_vitals"}),
        (
            sent("played", video="x", own_lib="web", seconds=1.5, nothing=None, deep={"$a": [1]}),
            {
                "kind": "event",
                "event_action": "played",
                "props": '{"video":"x","seconds":1.5,"deep":{"$a":[1]}}',
            },
        ),
        (
            sent(utm_source="n", utm_medium="email", utm_campaign="c", utm_term="t", utm_content="o"),
            {
                "source": "n",
                "medium": "email",
                "campaign": "c",
                "campaign_term": "t",
                "campaign_content": "o",
            },
        ),
        (
            sent(
                "Order Completed",
                order_id="A",
                revenue=99.5,
                tax="1",
                shipping=2,
                currency="EUR",
                products=[{"product_id": "S", "name": "Bell", "price": 9.9, "quantity": 2}],
            ),
            {
                "kind": "transaction",
                "event_action": "Order Completed",
                "order": "A",
                "revenue": Decimal("99.5"),
                "tax": Decimal(1),
                "shipping": Decimal(2),
                "currency": "EUR",
                "items": '[{"sku":"S","name":"Bell","price":9.9,"quantity":2}]',
            },
        ),
        (sent(own_ip="192.0.2.7", own_raw_user_agent="M"), {"ip": "192.0.2.7", "user_agent": "M"}),
        (sent(own_insert_id="i", own_user_id="anna"), {"event_id": "i", "user": "anna"}),
        (sent(own_insert_id="i") | {"uuid": "u"}, {"event_id": "u"}),
        (
            BASE | {"timestamp": "2026-01-12T11:00:00+01:00", "sent_at": "2026-01-12T10:00:01.5Z"},
            {
                "created_at": datetime(2026, 1, 12, 10, tzinfo=UTC),
                "sent_at": datetime(2026, 1, 12, 10, 0, 1, 500000, tzinfo=UTC),
            },
        ),
        (sent(own_time=1768212000.25), {"created_at": datetime(2026, 1, 12, 10, 0, 0, 250000, tzinfo=UTC)}),
    ],
)
def test_properties_become_columns(body: dict[str, Any], columns: dict[str, Any]) -> None:
    assert of_body(POSTHOG, body) == PLAIN | columns


def test_properties_keep_their_order_however_many_there_are() -> None:
    many = {f"p{number}": number for number in range(60)}
    assert json.loads(of_body(POSTHOG, sent("x", **many))["props"]) == many
    assert list(json.loads(of_body(POSTHOG, sent("x", **many))["props"])) == list(many)


@pytest.mark.parametrize("member", ["sent_at", "sentAt"])
def test_a_batch_shares_its_key_and_the_time_it_was_sent(member: str) -> None:
    events = [{"event": "$pageview", "distinct_id": "a"}, {"event": "x", "properties": {"distinct_id": "b"}}]
    batch = {"api_key": "phc_1", "batch": [*events, 7], member: "2026-01-12T10:00:00Z"}
    rows = rows_of(
        POSTHOG, (None, json.dumps(BASE)), (None, json.dumps(batch)), (None, json.dumps([BASE, BASE]))
    )
    assert [row["row"] for row in rows] == [0, 1, 1, 1, 2, 2]
    assert [row.get("visitor") for row in rows] == ["d-1", "a", "b", None, "d-1", "d-1"]
    assert [row["site_id"] for row in rows] == ["phc_1"] * 6
    assert [row.get("refused") for row in rows] == [None, None, None, "bad-beacon", None, None]
    assert rows[2]["sent_at"] == datetime(2026, 1, 12, 10, tzinfo=UTC)


def test_a_batch_shares_neither_its_id_nor_its_name() -> None:
    batch = {"api_key": "phc_1", "uuid": "u", "event": "x", "batch": [{"event": "a"}, {"event": "b"}, {}]}
    rows = rows_of(POSTHOG, (None, json.dumps(batch)))
    assert [row.get("event_action") for row in rows] == ["a", "b", None]
    assert ["refused" in row for row in rows] == [False, False, True]
    assert not [row for row in rows if "event_id" in row]


def test_numbers_stay_as_they_are_written() -> None:
    body = '{"api_key":"k","event":"x","properties":{"price":19.90,"far":1e999,"distinct_id":10e2}}'
    [event] = events_of(POSTHOG, (None, body))
    assert (event["props"], event["visitor"]) == ('{"price":19.90,"far":1e999}', "10e2")


def test_base64_in_a_form_or_in_the_query_is_read() -> None:
    plain = json.dumps(sent(title="Fahrr\u00e4der ?>")).encode()
    forms = [quote(encode(plain).decode(), safe="") for encode in (b64encode, urlsafe_b64encode)]
    requests = [
        ("compression=base64", f"data={forms[0]}"),
        (None, f"ip=1&data={forms[1]}&v=2"),
        (f"ip=1&data={forms[0]}", None),
        (None, "data=" + quote(plain)),
    ]
    assert {event["title"] for event in events_of(POSTHOG, *requests)} == {"Fahrr\u00e4der ?>"}


def test_what_is_compressed_or_has_no_token_or_no_event_is_refused() -> None:
    gzipped = "data=" + quote(b64encode(b"\x1f\x8b\x08\x00\x00\x00").decode(), safe="")
    bodies = [
        gzipped,
        "data=",
        "data=%ff",
        "\x1f\x8b",
        '{"event":"x"}',
        '{"api_key":"k"}',
        "{",
        '{"batch":[]}',
        None,
    ]
    assert all(refusals(POSTHOG, *((None, body) for body in bodies)))
