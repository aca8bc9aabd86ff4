from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.keys import visitor_bucket, visitor_id
from ingest.enrich import Enrichment, EnrichSettings, enrich
from ingest.enrich.client import resolve_client
from ingest.enrich.proxies import parse_address, trust
from tests.examples import SOME
from tests.ingest.enrich.rows import events

PROXIES = ("private", "203.0.113.0/24", "2001:db8:f::/48")
PEER = "203.0.113.10"
HOSTILE = st.none() | st.text(max_size=40) | st.from_regex(r'[0-9a-f.:,;\[\]="for ]{0,60}', fullmatch=True)


def trusting(*networks: str) -> EnrichSettings:
    return EnrichSettings(None, 8, b"salt", Enrichment(trusted_proxies=networks, addresses="full"))


def client(ip: str | None, **headers: str | None) -> str | None:
    return found(ip, headers, PROXIES)


def found(ip: str | None, headers: Mapping[str, str | None], networks: tuple[str, ...]) -> str | None:
    resolved = resolve_client(events({"ip": ip, **headers}), trusting(*networks))
    assert len(resolved) == 1
    address: str | None = resolved["ip"].item()
    return address


@pytest.mark.parametrize(
    ("forwarded_for", "address"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("198.51.100.66, 198.51.100.7", "198.51.100.7"),
        ("198.51.100.7, 10.0.0.1,192.168.1.1", "198.51.100.7"),
        ("198.51.100.7, 203.0.113.200", "198.51.100.7"),
        ("10.0.0.5, 10.0.0.1", "10.0.0.5"),
        ("198.51.100.7:4711", "198.51.100.7"),
        ("[2001:db8::7]:4711", "2001:db8::7"),
        ("2001:DB8:0::7", "2001:db8::7"),
        ("fe80::7%eth0", "fe80::7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("198.51.100.7, unknown, 10.0.0.1", "10.0.0.1"),
        ("198.51.100.7, <script>", PEER),
        ("198.51.100.7,", PEER),
        (", ,", PEER),
        ("unknown", PEER),
        ("x" * 1000, PEER),
    ],
)
def test_the_client_is_the_first_address_from_the_right_that_is_no_proxy(
    forwarded_for: str, address: str
) -> None:
    assert client(PEER, forwarded_for=forwarded_for) == address


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("for=198.51.100.7", "198.51.100.7"),
        ('For="198.51.100.7:4711";proto=https;by=203.0.113.1', "198.51.100.7"),
        ('for="[2001:db8::1]:4711"', "2001:db8::1"),
        (r"for=\"[2001:db8::1]\"", "2001:db8::1"),
        ("for=198.51.100.66, for=198.51.100.7;by=10.0.0.1, for=10.0.0.1", "198.51.100.7"),
        ("for=198.51.100.66, for=_hidden, for=10.0.0.1", "10.0.0.1"),
        ("for=unknown", PEER),
        ("proto=https", PEER),
        ('for="198.51.100.66, for=198.51.100.7', "198.51.100.7"),
    ],
)
def test_forwarded_is_read_as_its_standard_says(forwarded: str, address: str) -> None:
    assert client(PEER, forwarded=forwarded) == address


@pytest.mark.parametrize("ip", ["198.51.100.1", "2001:db8::1", "client.example.org", "::FFFF:198.51.100.1"])
def test_a_peer_that_is_not_trusted_is_not_believed(ip: str) -> None:
    headers: dict[str, str | None] = {
        "forwarded_for": "192.0.2.1",
        "forwarded": "for=192.0.2.1",
        "connecting_ip": "192.0.2.1",
    }
    assert client(ip, **headers) == ip
    assert found(PEER, headers, ()) == PEER


def test_what_a_cdn_says_of_its_client_comes_first() -> None:
    assert client(PEER, forwarded_for="192.0.2.1", connecting_ip="192.0.2.7") == "192.0.2.7"
    assert client(PEER, forwarded_for="192.0.2.1", connecting_ip="junk") == "192.0.2.1"


