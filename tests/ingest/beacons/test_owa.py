from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import msgspec
import pytest

from ingest.beacons.dialects.owa import KINDS, OWA
from tests.ingest.beacons.beaconing import AT_EPOCH, form_of, get, only, read_lines, reasons

BASE = {
    "event_type": "base.page_request",
    "site_id": "shop",
    "page_url": "https://www.example.com/bikes?x=1#top",
    "page_title": "Bikes",
    "HTTP_REFERER": "https://www.example.com/",
    "visitor_id": "1768212000123456789",
    "session_id": "1768212360123456789",
    "timestamp": AT_EPOCH - 2,
}


def prefixed(properties: dict[str, Any]) -> dict[str, Any]:
    return {f"owa_{name}": value for name, value in properties.items()}


def event_of(**properties: Any) -> dict[str, Any]:
    """Return the event of a beacon with `BASE` and these properties, without what `BASE` makes of it."""
    base = only(read_lines(get("/log.php", prefixed(BASE))))
    event = only(read_lines(get("/log.php", prefixed({**BASE, **properties}))))
    return {name: value for name, value in event.items() if base.get(name) != value}


def test_the_example_is_read() -> None:
    assert only(read_lines(get("/log.php", OWA.example)))["title"] == "Welcome"


def test_a_page_request() -> None:
    assert only(read_lines(get("/owa/log.php", prefixed(BASE)))) == {
        "line_number": 1,
        "offset": 0,
        "time": datetime(2026, 1, 12, 10, 5, 58, tzinfo=UTC),
        "kind": "pageview",
        "dialect": "owa",
        "host": "www.example.com",
        "path": "/bikes",
        "query": "x=1",
        "title": "Bikes",
        "referrer": "https://www.example.com/",
        "visitor": "1768212000123456789",
        "session": "1768212360123456789",
        "ip": "192.0.2.7",
        "user_agent": "Mozilla/5.0 (X11)",
    }


@pytest.mark.parametrize(("event_type", "kind"), KINDS.items())
def test_every_event_type_has_its_kind(event_type: str, kind: str) -> None:
    assert event_of(event_type=event_type).get("kind", "pageview") == kind


def test_an_unknown_event_type_is_an_event_with_the_type_as_action() -> None:
    assert event_of(event_type="shop.compare") == {"kind": "event", "event_action": "shop.compare"}


@pytest.mark.parametrize(
    ("properties", "columns"),
    [
        (
            {"session_referer": "https://a.example/", "is_new_session": "true"},
            {"referrer": "https://a.example/"},
        ),
        (
            {"session_referer": "https://a.example/", "is_new_session": "1"},
            {"referrer": "https://a.example/"},
        ),
        ({"session_referer": "https://a.example/", "is_new_session": "false"}, {}),
        ({"session_referer": "https://a.example/"}, {}),
        ({"is_new_session": "true"}, {}),
        (
            {"medium": "email", "source": "letter", "campaign": "sale", "search_terms": "bike", "ad": "top"},
            {
                "medium": "email",
                "source": "letter",
                "campaign": "sale",
                "campaign_term": "bike",
                "campaign_content": "top",
            },
        ),
        ({"page_type": "product", "user_name": "anna"}, {"page_type": "product", "user": "anna"}),
        (
            {
                "event_type": "track.action",
                "action_group": "video",
                "action_name": "play",
                "action_label": "kestrel",
                "numeric_value": "12.5",
            },
            {
                "kind": "event",
                "event_category": "video",
                "event_action": "play",
                "event_label": "kestrel",
                "event_value": 12.5,
            },
        ),
        ({"timestamp": "soon"}, {"time": datetime(2026, 1, 12, 10, 6, tzinfo=UTC)}),
        ({"numeric_value": "many"}, {}),
        ({"page_title": " "}, {}),
    ],
)
def test_properties_go_to_their_columns(properties: dict[str, Any], columns: dict[str, Any]) -> None:
    event = event_of(**properties)
    event.pop("props", None)
    assert event == columns


def test_a_click_stays_a_click_with_its_place_in_props() -> None:
    target = "https://maker.example.net/"
    event = event_of(event_type="dom.click", target_url=target, click_x=311, dom_element_text='say "hi"')
    props = event.pop("props")
    assert event == {"kind": "click", "target": target}
    assert json.loads(props) == {"click_x": "311", "dom_element_text": 'say "hi"'}


