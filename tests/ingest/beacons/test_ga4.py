from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest

from ingest.beacons.dialects.ga4 import GA4
from tests.ingest.beacons.asking import events_of, refusals, rows_of
from tests.ingest.beacons.beaconing import get, only, read_lines

BASE = {"v": 2, "tid": "G-1", "cid": "c-1"}
PLAIN = {"site_id": "G-1", "visitor": "c-1"}


def event_of(**parameters: Any) -> dict[str, Any]:
    named = {name.replace("__", "."): value for name, value in parameters.items()}
    [event] = events_of(GA4, (urlencode({**BASE, **named}), None))
    return event


def test_the_example_is_read() -> None:
    assert events_of(GA4, (GA4.example, None)) == [
        {
            "kind": "pageview",
            "title": "Bikes",
            "url": "https://www.example.com/bikes/",
            "visitor": "1234567.1768212000",
            "session": "1768212000",
            "language": "en-gb",
            "screen": "1920x1080",
            "site_id": "G-ABC1234567",
            "event_id": "1234567.1768212000.1768212000123.1.0",
        }
    ]


@pytest.mark.parametrize(
    ("parameters", "columns"),
    [
        ({"en": "user_engagement", "_et": 5}, {"kind": "ping", "props": '{"engagement_time_msec":"5"}'}),
        (
            {"en": "click", "ep__outbound": "true", "ep__link_url": "u"},
            {"kind": "outlink", "event_action": "click", "target": "u"},
        ),
        ({"en": "click", "ep__link_url": "u"}, {"kind": "click", "event_action": "click", "target": "u"}),
        (
            {"en": "file_download", "ep__link_url": "u", "ep__file_name": "n"},
            {
                "kind": "download",
                "event_action": "file_download",
                "target": "u",
                "props": '{"file_name":"n"}',
            },
        ),
        (
            {"en": "view_search_results", "ep__search_term": "bell"},
            {"kind": "search", "event_action": "view_search_results", "event_label": "bell"},
        ),
        (
            {"en": "add_to_cart", "ep__currency": "EUR"},
            {"kind": "cart", "event_action": "add_to_cart", "currency": "EUR"},
        ),
        (
            {"en": "add_to_cart", "cu": "USD", "ep__currency": "EUR"},
            {"kind": "cart", "event_action": "add_to_cart", "currency": "USD"},
        ),
        (
            {"en": "add_to_cart", "epn__value": "2.5", "pr1": "idS~qt1"},
            {
                "kind": "cart",
                "event_action": "add_to_cart",
                "event_value": 2.5,
                "items": '[{"sku":"S","quantity":1}]',
            },
        ),
        (
            {
                "en": "purchase",
                "cu": "EUR",
                "ep__transaction_id": "A",
                "epn__value": "99",
                "epn__tax": "7.13",
                "epn__shipping": "9.9",
                "pr1": 'idS~nmBell "x", brass~brY~caparts~pr24.50~qt2',
                "pr2": "idT~k0x~v0y",
            },
            {
                "kind": "transaction",
                "event_action": "purchase",
                "order": "A",
                "revenue": Decimal(99),
                "tax": Decimal("7.13"),
                "shipping": Decimal("9.9"),
                "currency": "EUR",
                "items": '[{"sku":"S","name":"Bell \\"x\\", brass","category":"parts","price":24.50,"quantity":2},'
                '{"sku":"T"}]',
            },
        ),
        (
            {"en": "play", "ep__video": "a,ep.b&=", "epn__percent": 10, "up__plan": "gold", "gcd": "x"},
            {
                "kind": "event",
                "event_action": "play",
                "props": '{"video":"a,ep.b&=","percent":"10","up.plan":"gold"}',
            },
        ),
        (
            {
                "en": "page_view",
                "cn": "c",
                "cs": "s",
                "cm": "m",
                "ct": "t",
                "cc": "o",
                "uid": "anna",
                "dr": "",
            },
            {
                "kind": "pageview",
                "campaign": "c",
                "source": "s",
                "medium": "m",
                "campaign_term": "t",
                "campaign_content": "o",
                "user": "anna",
            },
        ),
    ],
)
def test_parameters_become_columns(parameters: dict[str, Any], columns: dict[str, Any]) -> None:
    assert event_of(**parameters) == PLAIN | columns


def test_lines_of_a_body_share_the_query_and_speak_for_themselves_first() -> None:
    query = urlencode({**BASE, "_p": 9, "_s": 4, "dl": "https://www.example.com/", "dt": "Shop"})
    body = "en=page_view&dt=Bikes\r\nen=scroll&epn.percent_scrolled=90\n"
    assert events_of(GA4, (query, body)) == [
        PLAIN
        | {"kind": "pageview", "url": "https://www.example.com/", "title": "Bikes", "event_id": "c-1.9.4.0"},
        PLAIN
        | {
            "kind": "event",
            "url": "https://www.example.com/",
            "title": "Shop",
            "event_action": "scroll",
            "props": '{"percent_scrolled":"90"}',
            "event_id": "c-1.9.4.1",
        },
    ]


def test_with_and_without_body_may_stand_side_by_side() -> None:
    query = urlencode({**BASE, "en": "page_view"})
    rows = rows_of(GA4, (query, None), (query, "en=a\nen=b"), (query, ""), (query, "\n"))
    assert [row["row"] for row in rows] == [0, 1, 1, 2, 3]


def test_what_names_no_event_or_no_stream_is_refused() -> None:
    requests = [
        ("v=2&tid=G-1", None),
        ("en=page_view", None),
        ("", ""),
        (None, None),
        ("%ff", "%"),
        ("tid=G", "{}"),
    ]
    assert all(refusals(GA4, *requests))


def test_a_log_without_bodies_does_not_say_which_events_a_request_had() -> None:
    batch = "v=2&tid=G-1&cid=1.2&_p=1&dl=https%3A%2F%2Fwww.example.com%2Fa"
    read = read_lines(get("/g/collect", batch))
    assert (len(read.parsed.events), read.left_out) == (0, {"not-recorded": 1})
    assert refusals(GA4, (batch, "x=y"), (batch.replace("cid", "no"), None)) == [True, True]
    assert only(read_lines(get("/g/collect", f"{batch}&en=page_view")))["kind"] == "pageview"
