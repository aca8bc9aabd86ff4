from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.formats import named
from ingest.formats.nginx import nginx
from tests.examples import SOME
from tests.ingest.formats.reading import (
    LINES,
    REAL_LOG,
    STAMP,
    column_of,
    event,
    keeps_every_line,
    real_lines,
    refusal_of,
    refused,
    same_events,
    sample_lines,
)

AT = datetime(2026, 1, 17, 10, 5, 3, tzinfo=UTC)
CHAIN = "203.0.113.9, 198.51.100.1"
COMBINED = (
    '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
    '"$http_referer" "$http_user_agent"'
)


@pytest.mark.parametrize(
    ("variables", "text", "expected"),
    [
        ("$remote_addr", "192.0.2.7", {"ip": "192.0.2.7"}),
        ("${remote_addr}:$remote_port", "192.0.2.7:5000", {"ip": "192.0.2.7"}),
        ("$remote_addr:$remote_port", "2001:db8::7:5000", {"ip": "2001:db8::7"}),
        ("$realip_remote_addr $remote_addr", "203.0.113.9 192.0.2.7", {"ip": "192.0.2.7"}),
        ("$realip_remote_addr", "203.0.113.9", {"ip": "203.0.113.9"}),
        ("$proxy_protocol_addr", "203.0.113.9", {"ip": "203.0.113.9"}),
        ("$remote_user", "anna", {"user": "anna"}),
        ('"$request"', '"GET /a?b HTTP/2.0"', {"method": "GET", "path": "/a", "query": "b", "protocol": "HTTP/2.0"}),
        ('"$request"', r'"\x16\x03"', {"request": r"\x16\x03"}),
        ('"$request" $uri', '"GET /a HTTP/1.1" /b', {"method": "GET", "path": "/a", "protocol": "HTTP/1.1"}),
        ("$request_method $request_uri", "GET /a?b=c", {"method": "GET", "path": "/a", "query": "b=c"}),
        ("$request_method $request_uri", "GET /a", {"method": "GET", "path": "/a"}),
        ("$uri $request_uri", "/index.html /a?b", {"path": "/a", "query": "b"}),
        ("$uri$is_args$args", "/a?b=c", {"path": "/a", "query": "b=c"}),
        ("$uri$is_args$args", "/a", {"path": "/a"}),
        ("$uri?$query_string", "/a?b=c", {"path": "/a", "query": "b=c"}),
        ("$document_uri", "/a", {"path": "/a"}),
        ('"$args"', '"-"', {}),
        ("$server_protocol", "HTTP/3.0", {"protocol": "HTTP/3.0"}),
        ("$status", "499", {"status": 499}),
        ("$body_bytes_sent $bytes_sent", "5316 5600", {"bytes": 5316}),
        ("$bytes_sent", "5600", {"bytes": 5600}),
        ("$request_time", "0.012", {"duration_ms": 12.0}),
        ("$upstream_response_time", "0.012", {"duration_ms": 12.0}),
        ("$upstream_response_time", "0.012, 0.003 : 0.1", {"duration_ms": 12.0}),
        ("$upstream_response_time", "-, 0.003", {}),
        ("$upstream_response_time", "-", {}),
        ("$upstream_response_time $request_time", "0.012 0.020", {"duration_ms": 20.0}),
        ("$host", "www.example.com", {"host": "www.example.com"}),
        ("$http_host $server_name", "a.example.com:8080 b.example.com", {"host": "b.example.com"}),
        ("$http_host", "a.example.com:8080", {"host": "a.example.com"}),
        ("$scheme://$host:$server_port", "https://www.example.com:443", {"host": "www.example.com"}),
        ("$ssl_protocol/$ssl_cipher", "TLSv1.3/AES", {"tls_version": "TLSv1.3", "tls_cipher": "AES"}),
        ("$ssl_protocol", "-", {}),
        ('"$http_referer"', '"https://www.example.org/"', {"referrer": "https://www.example.org/"}),
        ('"$http_user_agent"', r'"a \x22b\x22"', {"user_agent": 'a "b"'}),
        ('"$http_x_forwarded_for" $remote_addr', f'"{CHAIN}" 192.0.2.7', {"forwarded_for": CHAIN, "ip": "192.0.2.7"}),
        ("$http_x_forwarded_for - x", f"{CHAIN} - x", {"forwarded_for": CHAIN, "ip": "198.51.100.1"}),
        ("$http_cf_connecting_ip", "203.0.113.9", {"connecting_ip": "203.0.113.9", "ip": "203.0.113.9"}),
        ("$http_cf_ipcountry", "DE", {"country": "DE"}),
        ("$http_dnt $http_sec_gpc", "1 1", {"dnt": "1", "gpc": "1"}),
        ('"$http_accept_language"', '"de"', {"language": "de"}),
        ("$sent_http_content_type", "text/html; charset=utf-8", {"mime": "text/html; charset=utf-8"}),
        ("$upstream_cache_status", "HIT", {"cache_status": "HIT"}),
        ("$sent_http_x_cache", "MISS", {"cache_status": "MISS"}),
        ("$geoip_country_code", "DE", {"country": "DE"}),
        ("$geoip2_data_country_iso_code", "DE", {"country": "DE"}),
        ("$geoip_country_code3 $geoip_country_name", "DEU Germany", {}),
        ("$geoip_city", "Berlin", {"city": "Berlin"}),
        ('"$request_body"', r'"{\x22a\x22:1}"', {"body": '{"a":1}'}),
        ('$connection $pipe "$cookie_x" $request_id', '12 . "a b" 0af', {}),
    ],
)  # fmt: skip
def test_each_variable_gives_its_column(variables: str, text: str, expected: dict[str, object]) -> None:
    assert event(f"nginx:[$time_local] {variables}", f"{STAMP} {text}") == {"time": AT} | expected
    assert event(f"nginx:{variables} [$time_local]", f"{text} {STAMP}") == {"time": AT} | expected


