"""Samples of beacons: Snowplow, GA4, Measurement Protocol; those of `json_beacons` beside them.

They tell of the pages of `traffic.shown_pages`, as the trackers in those pages would have; then of a few events of
other kinds on the last page, of one that cannot be read, and, where the dialect has ids of its own, of one again.

* `snowplow.log`, `ga4.log`: combined logs of the servers that collect.
* `snowplow_tp2.ndjson`, `measurement_protocol.ndjson`, `plausible.ndjson`, `umami.ndjson`, `posthog.ndjson`: bodies in
  envelopes with time, address, agent and path.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Final

from benchmarks.samples import json_beacons
from benchmarks.samples.beacon_parts import (
    HOST,
    MANUAL,
    Body,
    compact,
    envelope,
    last_page,
    line,
    milliseconds,
    once,
    person,
    referrer_of,
    uuid,
    visit,
)
from benchmarks.samples.beacons import digits, title_of, url_of
from benchmarks.samples.model import Sample
from benchmarks.samples.traffic import Hit, shown_pages

_IGLU: Final = "iglu:com.snowplowanalytics.snowplow"


def snowplow_page(hit: Hit, number: int = 0) -> Body:
    """Return the parameters of Snowplow's page view."""
    return {
        "e": "pv",
        "url": url_of(hit),
        "page": title_of(hit),
        **referrer_of(hit, "refr"),
        "eid": uuid(once(hit, number)),
        "tv": "js-4.6.0",
        "tna": "sp",
        "aid": "shop",
        "p": "web",
        "res": "1920x1080",
        "lang": "en-GB",
        "duid": uuid(person(hit)),
        "sid": uuid(visit(hit)),
        "vid": 1,
        "dtm": milliseconds(hit),
        "stm": milliseconds(hit),
    }


def _snowplow_events(hit: Hit) -> list[Body]:
    """Return Snowplow's other events, all on one page."""
    link = {"schema": f"{_IGLU}/link_click/jsonschema/1-0-1", "data": {"targetUrl": MANUAL, "elementId": "m"}}
    done = {"schema": f"{_IGLU}/unstruct_event/jsonschema/1-0-0", "data": link}
    encoded = urlsafe_b64encode(compact(done).encode()).decode().rstrip("=")
    page = {"schema": f"{_IGLU}/web_page/jsonschema/1-0-0", "data": {"id": uuid("page")}}
    contexts = {"schema": f"{_IGLU}/contexts/jsonschema/1-0-0", "data": [page]}
    order = {"tr_id": "A-1001", "tr_tt": "99.00", "tr_tx": "7.13", "tr_sh": "9.90", "tr_cu": "EUR"}
    bell = {"ti_id": "A-1001", "ti_sk": "SP-114", "ti_nm": "Bell, brass", "ti_ca": "parts", "ti_pr": "24.50"}
    others: list[Body] = [
        {"e": "pp", "pp_mix": 0, "pp_max": 0, "pp_miy": 120, "pp_may": 900, "co": compact(contexts)},
        {
            "e": "se",
            "se_ca": "video",
            "se_ac": "play",
            "se_la": "kestrel 7",
            "se_pr": "muted",
            "se_va": "12.5",
        },
        {"e": "ue", "ue_px": encoded},
        {"e": "ue", "ue_pr": compact(done)},
        {"e": "tr", **order},
        {"e": "ti", **bell, "ti_qu": 2, "ti_cu": "EUR"},
        {"e": "ad"},
    ]
    return [snowplow_page(hit, number) | event for number, event in enumerate(others, 1)]


def snowplow_lines(hits: Sequence[Hit]) -> list[str]:
    """Return the lines of a log of Snowplow's collector for pages that were shown."""
    return [line(hit, "/i", snowplow_page(hit)) for hit in hits]


def snowplow_log() -> list[str]:
    """Return a log of Snowplow's collector, with a beacon sent twice and one of an unknown type."""
    lines, last = snowplow_lines(shown_pages()), last_page()
    others = [line(last, "/i", event) for event in _snowplow_events(last)]
    return [*lines, lines[-1], *others, line(last, "/i", {"e": "zz", "p": "web", "tv": "js-4.6.0"})]


def tp2_lines(hits: Sequence[Hit]) -> list[str]:
    """Return the bodies of Snowplow's tracker for pages that were shown."""
    return [_tp2(hit, [snowplow_page(hit)]) for hit in hits]


def _tp2(hit: Hit, events: list[Body]) -> str:
    data = [{name: str(value) for name, value in event.items()} for event in events]
    body = {"schema": f"{_IGLU}/payload_data/jsonschema/1-0-4", "data": data}
    return envelope(hit, "/com.snowplowanalytics.snowplow/tp2", body)


def snowplow_tp2() -> list[str]:
    """Return bodies of Snowplow's tracker: pages, the other events together with one that is none, a page again."""
    lines, last = tp2_lines(shown_pages()), last_page()
    unknown = {"e": "zz", "p": "web", "tv": "js-4.6.0"}
    return [*lines, lines[-1], _tp2(last, [*_snowplow_events(last), unknown])]


