"""Keep of addresses no more than was asked for."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

import polars as pl

from ingest.enrich.distinct import Distinct
from ingest.enrich.settings import EnrichSettings

IPV4_PREFIX_BITS: Final = 24
IPV6_PREFIX_BITS: Final = 48

_OCTET: Final = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4: Final = rf"^((?:{_OCTET}\.){{3}}){_OCTET}$"
"""An IPv4 address in its one canonical form, of which the last eight bits go."""


def mask_address(events: pl.DataFrame, settings: EnrichSettings) -> pl.DataFrame:
    """Reduce ip to its network, /24 for IPv4 and /48 for IPv6; a host name goes.

    The policy ``full`` leaves ip as it is, ``none`` empties it.
    """
    policy = settings.options.addresses
    if policy == "full":
        return events

    if policy == "none":
        return events.with_columns(pl.lit(None, dtype=pl.String).alias("ip"))

    distinct = Distinct.of(events, "ip")
    addresses = distinct.values(events["ip"])
    networks = addresses.str.extract(_IPV4) + "0"
    others = addresses.filter(networks.is_null() & addresses.is_not_null())
    if len(others):
        masked = pl.Series([masked_address(address) for address in others], dtype=pl.String)
        networks = networks.fill_null(
            addresses.replace_strict(others, masked, default=None, return_dtype=pl.String)
        )

    return events.with_columns(distinct.spread(networks).alias("ip"))


def masked_address(text: str) -> str | None:
    """Return the network of an address, as ``192.0.2.0`` or ``2001:db8:1::``; None for what is no address.

    An IPv4 address in IPv6 clothes (RFC 4291, 2.5.5.2) is masked as what it is, and a zone (RFC 4007) is
    dropped.
    """
    try:
        address: IPv4Address | IPv6Address = ip_address(text.partition("%")[0])
    except ValueError:
        return None

    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or address

    bits = IPV4_PREFIX_BITS if address.version == 4 else IPV6_PREFIX_BITS
    return str(ip_network((address, bits), strict=False).network_address)
