from __future__ import annotations

from datetime import UTC, datetime

import pytest

from footfall.errors import FormatError
from ingest.formats import FORMATS
from ingest.formats.detect import detect
from ingest.formats.servers import SERVERS
from tests.ingest.formats.parsing import event, events, frame, outcomes, parse

AT = datetime(2026, 1, 17, 10, 5, 3, tzinfo=UTC)
AGENT = "Mozilla/5.0 (X11; Linux x86_64)"
SHOP: dict[str, object] = {
    "time": AT,
    "method": "GET",
    "path": "/shop",
    "protocol": "HTTP/1.1",
    "status": 200,
}
QUERY = {"query": "page=2"}
CLIENT = {"ip": "192.0.2.7", "bytes": 5316}
HEADERS = {"referrer": "https://www.example.org/", "user_agent": AGENT}
HOST = {"host": "www.example.com"}
COMBINED = SHOP | CLIENT | HEADERS
HAPROXY = (
    "192.0.2.2:33317 [06/Feb/2009:12:14:14.655] http-in static/srv1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 "
    '{1wt.eu} {} "GET /index.html HTTP/1.1"'
)
HAPROXY_EVENT: dict[str, object] = {
    "time": datetime(2009, 2, 6, 12, 14, 14, 655000, tzinfo=UTC),
    "ip": "192.0.2.2",
    "method": "GET",
    "path": "/index.html",
    "protocol": "HTTP/1.1",
    "status": 200,
    "bytes": 2750,
    "duration_ms": 109.0,
}
BAD_REQUEST = (
    "192.0.2.77:41002 [12/Jan/2026:13:00:00.120] in~ in/<NOSRV> -1/-1/-1/-1/-1 {} 187 - - PR-- 2/2/0/0/0 0/0 "
    '"<BADREQ>"'
)
ENVOY = (
    '[2026-01-17T10:05:03.280Z] "POST /api/v1/locations?a=b HTTP/2" 204 - 154 0 226 100 "{}" "nsq2http" "cc21d9b0" '
    '"{}" "198.51.100.8:80"'
)
SQUID = "1768644303.123    921 192.0.2.7 TCP_MISS/200 507 POST {} - HIER_DIRECT/198.51.100.3 application/xml"
ICECAST = FORMATS["icecast"].example


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "istio",
            SHOP
            | QUERY
            | CLIENT
            | HOST
            | {"user_agent": AGENT, "duration_ms": 12.0, "forwarded_for": "203.0.113.9,192.0.2.7"},
        ),
        ("traefik_clf", COMBINED | QUERY | {"duration_ms": 12.0}),
        ("squid_combined", COMBINED | QUERY | HOST | {"cache_status": "TCP_MISS"}),
        ("icecast", COMBINED | {"duration_ms": 1_432_000.0}),
        ("nginx_main", COMBINED | QUERY | {"forwarded_for": "203.0.113.9, 198.51.100.8"}),
        ("ingress_nginx", COMBINED | QUERY | {"duration_ms": 12.0}),
        ("ovh", COMBINED | QUERY | HOST),
        ("gandi", COMBINED | QUERY | HOST | {"duration_ms": 123.0}),
    ],
)
def test_an_example_gives_its_event(name: str, expected: dict[str, object]) -> None:
    assert event(name, FORMATS[name].example) == expected