def ga4_page(hit: Hit, number: int = 1) -> Body:
    """Return the parameters of GA4's page view, as gtag sends them."""
    return {
        "v": 2,
        "tid": "G-ABC1234567",
        "_p": digits(once(hit), 9),
        "cid": f"{digits(person(hit), 9)}.1768176000",
        "ul": "en-gb",
        "sr": "1920x1080",
        "_s": number,
        "sid": digits(visit(hit), 10),
        "sct": 1,
        "dl": url_of(hit),
        **referrer_of(hit, "dr"),
        "dt": title_of(hit),
        "en": "page_view",
    }


def _ga4_events(hit: Hit) -> list[Body]:
    """Return GA4's other events, all on one page."""
    order = {"ep.transaction_id": "A-1001", "epn.value": "99.00", "epn.tax": "7.13", "epn.shipping": "9.90"}
    items = {"pr1": "idSP-114~nmBell, brass~caparts~pr24.50~qt2", "pr2": "idSP-220~nmLamp~pr50~qt1"}
    others: list[Body] = [
        {"en": "user_engagement", "_et": 5120},
        {"en": "click", "ep.outbound": "true", "ep.link_url": MANUAL},
        {
            "en": "file_download",
            "ep.link_url": f"https://{HOST}/files/manual.pdf",
            "ep.file_name": "manual.pdf",
        },
        {"en": "view_search_results", "ep.search_term": "bell"},
        {"en": "add_to_cart", "cu": "EUR", "epn.value": "24.50", "pr1": items["pr1"]},
        {"en": "purchase", "cu": "EUR", **order, **items},
        {"en": "video_start", "ep.video": "kestrel 7", "epn.percent": 10, "up.plan": "gold"},
    ]
    return [ga4_page(hit, number) | event for number, event in enumerate(others, 2)]


def ga4_lines(hits: Sequence[Hit]) -> list[str]:
    """Return the lines of a log of a proxy in front of GA4 for pages that were shown."""
    return [line(hit, "/g/collect", ga4_page(hit)) for hit in hits]


def ga4_log() -> list[str]:
    """Return a log of a proxy in front of GA4, with a beacon sent twice and one that names no event."""
    lines, last = ga4_lines(shown_pages()), last_page()
    others = [line(last, "/g/collect", event) for event in _ga4_events(last)]
    return [*lines, lines[-1], *others, line(last, "/g/collect", {"v": 2, "tid": "G-ABC1234567"})]


def measured_page(hit: Hit) -> Body:
    """Return the event of the Measurement Protocol for a page view."""
    params = {
        "page_location": url_of(hit),
        "page_title": title_of(hit),
        **referrer_of(hit, "page_referrer"),
        "session_id": digits(visit(hit), 10),
        "engagement_time_msec": 100,
    }
    return {"name": "page_view", "params": params}


def measured_lines(hits: Sequence[Hit]) -> list[str]:
    """Return the bodies of the Measurement Protocol for pages that were shown."""
    return [_measured(hit, [measured_page(hit)]) for hit in hits]


def _measured(hit: Hit, events: list[Body]) -> str:
    body = {
        "client_id": f"{digits(person(hit), 9)}.1768176000",
        "timestamp_micros": milliseconds(hit) * 1000,
        "events": events,
    }
    return envelope(hit, "/mp/collect", body, "measurement_id=G-ABC1234567&api_secret=none-of-yours")


def measurement_protocol() -> list[str]:
    """Return bodies of the Measurement Protocol: pages, other events together, and a body without an event."""
    last = last_page()
    order = {"transaction_id": "A-1001", "value": 99, "tax": 7.13, "shipping": 9.9, "currency": "EUR"}
    bell = {
        "item_id": "SP-114",
        "item_name": "Bell, brass",
        "item_category": "parts",
        "price": 24.5,
        "quantity": 2,
    }
    events = [
        {"name": "purchase", "params": {**order, "items": [bell], "coupon": "JANUARY"}},
        {"name": "click", "params": {"outbound": "true", "link_url": MANUAL}},
        {"name": "generate_lead", "params": {"value": 5, "currency": "EUR", "form": "repairs"}},
    ]
    return [*measured_lines(shown_pages()), _measured(last, events), _measured(last, [])]


RENDERERS: Final[dict[str, Callable[[list[Hit]], list[str]]]] = {
    "snowplow": snowplow_lines,
    "snowplow_tp2": tp2_lines,
    "ga4": ga4_lines,
    "measurement_protocol": measured_lines,
    **json_beacons.RENDERERS,
}
"""Name → what makes of pages that were shown the log of a collector, or bodies in envelopes."""

SAMPLES: Final[dict[str, Sample]] = {
    "snowplow.log": snowplow_log,
    "snowplow_tp2.ndjson": snowplow_tp2,
    "ga4.log": ga4_log,
    "measurement_protocol.ndjson": measurement_protocol,
    **json_beacons.SAMPLES,
}
