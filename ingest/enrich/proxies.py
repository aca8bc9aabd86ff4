"""Tell clients from the proxies in front of a server, by addresses that a header lists.

Each proxy adds at the right the address that it was called from, so only the right end is the word of proxies that we
know; what stands left of the first one that we do not is the client's own word, and worth nothing.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from types import MappingProxyType
from typing import Final

IPAddress = IPv4Address | IPv6Address

PRIVATE: Final = (
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "fc00::/7",
    "fe80::/10",
    "::1/128",
)
"""Networks of one's own: RFC 1918, RFC 4193, loopback and link-local (RFC 3927, RFC 4291)."""

NETWORKS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({"private": PRIVATE})
"""Name → networks, for users who do not want to write them out."""

SOCKET: Final = "unix:"
"""What nginx logs as the address of a peer on a Unix socket, which is on the machine itself."""

LONGEST_ADDRESS: Final = 128
"""Characters of an address with brackets, port and zone, at most; what is longer is none."""

_PORT: Final = re.compile(r"(\[[^\]]*\]|[^:]*)(?::[0-9A-Za-z._-]*)?")
_QUOTES: Final = str.maketrans("", "", '"\\')


@dataclass(frozen=True, slots=True)
class Trusted:
    """Networks of proxies whose word is believed, as sorted ranges of numbers that do not overlap, by IP version."""

    begins: Mapping[int, tuple[int, ...]]
    ends: Mapping[int, tuple[int, ...]]

    def __contains__(self, address: IPAddress) -> bool:
        begins = self.begins[address.version]
        place = bisect_right(begins, int(address)) - 1
        return place >= 0 and int(address) <= self.ends[address.version][place]


@lru_cache(maxsize=16)
def trust(names: tuple[str, ...]) -> Trusted:
    """Return the networks of `names`: networks or addresses as text, or names of `NETWORKS`.

    Raises `ValueError` for what is neither.
    """
    ranges: dict[int, list[tuple[int, int]]] = {4: [], 6: []}
    for name in names:
        for text in NETWORKS.get(name, (name,)):
            network = ip_network(text, strict=False)
            ranges[network.version].append((int(network.network_address), int(network.broadcast_address)))

    merged = {version: list(_merged(sorted(found))) for version, found in ranges.items()}
    return Trusted(
        {version: tuple(begin for begin, _ in found) for version, found in merged.items()},
        {version: tuple(end for _, end in found) for version, found in merged.items()},
    )


@lru_cache(maxsize=16_384)
def parse_address(text: str | None) -> IPAddress | None:
    """Return the address in `text`, which may have brackets, a port and a zone; None for anything else.

    An IPv4 address in IPv6 clothes (RFC 4291, 2.5.5.2) is what it is.
    """
    if not text or len(text) > LONGEST_ADDRESS:
        return None

    bare = text.strip(" \t")
    if "[" in bare or bare.count(":") == 1:
        match = _PORT.fullmatch(bare)
        bare = match[1].strip("[]") if match else ""

    try:
        address = ip_address(bare.partition("%")[0])
    except ValueError:
        return None

    mapped = address.ipv4_mapped if address.version == 6 else None
    return mapped or address


def listed(forwarded_for: str | None, forwarded: str | None) -> list[str]:
    """Return what X-Forwarded-For, or else Forwarded, lists as addresses, in their order."""
    if forwarded_for:
        return forwarded_for.split(",")

    return list(_forwarded(forwarded)) if forwarded else []


def find_client(peer: str | None, told: str | None, hops: list[str], trusted: Trusted) -> str | None:
    """Return the client's address: `peer` where that is not trusted, else what trusted proxies say.

    `told` is what a CDN says of its client, `hops` what `listed` gives. The walk goes from the right to the first
    address that is not trusted; junk or a name that hides an address (RFC 7239, 6.3) ends it at the last good one.
    A log without peers is written by somebody who is trusted.
    """
    if told is None and not hops:
        return peer

    address = parse_address(peer)
    if not (peer is None or peer == SOCKET or (address is not None and address in trusted)):
        return peer

    said = parse_address(told)
    if said is not None:
        return str(said)

    good = address
    for hop in reversed(hops):
        found = parse_address(hop)
        if found is None:
            break

        good = found
        if found not in trusted:
            break

    return str(good) if good is not None else peer


def first_address(texts: Iterable[str | None]) -> str | None:
    """Return the first of `texts` that is an address, in its canonical form; None when there is none."""
    for text in texts:
        address = parse_address(text)
        if address is not None:
            return str(address)

    return None


def _forwarded(text: str) -> Iterator[str]:
    """Yield the ``for`` of each element of a Forwarded header (RFC 7239, 4), empty where it has none.

    Quotes are dropped rather than read: no address has a comma or semicolon in it, and a client that opens a quote
    and never closes it must not swallow what proxies have added.
    """
    for element in text.translate(_QUOTES).split(","):
        pairs = (pair.partition("=") for pair in element.split(";"))
        yield next((value for name, _, value in pairs if name.strip().lower() == "for"), "")


def _merged(ranges: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield sorted ranges with those that overlap made one."""
    last: tuple[int, int] | None = None
    for begin, end in ranges:
        if last is None:
            last = begin, end
        elif begin <= last[1]:
            last = last[0], max(last[1], end)
        else:
            yield last
            last = begin, end

    if last is not None:
        yield last
