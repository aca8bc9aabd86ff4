"""Samples of beacons: OWA, Matomo, GoatCounter.

They tell of the pages of `traffic.shown_pages`, as the trackers in those pages would have.

* `owa.log`, `matomo.log`, `goatcounter.log`: combined logs of the servers that collect, with pages, actions, clicks,
  an order with line items, values that were encoded twice, a request that is no beacon, and one that cannot be read.
* `matomo.log` has a beacon that was sent twice, and one that asks not to be recorded.
* `matomo_bulk.ndjson`: the same pages in JSON bodies of up to four, in envelopes with time, address and agent.
* `owa_queue.txt`: the same pages in OWA's event queue, one of them twice, with a row that was cut.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from hashlib import blake2b
from typing import Any, Final
from urllib.parse import quote, quote_plus

from benchmarks.samples.model import Sample
from benchmarks.samples.ncsa import combined
from benchmarks.samples.traffic import Hit, shown_pages

SITE: Final = "https://www.example.com"
ORDER: Final = (
    ("SP-114", "Bell, brass", "parts", "24.50", 2),
    ("SP-220", 'Lamp "North"', "parts/lights", "50.00", 1),
)


def digits(text: str, count: int) -> str:
    """Return decimal digits that belong to `text`."""
    return str(int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")).zfill(20)[-count:]


def visitor_of(hit: Hit) -> str:
    """Return OWA's id of the visitor: 19 digits."""
    return "17682" + digits(f"{hit.ip} {hit.agent}", 14)


def title_of(hit: Hit) -> str:
    """Return the title of a page."""
    words = hit.target.partition("?")[0].strip("/").replace("/", " \u2013 ").replace("-", " ")
    return (words or "welcome").capitalize()


def url_of(hit: Hit) -> str:
    """Return the URL of a page."""
    return SITE + hit.target


def _referrer(hit: Hit) -> str:
    return "" if hit.referrer == "-" else hit.referrer


def _sent(hit: Hit, path: str, parameters: Mapping[str, Any]) -> Hit:
    """Return the request of a beacon that the page of `hit` sends."""
    form = "&".join(
        f"{quote(name, safe='[]')}={quote(str(value), safe='')}" for name, value in parameters.items()
    )
    return replace(
        hit,
        target=f"{path}?{form}",
        status=200,
        size=43,
        referrer=url_of(hit),
        method="GET",
        protocol="HTTP/2.0",
    )


def owa_page(hit: Hit) -> dict[str, Any]:
    """Return the properties of OWA's page view."""
    visitor = visitor_of(hit)
    named = {
        "event_type": "base.page_request",
        "site_id": digits("shop", 10),
        "page_url": url_of(hit),
        "page_title": title_of(hit),
        "HTTP_REFERER": _referrer(hit),
        "visitor_id": visitor,
        "session_id": digits(f"{visitor} {hit.at:%Y-%m-%d}", 19),
        "timestamp": int(hit.at.timestamp()),
        "nps": 0,
        "dsps": 0,
    }
    return {name: value for name, value in named.items() if value != ""}


def owa_request(hit: Hit, properties: Mapping[str, Any]) -> Hit:
    """Return the request that carries OWA's properties."""
    return _sent(hit, "/owa/log.php", {f"owa_{name}": value for name, value in properties.items()})


def owa_lines(hits: list[Hit]) -> list[str]:
    """Return the lines of a log of OWA's collector for pages that were shown."""
    return [combined(owa_request(hit, owa_page(hit))) for hit in hits]


def _owa_events(hit: Hit) -> Iterator[dict[str, Any]]:
    """Yield OWA's other events, all on one page."""
    base = owa_page(hit)
    twice = {"page_title": quote(base["page_title"]), "cv1": "plan=gold", "cv2": quote("shop=Bern & Basel")}
    yield {
        **base,
        **twice,
        "is_new_session": "true",
        "is_new_visitor": "true",
        "session_referer": "https://www.google.com/",
    }
    campaign = {
        "medium": "email",
        "campaign": "january-sale",
        "source": "newsletter",
        "search_terms": "city bike",
        "ad": "top",
    }
    yield {**base, **campaign, "ad_type": "banner", "page_type": "product", "user_name": "anna"}
    action = {
        "action_group": "video",
        "action_name": "play",
        "action_label": "kestrel 7",
        "numeric_value": "12.5",
    }
    yield {**base, **action, "event_type": "track.action"}
    click = {
        "click_x": 311,
        "click_y": 640,
        "dom_element_tag": "A",
        "dom_element_text": "Manual",
        "target_url": "https://maker.example.net/manual",
    }
    yield {**base, **click, "event_type": "dom.click"}
    order = {
        "ct_order_id": "A-1001",
        "ct_total": "99.00",
        "ct_tax": "7.13",
        "ct_shipping": "9.90",
        "city": "Bern",
        "country": "CH",
    }
    lines = {
        f"ct_line_items[{n}][{name}]": value
        for n, line in enumerate(ORDER)
        for name, value in zip(_LI, line, strict=True)
    }
    yield {**base, **order, **lines, "event_type": "ecommerce.transaction"}
    yield {**base, "event_type": "dom.stream", "stream_length": 3, "duration": 8, "stream_events": "[]"}
    yield {**base, "event_type": "base.feed_request", "feed_format": "RSS"}
    yield {**base, "event_type": "shop.compare", "dsps": 4}


