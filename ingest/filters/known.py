"""The fields that ``--include`` and ``--exclude`` know: a row each, in the order in which their rules are tried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

Kind = Literal["text", "exact text", "host", "status", "address"]
KINDS: Final[Mapping[Kind, str]] = MappingProxyType(
    {
        "text": "glob, upper and lower case alike",
        "exact text": "glob, upper and lower case told apart",
        "host": "glob over the host without its port, upper and lower case alike",
        "status": "404, 4xx or 400-499",
        "address": "an address or a network, IPv4 or IPv6: 192.0.2.7, 192.0.2.0/24, 2001:db8::/32",
    }
)
"""Kind of field → what its patterns are."""


@dataclass(frozen=True, slots=True)
class FilterField:
    """A field: the column of the event it looks at and what its patterns are.

    Early fields are looked at before enrichment, which they spare the events that are left out; the others after it,
    when the client behind its proxies, the bot and the country are known.
    """

    name: str
    column: str
    kind: Kind = "text"
    is_early: bool = False


_ALL: Final = (
    FilterField("host", "host", "host", is_early=True),
    FilterField("path", "path", "exact text", is_early=True),
    FilterField("query", "query", "exact text", is_early=True),
    FilterField("method", "method", is_early=True),
    FilterField("status", "status", "status", is_early=True),
    FilterField("agent", "user_agent", is_early=True),
    FilterField("referrer", "referrer", is_early=True),
    FilterField("kind", "kind", is_early=True),
    FilterField("address", "ip", "address"),
    FilterField("site", "site"),
    FilterField("resource", "resource"),
    FilterField("dialect", "dialect"),
    FilterField("bot", "bot"),
    FilterField("bot-class", "bot_class"),
    FilterField("browser", "browser"),
    FilterField("os", "os"),
    FilterField("device", "device"),
    FilterField("medium", "medium"),
    FilterField("source", "source"),
    FilterField("campaign", "campaign"),
    FilterField("referrer-host", "referrer_host"),
    FilterField("country", "country"),
    FilterField("region", "region"),
    FilterField("city", "city"),
    FilterField("user", "user"),
    FilterField("language", "language"),
    FilterField("mime", "mime"),
    FilterField("cache", "cache_status"),
)
FIELDS: Final[Mapping[str, FilterField]] = MappingProxyType({field.name: field for field in _ALL})