def test_a_log_without_peers_is_written_by_somebody_who_is_trusted() -> None:
    assert found(None, {"forwarded_for": "192.0.2.1, 192.0.2.7"}, ()) == "192.0.2.7"
    assert client(None, forwarded_for="192.0.2.7, 10.0.0.1") == "192.0.2.7"
    assert client("unix:", forwarded_for="192.0.2.7") == "192.0.2.7"
    assert client(None, forwarded_for="junk") is None
    assert client(None) is None


def test_a_peer_over_ipv6_is_trusted_by_its_own_network() -> None:
    assert client("2001:db8:f::1", forwarded_for="192.0.2.7") == "192.0.2.7"
    assert client("::ffff:203.0.113.10", forwarded_for="192.0.2.7") == "192.0.2.7"
    assert client("2001:db8:e::1", forwarded_for="192.0.2.7") == "2001:db8:e::1"


def test_a_line_without_header_is_left_as_it_is_among_others_with_one() -> None:
    frame = events(
        {"ip": "::FFFF:203.0.113.10"}, {"ip": PEER, "forwarded_for": "192.0.2.7"}, {"ip": "203.0.113.11"}
    )
    assert resolve_client(frame, trusting(*PROXIES))["ip"].to_list() == [
        "::FFFF:203.0.113.10",
        "192.0.2.7",
        "203.0.113.11",
    ]


def test_a_log_without_headers_costs_nothing() -> None:
    frame = events({"ip": PEER, "forwarded_for": None})
    assert resolve_client(frame, trusting(*PROXIES)) is frame


@pytest.mark.parametrize(
    ("headers", "address"),
    [
        ({"forwarded_for": "192.0.2.1, 198.51.100.7"}, "192.0.2.1"),
        ({"forwarded_for": "unknown, [2001:DB8::1]:80"}, "2001:db8::1"),
        ({"forwarded_for": "junk", "forwarded": "for=192.0.2.2", "connecting_ip": "192.0.2.3"}, "192.0.2.2"),
        ({"forwarded": "for=_x", "connecting_ip": "192.0.2.3"}, "192.0.2.3"),
        ({"connecting_ip": "junk"}, PEER),
        ({}, PEER),
    ],
)
@pytest.mark.parametrize("networks", [(), PROXIES])
@pytest.mark.parametrize("salt", [b"a", b"b"])
def test_the_shard_depends_on_the_line_alone(
    headers: dict[str, str], address: str, networks: tuple[str, ...], salt: bytes
) -> None:
    settings = EnrichSettings(None, 64, salt, Enrichment(trusted_proxies=networks))
    [row] = enrich(events({"ip": PEER, "user_agent": "Firefox", **headers}), "s", settings).to_dicts()
    assert row["shard"] == visitor_bucket(address, "Firefox") % 64


def test_the_visitor_is_the_client_behind_the_proxies() -> None:
    row = enrich(events({"ip": PEER, "forwarded_for": "192.0.2.1, 198.51.100.7"}), "s", trusting(*PROXIES))
    assert row["visitor"].item() == visitor_id("198.51.100.7", None, b"salt")


@pytest.mark.parametrize("name", ["", "192.0.2.0/33", "192.0.2", "cloud", "example.org", "1"])
def test_what_is_no_network_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="does not appear to be"):
        trust((name,))


@SOME
@given(
    st.lists(st.ip_addresses(v=4), max_size=5), st.lists(st.integers(0, 32), min_size=5), st.ip_addresses(v=4)
)
def test_networks_that_overlap_are_looked_up_like_each_of_them(
    addresses: list[object], bits: list[int], address: object
) -> None:
    names = tuple(f"{one}/{size}" for one, size in zip(addresses, bits, strict=False))
    parsed = parse_address(str(address))
    assert parsed is not None
    assert (parsed in trust(names)) == any(parsed in trust((name,)) for name in names)


@given(HOSTILE, HOSTILE, HOSTILE, HOSTILE)
def test_no_header_breaks_it(
    ip: str | None, by_proxies: str | None, by_rfc: str | None, told: str | None
) -> None:
    address = client(ip, forwarded_for=by_proxies, forwarded=by_rfc, connecting_ip=told)
    assert address == ip or parse_address(address) is not None