_LI: Final = ("li_sku", "li_product_name", "li_category", "li_unit_price", "li_quantity")


def owa_log() -> list[str]:
    """Return a log of OWA's collector: pages, the other events, a request that is none, and a beacon without type."""
    hits = shown_pages()
    last = replace(hits[-1], at=hits[-1].at + timedelta(minutes=1))
    others = [combined(owa_request(last, event)) for event in _owa_events(last)]
    bad = [combined(_sent(last, "/owa/log.php", {"owa_event_type": "", "owa_site_id": "1"}))]
    return [*owa_lines(hits), *others, combined(_sent(last, "/owa/about.php", {"page": "2"})), *bad]


def matomo_page(hit: Hit) -> dict[str, Any]:
    """Return the parameters of Matomo's page view."""
    named = {
        "action_name": title_of(hit),
        "idsite": 1,
        "rec": 1,
        "r": digits(f"{hit.at}", 6),
        "h": hit.at.hour,
        "m": hit.at.minute,
        "s": hit.at.second,
        "url": url_of(hit),
        "urlref": _referrer(hit),
        "_id": f"{int(visitor_of(hit)):016x}"[-16:],
        "send_image": 0,
        "cookie": 1,
        "res": "1920x1080",
        "pv_id": f"{int(digits(f'{hit.ip} {hit.at}', 10)):x}".zfill(6)[-6:],
    }
    return {name: value for name, value in named.items() if value != ""}


def matomo_lines(hits: list[Hit]) -> list[str]:
    """Return the lines of a log of Matomo's collector for pages that were shown."""
    return [combined(_sent(hit, "/matomo.php", matomo_page(hit))) for hit in hits]


def _matomo_events(hit: Hit) -> Iterator[dict[str, Any]]:
    """Yield what else Matomo's tracker tells of, all on one page."""
    base = matomo_page(hit)
    items = json.dumps(
        [[sku, name, category.split("/"), float(price), count] for sku, name, category, price, count in ORDER]
    )
    yield {**base, "e_c": "video", "e_a": "play", "e_n": "kestrel 7", "e_v": "12.5"}
    yield {**base, "search": "bell", "search_cat": "parts", "search_count": 3}
    yield {**base, "link": "https://maker.example.net/manual"}
    yield {**base, "download": f"{SITE}/files/manual.pdf"}
    yield {**base, "idgoal": 3, "revenue": "5"}
    yield {
        **base,
        "idgoal": 0,
        "ec_id": "A-1001",
        "revenue": "99.00",
        "ec_tx": "7.13",
        "ec_sh": "9.90",
        "ec_items": items,
    }
    yield {**base, "idgoal": 0, "revenue": "49.00", "ec_items": items}
    yield {**base, "c_n": "banner", "c_p": "sale.png", "c_t": f"{SITE}/bikes/"}
    yield {**base, "c_n": "banner", "c_p": "sale.png", "c_i": "click"}
    yield {**base, "ping": 1}
    yield {
        **base,
        "pv_id": "zz9plu",
        "_cvar": '{"1":["plan","gold"]}',
        "dimension2": "member",
        "pf_srv": 80,
        "uid": "anna",
    }
    yield {**base, "rec": 0}


def matomo_log() -> list[str]:
    """Return a log of Matomo's collector, with a beacon sent twice, one not to be recorded, and one without site."""
    hits = shown_pages()
    last = replace(hits[-1], at=hits[-1].at + timedelta(minutes=1))
    lines = matomo_lines(hits)
    others = [combined(_sent(last, "/matomo.php", event)) for event in _matomo_events(last)]
    return [
        *lines,
        lines[-1],
        *others,
        combined(_sent(last, "/matomo.php", {"idsite": "", "rec": 1, "url": SITE})),
    ]


def matomo_bulk() -> list[str]:
    """Return envelopes with bodies of up to four pages of one visitor, and one with an element that is none."""
    visits: dict[str, list[Hit]] = {}
    for hit in shown_pages():
        visits.setdefault(visitor_of(hit), []).append(hit)

    several = [hits[n : n + 4] for hits in visits.values() for n in range(0, len(hits), 4)]
    lines = [_bulk(hits, []) for hits in sorted(several, key=lambda hits: hits[-1].at)]
    return [*lines[:-1], _bulk(several[-1], [17]), lines[-1]]