def test_haproxy_logs_are_read() -> None:
    assert event("haproxy", HAPROXY) == HAPROXY_EVENT


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("192.0.2.2:", "2001:db8::1:", {"ip": "2001:db8::1"}),
        ("192.0.2.2:", "[2001:db8::1]:", {"ip": "2001:db8::1"}),
        ("10/0/30/69/109", "10/0/30/69/+109", {}),
        ("10/0/30/69/109", "10/0/30/109", {}),
        ("10/0/30/69/109", "-1/-1/-1/-1/-1", {"duration_ms": None}),
        (" 200 2750", " -1 +2750", {"status": None}),
        ("{1wt.eu} {} ", "", {}),
        ("{1wt.eu} {} ", "{a|b c|} ", {}),
        ("GET /index.html HTTP/1.1", 'GET /a"b c?d=e HTTP/1.1', {"path": '/a"b c', "query": "d=e"}),
        ("HTTP/1.1", "HTTP/2.0", {"protocol": "HTTP/2.0"}),
        ("192.0.2.2:", "-:", {"ip": None}),
        (' HTTP/1.1"', "", {"protocol": None}),
        (
            'HTTP/1.1"',
            'HTTP/1.1" 0/0/0/0/0 www.example.com/TLSv1.3/TLS_AES_128_GCM_SHA256',
            {"host": "www.example.com", "tls_version": "TLSv1.3", "tls_cipher": "TLS_AES_128_GCM_SHA256"},
        ),
        ('HTTP/1.1"', 'HTTP/1.1" 0/-/0/ffffffff/1 -/-/-', {}),
        ('HTTP/1.1"', 'HTTP/1.1" 0/0/0/0/0 TLSv1.2/AES', {"tls_version": "TLSv1.2", "tls_cipher": "AES"}),
    ],
)
def test_haproxy_writes_the_same_in_many_ways(before: str, after: str, expected: dict[str, object]) -> None:
    wanted = HAPROXY_EVENT | expected
    assert event("haproxy", HAPROXY.replace(before, after)) == {
        k: v for k, v in wanted.items() if v is not None
    }


@pytest.mark.parametrize("status", ["400", "-1"])
def test_a_request_that_haproxy_could_not_read_is_kept_as_it_is(status: str) -> None:
    found = event("haproxy", BAD_REQUEST.format(status))
    assert found["request"] == "<BADREQ>"
    assert found.get("status") == (400 if status == "400" else None)
    assert not {"path", "method", "duration_ms"} & set(found)


def test_haproxys_connections_without_http_are_no_requests() -> None:
    line = "192.0.2.2:40962 [20/Sep/2018:15:44:23.285] main app/<NOSRV> -1/-1/1 212 SC 1/1/0/0/0 0/0"
    assert outcomes(parse("haproxy", line, line.replace("main", 'main~ "GET / HTTP/1.1"'))) == (0, 2, 0)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("pi.hole", "pi.hole"),
        ("www.example.com:8080", "www.example.com"),
        ("192.0.2.10", "192.0.2.10"),
        ("localhost:8080", "localhost"),
        ("[2001:db8::1]:80", "[2001:db8::1]"),
        ("-", None),
    ],
)
def test_lighttpd_writes_whatever_host_the_client_has_asked_for(host: str, expected: str | None) -> None:
    line = FORMATS["ovh"].example
    assert event("ovh", line.replace("www.example.com", host)).get("host") == expected
    assert detect(frame([line, line.replace("www.example.com", host)])).nearest == "ovh"


@pytest.mark.parametrize(
    ("logged", "expected"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8::7, 203.0.113.9", "2001:db8::7, 203.0.113.9"),
        ("' or 1=1, 2001:db8::7", "' or 1=1, 2001:db8::7"),
        ("-", None),
        ("unknown", None),
        ("198.51.100.8:8080", None),
        ("5.84", None),
        ("0.012", None),
        ("unix:/run/php.sock", None),
    ],
)
def test_only_what_ends_with_an_address_was_forwarded(logged: str, expected: str | None) -> None:
    line = FORMATS["nginx_main"].example.replace("203.0.113.9, 198.51.100.8", logged)
    assert event("nginx_main", line).get("forwarded_for") == expected


def test_a_log_in_which_nobody_was_forwarded_is_combined() -> None:
    line = FORMATS["nginx_main"].example.replace("203.0.113.9, 198.51.100.8", "198.51.100.8:8080")
    assert detect(frame([line] * 3)).nearest == "combined"


@pytest.mark.parametrize(
    "upstream", ["[] [] - - - - 4c7d", "[shop] [] 192.0.2.1:80, 192.0.2.2:80 0, 9 0.1, 0.2 502, 200 a1"]
)
def test_ingress_nginx_tries_none_or_several_upstreams(upstream: str) -> None:
    line = FORMATS["ingress_nginx"].example.partition(" [shop")[0]
    assert event("ingress_nginx", f"{line} {upstream}")["duration_ms"] == 12.0


def test_istio_lines_may_have_the_trace_behind_them() -> None:
    line = FORMATS["istio"].example
    assert event("istio", f"{line} traceID=4bf92f3577b34da6a3ce929d0e0e4736") == event("istio", line)


