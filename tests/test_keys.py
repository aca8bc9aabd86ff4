from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall import keys
from footfall.event import TIME


@pytest.mark.parametrize(
    "file_name",
    [
        "access.log",
        "access.log.1",
        "access.log.2.gz",
        "access.log.10.bz2",
        "access.log.1.xz",
        "access.log.1.zst",
        "access.log.gz",
        "access.log-20260131",
        "access.log-20260131.gz",
        "access.log-2026013123",
        "access.log-20260131-2359.gz",
        "access.log-20260131T235959.gz",
        "access.log.2026-01-31",
        "access.log.2026-01",
        "access.log-2026-01-31_23-59",
        "access.log.2026-01-31_23:59:59.gz",
        "access.log.1769817600",
        "access.log.old",
        "access.log.bak",
        "access.log-20260131.1.gz",
        "access.log.GZ",
        "access.1.log",
        "access.12.log.gz",
        "access-20260131.log",
        "access_2026-01-31.log.gz",
        "access.2026-01-31.log",
    ],
)
def test_rotation_and_compression_do_not_change_the_logical_name(file_name: str) -> None:
    assert keys.logical_name(file_name) == "access.log"


@pytest.mark.parametrize(
    "name",
    [
        "access_log",
        "stdin",
        "localhost_access",
        "u_ex.txt",
        "server",
        "api.v2.log",
        "web-1.log",
        "app-10",
        "site-2024",
        ".1",
        ".gz",
    ],
)
def test_other_names_are_their_own_logical_name(name: str) -> None:
    assert keys.logical_name(name) == name


@settings(deadline=None)
@given(st.text(min_size=1, max_size=40))
def test_a_logical_name_is_never_empty_and_is_its_own_logical_name(name: str) -> None:
    logical = keys.logical_name(name)
    assert logical
    assert keys.logical_name(logical) == logical


def test_the_source_id_is_stable_for_ever() -> None:
    line = b'192.0.2.7 - - [17/Jan/2026:10:05:03 +0000] "GET / HTTP/1.1" 200 5316'
    assert keys.source_id(line, "access.log") == "12b740096cd26818"
    assert keys.source_id(line, "access.log", "web-1") == "2aa5393028528b9b"


def test_the_source_id_survives_rotation_line_ends_and_a_byte_order_mark() -> None:
    expected = keys.source_id(b"line", "access.log")
    assert keys.source_id(b"\xef\xbb\xbfline\r\n", "access.log.3.gz") == expected


def test_the_source_id_looks_at_the_beginning_of_a_giant_line_only() -> None:
    line = b"x" * keys.FIRST_LINE_BYTES
    assert keys.source_id(line + b"y", "a.log") == keys.source_id(line + b"z" * 9, "a.log")
    assert keys.source_id(line[:-1] + b"y", "a.log") != keys.source_id(line, "a.log")


def test_sources_differ_by_line_name_and_host() -> None:
    ids = {
        keys.source_id(b"x", "a"),
        keys.source_id(b"y", "a"),
        keys.source_id(b"x", "b"),
        keys.source_id(b"x", "a", "h"),
    }
    assert len(ids) == 4


def test_the_visitor_is_stable_for_ever_and_keyed_with_the_salt() -> None:
    assert keys.visitor_id("192.0.2.7", "Mozilla/5.0", b"salt") == "0f65be030ae05961"
    assert keys.visitor_id("192.0.2.7", "Mozilla/5.0", b"other") == "d9d7e247e2c06de1"
    assert keys.visitor_id("192.0.2.7", None, b"salt") == "2636448ce48b8f43"


def test_the_buckets_are_stable_for_ever() -> None:
    assert keys.visitor_bucket("192.0.2.7", "Mozilla/5.0") == 3443408923
    offsets = pl.DataFrame({"offset": [0, 217, 10**12]})
    assert offsets.select(keys.event_bucket(pl.col("offset")))["offset"].to_list() == [0, 8789254, 932379312]


@settings(deadline=None)
@given(st.integers(0, 10**13 - 1))
def test_an_event_bucket_is_a_number_a_shard_can_be_taken_from(offset: int) -> None:
    [bucket] = (
        pl.DataFrame({"offset": [offset]}).select(keys.event_bucket(pl.col("offset")))["offset"].to_list()
    )
    assert 0 <= bucket < 2**31


@pytest.mark.parametrize("step", [1, 64, 100, 217, 256, 4096])
@pytest.mark.parametrize("shards", [2, 3, 8, 10, 64])
def test_lines_of_any_length_are_spread_over_the_shards(step: int, shards: int) -> None:
    offsets = pl.DataFrame({"offset": [number * step for number in range(shards * 200)]})
    counts = offsets.select(keys.event_bucket(pl.col("offset")) % shards).to_series().value_counts()["count"]
    assert len(counts) == shards
    assert max(counts) < 3 * 200


