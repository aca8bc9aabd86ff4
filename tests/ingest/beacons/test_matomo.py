from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from ingest.beacons.dialects.matomo import MATOMO
from tests.ingest.beacons.asking import rows_of
from tests.ingest.beacons.beaconing import AT_EPOCH, form_of, get, only, read_lines, reasons

BASE = {"idsite": 1, "rec": 1, "url": "https://www.example.com/bikes?x=1"}
ITEMS = json.dumps(
    [["a", "Bell", ["parts", "small"], 24.5, 2], ["b"], "odd", ["", None, None, True, "3"], []]
)


def event_of(**parameters: Any) -> dict[str, Any]:
    """Return the event of a beacon with `BASE` and these parameters, without what `BASE` makes of it."""
    base = only(read_lines(get("/matomo.php", BASE)))
    event = only(read_lines(get("/matomo.php", {**BASE, **parameters})))
    return {name: value for name, value in event.items() if base.get(name) != value}


def test_the_example_is_read() -> None:
    assert only(read_lines(get("/matomo.php", MATOMO.example)))["event_id"] == "0123456789abcdef.Ab12Cd"


@pytest.mark.parametrize(
    ("parameters", "columns"),
    [
        ({"hsr_vid": "a", "hsr_ids": 1}, {"kind": "recording"}),
        (
            {"ca": 1, "cra": "x is not", "cra_tp": "TypeError"},
            {"kind": "error", "event_action": "TypeError", "event_label": "x is not"},
        ),
        ({"ma_id": "a", "ma_ti": "Film"}, {"kind": "event", "event_label": "Film"}),
        ({"fa_vid": "a"}, {"kind": "event"}),
        ({"fa_vid": "a", "action_name": "Form"}, {"title": "Form"}),
        ({"ping": 1, "e_c": "video"}, {"kind": "ping", "event_category": "video"}),
        (
            {"e_c": "video", "e_a": "play", "e_n": "kestrel", "e_v": "12.5"},
            {
                "kind": "event",
                "event_category": "video",
                "event_action": "play",
                "event_label": "kestrel",
                "event_value": 12.5,
            },
        ),
        ({"e_a": "play"}, {"kind": "event", "event_action": "play"}),
        (
            {"search": "bell", "search_cat": "parts", "search_count": 3},
            {"kind": "search", "event_label": "bell", "props": '{"search_cat":"parts","search_count":"3"}'},
        ),
        ({"link": "https://a.example/"}, {"kind": "outlink", "target": "https://a.example/"}),
        ({"download": "https://a.example/b.pdf"}, {"kind": "download", "target": "https://a.example/b.pdf"}),
        ({"idgoal": 3, "revenue": "5"}, {"kind": "goal", "event_label": "3", "revenue": Decimal(5)}),
        (
            {"idgoal": 0, "ec_id": "A-1", "revenue": "99.00", "ec_tx": "7.13", "ec_sh": "9.9", "ec_st": "82"},
            {
                "kind": "transaction",
                "order": "A-1",
                "revenue": Decimal(99),
                "tax": Decimal("7.13"),
                "shipping": Decimal("9.9"),
                "props": '{"ec_st":"82"}',
            },
        ),
        ({"idgoal": 0, "revenue": "49"}, {"kind": "cart", "revenue": Decimal(49)}),
        (
            {"c_n": "banner", "c_p": "sale.png", "c_t": "https://a.example/"},
            {
                "kind": "impression",
                "event_category": "banner",
                "event_label": "sale.png",
                "target": "https://a.example/",
            },
        ),
        (
            {"c_n": "banner", "c_i": "click"},
            {"kind": "event", "event_category": "banner", "event_action": "click"},
        ),
        ({"ca": 1}, {"kind": "event"}),
        ({"idgoal": "", "search": "", "e_c": " "}, {}),
    ],
)
def test_what_is_there_says_what_it_tells_of(parameters: dict[str, Any], columns: dict[str, Any]) -> None:
    assert event_of(**parameters) == columns


