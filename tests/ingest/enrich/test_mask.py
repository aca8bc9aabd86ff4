from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.enrich import AddressPolicy, Enrichment, EnrichSettings
from ingest.enrich.mask import mask_address, masked_address
from tests.ingest.enrich.rows import events


def masked(policy: AddressPolicy, *addresses: str | None) -> list[str | None]:
    settings = EnrichSettings(None, 8, b"salt", Enrichment(addresses=policy))
    return mask_address(events(*({"ip": address} for address in addresses)), settings)["ip"].to_list()


@given(st.lists(st.ip_addresses().map(str), min_size=1, max_size=5))
def test_a_masked_address_is_the_network_of_the_address(addresses: list[str]) -> None:
    for address, text in zip(addresses, masked("masked", *addresses), strict=True):
        parsed = ip_address(address)
        mapped = parsed.ipv4_mapped if parsed.version == 6 else None
        shown = mapped or parsed
        network = ip_network(f"{shown}/{24 if shown.version == 4 else 48}", strict=False)
        assert text == str(network.network_address)


@given(st.lists(st.none() | st.text(max_size=20), min_size=1, max_size=5))
def test_what_is_no_address_is_not_kept(texts: list[str | None]) -> None:
    assert masked("masked", *texts) == [masked_address(text) if text else None for text in texts]


@pytest.mark.parametrize("policy", get_args(AddressPolicy))
def test_masking_twice_is_masking_once(policy: AddressPolicy) -> None:
    once = masked(policy, "192.0.2.7", "2001:db8::1", "host", None)
    assert masked(policy, *once) == once