@pytest.mark.parametrize(
    ("variables", "text", "milliseconds"),
    [
        ("$time_local", "17/Jan/2026:12:05:03 +0200", 0),
        ("$time_iso8601", "2026-01-17T12:05:03+02:00", 0),
        ("$time_iso8601", "2026-01-17T10:05:03Z", 0),
        ("$msec", "1768644303.123", 123),
        ("[$time_local] $msec", f"{STAMP} 1768644303.123", 123),
        ("$time_iso8601|$time_local", "2026-01-17T12:05:03+02:00|17/Jan/2026:12:05:03 +0200", 0),
    ],
)
def test_times(variables: str, text: str, milliseconds: int) -> None:
    at = event(f"nginx:{variables} $status", f"{text} 200")["time"]
    assert round((at - AT).total_seconds() * 1000) == milliseconds


def test_the_predefined_format_reads_what_combined_reads() -> None:
    assert same_events(nginx(COMBINED), named("combined"), sample_lines())
    assert nginx(COMBINED).columns == named("combined").columns


@pytest.mark.skipif(not REAL_LOG.exists(), reason="the shared Apache log is not here")
def test_the_real_log_reads_like_combined() -> None:
    assert same_events(nginx(COMBINED), named("combined"), real_lines())


def test_a_last_value_that_is_text_goes_on_to_the_end() -> None:
    line = "192.0.2.7|1768644303.123|/a?b|Mozilla/5.0 (X11; Linux)"
    assert (
        event("$remote_addr|$msec|$request_uri|$http_user_agent", line)["user_agent"]
        == "Mozilla/5.0 (X11; Linux)"
    )


def test_more_values_than_the_engine_captures_at_once_are_all_read() -> None:
    names = [
        "http_referer", "http_user_agent", "http_x_forwarded_for", "request_time", "ssl_protocol", "ssl_cipher",
        "upstream_cache_status", "sent_http_content_type", "http_accept_language", "host", "http_dnt", "http_sec_gpc",
        "http_forwarded", "http_x_real_ip", "geoip_country_code",
    ]  # fmt: skip
    spec = COMBINED.split(' "$http')[0] + "".join(f' "${name}"' for name in names)
    line = f'192.0.2.7 - anna {STAMP} "GET /a?b HTTP/1.1" 200 12' + "".join(
        f' "{at}"' for at in range(len(names))
    )
    found = event(spec, line)
    assert len(found) == 9 + len(names)
    assert found | {"time": AT, "user": "anna", "bytes": 12, "referrer": "0", "country": "14"} == found


JSON = (
    'escape=json {"at":"$time_iso8601","client":{"ip":"$remote_addr"},"target":"$uri$is_args$args",'
    '"method":"$request_method","status":$status,"seconds":"$request_time","agent":"$http_user_agent",'
    '"url":"$scheme://$host","id":"$request_id"}'
)


def test_a_template_of_a_json_object_is_read_as_json() -> None:
    line = (
        r'{"method":"GET","at":"2026-01-17T10:05:03+00:00","client":{"ip":"192.0.2.7"},"target":"/a?b=c",'
        r'"status":200,"seconds":"0.012","agent":"a \"b\" \u20ac","url":"https://www.example.com","id":"0af"}'
    )
    assert nginx(JSON).spec == f"nginx:{JSON}"
    assert event(f"nginx:{JSON}", line) == {
        "time": AT, "ip": "192.0.2.7", "method": "GET", "path": "/a", "query": "b=c", "status": 200,
        "duration_ms": 12.0, "user_agent": 'a "b" \u20ac',
    }  # fmt: skip


def test_a_json_template_that_is_no_object_is_read_as_text() -> None:
    assert event("escape=json $msec $remote_addr", "1768644303 192.0.2.7")["ip"] == "192.0.2.7"
    assert (
        event('escape=none {"at":"$msec","ip":"$remote_addr"}', '{"at":"1768644303","ip":"192.0.2.7"}')[
            "time"
        ]
        == AT
    )


@pytest.mark.parametrize(
    ("definition", "column"),
    [
        ("$remote_addr", 13),
        ("$msec $", 7),
        ("$msec $-", 7),
        ("$msec ${remote", 7),
        ("escape=xml $msec", 8),
    ],
)
def test_a_definition_that_cannot_be_is_refused_with_its_column(definition: str, column: int) -> None:
    error = refused(f"nginx:{definition}")
    assert column_of(error) == column
    assert error.hint


VARIABLES = st.sampled_from(
    ["$remote_addr", "$request", '"$request"', "$status", "$uri", "$args", '"$http_referer"', "$x", "$host",
     "$http_x_forwarded_for", " ", "|", '"', "x"]
)  # fmt: skip


@SOME
@given(st.lists(VARIABLES, max_size=12), LINES)
def test_whatever_is_given_no_line_is_lost(variables: list[str], lines: list[str]) -> None:
    assert keeps_every_line(nginx("[$time_local]" + "".join(variables)), lines)


@settings(deadline=None)
@given(st.text(alphabet=st.sampled_from('${}msec_rq "\\[]:escape=json')))
def test_any_definition_is_a_format_or_an_error_with_a_hint(definition: str) -> None:
    error = refusal_of(nginx, definition)
    assert error is None or error.hint