def test_an_order_has_amounts_and_line_items() -> None:
    lines = {
        "ct_line_items[1][li_sku]": "b",
        "ct_line_items[0][li_quantity]": "2",
        "ct_line_items[0][li_sku]": "a",
        "ct_line_items[0][li_unit_price]": "24.50",
        "ct_line_items[0][li_product_name]": 'Bell "B"',
        "ct_line_items[0][li_category]": "parts",
        "ct_line_items[0][li_order_id]": "A-1",
        "ct_line_items[10][li_unit_price]": "much",
        "ct_line_items[x][li_sku]": "no place",
    }
    order = {"ct_order_id": "A-1", "ct_total": "99.00", "ct_tax": "7.13", "ct_shipping": "0", "city": "Bern"}
    event = event_of(event_type="ecommerce.transaction", **order, **lines)
    assert json.loads(event.pop("items")) == [
        {"sku": "a", "name": 'Bell "B"', "category": "parts", "price": 24.5, "quantity": 2},
        {"sku": "b"},
        {"price": "much"},
    ]
    assert event == {
        "kind": "transaction",
        "order": "A-1",
        "revenue": Decimal("99"),
        "tax": Decimal("7.13"),
        "shipping": Decimal("0"),
        "props": '{"city":"Bern"}',
    }


def test_line_items_stay_with_their_orders() -> None:
    orders = [prefixed({**BASE, "ct_line_items[0][li_sku]": sku}) for sku in ("a", "b")]
    read = read_lines(*(get("/log.php", each) for each in (orders[0], prefixed(BASE), orders[1])))
    assert read.parsed.events["items"].to_list() == ['[{"sku":"a"}]', None, '[{"sku":"b"}]']


def test_custom_variables_have_name_and_value() -> None:
    event = event_of(cv1="plan=gold", cv5="a=b=c", cv2="odd", nps="3", is_new_visitor="true")
    assert json.loads(event["props"]) == {
        "cv1": {"name": "plan", "value": "gold"},
        "cv5": {"name": "a", "value": "b=c"},
        "cv2": "odd",
        "nps": "3",
        "is_new_visitor": "true",
    }


def test_the_movements_of_a_recording_are_not_kept() -> None:
    event = event_of(event_type="dom.stream", stream_events='[{"x":1}]', stream_length=1, duration=8)
    assert event == {"kind": "recording", "props": '{"stream_length":"1","duration":"8"}'}


def test_values_are_decoded_twice() -> None:
    assert event_of(page_title=quote("Räder & mehr"))["title"] == "Räder & mehr"
    assert event_of(page_title="100%25")["title"] == "100%"
    assert event_of(page_title="a%2Bb+c")["title"] == "a+b+c"
    assert event_of(page_title="%E9")["title"] == "\\xe9"


def test_a_beacon_can_be_a_form_or_an_object() -> None:
    told = {
        "owa_event_type": "track.action",
        "owa_site_id": "s",
        "owa_action_name": "x",
        "owa_timestamp": AT_EPOCH,
    }
    items = {"owa_ct_line_items": [{"li_sku": "a", "li_quantity": 2}]}
    form, whole = read_lines(
        form_of(told), msgspec.json.encode(told | items).decode(), form="beacons"
    ).parsed.events.to_dicts()
    assert form["event_action"] == whole["event_action"] == "x"
    assert whole["items"] == '[{"sku":"a","quantity":2}]'


def test_a_beacon_without_event_type_is_bad() -> None:
    assert reasons(read_lines(get("/log.php", {"owa_event_type": "", "owa_site_id": "s"}))) == [
        (1, "bad-beacon")
    ]


def test_foreign_parameters_and_addresses_that_a_client_claims_are_not_believed() -> None:
    assert event_of(ip_address="203.0.113.9", user_agent="other") == {}
    plain = get("/log.php", {**prefixed(BASE), "page_title": "other", "x": "y"})
    assert only(read_lines(plain)) == only(read_lines(get("/log.php", prefixed(BASE))))


def test_beacons_of_newer_trackers() -> None:
    """Without `timestamp` and `page_url`, and with a campaign as the URL has it."""
    newer = {
        "client_ts_usec": (AT_EPOCH - 3) * 1_000_000 + 250_000,
        "page_location": "https://www.example.com/new#x",
    }
    tagged = {f"tagged_{name}": name for name in ("medium", "source", "campaign", "search_terms", "ad")}
    old = {name: value for name, value in BASE.items() if name not in {"timestamp", "page_url"}}
    event = only(read_lines(get("/log.php", prefixed(old | newer | tagged | {"event_type": "page_view"}))))
    assert (event["kind"], event["path"]) == ("pageview", "/new")
    assert event["time"] == datetime(2026, 1, 12, 10, 5, 57, 250000, tzinfo=UTC)
    columns = ("medium", "source", "campaign", "campaign_term", "campaign_content")
    assert [event[name] for name in columns] == ["medium", "source", "campaign", "search_terms", "ad"]
    assert "props" not in event


def test_the_older_properties_count_first() -> None:
    assert event_of(page_location="https://www.example.com/new", tagged_medium="email", medium="cpc") == {
        "medium": "cpc"
    }


def test_the_request_that_begins_a_session_has_its_referrer() -> None:
    event = event_of(is_new_session_start="true", session_referer="https://a.example/")
    assert event["referrer"] == "https://a.example/"
    assert "referrer" not in event_of(is_new_session_start="false", session_referer="https://a.example/")
