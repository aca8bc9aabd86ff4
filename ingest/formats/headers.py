"""The HTTP headers that logs carry, by their names in lower case: what each gives of an event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from ingest.formats.shapes import ADDRESS, HOST, TEXT
from ingest.formats.template import Value


def _header(column: str, meaning: str, rank: int = 0, shape: str = TEXT) -> Value:
    return Value("", (column,), shape, meaning, rank)


_CONNECTING: Final = "address of the client, by the word of a proxy"
_CACHE: Final = "what the cache did"

_REQUEST: Final[Mapping[str, Value]] = MappingProxyType(
    {
        "referer": _header("referrer", "Referer header"),
        "user-agent": _header("user_agent", "User-Agent header"),
        "host": _header("host", "Host header", 5, HOST),
        "x-forwarded-host": _header("host", "X-Forwarded-Host header", 6, HOST),
        "x-forwarded-for": _header("forwarded_for", "X-Forwarded-For header"),
        "forwarded": _header("forwarded", "Forwarded header"),
        "cf-connecting-ip": _header("connecting_ip", _CONNECTING, 0, ADDRESS),
        "true-client-ip": _header("connecting_ip", _CONNECTING, 1, ADDRESS),
        "x-real-ip": _header("connecting_ip", _CONNECTING, 2, ADDRESS),
        "dnt": _header("dnt", "DNT header"),
        "sec-gpc": _header("gpc", "Sec-GPC header"),
        "accept-language": _header("language", "Accept-Language header"),
        "cf-ipcountry": _header("country", "country of the client, by the word of a CDN"),
    }
)

_REPLY: Final[Mapping[str, Value]] = MappingProxyType(
    {
        "content-type": _header("mime", "Content-Type header of the reply"),
        "x-cache": _header("cache_status", _CACHE, 2),
        "x-cache-status": _header("cache_status", _CACHE, 1),
        "cf-cache-status": _header("cache_status", _CACHE, 3),
        "x-proxy-cache": _header("cache_status", _CACHE, 4),
    }
)


def request_header(header: str, name: str) -> Value:
    """Return what a header of the request gives, which a definition calls `name`; nothing when it is not known."""
    return _named(_REQUEST, header, name)


def reply_header(header: str, name: str) -> Value:
    """Return what a header of the reply gives, which a definition calls `name`; nothing when it is not known."""
    return _named(_REPLY, header, name)


def _named(known: Mapping[str, Value], header: str, name: str) -> Value:
    found = known.get(header.lower().replace("_", "-"))
    return replace(found, name=name) if found else Value(name, (), TEXT, f"{header} header; not kept")
