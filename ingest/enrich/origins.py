"""Who stands behind a host: search engines, networks, mail, assistants and advertisers, by exact names.

A host is looked up as it is, then without its first label, and so on down to the registrable domain, by the public
suffix list: ``www.google.co.uk`` is Google by ``google.co.uk``, ``google.example.com`` is nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any, Final

from publicsuffixlist import PublicSuffixList

from ingest.enrich.lists.reading import read_list

MEDIA: Final[Mapping[str, str]] = MappingProxyType(
    {
        "advertising": "paid",
        "assistants": "ai-assistant",
        "mail": "mail",
        "search": "search",
        "social": "social",
    }
)
"""List → medium of the hosts on it."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Who a host belongs to.

    `source` is the name. `terms` are the parameters in which a search engine says what was searched for. An `exact`
    one is meant by the host itself only, with and without ``www.``.
    """

    medium: str
    source: str
    terms: tuple[str, ...] = ()
    exact: bool = False


@cache
def known_origins() -> Mapping[str, Origin]:
    """Return host → origin of all lists."""
    return MappingProxyType(
        {
            host: Origin(medium, entry["name"], tuple(entry.get("terms", ())), entry.get("exact", False))
            for name, medium in MEDIA.items()
            for entry in read_list(name)["name"]
            for host in _hosts(entry)
        }
    )


def find_origin(host: str, origins: Mapping[str, Origin]) -> Origin | None:
    """Return the origin that a host, lower case, belongs to."""
    bare = host.removeprefix("www.")
    for name in _names(host):
        origin = origins.get(name)
        if origin is not None and (not origin.exact or name in (host, bare)):
            return origin

    return None


def _names(host: str) -> Iterator[str]:
    """Yield `host` and the domains it stands under, down to the registrable one."""
    yield host
    domain = _registrable(host) or host
    name = host
    while name != domain and "." in name:
        name = name.partition(".")[2]
        yield name


@lru_cache(maxsize=16_384)
def _registrable(host: str) -> str | None:
    domain = _suffixes().privatesuffix(host)
    return str(domain) if domain else None


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def _hosts(entry: Mapping[str, Any]) -> Iterator[str]:
    yield from entry.get("hosts", ())
    for stem in entry.get("stems", ()):
        yield from (f"{stem}.{end}" for end in entry["ends"])
