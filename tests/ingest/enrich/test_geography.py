from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.errors import SourceError
from ingest.enrich import Enrichment, EnrichSettings, enrich
from ingest.enrich.geography import locate_client, open_geography
from tests.ingest.enrich.mmdb import MARKER, database, place
from tests.ingest.enrich.rows import events

BERLIN = place("DE", "BE", "Berlin")
RECORDS = {
    "192.0.2.0/24": BERLIN,
    "198.51.100.0/25": place("NZ"),
    "2001:db8:1::/48": place("US", "CA", "Los Angeles with a name of more than 29 letters"),
}
IPS = st.none() | st.ip_addresses().map(str) | st.text(max_size=20)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("geography") / "city.mmdb"
    path.write_bytes(database(RECORDS))
    return path


def with_database(path: Path | None) -> EnrichSettings:
    return EnrichSettings(None, 8, b"salt", Enrichment(geography=path))


def located(path: Path | None, **values: str | None) -> tuple[str | None, ...]:
    frame = locate_client(events(values), with_database(path))
    return frame.select("country", "region", "city").row(0)


@pytest.mark.parametrize(
    ("ip", "where"),
    [
        ("192.0.2.77", ("DE", "DE-BE", "Berlin")),
        ("::ffff:192.0.2.77", ("DE", "DE-BE", "Berlin")),
        ("198.51.100.1", ("NZ", None, None)),
        ("198.51.100.200", (None, None, None)),
        ("2001:db8:1::5", ("US", "US-CA", "Los Angeles with a name of more than 29 letters")),
        ("2001:db8:2::5", (None, None, None)),
        ("client.example.org", (None, None, None)),
        ("", (None, None, None)),
        (None, (None, None, None)),
    ],
)
def test_country_region_and_city_come_from_the_address(
    city: Path, ip: str | None, where: tuple[str | None, ...]
) -> None:
    assert located(city, ip=ip) == where


def test_the_place_is_found_by_the_full_address_which_is_masked_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "narrow.mmdb"
    path.write_bytes(database({"192.0.2.77/32": BERLIN}))
    [row] = enrich(events({"ip": "192.0.2.77"}), "s", with_database(path)).to_dicts()
    assert (row["ip"], row["city"]) == ("192.0.2.0", "Berlin")


def test_a_country_that_the_log_tells_stays_where_the_database_knows_none(city: Path) -> None:
    assert located(city, ip="203.0.113.1", country="FR") == ("FR", None, None)
    assert located(city, ip="192.0.2.1", country="FR")[0] == "DE"


def test_without_a_database_events_are_left_as_they_are() -> None:
    frame = events({"ip": "192.0.2.1", "country": "FR"})
    assert locate_client(frame, with_database(None)) is frame


def test_a_database_of_ipv4_only_knows_no_ipv6(tmp_path: Path) -> None:
    path = tmp_path / "four.mmdb"
    path.write_bytes(database({"192.0.2.0/24": BERLIN}, ip_version=4))
    assert located(path, ip="192.0.2.1") == ("DE", "DE-BE", "Berlin")
    assert located(path, ip="2001:db8::1") == (None, None, None)


def test_records_of_another_shape_are_nowhere(tmp_path: Path) -> None:
    path = tmp_path / "odd.mmdb"
    records = {
        "192.0.2.0/24": "text",
        "198.51.100.0/24": {"country": "DE", "city": {"names": ["x"]}, "subdivisions": []},
        "203.0.113.0/24": {"subdivisions": [{"iso_code": "BE"}], "country": {"iso_code": 7}},
    }
    path.write_bytes(database(records))
    for ip in ("192.0.2.1", "198.51.100.1", "203.0.113.1"):
        assert located(path, ip=ip) == (None, None, None)


@pytest.mark.parametrize(
    "content",
    [b"", b"no database", MARKER, MARKER + b"\xe1", database(RECORDS)[:-40], bytes(200) + MARKER + b"\xe0"],
)
def test_a_file_that_is_no_database_is_refused_before_the_run(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.mmdb"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=r"bad\.mmdb cannot be read as a MaxMind database"):
        open_geography(path)


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="No such file"):
        open_geography(tmp_path / "none.mmdb")


@given(st.lists(IPS, max_size=10))
def test_any_address_is_somewhere_or_nowhere_and_rows_keep_their_order(
    city: Path, ips: list[str | None]
) -> None:
    frame = locate_client(events(*({"ip": ip} for ip in ips)), with_database(city))
    assert frame["ip"].to_list() == ips
    assert frame.schema["country"] == pl.String
