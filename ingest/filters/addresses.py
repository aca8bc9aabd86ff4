"""Tell which addresses lie in networks: distinct addresses only, one look-up for each length of a prefix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import ip_network
from socket import AF_INET, AF_INET6, inet_pton
from typing import Final

import polars as pl

_BITS: Final = {4: 32, 6: 128}
_MAPPED: Final = bytes(10) + b"\xff\xff"
"""How an IPv4 address begins in IPv6 clothes (RFC 4291, 2.5.5.2)."""

Networks = Mapping[tuple[int, int], frozenset[int]]
"""(IP version, bits that do not count) → the numbers that the other bits may be."""


def networks_of(patterns: Iterable[str]) -> Networks:
    """Return networks written as ``192.0.2.0/24`` or as one address; raises `ValueError` for anything else."""
    numbers: dict[tuple[int, int], set[int]] = {}
    for pattern in patterns:
        network = ip_network(pattern, strict=False)
        loose = _BITS[network.version] - network.prefixlen
        numbers.setdefault((network.version, loose), set()).add(int(network.network_address) >> loose)

    return {key: frozenset(found) for key, found in numbers.items()}


def addresses_in(networks: Networks, addresses: pl.Series) -> pl.Series:
    """Return those of `addresses`, each once, that lie in one of the networks; host names lie in none."""
    distinct = addresses.unique().drop_nulls()
    return pl.Series([text for text in distinct if _lies_in(networks, text)], dtype=pl.String)


def _lies_in(networks: Networks, text: str) -> bool:
    version, number = _number(text)
    return any(number >> loose in found for (kind, loose), found in networks.items() if kind == version)


def _number(text: str) -> tuple[int, int]:
    """Return the IP version and number of an address; version 0 for what is none."""
    try:
        if ":" not in text:
            return 4, int.from_bytes(inet_pton(AF_INET, text), "big")

        packed = inet_pton(AF_INET6, text.partition("%")[0].strip("[]"))
    except (OSError, ValueError):
        return 0, 0

    if packed.startswith(_MAPPED):
        return 4, int.from_bytes(packed[len(_MAPPED) :], "big")

    return 6, int.from_bytes(packed, "big")
