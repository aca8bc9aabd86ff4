from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from ingest.beacons.dialects.plausible import PLAUSIBLE
from tests.ingest.beacons.asking import events_of, of_body, refusals

PAGE = {"n": "pageview", "u": "https://www.example.com/bikes/", "d": "example.com"}


def test_a_page_view_with_short_names_is_read() -> None:
    assert of_body(PLAUSIBLE, PAGE | {"r": "https://www.google.com/", "v": 32}) == {
        "kind": "pageview",
        "url": "https://www.example.com/bikes/",
        "site_id": "example.com",
        "referrer": "https://www.google.com/",
    }


def test_an_event_with_long_names_is_read() -> None:
    body = {
        "name": "Order",
        "url": PAGE["u"],
        "domain": "example.com,example.org",
        "referrer": "",
        "props": {"plan": "gold", "seats": 2},
        "revenue": {"currency": "EUR", "amount": "1999.90"},
        "interactive": False,
    }
    assert of_body(PLAUSIBLE, body) == {
        "kind": "event",
        "url": PAGE["u"],
        "site_id": "example.com,example.org",
        "event_action": "Order",
        "revenue": Decimal("1999.9000"),
        "currency": "EUR",
        "props": '{"plan":"gold","seats":2,"interactive":"false"}',
    }


@pytest.mark.parametrize(
    ("members", "columns"),
    [
        ({"n": "engagement", "e": 5120, "sd": 64}, {"kind": "ping", "props": '{"e":"5120","sd":"64"}'}),
        (
            {"n": "Outbound Link: Click", "p": {"url": "https://maker.example.net/"}},
            {
                "kind": "outlink",
                "event_action": "Outbound Link: Click",
                "target": "https://maker.example.net/",
                "props": '{"url":"https://maker.example.net/"}',
            },
        ),
        (
            {"n": "File Download", "p": '{"url": "https://www.example.com/a.pdf"}'},
            {
                "kind": "download",
                "event_action": "File Download",
                "target": "https://www.example.com/a.pdf",
                "props": '{"url":"https://www.example.com/a.pdf"}',
            },
        ),
        ({"r": None}, {}),
        ({"u": "https://h/#/a"}, {"url": "https://h/#/a"}),
        ({"h": 1, "u": "https://h/#/a?x=1"}, {"url": "https://h/%23/a?x=1"}),
        ({"h": True, "u": "https://h/b?x=1#/a"}, {"url": "https://h/b%23/a?x=1"}),
        ({"h": 1, "u": "https://h/b?x=1"}, {"url": "https://h/b?x=1"}),
        ({"r": "null"}, {}),
        ({"p": "no object"}, {}),
        ({"p": {}}, {}),
        ({"m": {"author": "anna"}}, {"props": '{"author":"anna"}'}),
        ({"$": {"currency": "EUR", "amount": 5}}, {"revenue": Decimal(5), "currency": "EUR"}),
        ({"revenue": "5"}, {}),
    ],
)
def test_members_become_columns(members: dict[str, Any], columns: dict[str, Any]) -> None:
    expected = {"kind": "pageview", "url": PAGE["u"], "site_id": "example.com"}
    assert of_body(PLAUSIBLE, PAGE | members) == expected | columns


def test_what_names_no_event_no_page_or_no_site_is_refused() -> None:
    lacking = [{name: value for name, value in PAGE.items() if name != left} for left in PAGE]
    bodies = [json.dumps(body) for body in (PAGE, *lacking)]
    others = ["{", "[]", "", "7"]
    expected = [False, True, True, True, *[True] * len(others), True]
    assert refusals(PLAUSIBLE, *((None, body) for body in (*bodies, *others, None))) == expected


def test_the_example_is_read() -> None:
    [event] = events_of(PLAUSIBLE, (None, PLAUSIBLE.example))
    assert event["url"] == "https://www.example.com/bikes/?utm_source=newsletter"
