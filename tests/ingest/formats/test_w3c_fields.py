"""What the fields of the W3C format and its dialects are read into."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ingest.formats import FORMATS, named
from ingest.formats.w3c_fields import DIALECTS, REALTIME_FIELDS
from tests.ingest.formats.parsing import event, events, outcomes, parse

AT = datetime(2026, 1, 17, 10, 5, 3, tzinfo=UTC)
SHOP: dict[str, object] = {"time": AT, "ip": "192.0.2.7", "method": "GET", "path": "/shop", "status": 200}
AGENT = {"user_agent": "Mozilla/5.0 (X11; Linux x86_64)"}
QUERY = {"query": "page=2"}
DATED = "#Fields: date time {}"

CLOUDFRONT = (
    "#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) "
    "cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes "
    "time-taken x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status "
    "fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len "
    "sc-range-start sc-range-end"
)
CLOUDFRONT_LINE = (
    "2019-12-04\t21:02:31\tLAX1\t392\t192.0.2.100\tGET\td111111abcdef8.cloudfront.net\t/index.html\t200\t-\t"
    "Mozilla/5.0%20(Windows%20NT%2010.0;%20Win64;%20x64)\ta=b\tid=secret\tHit\tSOX4xwn4XV6Q4rgb7XiVGOHms_BGlTAC4KyHmureZm"
    "NrBGdRLiNIQ==\twww.example.com\thttps\t23\t0.001\t-\tTLSv1.2\tECDHE-RSA-AES128-GCM-SHA256\tHit\tHTTP/2.0\t-\t-\t"
    "11040\t0.001\tHit\ttext/html\t78\t-\t-"
)


def under(fields: str, *values: str) -> dict[str, object]:
    """Return the event of a line with a date, a time and values for `fields`."""
    return event("w3c", " ".join(("2026-01-17 10:05:03", *values)), DATED.format(fields))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("w3c", SHOP | QUERY | AGENT | {"bytes": 5316, "duration_ms": 12.0}),
        ("iis", SHOP | QUERY | AGENT | {"duration_ms": 12.0}),
        ("netscaler", SHOP | QUERY | AGENT | {"bytes": 5316, "duration_ms": 0.0, "protocol": "HTTP/1.1"}),
        (
            "isa",
            SHOP
            | QUERY
            | AGENT
            | {
                "bytes": 5316,
                "duration_ms": 12.0,
                "host": "www.example.com",
                "user": "anonymous",
                "cache_status": "Internet",
                "mime": "text/html",
            },
        ),
        (
            "shoutcast",
            {
                "time": AT,
                "ip": "192.0.2.7",
                "path": "/shop",
                "query": "title=A%20Song",
                "status": 200,
                "bytes": 2350712,
                "duration_ms": 147_000.0,
                "user_agent": "WinampMPEG/5.0",
            },
        ),
    ],
)
def test_an_example_gives_its_event_and_as_w3c_the_same(name: str, expected: dict[str, object]) -> None:
    assert events(name, *FORMATS[name].example.split("\n")) == [expected]
    assert events("w3c", *FORMATS[name].example.split("\n")) == [expected]


def test_the_33_fields_of_cloudfront() -> None:
    assert event("cloudfront", CLOUDFRONT_LINE, CLOUDFRONT) == {
        "time": datetime(2019, 12, 4, 21, 2, 31, tzinfo=UTC),
        "ip": "192.0.2.100",
        "method": "GET",
        "host": "www.example.com",
        "path": "/index.html",
        "query": "a=b",
        "protocol": "HTTP/2.0",
        "status": 200,
        "bytes": 392,
        "duration_ms": 1.0,
        "user_agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64)",
        "cache_status": "Hit",
        "tls_version": "TLSv1.2",
        "tls_cipher": "ECDHE-RSA-AES128-GCM-SHA256",
        "mime": "text/html",
    }


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("%20", "%2520", {"user_agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"}),
        ("Mozilla/5.0%20(", "C++%20%22x%22%20(", {"user_agent": 'C++ "x" (Windows NT 10.0; Win64; x64)'}),
        ("/index.html", "/caf%25C3%25A9", {"path": "/caf%C3%A9"}),
        ("/index.html", "/50%25", {"path": "/50%25"}),
        ("\ta=b\t", "\tq=a%2520b\t", {"query": "q=a%20b"}),
        ("www.example.com", "-", {"host": "d111111abcdef8.cloudfront.net"}),
        ("\t200\t", "\t000\t", {"status": 0}),
    ],
)
def test_cloudfront_encodes_what_was_encoded(before: str, after: str, expected: dict[str, object]) -> None:
    found = event("cloudfront", CLOUDFRONT_LINE.replace(before, after), CLOUDFRONT)
    assert {name: found[name] for name in expected} == expected


def test_cookies_are_never_read() -> None:
    assert "secret" not in str(event("cloudfront", CLOUDFRONT_LINE, CLOUDFRONT))


def test_iis_keeps_its_dialect_with_fewer_and_more_fields() -> None:
    few = "#Fields: date time cs-method cs-uri-stem c-ip sc-status sc-win32-status time-taken"
    assert event("iis", "2026-01-17 10:05:03 GET /shop 192.0.2.7 200 0 1234", few) == SHOP | {
        "duration_ms": 1234.0
    }
    more = f"{few} cs(X-Forwarded-For) X-Custom"
    found = event("iis", "2026-01-17 10:05:03 GET /shop 192.0.2.7 200 0 1234 203.0.113.9 y", more)
    assert found["forwarded_for"] == "203.0.113.9"


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("cs(User-Agent)", "Mozilla/5.0+(X11;+Linux+x86_64)", AGENT),
        ("cs(User-Agent)", '"Mozilla/5.0 (X11; Linux x86_64)"', AGENT),
        ("cs(User-Agent)", "Mozilla/5.0%20(X11;%20Linux%20x86_64)", AGENT),
        ("cs(User-Agent)", '"a ""b"" c"', {"user_agent": 'a "b" c'}),
        (
            "cs(User-Agent)",
            "bot/1.0+(++https://example.org/)",
            {"user_agent": "bot/1.0 ( +https://example.org/)"},
        ),
        ("cs(user-agent)", '""', {}),
        ("cs(User-Agent)", "[an agent]", {"user_agent": "[an agent]"}),
        ("time-taken", "0.012", {"duration_ms": 12.0}),
        ("time-taken", "12", {"duration_ms": 12.0}),
        ("time-taken", "-", {}),
        (
            "cs-uri",
            "http://www.example.com:8080/a?b=c",
            {"host": "www.example.com", "path": "/a", "query": "b=c"},
        ),
        ("cs-uri-stem", "-", {}),
        ("cs-uri-query", "?a=b", {"query": "a=b"}),
        ("cs-host", "www.example.com:8080", {"host": "www.example.com"}),
        ("cs-host", "[2001:db8::8]:80", {"host": "[2001:db8::8]"}),
        ("c-ip", "2001:db8::1", {"ip": "2001:db8::1"}),
        ("sc-status", "10060", {}),
        ("x-forwarded-for", '"203.0.113.9, 192.0.2.1"', {"forwarded_for": "203.0.113.9, 192.0.2.1"}),
        ("X-Forwarded-For", "203.0.113.9,+192.0.2.1", {"forwarded_for": "203.0.113.9, 192.0.2.1"}),
        ("x-forwarded-for", "203.0.113.9,%20192.0.2.1", {"forwarded_for": "203.0.113.9, 192.0.2.1"}),
        ("X-Forwarded-For", "-", {}),
        ("CF-Connecting-IP", "203.0.113.9", {"connecting_ip": "203.0.113.9"}),
        ("TimeTakenMS", "109", {"duration_ms": 109.0}),
        ("cs(Referrer)", "https://example.org/", {"referrer": "https://example.org/"}),
        ("cs(Accept-Language)", "de", {"language": "de"}),
        ("cs(Sec-GPC)", "1", {"gpc": "1"}),
        ("cs(DNT)", "1", {"dnt": "1"}),
    ],
)
def test_a_field_gives_its_columns(field: str, value: str, expected: dict[str, object]) -> None:
    assert under(f"{field} s-ip c-ip", value, "-", "-") == {"time": AT} | expected


def test_asp_net_core_counts_milliseconds_with_a_fraction() -> None:
    fields = "c-ip s-computername s-ip s-port cs-method cs-uri-stem sc-status time-taken"
    found = under(fields, "192.0.2.7", "SHOP1", "198.51.100.8", "5000", "GET", "/shop", "200", "59.9171")
    assert found == SHOP | {"duration_ms": 59.9171}


@pytest.mark.parametrize(
    "header", ["date-local time-local", "date-UTC time-UTC", "date-local time-local date time"]
)
def test_advanced_logging_of_iis_names_its_times(header: str) -> None:
    count = len(header.split()) // 2
    times = ["2026-01-17 10:05:03.000", "2026-01-17 09:05:03.000"][:count]
    found = event("w3c", f'{" ".join(times)} "192.0.2.7" /shop', f"#Fields:   {header}   c-ip cs-uri-stem")
    assert found["time"] == (AT if count == 1 else AT.replace(hour=9))
    assert found["ip"] == "192.0.2.7"


def test_the_host_that_the_viewer_asked_for_is_preferred() -> None:
    assert (
        under("cs-host cs(Host) x-host-header", "a.example", "b.example", "c.example")["host"] == "c.example"
    )
    assert under("cs-host cs(Host) x-host-header", "a.example", "b.example", "-")["host"] == "b.example"


def test_real_time_logs_of_cloudfront() -> None:
    line = FORMATS["cloudfront_realtime"].example
    expected = (
        SHOP
        | QUERY
        | AGENT
        | {
            "time": AT.replace(microsecond=123_000),
            "host": "www.example.com",
            "protocol": "HTTP/2.0",
            "bytes": 5316,
            "duration_ms": 12.0,
            "cache_status": "Hit",
            "tls_version": "TLSv1.3",
            "tls_cipher": "TLS_AES_128_GCM_SHA256",
            "mime": "text/html",
            "country": "DE",
        }
    )
    assert event("cloudfront_realtime", line) == expected
    assert event("cloudfront_realtime", line + "\t-\t4000" * 9) == expected
    of_2020 = line.rsplit("\t", 5)[0]
    assert event("cloudfront_realtime", of_2020) == expected
    assert outcomes(parse("cloudfront_realtime", of_2020.rpartition("\t")[0], "#x", "")) == (0, 1, 2)


def test_real_time_logs_have_the_fields_that_their_configuration_chose() -> None:
    form = named("cloudfront_realtime:timestamp c-ip cs-method cs-uri-stem sc-status cs-user-agent")
    found = event(
        form, "1768644303.000\t192.0.2.7\tGET\t/shop?page=2\t200\tMozilla/5.0%20(X11;%20Linux%20x86_64)"
    )
    assert found == SHOP | QUERY | AGENT
    assert named(form.spec) == form
    assert outcomes(parse(form, "1768644303.000\t192.0.2.7")) == (0, 1, 0)
    assert FORMATS["cloudfront_realtime"].spec == "cloudfront_realtime"
    assert len(REALTIME_FIELDS.split()) == 45


def test_marks_belong_to_one_dialect() -> None:
    marks = [mark for dialect in DIALECTS for mark in dialect.marks]
    assert len(marks) == len(set(marks))
    assert marks == [mark.lower() for mark in marks]
