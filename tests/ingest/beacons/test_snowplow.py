from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest

from ingest.beacons.dialects.snowplow import SNOWPLOW
from tests.ingest.beacons.asking import events_of, refusals, rows_of
from tests.ingest.beacons.beaconing import get, only, read_lines

URL = "https://www.example.com/"
TP2 = "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4"


def described(schema: str, data: dict[str, Any]) -> str:
    inner = {"schema": f"iglu:com.example/{schema}/jsonschema/1-0-0", "data": data}
    outer = "iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0"
    return json.dumps({"schema": outer, "data": inner})


def encoded(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def both_ways(parameters: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what an event is in the query of a request, and in a body."""
    texts = {name: str(value) for name, value in parameters.items()}
    body = json.dumps({"schema": TP2, "data": [texts]})
    return events_of(SNOWPLOW, (urlencode(texts), None), (None, body))


def test_the_example_is_read() -> None:
    assert events_of(SNOWPLOW, (SNOWPLOW.example, None)) == [
        {
            "kind": "pageview",
            "title": "Bikes",
            "url": "https://www.example.com/bikes/",
            "referrer": "https://www.google.com/",
            "session": "0f9d3a3c-7a0e-4c53-8a43-1f2b6d1f7a11",
            "language": "en-GB",
            "screen": "1920x1080",
            "site_id": "shop",
            "event_id": "4ecc9f41-6a1e-4c13-9d4c-5f1b6a1c7e10",
            "visitor": "8d2f7c1e-0b7a-4b7e-9c55-3a7d1f0e5b21",
            "created_at": datetime(2026, 1, 12, 10, 0, 0, 123000, tzinfo=UTC),
            "props": '{"tna":"sp"}',
        }
    ]


@pytest.mark.parametrize(
    ("parameters", "columns"),
    [
        (
            {"e": "pp", "pp_mix": 0, "pp_may": 900},
            {"kind": "ping", "props": '{"pp_mix":"0","pp_may":"900"}'},
        ),
        (
            {"e": "se", "se_ca": "c", "se_ac": "a", "se_la": "l", "se_pr": "p", "se_va": "1.5"},
            {
                "kind": "event",
                "event_category": "c",
                "event_action": "a",
                "event_label": "l",
                "event_value": 1.5,
                "props": '{"property":"p"}',
            },
        ),
        (
            {
                "e": "ue",
                "url": URL,
                "ue_px": encoded(described("link_click", {"targetUrl": "https://b.example/?x"})),
            },
            {
                "kind": "outlink",
                "url": URL,
                "event_action": "link_click",
                "target": "https://b.example/?x",
                "props": '{"targetUrl":"https://b.example/?x"}',
            },
        ),
        (
            {
                "e": "ue",
                "url": URL,
                "ue_pr": described("link_click", {"targetUrl": "https://WWW.example.com/a"}),
            },
            {
                "kind": "click",
                "url": URL,
                "event_action": "link_click",
                "target": "https://WWW.example.com/a",
                "props": '{"targetUrl":"https://WWW.example.com/a"}',
            },
        ),
        (
            {"e": "ue", "ue_pr": described("site_search", {"terms": ["a", "b"]})},
            {"kind": "search", "event_action": "site_search", "props": '{"terms":["a","b"]}'},
        ),
        ({"e": "ue", "ue_pr": described("done", {})}, {"kind": "event", "event_action": "done"}),
        (
            {"e": "pv", "cx": encoded('{"schema":"s","data":[{"schema":"t","data":{"id":1}}]}')},
            {"kind": "pageview", "props": '{"contexts":[{"schema":"t","data":{"id":1}}]}'},
        ),
        ({"e": "pv", "cx": "!", "co": "{"}, {"kind": "pageview"}),
        (
            {
                "e": "tr",
                "tr_id": "A",
                "tr_tt": "99",
                "tr_tx": "7.13",
                "tr_sh": "9.9",
                "tr_cu": "EUR",
                "tr_af": "x",
            },
            {
                "kind": "transaction",
                "order": "A",
                "revenue": Decimal(99),
                "tax": Decimal("7.13"),
                "shipping": Decimal("9.9"),
                "currency": "EUR",
                "props": '{"affiliation":"x"}',
            },
        ),
        (
            {
                "e": "ti",
                "ti_id": "A",
                "ti_sk": "S",
                "ti_nm": "B",
                "ti_ca": "c",
                "ti_pr": "1.5",
                "ti_qu": 2,
                "ti_cu": "E",
            },
            {
                "kind": "item",
                "order": "A",
                "currency": "E",
                "items": '[{"sku":"S","name":"B","category":"c","price":1.5,"quantity":2}]',
            },
        ),
        ({"e": "ad"}, {"kind": "impression"}),
        ({"e": "pv", "tnuid": "t", "nuid": "n"}, {"kind": "pageview", "visitor": "t"}),
        (
            {"e": "pv", "ip": "192.0.2.7", "ua": "M"},
            {"kind": "pageview", "ip": "192.0.2.7", "user_agent": "M"},
        ),
        (
            {"e": "pv", "dtm": 1768212000000, "stm": 1768212001000},
            {
                "kind": "pageview",
                "created_at": datetime(2026, 1, 12, 10, tzinfo=UTC),
                "sent_at": datetime(2026, 1, 12, 10, 0, 1, tzinfo=UTC),
            },
        ),
        (
            {"e": "pv", "dtm": 1, "ttm": 1768212000000, "stm": 1768212001000},
            {"kind": "pageview", "created_at": datetime(2026, 1, 12, 10, tzinfo=UTC)},
        ),
    ],
)
def test_an_event_is_the_same_in_a_query_and_in_a_body(
    parameters: dict[str, Any], columns: dict[str, Any]
) -> None:
    assert both_ways(parameters) == [columns, columns]


def test_a_body_has_several_events_and_one_that_is_none_is_refused_alone() -> None:
    body = json.dumps({"schema": TP2, "data": [{"e": "pv"}, {"e": "zz"}, 7, {"e": "pp"}]})
    rows = rows_of(SNOWPLOW, ("e=pv", None), (None, body), ("e=pv", None))
    assert [row["row"] for row in rows] == [0, 1, 1, 1, 1, 2]
    assert ["refused" in row for row in rows] == [False, False, True, True, False, False]


def test_an_item_without_sku_is_one_whatever_stands_around_it() -> None:
    nameless, named = {"e": "ti", "ti_nm": "B"}, {"e": "ti", "ti_sk": "S"}
    for events in ([nameless], [nameless, named]):
        rows = rows_of(SNOWPLOW, (None, json.dumps({"schema": TP2, "data": events})))
        assert rows[0]["items"] == '[{"name":"B"}]'


def test_what_has_no_type_or_no_schema_is_refused() -> None:
    queries = ["url=x", "e=", "e=zz", "e=ue", "e=ue&ue_pr=%7B", "e=ue&ue_px=%FF", None]
    bodies = ["{}", '{"data":3}', '{"data":[]}', "{", '{"data":[{"e":', "[]"]
    requests = [*((query, None) for query in queries), *((None, body) for body in bodies)]
    assert all(refusals(SNOWPLOW, *requests))


SHOP = "com.snowplowanalytics.snowplow.ecommerce"


def entities(*told: tuple[str, Any]) -> str:
    data = [{"schema": f"iglu:{name}/jsonschema/1-0-0", "data": one} for name, one in told]
    return encoded(
        json.dumps({"schema": "iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-1", "data": data})
    )


def without_props(parameters: dict[str, Any]) -> dict[str, Any]:
    first, second = both_ways(parameters)
    assert first == second
    return {name: value for name, value in first.items() if name != "props"}


def test_a_screen_of_an_app_is_a_page_and_its_session_names_the_visitor() -> None:
    session = (
        "com.snowplowanalytics.snowplow/client_session",
        {"userId": "u-1", "sessionId": "s-1", "sessionIndex": 3},
    )
    screen = described("screen_view", {"name": "Sign up", "id": "22", "type": "feed"})
    assert without_props({"e": "ue", "ue_pr": screen, "cx": entities(session)}) == {
        "kind": "pageview",
        "title": "Sign up",
        "url": "/Sign up",
        "event_action": "screen_view",
        "visitor": "u-1",
        "session": "s-1",
    }
    assert without_props({"e": "pv", "duid": "d-1", "sid": "s-2", "cx": entities(session)}) == {
        "kind": "pageview",
        "visitor": "d-1",
        "session": "s-2",
    }


ORDER = (
    f"{SHOP}/transaction",
    {"transaction_id": "T-1", "revenue": 230.5, "currency": "EUR", "tax": 30, "shipping": 10},
)
PRODUCTS = (
    (f"{SHOP}/product", {"id": "P-1", "name": "Bell", "category": "parts", "price": 9.5, "quantity": 2}),
    (f"{SHOP}/product", {"id": "P-2", "price": 4}),
)
ITEMS = '[{"sku":"P-1","name":"Bell","category":"parts","price":9.5,"quantity":2},{"sku":"P-2","price":4}]'


@pytest.mark.parametrize(
    ("deed", "columns"),
    [
        (
            "transaction",
            {
                "kind": "transaction",
                "order": "T-1",
                "revenue": Decimal("230.5"),
                "tax": Decimal(30),
                "shipping": Decimal(10),
                "currency": "EUR",
                "items": ITEMS,
            },
        ),
        ("add_to_cart", {"kind": "cart", "order": "T-1", "currency": "EUR", "items": ITEMS}),
        ("product_view", {"kind": "event", "order": "T-1", "currency": "EUR"}),
    ],
)
def test_an_event_of_a_shop_has_its_order_and_products_in_entities(
    deed: str, columns: dict[str, Any]
) -> None:
    told = {
        "e": "ue",
        "ue_px": encoded(described("snowplow_ecommerce_action", {"type": deed})),
        "cx": entities(ORDER, *PRODUCTS),
    }
    assert without_props(told) == {"event_action": deed, **columns}


@pytest.mark.parametrize(
    "contexts",
    [
        f'{{"data":[7,null,{{"schema":"iglu:{SHOP}/transaction/jsonschema/1-0-0","data":[1]}},{{"schema":7}}]}}',
        f'{{"data":[{{"schema":"iglu:{SHOP}/product/jsonschema/1-0-0"}}]}}',
        f'{{"data":[{{"schema":"iglu:{SHOP}/product/"}}]}}',
        f'{{"data":["{SHOP}/product/"]}}',
    ],
)
def test_entities_that_are_none_say_nothing(contexts: str) -> None:
    told = {
        "e": "ue",
        "ue_pr": described("snowplow_ecommerce_action", {"type": "transaction"}),
        "co": contexts,
    }
    assert without_props(told) == {"kind": "transaction", "event_action": "transaction"}


def test_the_pixel_of_the_first_collectors_is_known() -> None:
    told = "&e=pv&page=Bikes&dtm=1768212000123&tid=958446&p=web&tv=js-0.11.1&duid=9795bd0203804cd1"
    event = only(read_lines(get("/ice.png", told)))
    assert (event["kind"], event["title"], event["path"]) == ("pageview", "Bikes", "/here")