@pytest.mark.parametrize(
    ("parameters", "columns"),
    [
        ({"action_name": "Bikes"}, {"title": "Bikes"}),
        ({"urlref": "https://a.example/"}, {"referrer": "https://a.example/"}),
        ({"_id": "f0", "cid": "f1"}, {"visitor": "f1"}),
        ({"_id": "f0"}, {"visitor": "f0"}),
        (
            {"uid": "anna", "lang": "de", "res": "800x600"},
            {"user": "anna", "language": "de", "screen": "800x600"},
        ),
        ({"ua": "Other/1"}, {"user_agent": "Other/1"}),
        ({"cip": "203.0.113.9", "token_auth": "x"}, {}),
        ({"_rcn": "sale", "_rck": "bike"}, {"campaign": "sale", "campaign_term": "bike"}),
        ({"gt_ms": 120, "pf_srv": 80}, {"duration_ms": 120.0, "props": '{"pf_srv":"80"}'}),
        ({"cdt": AT_EPOCH - 60}, {"time": datetime(2026, 1, 12, 10, 5, tzinfo=UTC)}),
        ({"cdt": "2026-01-12 10:05:00"}, {"time": datetime(2026, 1, 12, 10, 5, tzinfo=UTC)}),
        ({"cdt": "yesterday"}, {}),
        ({"_cvar": '{"1": ["plan", "gold"]}'}, {"props": '{"_cvar":{"1":["plan","gold"]}}'}),
        ({"cvar": "{broken"}, {"props": '{"cvar":"{broken"}'}),
        ({"dimension12": "x", "r": 7, "cookie": 1}, {"props": '{"dimension12":"x"}'}),
    ],
)
def test_parameters_go_to_their_columns(parameters: dict[str, Any], columns: dict[str, Any]) -> None:
    assert event_of(**parameters) == columns


def test_line_items_are_read() -> None:
    items = event_of(idgoal=0, ec_id="A-1", ec_items=ITEMS)["items"]
    assert json.loads(items) == [
        {"sku": "a", "name": "Bell", "category": "parts > small", "price": 24.5, "quantity": 2},
        {"sku": "b"},
        {"price": "true", "quantity": "3"},
    ]
    assert "items" not in event_of(ec_items="[[") | event_of(ec_items="{}") | event_of(ec_items="[]")


def test_only_a_page_view_is_known_by_the_id_of_its_view() -> None:
    assert event_of(pv_id="Ab1", _id="f0")["event_id"] == "f0.Ab1"
    assert event_of(pv_id="Ab1")["event_id"] == ".Ab1"
    assert "event_id" not in event_of(pv_id="Ab1", ping=1) | event_of(pv_id="Ab1", e_c="x")


@pytest.mark.parametrize("rec", [{"rec": 0}, {"rec": ""}, {}])
def test_what_is_not_to_be_recorded_is_counted(rec: dict[str, Any]) -> None:
    read = read_lines(get("/matomo.php", {"idsite": 1, "url": "/a", **rec}))
    assert (dict(read.left_out), len(read.parsed.events), len(read.parsed.rejected)) == (
        {"not-recorded": 1},
        0,
        0,
    )


def test_a_beacon_without_site_is_bad() -> None:
    assert reasons(read_lines(get("/matomo.php", {"idsite": "", "rec": 1}))) == [(1, "bad-beacon")]


def test_the_page_of_a_link_whose_url_is_the_link_itself_is_the_referer() -> None:
    event = event_of(url="https://a.example/x", link="https://a.example/x")
    assert (event["path"], event["target"]) == ("/here", "https://a.example/x")


def test_a_body_has_several_as_query_strings_and_as_objects() -> None:
    one = {"idsite": "1", "rec": 1, "url": "/b", "cdt": AT_EPOCH, "action_name": "é&=+"}
    body = {"requests": ["?" + form_of({**one, "url": "/a"}), form_of(one), one], "token_auth": "0"}
    read = read_lines(json.dumps(body), form="beacons")
    assert read.parsed.events.select("path", "title").rows() == [
        ("/a", "é&=+"),
        ("/b", "é&=+"),
        ("/b", "é&=+"),
    ]
    assert read.extra == 2


@pytest.mark.parametrize("odd", ["", "]", "]&idsite=3", ",", ", ", ",&idsite=3", "?", "[", "idsite=3&url=]"])
def test_requests_in_a_body_are_the_same_however_it_is_written(odd: str) -> None:
    requests = ["?idsite=1&rec=1&url=%2Fa,b", odd, "idsite=2&rec=1&url=%2F%5B%22,%22%5D", odd]
    plain = json.dumps({"requests": requests, "token_auth": "0"})
    written = [
        plain,
        json.dumps({"requests": requests}, separators=(",", ":")),
        plain.replace("/", "\\/").replace("=", "\\u003d"),
        json.dumps({"token_auth": "0", "requests": requests}, indent=1),
    ]
    rows = [rows_of(MATOMO, (None, body)) for body in written]
    assert len(rows[0]) == 4
    assert rows == [rows[0]] * 4


@pytest.mark.parametrize("body", ['{"requests":"idsite"}', '{"requests":[[]]}', '{"requests":[{"rec":1}]}'])
def test_a_body_of_which_nothing_can_be_read_is_bad(body: str) -> None:
    line = json.dumps({"time": AT_EPOCH, "path": "/matomo.php", "body": body})
    assert reasons(read_lines(line, form="beacons")) == [(1, "bad-beacon")]