def test_captured_headers_are_read_by_their_names() -> None:
    line = HAPROXY.replace("{1wt.eu}", "{www.example.com|a=b|Mozilla/5.0 (X11)|203.0.113.9}")
    found = event("haproxy:Host|Cookie|User-Agent|X-Forwarded-For", line)
    assert (found["host"], found["user_agent"]) == ("www.example.com", "Mozilla/5.0 (X11)")
    assert found["forwarded_for"] == "203.0.113.9"
    assert "host" not in event("haproxy:Host", HAPROXY.replace("{1wt.eu} {} ", ""))


def test_captured_headers_need_names() -> None:
    with pytest.raises(FormatError, match="without name"):
        event("haproxy:Host||Referer", HAPROXY)


HAPROXY_CLF = (
    '192.0.2.7 - - [17/Jan/2026:10:05:03 +0000] "GET /ok?a=1 HTTP/1.1" 200 73 "" "" 48874 949 "http-in" "http-in" '
    '"<NOSRV>" 0 -1 -1 -1 12 LR-- 1 1 0 0 0 0 0 "" "" "www.example.com" "curl/7.88.1" "https://www.google.com/" ""'
)
"""As HAProxy 2.6.12 wrote it, with three headers of the request and one of the response captured."""

WITHOUT_CAPTURES = HAPROXY_CLF.partition('"www.')[0]


def test_the_common_log_of_haproxy_has_more_than_a_common_log() -> None:
    expected = {
        "time": datetime(2026, 1, 17, 10, 5, 3, tzinfo=UTC),
        "ip": "192.0.2.7",
        "method": "GET",
        "path": "/ok",
        "query": "a=1",
        "protocol": "HTTP/1.1",
        "status": 200,
        "bytes": 73,
        "duration_ms": 12.0,
    }
    assert event("haproxy_clf", HAPROXY_CLF) == expected
    assert event("haproxy_clf", WITHOUT_CAPTURES) == expected
    captured = {"host": "www.example.com", "user_agent": "curl/7.88.1", "referrer": "https://www.google.com/"}
    assert event("haproxy_clf:Host|User-Agent|Referer", HAPROXY_CLF) == expected | captured
    assert event("haproxy_clf:X-Request-Id|User-Agent", HAPROXY_CLF) == expected | {
        "user_agent": "curl/7.88.1"
    }


def test_a_header_that_was_not_sent_is_absent_from_haproxys_common_log() -> None:
    found = event("haproxy_clf:Host|User-Agent|Referer", HAPROXY_CLF.replace("https://www.google.com/", ""))
    assert "referrer" not in found
    with pytest.raises(FormatError, match="without name"):
        event("haproxy_clf:Host||Referer", HAPROXY_CLF)


def test_the_client_of_envoy_is_the_last_that_it_was_forwarded_for() -> None:
    found = event("envoy", ENVOY.format("203.0.113.9, 192.0.2.80", "locations.example.com:8443"))
    assert found == {
        "time": datetime(2026, 1, 17, 10, 5, 3, 280000, tzinfo=UTC),
        "method": "POST",
        "path": "/api/v1/locations",
        "query": "a=b",
        "protocol": "HTTP/2",
        "status": 204,
        "bytes": 0,
        "duration_ms": 226.0,
        "user_agent": "nsq2http",
        "ip": "192.0.2.80",
        "forwarded_for": "203.0.113.9, 192.0.2.80",
        "host": "locations.example.com",
    }


def test_envoy_without_a_request_or_forwarder() -> None:
    found = event("envoy", ENVOY.replace("POST /api/v1/locations?a=b HTTP/2", "- - -").format("-", "-"))
    assert not {"ip", "host", "path", "method", "request"} & set(found)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://www.example.com/a?b=c", {"host": "www.example.com", "path": "/a", "query": "b=c"}),
        ("http://www.example.com:8080", {"host": "www.example.com", "path": "/"}),
        ("http://[2001:db8::8]:8080/a", {"host": "[2001:db8::8]", "path": "/a"}),
        (
            "https://www.example.com/?url=http://example.org/",
            {"host": "www.example.com", "path": "/", "query": "url=http://example.org/"},
        ),
        ("example.net:443", {"path": "example.net:443"}),
        ("error:invalid-request", {}),
    ],
)
def test_squid_writes_whole_urls(url: str, expected: dict[str, object]) -> None:
    assert event("squid", SQUID.format(url)) == expected | {
        "time": datetime(2026, 1, 17, 10, 5, 3, 123000, tzinfo=UTC),
        "ip": "192.0.2.7",
        "duration_ms": 921.0,
        "cache_status": "TCP_MISS",
        "status": 200,
        "bytes": 507,
        "method": "POST",
        "mime": "application/xml",
    }


