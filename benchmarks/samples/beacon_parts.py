"""What the trackers of a page know, and how a collector's log and its envelopes write it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote

from benchmarks.samples.beacons import digits, url_of
from benchmarks.samples.ncsa import combined
from benchmarks.samples.traffic import Hit, shown_pages

HOST: Final = "www.example.com"
MANUAL: Final = "https://maker.example.net/manual"

Body = dict[str, Any]


def uuid(text: str) -> str:
    """Return a UUID that belongs to `text`."""
    hexadecimal = f"{int(digits(text, 18)):032x}"
    return "-".join(hexadecimal[begin:end] for begin, end in ((0, 8), (8, 12), (12, 16), (16, 20), (20, 32)))


def person(hit: Hit) -> str:
    """Return what tells one visitor from another."""
    return f"{hit.ip} {hit.agent}"


def visit(hit: Hit) -> str:
    """Return what tells a visitor's days apart."""
    return f"{person(hit)} {hit.at:%Y-%m-%d}"


def once(hit: Hit, number: int = 0) -> str:
    """Return what tells an event from all others: the page, and which of the events on it."""
    return f"{person(hit)} {hit.at} {number}"


def milliseconds(hit: Hit) -> int:
    """Return the time of a hit in milliseconds since 1970."""
    return int(hit.at.timestamp() * 1000)


def referrer_of(hit: Hit, name: str) -> Body:
    """Return the referrer of a page under a name, nothing where there is none."""
    return {} if hit.referrer == "-" else {name: hit.referrer}


def compact(value: Any) -> str:
    """Return compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def last_page() -> Hit:
    """Return a page shown a minute after the last one, on which other things are done."""
    hit = shown_pages()[-1]
    return replace(hit, at=hit.at + timedelta(minutes=1))


def line(hit: Hit, path: str, parameters: Mapping[str, Any]) -> str:
    """Return the line of a collector's combined log for a beacon from the page of `hit`."""
    form = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in parameters.items())
    sent = replace(hit, target=f"{path}?{form}", status=200, size=43, referrer=url_of(hit), method="GET")
    return combined(sent)


def envelope(hit: Hit, path: str, body: Any, query: str | None = None) -> str:
    """Return a body in the envelope that a collector writes."""
    told = {"time": f"{hit.at:%Y-%m-%dT%H:%M:%SZ}", "ip": hit.ip, "user_agent": hit.agent, "path": path}
    asked = {} if query is None else {"query": query}
    return compact({**told, **asked, "body": body})