def _bulk(hits: list[Hit], odd: list[Any]) -> str:
    """Return an envelope with the pages, each as old as it was when the last one was sent, and `odd` elements."""
    requests = [
        "?" + _sent(hit, "", {**matomo_page(hit), "cdt": int(hit.at.timestamp())}).target.removeprefix("?")
        for hit in hits
    ]
    envelope = {
        "time": f"{hits[-1].at:%Y-%m-%dT%H:%M:%SZ}",
        "ip": hits[-1].ip,
        "user_agent": hits[-1].agent,
        "path": "/matomo.php",
        "body": {"requests": [*requests, *odd], "token_auth": "0" * 32},
    }
    return json.dumps(envelope, separators=(",", ":"))


def goatcounter_lines(hits: list[Hit]) -> list[str]:
    """Return the lines of a log of GoatCounter for pages that were shown."""
    return [combined(_sent(hit, "/count", goatcounter_page(hit))) for hit in hits]


def goatcounter_page(hit: Hit) -> dict[str, Any]:
    """Return the parameters of GoatCounter's page view."""
    path, mark, query = hit.target.partition("?")
    named = {"p": path, "r": _referrer(hit), "t": title_of(hit), "s": "1920,1080,2", "q": mark + query}
    return {**{name: value for name, value in named.items() if value}, "rnd": digits(f"{hit.at}", 5)}


def goatcounter_log() -> list[str]:
    """Return a log of GoatCounter: pages, an event, a visit of a machine, and a beacon without path."""
    hits = shown_pages()
    last = replace(hits[-1], at=hits[-1].at + timedelta(minutes=1))
    event = {"p": "play video", "e": "true", "t": "Kestrel 7", "rnd": "3x9qk"}
    machine = {**goatcounter_page(last), "b": 151}
    others = [combined(_sent(last, "/count", each)) for each in (event, machine, {"p": "", "rnd": "7h2aa"})]
    return [*goatcounter_lines(hits), *others]


def owa_queue() -> list[str]:
    """Return the queue of OWA, with an event that was queued twice and a row that was cut."""
    hits = shown_pages()
    rows = [_queue_row(hit, owa_page(hit)) for hit in hits]
    last = replace(hits[-1], at=hits[-1].at + timedelta(minutes=1))
    order = [event for event in _owa_events(last) if event["event_type"] == "ecommerce.transaction"]
    return [*rows, rows[-1], *(_queue_row(last, _nested(event)) for event in order), rows[0][:400]]


def _nested(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return properties as PHP has them: line items in arrays of arrays."""
    plain = {name: value for name, value in event.items() if not name.startswith("ct_line_items")}
    return {**plain, "ct_line_items": {n: dict(zip(_LI, line, strict=True)) for n, line in enumerate(ORDER)}}


def _queue_row(hit: Hit, properties: Mapping[str, Any]) -> str:
    known = {**properties, "ip_address": hit.ip, "HTTP_USER_AGENT": hit.agent}
    guid = f"{int(hit.at.timestamp())}{digits(f'{hit.ip} {hit.at}', 9)}"
    event = {
        "\0*\0properties": known,
        "\0*\0eventType": properties["event_type"],
        "guid": guid,
        "timestamp": int(hit.at.timestamp()),
    }
    name = "OWA\\Module\\Base\\Classes\\Event"
    serialised = f'O:{len(name)}:"{name}":{_php(event).removeprefix("a:")}'
    return f"{hit.at:%H:%M:%S %Y-%m-%d}|*|incoming_tracking_events|*|4711|*|{quote_plus(serialised)}"


def _php(value: Any) -> str:
    """Return what PHP's `serialize` makes of texts, whole numbers and arrays."""
    if isinstance(value, dict):
        members = "".join(_php(name) + _php(inner) for name, inner in value.items())
        return f"a:{len(value)}:{{{members}}}"

    return f"i:{value};" if isinstance(value, int) else f's:{len(value.encode())}:"{value}";'


RENDERERS: Final[dict[str, Callable[[list[Hit]], list[str]]]] = {
    "owa": owa_lines,
    "matomo": matomo_lines,
    "goatcounter": goatcounter_lines,
}
"""Dialect → what makes of pages that were shown the combined log of its collector."""

SAMPLES: Final[dict[str, Sample]] = {
    "owa.log": owa_log,
    "matomo.log": matomo_log,
    "goatcounter.log": goatcounter_log,
    "matomo_bulk.ndjson": matomo_bulk,
    "owa_queue.txt": owa_queue,
}
