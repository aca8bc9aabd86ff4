"""Write databases in MaxMind's format (MaxMind DB File Format Specification 2.0), as small as tests need them."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_network
from typing import Any, Final

MARKER: Final = b"\xab\xcd\xefMaxMind.com"
BITS: Final = {4: 32, 6: 128}
Node = list[Any]


class Number(int):
    """A number of 16 bits, type 5 of the format, which tells numbers apart by their size."""

    kind = 5


class Count(Number):
    """A number of 32 bits."""

    kind = 6


class Epoch(Number):
    """A number of 64 bits."""

    kind = 9


def database(records: Mapping[str, Any], *, ip_version: int = 6, kind: str = "Test-City") -> bytes:
    """Return a database of networks → records; IPv4 networks stand in ::/96 of an IPv6 one."""
    nodes: list[Node] = [[None, None]]
    for network, record in records.items():
        _insert(nodes, _prefix(network, ip_version), record)

    data, tree = b"", b""
    for node in nodes:
        for child in node:
            if isinstance(child, list):
                value = next(number for number, other in enumerate(nodes) if other is child)
            elif child is None:
                value = len(nodes)
            else:
                value = len(nodes) + 16 + len(data)
                data += encoded(child)

            tree += value.to_bytes(3, "big")

    meta = {
        "node_count": Count(len(nodes)),
        "record_size": 24,
        "ip_version": ip_version,
        "database_type": kind,
        "languages": ["en"],
        "binary_format_major_version": 2,
        "binary_format_minor_version": 0,
        "build_epoch": Epoch(1_768_000_000),
        "description": {"en": "made by a test"},
    }
    return tree + bytes(16) + data + MARKER + encoded(meta)


def place(country: str, region: str | None = None, city: str | None = None) -> dict[str, Any]:
    """Return a record as City databases have them."""
    record: dict[str, Any] = {"country": {"iso_code": country, "names": {"en": country}}}
    if region:
        record["subdivisions"] = [{"iso_code": region, "names": {"en": region}}, {"iso_code": "no"}]

    if city:
        record["city"] = {"names": {"de": f"{city} (de)", "en": city}}

    return record


def encoded(value: Any) -> bytes:
    """Return a value of the data section: maps, arrays, texts and numbers."""
    if isinstance(value, dict):
        return _control(7, len(value)) + b"".join(encoded(key) + encoded(one) for key, one in value.items())

    if isinstance(value, list):
        return _control(11, len(value)) + b"".join(encoded(one) for one in value)

    if isinstance(value, str):
        return _control(2, len(value.encode())) + value.encode()

    number = Number(value)
    size = (number.bit_length() + 7) // 8
    kind = value.kind if isinstance(value, Number) else Number.kind
    return _control(kind, size) + number.to_bytes(size, "big")


def _control(kind: int, size: int) -> bytes:
    short = min(size, 29)
    more = bytes([size - 29]) if size >= 29 else b""
    return (bytes([kind << 5 | short]) if kind <= 7 else bytes([short, kind - 7])) + more


def _prefix(network: str, ip_version: int) -> str:
    parsed = ip_network(network)
    bits = f"{int(parsed.network_address):0{BITS[parsed.version]}b}"[: parsed.prefixlen]
    return "0" * (BITS[ip_version] - BITS[parsed.version]) + bits


def _insert(nodes: list[Node], bits: str, record: Any) -> None:
    node = nodes[0]
    for bit in bits[:-1]:
        if node[int(bit)] is None:
            node[int(bit)] = [None, None]
            nodes.append(node[int(bit)])

        node = node[int(bit)]

    node[int(bits[-1])] = record
