"""Give parsed events what their keys and reports need: site, visitor, shard, referrer host, and a masked
address.

Pure: a frame in, a frame out. What is costly is done once per distinct value of the frame and joined back.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final, Literal

import polars as pl

from footfall.event import SCHEMA
from footfall.keys import event_bucket, is_crawler, is_site, visitor_bucket, visitor_id

AddressPolicy = Literal["masked", "full", "none"]
DEFAULT_SITE: Final = "default"
IPV4_PREFIX_BITS: Final = 24
IPV6_PREFIX_BITS: Final = 48

_WHO: Final = ("ip", "user_agent")
_OCTET: Final = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4: Final = rf"^((?:{_OCTET}\.){{3}}){_OCTET}$"
"""An IPv4 address in its one canonical form, of which the last eight bits go."""

_REFERRER_HOST: Final = (
    r"^[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#]*@)?"
    r"""(\[[0-9A-Fa-f:.]+\]|[^\s\x00-\x1f\x7f/?#:@\[\]\\<>"^`{|}]+)(?::[0-9]*)?(?:[/?#]|$)"""
)
"""The host of an absolute URL (RFC 3986, 3.2), which may be an internationalised name as it was typed."""


@dataclass(frozen=True, slots=True)
class EnrichSettings:
    """How to enrich: a site for all events (None: each by its virtual host), the number of shards, the salt
    of visitor ids (at most 64 bytes), and what to keep of addresses.
    """

    site: str | None
    shards: int
    salt: bytes
    addresses: AddressPolicy = "masked"


def enrich(events: pl.DataFrame, source_id: str, settings: EnrichSettings) -> pl.DataFrame:
    """Return `events` ready to be stored, in their order, with columns of `footfall.event.SCHEMA` only.

    Added are site, source_id, visitor, shard and referrer_host. The visitor is worked out from the full
    address, which is masked afterwards.
    """
    placed = (
        _with_texts(events)
        .pipe(assign_site, settings.site)
        .pipe(identify_visitor, settings)
        .pipe(mask_address, settings.addresses)
        .pipe(split_referrer)
        .with_columns(pl.lit(source_id).alias("source_id"))
    )
    return placed.select(name for name in SCHEMA if name in placed.columns)


def assign_site(events: pl.DataFrame, site: str | None) -> pl.DataFrame:
    """Add site: `site`, or the virtual host in lower case without port where that can name one, else
    ``default``.
    """
    if site is not None:
        return events.with_columns(pl.lit(site).alias("site"))

    hosts = events["host"].unique()
    names = pl.Series("site", [_site(host) for host in hosts], dtype=pl.String)
    return events.join(
        pl.DataFrame({"host": hosts, "site": names}),
        on="host",
        how="left",
        nulls_equal=True,
        maintain_order="left",
    )


def identify_visitor(events: pl.DataFrame, settings: EnrichSettings) -> pl.DataFrame:
    """Add visitor and shard, from the full address and the user agent."""
    pairs = events.select(_WHO).unique()
    rows = list(pairs.iter_rows())
    visitors = pairs.with_columns(
        pl.Series("visitor", [visitor_id(ip, agent, settings.salt) for ip, agent in rows], dtype=pl.String),
        pl.Series("bucket", [visitor_bucket(ip, agent) for ip, agent in rows], dtype=pl.Int64),
        is_crawler(pl.col("user_agent")).alias("is_crawler"),
    )
    bucket = pl.when("is_crawler").then(event_bucket(pl.col("offset"))).otherwise("bucket")
    return (
        events.join(visitors, on=_WHO, how="left", nulls_equal=True, maintain_order="left")
        .with_columns((bucket % settings.shards).cast(pl.Int32).alias("shard"))
        .drop("bucket", "is_crawler")
    )


def split_referrer(events: pl.DataFrame) -> pl.DataFrame:
    """Add referrer_host, in lower case, without port and user; null where there is no URL with a host."""
    referrers = events.select("referrer").unique().drop_nulls()
    host = pl.col("referrer").str.extract(_REFERRER_HOST).str.to_lowercase().alias("referrer_host")
    return events.join(
        referrers.with_columns(host), on="referrer", how="left", nulls_equal=True, maintain_order="left"
    )


def mask_address(events: pl.DataFrame, policy: AddressPolicy) -> pl.DataFrame:
    """Reduce ip to its network, /24 for IPv4 and /48 for IPv6; a host name goes.

    The policy ``full`` leaves ip as it is, ``none`` empties it.
    """
    if policy == "full":
        return events

    if policy == "none":
        return events.with_columns(pl.lit(None, dtype=pl.String).alias("ip"))

    addresses = events["ip"].unique().drop_nulls()
    networks = addresses.str.extract(_IPV4) + "0"
    masked = [
        network or masked_address(address) for address, network in zip(addresses, networks, strict=True)
    ]
    texts = pl.Series(masked, dtype=pl.String)
    return events.with_columns(
        pl.col("ip").replace_strict(addresses, texts, default=None, return_dtype=pl.String)
    )


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


def _site(host: str | None) -> str:
    name = (host or "").lower()
    name = name if name.endswith("]") else name.partition(":")[0]
    return name if is_site(name) else DEFAULT_SITE


def _with_texts(events: pl.DataFrame) -> pl.DataFrame:
    """Add the texts that the steps read and a format may not carry, as null."""
    missing = [name for name in ("host", "ip", "user_agent", "referrer") if name not in events.columns]
    return events.with_columns(pl.lit(None, dtype=pl.String).alias(name) for name in missing)
