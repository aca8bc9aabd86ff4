"""Lines of clouds and content delivery networks as their documents and those who collect them have them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from ingest.formats import named
from tests.ingest.formats.parsing import event


def merged(name: str, **changed: object) -> str:
    """Return the example of a format with members in it changed, those of a nested object one by one."""
    line: dict[str, Any] = json.loads(named(name).example)
    for member, value in changed.items():
        line[member] = line[member] | value if isinstance(value, dict) and member in line else value

    return json.dumps(line)


def azure(stamp: str, **properties: object) -> dict[str, Any]:
    return event("azure", json.dumps({stamp: "2026-01-17T10:05:03.6479719Z", "properties": properties}))


@pytest.mark.parametrize(
    ("url", "host", "path", "query"),
    [
        ("https://www.example.com/shop?page=2&q=a?b", "www.example.com", "/shop", "page=2&q=a?b"),
        ("http://192.0.2.1:8080/a/b.jpg", "192.0.2.1", "/a/b.jpg", None),
        ("https://[2001:db8::1]:8443?x=1", "[2001:db8::1]", "/", "x=1"),
        ("https://www.example.com", "www.example.com", "/", None),
        ("/robots.txt", None, "/robots.txt", None),
        ("https://www.example.com/go?to=https://example.org/a", "www.example.com", "/go", "to=https://example.org/a"),
    ],
)  # fmt: skip
def test_google_cloud_has_host_path_and_query_in_a_url(
    url: str, host: str | None, path: str, query: str | None
) -> None:
    found = event("google_cloud", merged("google_cloud", httpRequest={"requestUrl": url}))
    assert (found.get("host"), found["path"], found.get("query")) == (host, path, query)


@pytest.mark.parametrize(
    ("latency", "milliseconds"),
    [("0.021s", 21.0), ("1800s", 1_800_000.0), ({"seconds": 0, "nanos": 1}, None)],
)
def test_google_cloud_latencies_are_seconds_with_their_unit(
    latency: object, milliseconds: float | None
) -> None:
    found = event("google_cloud", merged("google_cloud", httpRequest={"latency": latency}))
    assert found.get("duration_ms") == milliseconds


def test_google_cloud_addresses_come_with_or_without_ports() -> None:
    addresses = [
        event("google_cloud", merged("google_cloud", httpRequest={"remoteIp": address})).get("ip")
        for address in ("192.0.2.9:9989", "[2001:db8::1]:443", "2001:db8::1", "")
    ]
    assert addresses == ["192.0.2.9", "2001:db8::1", "2001:db8::1", None]


def test_front_door_writes_numbers_as_text_versions_in_four_parts_and_times_in_seconds() -> None:
    found = azure(
        "time",
        httpMethod="POST",
        httpVersion="2.0.0.0",
        requestUri="https://www.example.com:443/a?b=c",
        clientIp="192.0.2.7",
        responseBytes="1205",
        timeTaken="0.384",
        httpStatusCode="200",
        securityProtocol="TLS 1.2",
        cacheStatus="CONFIG_NOCACHE",
    )
    assert found == {
        "time": datetime(2026, 1, 17, 10, 5, 3, 647000, tzinfo=UTC),
        "ip": "192.0.2.7",
        "method": "POST",
        "host": "www.example.com",
        "path": "/a",
        "query": "b=c",
        "protocol": "HTTP/2.0",
        "status": 200,
        "bytes": 1205,
        "duration_ms": 384.0,
        "cache_status": "CONFIG_NOCACHE",
        "tls_version": "TLSv1.2",
    }


def test_an_application_gateways_request_is_the_one_before_it_was_rewritten() -> None:
    found = azure(
        "timeStamp",
        clientIP="192.0.2.7",
        httpMethod="GET",
        originalRequestUriWithArgs="/search?q=bell",
        requestUri="/internal",
        requestQuery="q=rewritten",
        httpVersion="HTTP/1.1",
        timeTaken=0.034,
        sslProtocol="TLSv1.2",
        host="backend.example.com",
        originalHost="www.example.com",
    )
    assert (found["host"], found["path"], found["query"]) == ("www.example.com", "/search", "q=bell")
    assert (found["duration_ms"], found["protocol"], found["tls_version"]) == (34.0, "HTTP/1.1", "TLSv1.2")


def test_an_app_service_counts_milliseconds_and_writes_agents_as_iis_does() -> None:
    found = azure(
        "time",
        CIp="192.0.2.7",
        CsMethod="GET",
        CsUriStem="/bikes/",
        CsUriQuery="page=2",
        CsHost="www.example.com",
        UserAgent="Mozilla/5.0+(X11;+Linux+x86_64)",
        ScStatus=200,
        TimeTaken=1793,
        CsUsername="-",
        Referer="-",
    )
    assert (found["path"], found["query"], found["duration_ms"]) == ("/bikes/", "page=2", 1793.0)
    assert found["user_agent"] == "Mozilla/5.0 (X11; Linux x86_64)"
    assert {"user", "referrer"}.isdisjoint(found)


@pytest.mark.parametrize(
    ("written", "agent"),
    [
        ("Mozilla%2F5.0+%28X11%3B+Linux%29", "Mozilla/5.0 (X11; Linux)"),
        ("Mozilla/5.0%20(+http://example.com/bot)", "Mozilla/5.0 (+http://example.com/bot)"),
        ("a%2Bb", "a+b"),
        ("%FF", "\\xff"),
    ],
)
def test_akamai_encodes_headers_with_either_sign_for_a_space(written: str, agent: str) -> None:
    assert event("akamai", merged("akamai", UA=written))["user_agent"] == agent


@pytest.mark.parametrize(("state", "word"), [("0", "MISS"), ("1", "HIT"), (1, "HIT"), ("-", None)])
def test_akamai_counts_what_the_cache_did(state: object, word: str | None) -> None:
    assert event("akamai", merged("akamai", cacheStatus=state)).get("cache_status") == word


def test_cloudflare_leaves_out_what_it_does_not_know() -> None:
    unknown = {"ClientSSLProtocol": "none", "ClientSSLCipher": "NONE", "ClientCountry": "xx"}
    found = event("cloudflare", merged("cloudflare", **unknown))
    assert {"tls_version", "tls_cipher", "country"}.isdisjoint(found)


def test_an_empty_member_gives_way_to_another_that_has_a_value() -> None:
    line = merged("cloudflare", ClientRequestURI="", ClientRequestPath="/only/here", CacheCacheStatus="-")
    assert event("cloudflare", line)["path"] == "/only/here"
    explained = {part.field: part.value for part in named("cloudflare").explain(line).taken}
    assert explained["ClientRequestPath"] == "/only/here"
    own = named("json:time=t,path=p,referrer=a|b|c,host=h|i,status=s|u")
    found = event(own, '{"t":1768644303,"p":"/","a":"-","b":"","c":"x","h":"www","i":"","s":"","u":200}')
    assert (found["referrer"], found["host"], found["status"]) == ("x", "www", 200)


@pytest.mark.parametrize(
    "stamp",
    ["2026-01-17T10:05:03UTC", "2026-01-17T10:05:03 GMT", "2026-01-17T10:05:03", "1768644303"],
)  # fmt: skip
def test_fastly_times_name_their_zone_or_need_none(stamp: str) -> None:
    line = merged("fastly", timestamp=None, time_start=stamp)
    assert event("fastly", line)["time"] == datetime(2026, 1, 17, 10, 5, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("logged", "address"),
    [("192.0.2.7:53122", "192.0.2.7"), ("[2001:db8::1]:443", "2001:db8::1"), ("2001:db8::1", "2001:db8::1")],
)
def test_an_address_in_a_users_map_may_have_a_port(logged: str, address: str) -> None:
    line = json.dumps({"t": 1768644303, "u": "/", "addr": logged})
    assert event("json:time=t,uri=u,ip=addr", line)["ip"] == address
    assert event('goaccess:{"t":"%x","u":"%U","addr":"%h:%^"}', line)["ip"] == address
