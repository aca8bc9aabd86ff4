from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.event import SCHEMA
from footfall.keys import event_bucket, visitor_bucket, visitor_id
from ingest.enrich import AddressPolicy, Enrichment, EnrichSettings, enrich
from ingest.enrich.mask import masked_address
from ingest.formats import FORMATS, parse_chunk
from ingest.sources import find_sources, open_source
from tests.examples import SOME

REAL_LOG = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "apache_access_10k.log.gz"
SETTINGS = EnrichSettings(site=None, shards=8, salt=b"salt")
SOURCE = "0123456789abcdef"
BOT = "Mozilla/5.0 (compatible; Googlebot/2.1)"
AT = datetime(2026, 1, 17, tzinfo=UTC)
TEXTS = ("host", "ip", "user_agent", "referrer")


def events(*rows: Mapping[str, str | None]) -> pl.DataFrame:
    columns = {name: [row.get(name) for row in rows] for name in TEXTS}
    places = list(range(len(rows)))
    frame = pl.DataFrame(columns, schema=dict.fromkeys(TEXTS, pl.String))
    return frame.with_columns(
        pl.Series("line_number", places, dtype=pl.Int64),
        pl.Series("offset", [place * 217 for place in places], dtype=pl.Int64),
        pl.lit(AT, dtype=SCHEMA["time"]).alias("time"),
    )


def one(settings: EnrichSettings = SETTINGS, **values: str | None) -> dict[str, Any]:
    [row] = enrich(events(values), SOURCE, settings).to_dicts()
    return row


def test_the_result_has_columns_of_the_event_only_with_their_types() -> None:
    enriched = enrich(events({"ip": "192.0.2.1"}), SOURCE, SETTINGS)
    assert {"site", "source_id", "visitor", "shard", "referrer_host"} <= set(enriched.columns)
    assert {name: SCHEMA[name] for name in enriched.columns} == dict(enriched.schema)


def test_a_format_without_headers_is_enriched_too() -> None:
    bare = events({"ip": "192.0.2.1"}).drop("host", "user_agent", "referrer")
    assert enrich(bare, SOURCE, SETTINGS).select("site", "referrer_host", "visitor").rows() == [
        ("default", None, visitor_id("192.0.2.1", None, b"salt"))
    ]


def test_an_empty_frame_keeps_its_columns() -> None:
    assert set(enrich(events(), SOURCE, SETTINGS).columns) >= {"site", "visitor", "shard", "referrer_host"}


@pytest.mark.parametrize(
    ("host", "site"),
    [
        ("www.example.com", "www.example.com"),
        ("WWW.Example.COM:8443", "www.example.com"),
        ("[2001:db8::1]", "default"),
        ("bad host!", "default"),
        ("a#b", "default"),
        ("", "default"),
        (None, "default"),
    ],
)
def test_the_site_is_the_virtual_host_where_that_can_name_one(host: str | None, site: str) -> None:
    assert one(host=host)["site"] == site


def test_a_given_site_is_the_site_of_all() -> None:
    assert one(EnrichSettings("shop", 8, b"salt"), host="www.example.com")["site"] == "shop"


def test_the_visitor_comes_from_the_full_address_and_the_user_agent() -> None:
    row = one(ip="192.0.2.77", user_agent="Firefox")
    assert row["visitor"] == visitor_id("192.0.2.77", "Firefox", b"salt")
    assert row["ip"] == "192.0.2.0"


@pytest.mark.parametrize("policy", get_args(AddressPolicy))
def test_the_visitor_does_not_depend_on_what_is_kept_of_the_address(policy: AddressPolicy) -> None:
    row = one(EnrichSettings(None, 8, b"salt", Enrichment(addresses=policy)), ip="192.0.2.77")
    assert row["visitor"] == visitor_id("192.0.2.77", None, b"salt")


def test_a_person_has_one_shard_whatever_the_salt() -> None:
    row = {"ip": "192.0.2.77", "user_agent": "Firefox"}
    frames = [enrich(events(row, row), SOURCE, EnrichSettings(None, 8, salt)) for salt in (b"a", b"b")]
    shards = {shard for frame in frames for shard in frame["shard"]}
    assert shards == {visitor_bucket("192.0.2.77", "Firefox") % 8}


def test_a_crawler_is_spread_over_the_shards_by_offset() -> None:
    frame = enrich(events(*[{"ip": "192.0.2.66", "user_agent": BOT}] * 200), SOURCE, SETTINGS)
    expected = frame.select((event_bucket(pl.col("offset")) % 8).cast(pl.Int32).alias("shard"))["shard"]
    assert frame["shard"].to_list() == expected.to_list()
    assert frame["shard"].n_unique() == 8