@pytest.mark.parametrize(
    "agent", ["Googlebot/2.1", "GPTBot/1.3", "curl/8.5", "Wget/1.21", "python-requests/2", "BaiduSpider"]
)
def test_clients_that_say_they_crawl_are_crawlers(agent: str) -> None:
    assert pl.Series([agent]).to_frame("a").select(keys.is_crawler(pl.col("a"))).item() is True


@pytest.mark.parametrize("agent", ["Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", "", None])
def test_other_clients_are_not(agent: str | None) -> None:
    frame = pl.DataFrame({"a": [agent]}, schema={"a": pl.String})
    assert frame.select(keys.is_crawler(pl.col("a"))).item() is False


@pytest.mark.parametrize(
    "name", ["example.com", "a", "www-1.example_test.org", "default", "192.0.2.1", "x" * 253]
)
def test_names_of_sites(name: str) -> None:
    assert keys.is_site(name)


@pytest.mark.parametrize(
    "name",
    ["", "Example.com", "a b", "a#b", "a:80", ".a", "a.", "-a", "a-", "\u00e9.example", "a\n", "x" * 254],
)
def test_names_that_no_site_can_have(name: str) -> None:
    assert not keys.is_site(name)


def test_the_table_keys_order_by_time_and_offset() -> None:
    at = datetime(2026, 1, 31, 23, 59, 59, 7000, tzinfo=UTC)
    frame = pl.DataFrame(
        {"site": ["s"], "time": [at], "shard": [3], "source_id": ["0123456789abcdef"], "offset": [217]},
        schema_overrides={"time": TIME},
    )
    assert frame.select(keys.partition_key().alias("pk"), keys.sort_key().alias("sk")).rows() == [
        ("s#2026-01-31#3", "2026-01-31T23:59:59.007Z#0123456789abcdef0000000000217")
    ]


def test_an_event_with_an_id_of_its_own_has_a_key_that_its_time_and_line_do_not_change() -> None:
    identity = keys.event_identity("snowplow", "shop", "4711")
    assert identity == "a3e4a87df902f08bb92d14274948854d"
    frame = pl.DataFrame(
        {
            "time": [datetime(2026, 1, 31, 1, tzinfo=UTC), datetime(2026, 1, 31, 2, tzinfo=UTC)],
            "source_id": ["0123456789abcdef", "fedcba9876543210"],
            "offset": [217, 0],
            "identity": [identity, identity],
        },
        schema_overrides={"time": TIME},
    )
    sort_keys = frame.select(keys.sort_key(with_identity=True)).to_series().unique().to_list()
    assert sort_keys == [f"2026-01-31T00:00:00.000Z#id{identity}"]
    assert keys.has_identity(sort_keys[0])


def test_an_event_without_an_id_keeps_its_key_beside_one_that_has_one() -> None:
    at = datetime(2026, 1, 31, 23, 59, 59, 7000, tzinfo=UTC)
    columns = {"time": [at] * 2, "source_id": ["0123456789abcdef"] * 2, "offset": [217, 300]}
    frame = pl.DataFrame(columns | {"identity": [None, "a" * 32]}, schema_overrides={"time": TIME})
    first = frame.select(keys.sort_key(with_identity=True)).to_series()[0]
    assert first == frame.select(keys.sort_key()).to_series()[0]
    assert not keys.has_identity(first)


@pytest.mark.parametrize(
    "other", [("matomo", "shop", "4711"), ("snowplow", None, "4711"), ("snowplow", "shop", "4712")]
)
def test_an_id_counts_only_within_its_dialect_and_site(other: tuple[str, str | None, str]) -> None:
    assert keys.event_identity(*other) != keys.event_identity("snowplow", "shop", "4711")


def test_a_beacons_own_visitor_and_session_are_hashed_the_same_for_ever() -> None:
    assert keys.own_visitor_id("owa", "1768644303", b"salt") == "3d716146cb26ec42"
    assert keys.session_id("owa", "1768644303", b"salt") == "615bdbdf65709f72"
    assert keys.own_visitor_id("matomo", "1768644303", b"salt") != keys.own_visitor_id(
        "owa", "1768644303", b"salt"
    )
    assert keys.own_visitor_id("owa", "1768644303", b"x") != keys.own_visitor_id("owa", "1768644303", b"salt")


def test_the_bucket_of_an_event_with_an_id_of_its_own_is_the_beginning_of_that() -> None:
    frame = pl.DataFrame({"identity": ["00000010" + "f" * 24, "f" * 32, None]})
    buckets = frame.select(keys.identity_bucket(pl.col("identity")))["identity"].to_list()
    assert buckets == [16, 2**32 - 1, None]