def test_a_listener_who_quotes_does_not_cut_the_agent() -> None:
    quoting = ICECAST.replace(AGENT, 'an "unescaped" agent')
    assert event("icecast", quoting)["user_agent"] == 'an "unescaped" agent'
    escaped = ICECAST.replace(AGENT, r"an \"escaped\" agent")
    assert event("icecast", escaped)["user_agent"] == 'an "escaped" agent'


def test_google_cloud_storage_writes_csv_under_a_heading() -> None:
    heading = '"time_micros","c_ip","c_ip_type","c_ip_region"'
    line = FORMATS["gcs"].example.replace(AGENT, 'a ""quoting"" agent, with a comma')
    storage_log = '"example-bucket","1434598312"'
    parsed = parse("gcs", heading, line, storage_log)
    assert outcomes(parsed) == (1, 1, 1)
    [found] = parsed.events.to_dicts()
    assert (found["user_agent"], found["duration_ms"]) == ('a "quoting" agent, with a comma', 12.0)
    assert found["time"] == datetime(2026, 1, 17, 10, 5, 3, 123000, tzinfo=UTC)
    assert parsed.rejected["text"].to_list() == [storage_log]


def test_bunny_separates_by_bars() -> None:
    found = event("bunny", FORMATS["bunny"].example + "|a newer field")
    expected = (
        SHOP | QUERY | CLIENT | HEADERS | {"host": "shop.example.com", "cache_status": "HIT", "country": "DE"}
    )
    del expected["method"], expected["protocol"]
    assert found == expected | {"time": datetime(2026, 1, 17, 10, 5, 3, 123000, tzinfo=UTC)}


@pytest.mark.parametrize("form", SERVERS, ids=lambda form: form.name)
def test_blank_lines_and_comments_are_skipped(form: object) -> None:
    name = str(getattr(form, "name", ""))
    line = FORMATS[name].example
    assert outcomes(parse(name, "", "  ", "\0\0", "#" + line, line, None)) == (1, 0, 5)


@pytest.mark.parametrize("form", SERVERS, ids=lambda form: form.name)
def test_a_line_has_its_end_when_it_has_all_its_parts(form: object) -> None:
    whole = FORMATS[str(getattr(form, "name", ""))]
    assert whole.is_whole(whole.example)
    assert not whole.is_whole(whole.example[: len(whole.example) // 2])


def test_an_explanation_places_every_part() -> None:
    explained = FORMATS["haproxy"].explain(HAPROXY.replace("{1wt.eu} {} ", "{1wt.eu} "))
    parts = {taken.field: (HAPROXY[taken.begin : taken.end], taken.value) for taken in explained.taken[:6]}
    assert parts["client_ip:client_port"] == ("192.0.2.2:33317", "192.0.2.2")
    assert parts["TR/Tw/Tc/Tr/Ta"] == ("10/0/30/69/109", "109.0")
    assert explained.failed_at is None
    assert explained.taken[-1].value == "GET"


def test_an_explanation_tells_where_a_line_fails() -> None:
    explained = FORMATS["haproxy"].explain(HAPROXY.replace(" 200 ", " OK "))
    assert explained.expected == "status_code"
    assert explained.failed_at == HAPROXY.index(" 200") + 1
    assert explained.reason == "no-match"


def test_an_explanation_tells_of_a_time_that_is_none() -> None:
    assert FORMATS["haproxy"].explain(HAPROXY.replace("/Feb/", "/Nix/")).reason == "bad-time"
    assert events("haproxy", HAPROXY, HAPROXY) == [HAPROXY_EVENT, HAPROXY_EVENT]