@pytest.mark.parametrize(
    ("referrer", "host"),
    [
        ("https://www.example.org/", "www.example.org"),
        ("https://www.example.org", "www.example.org"),
        ("HTTP://WWW.Example.ORG:8080/a?b#c", "www.example.org"),
        ("https://anna:secret@example.org/", "example.org"),
        ("https://a@b@example.org/", "example.org"),
        ("https://example.org?q=https://other.example.net/", "example.org"),
        ("https://example.org#x", "example.org"),
        ("http://[2001:db8::1]:80/x", "[2001:db8::1]"),
        ("https://m\u00fcnchen.example/", "m\u00fcnchen.example"),
        ("https://xn--mnchen-3ya.example/", "xn--mnchen-3ya.example"),
        ("android-app://com.example.app/", "com.example.app"),
        ("//example.org/", None),
        ("example.org", None),
        ("/shop", None),
        ("https:///x", None),
        ("https://", None),
        ("https://ex ample.org/", None),
        ("https://[::1", None),
        ("https://example.org:port/", None),
        ("javascript:alert(1)", None),
        ("\u00e9", None),
        (None, None),
    ],
)
def test_the_referrer_host(referrer: str | None, host: str | None) -> None:
    assert one(referrer=referrer)["referrer_host"] == host


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("192.0.2.255", "192.0.2.0"),
        ("0.0.0.0", "0.0.0.0"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
        ("2001:0DB8:0001::ABCD", "2001:db8:1::"),
        ("::1", "::"),
        ("::ffff:192.0.2.77", "192.0.2.0"),
        ("fe80::1%eth0", "fe80::"),
        ("192.0.2.256", None),
        ("192.0.2.1:80", None),
        ("client-7.example.org", None),
        ("unix:", None),
        ("", None),
    ],
)
def test_addresses_are_masked_to_their_network(address: str, masked: str | None) -> None:
    assert one(ip=address)["ip"] == masked
    assert masked_address(address) == masked


@pytest.mark.parametrize("address", ["192.0.2.77", "2001:db8::1", "client-7.example.org"])
def test_the_other_address_policies_keep_all_or_nothing(address: str) -> None:
    assert one(EnrichSettings(None, 8, b"", Enrichment(addresses="full")), ip=address)["ip"] == address
    assert one(EnrichSettings(None, 8, b"", Enrichment(addresses="none")), ip=address)["ip"] is None


VALUES = {
    "ip": st.none()
    | st.sampled_from(["192.0.2.1", "192.0.2.2", "2001:db8::1", "host", "::ffff:192.0.2.9"])
    | st.text(),
    "user_agent": st.none() | st.sampled_from(["Firefox", BOT, "curl/8"]) | st.text(),
    "host": st.none() | st.sampled_from(["a.example", "B.example:80"]) | st.text(),
    "referrer": st.none() | st.sampled_from(["https://a.example/", "http://B.example:80"]) | st.text(),
}


@SOME
@given(st.lists(st.fixed_dictionaries(VALUES), min_size=1, max_size=20), st.randoms(use_true_random=False))
def test_enrichment_does_not_depend_on_the_order_of_rows(
    rows: list[dict[str, str | None]], chance: Any
) -> None:
    frame = events(*rows)
    order = list(range(len(rows)))
    chance.shuffle(order)
    assert enrich(frame, SOURCE, SETTINGS)[order].equals(enrich(frame[order], SOURCE, SETTINGS))


@SOME
@given(st.lists(st.fixed_dictionaries(VALUES), min_size=1, max_size=20))
def test_each_row_is_enriched_as_if_alone(rows: list[dict[str, str | None]]) -> None:
    frame = events(*rows)
    alone = pl.concat([enrich(frame[place], SOURCE, SETTINGS) for place in range(len(rows))])
    assert enrich(frame, SOURCE, SETTINGS).equals(alone)


@settings(deadline=None)
@given(st.ip_addresses(v=4).map(str))
def test_the_fast_mask_of_ipv4_is_the_slow_one(address: str) -> None:
    assert one(ip=address)["ip"] == masked_address(address)


@pytest.mark.skipif(not REAL_LOG.exists(), reason="the shared Apache log is not here")
def test_the_public_apache_log_has_its_known_visitors() -> None:
    [source] = find_sources([str(REAL_LOG)])
    with open_source(source) as opened:
        parts = [
            enrich(parse_chunk(chunk, FORMATS["combined"]).events, chunk.source_id, SETTINGS)
            for chunk in opened.chunks(chunk_bytes=300_000)
        ]

    stored = pl.concat(parts, how="diagonal")
    assert (len(stored), stored["visitor"].n_unique()) == (10_000, 1862)
    assert min(stored.group_by("shard").len()["len"].to_list()) > 10_000 / 8 * 0.7
