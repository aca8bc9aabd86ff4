"""Samples of beacons: Plausible, Umami, PostHog, as `more_beacons` describes them."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import quote, urlsplit

from benchmarks.samples.beacon_parts import (
    HOST,
    MANUAL,
    Body,
    compact,
    envelope,
    last_page,
    once,
    person,
    referrer_of,
    uuid,
    visit,
)
from benchmarks.samples.beacons import title_of, url_of
from benchmarks.samples.model import Sample
from benchmarks.samples.traffic import Hit, shown_pages

WEBSITE: Final = "0f9d3a3c-7a0e-4c53-8a43-1f2b6d1f7a11"


def plausible_page(hit: Hit) -> Body:
    """Return the body of Plausible's page view."""
    return {
        "n": "pageview",
        "v": 32,
        "u": url_of(hit),
        "d": "example.com",
        "r": referrer_of(hit, "r").get("r"),
    }


def plausible_lines(hits: Sequence[Hit]) -> list[str]:
    """Return the bodies of Plausible's tracker for pages that were shown."""
    return [envelope(hit, "/api/event", plausible_page(hit)) for hit in hits]


def plausible() -> list[str]:
    """Return bodies of Plausible's tracker: pages, other events with short and long names, and one without site."""
    last = last_page()
    page = plausible_page(last)
    others: list[Body] = [
        {**page, "n": "engagement", "e": 5120, "sd": 64},
        {**page, "n": "Outbound Link: Click", "p": {"url": MANUAL}},
        {**page, "n": "File Download", "p": compact({"url": f"https://{HOST}/files/manual.pdf"})},
        {**page, "n": "Video: Play", "p": {"video": "kestrel 7", "muted": True}, "i": False},
        {
            "name": "Order",
            "url": page["u"],
            "domain": "example.com",
            "revenue": {"currency": "EUR", "amount": "99.00"},
        },
        {"n": "pageview", "u": page["u"]},
    ]
    return [*plausible_lines(shown_pages()), *(envelope(last, "/api/event", body) for body in others)]


def umami_payload(hit: Hit) -> Body:
    """Return the payload of Umami's page view."""
    return {
        "website": WEBSITE,
        "hostname": HOST,
        "screen": "1920x1080",
        "language": "en-GB",
        "title": title_of(hit),
        "url": hit.target,
        "referrer": "" if hit.referrer == "-" else _local(hit.referrer),
    }


def _local(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(scheme="", netloc="").geturl() if parts.netloc == HOST else url


def umami_lines(hits: Sequence[Hit]) -> list[str]:
    """Return the bodies of Umami's tracker for pages that were shown."""
    return [envelope(hit, "/api/send", {"type": "event", "payload": umami_payload(hit)}) for hit in hits]


def umami() -> list[str]:
    """Return bodies of Umami's tracker: pages, other events one by one and in a batch, and one of an unknown type."""
    last = last_page()
    page = umami_payload(last)
    play = {**page, "name": "play", "tag": "b", "data": {"video": "kestrel 7", "seconds": 12.5}}
    order = {**page, "name": "order", "data": {"revenue": 99, "currency": "EUR"}}
    speed = {"website": WEBSITE, "hostname": HOST, "url": last.target, "lcp": 1210, "cls": 0.02, "ttfb": 80}
    who = {"website": WEBSITE, "hostname": HOST, "url": last.target, "id": "anna", "data": {"plan": "gold"}}
    batch: list[Body] = [
        {"type": "event", "payload": order},
        {"type": "performance", "payload": speed},
        {"type": "identify", "payload": who},
    ]
    return [
        *umami_lines(shown_pages()),
        envelope(last, "/api/send", {"type": "event", "payload": play}),
        envelope(last, "/api/batch", batch),
        envelope(last, "/api/send", {"type": "poke", "payload": page}),
    ]


def posthog_page(hit: Hit, number: int = 0) -> Body:
    """Return PostHog's page view."""
    properties = {
        "distinct_id": uuid(person(hit)),
        "$current_url": url_of(hit),
        "$referrer": "$direct" if hit.referrer == "-" else hit.referrer,
        "$session_id": uuid(visit(hit)),
        "$screen_width": 1920,
        "$screen_height": 1080,
        "$browser_language": "en-GB",
        "$lib": "web",
        "$lib_version": "1.300.0",
        "title": title_of(hit),
    }
    at = f"{hit.at:%Y-%m-%dT%H:%M:%S.000Z}"
    return {
        "uuid": uuid(once(hit, number)),
        "event": "$pageview",
        "properties": properties,
        "timestamp": at,
    }


def posthog_lines(hits: Sequence[Hit]) -> list[str]:
    """Return the bodies of PostHog's tracker for pages that were shown."""
    return [envelope(hit, "/i/v0/e/", {"api_key": _KEY, **posthog_page(hit)}) for hit in hits]


_KEY: Final = "phc_0123456789abcdef"


def _posthog_event(hit: Hit, number: int, event: str, properties: Body) -> Body:
    page = posthog_page(hit, number)
    return {**page, "event": event, "properties": page["properties"] | properties}


def posthog() -> list[str]:
    """Return bodies of PostHog: pages, a batch of other events, one in base64, one without token, a page again."""
    lines, last = posthog_lines(shown_pages()), last_page()
    bell = {"product_id": "SP-114", "name": "Bell, brass", "category": "parts", "price": 24.5, "quantity": 2}
    order = {"order_id": "A-1001", "revenue": 99, "tax": 7.13, "shipping": 9.9, "currency": "EUR"}
    events = [
        _posthog_event(last, 1, "$autocapture", {"$event_type": "click", "$el_text": "Play"}),
        _posthog_event(last, 2, "Order Completed", {**order, "products": [bell], "plan": "gold"}),
        _posthog_event(last, 3, "$identify", {"$set": {"plan": "gold"}}),
        _posthog_event(last, 4, "$exception", {"$exception_type": "TypeError", "$exception_message": "no"}),
        _posthog_event(last, 5, "$pageleave", {}),
    ]
    batch = {"api_key": _KEY, "batch": events, "sent_at": f"{last.at:%Y-%m-%dT%H:%M:%S.000Z}"}
    single = _posthog_event(last, 6, "video played", {"token": _KEY, "video": "kestrel 7"})
    form = "data=" + quote(urlsafe_b64encode(compact(single).encode()).decode(), safe="")
    return [
        *lines,
        lines[-1],
        envelope(last, "/batch/", batch),
        envelope(last, "/e/", form, "compression=base64"),
        envelope(last, "/e/", posthog_page(last, 7)),
    ]


RENDERERS: Final[dict[str, Callable[[list[Hit]], list[str]]]] = {
    "plausible": plausible_lines,
    "umami": umami_lines,
    "posthog": posthog_lines,
}

SAMPLES: Final[dict[str, Sample]] = {
    "plausible.ndjson": plausible,
    "umami.ndjson": umami,
    "posthog.ndjson": posthog,
}
