from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.formats import named
from ingest.formats.goaccess import PREDEFINED, goaccess
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
COMBINED = '%h %^ %e [%d:%t %^] "%r" %s %b "%R" "%u"'


@pytest.mark.parametrize(
    ("specifiers", "text", "expected"),
    [
        ("%h", "2001:db8::7", {"ip": "2001:db8::7"}),
        ("%h:%^", "192.0.2.7:5000", {"ip": "192.0.2.7"}),
        ("%v:%^", "www.example.com:443", {"host": "www.example.com"}),
        ("%e", "anna", {"user": "anna"}),
        ("%C", "Hit", {"cache_status": "Hit"}),
        (
            '"%r"',
            '"GET /a?b=c HTTP/1.1"',
            {"method": "GET", "path": "/a", "query": "b=c", "protocol": "HTTP/1.1"},
        ),
        (
            '"%m %r %H"',
            '"GET /a?b=c HTTP/1.1"',
            {"method": "GET", "path": "/a", "query": "b=c", "protocol": "HTTP/1.1"},
        ),
        (
            "%m %U %H",
            "GET /a?b=c HTTP/1.1",
            {"method": "GET", "path": "/a", "query": "b=c", "protocol": "HTTP/1.1"},
        ),
        ("%m %U %q", "GET /a b=c", {"method": "GET", "path": "/a", "query": "b=c"}),
        ("%m %U %q", "GET /a -", {"method": "GET", "path": "/a"}),
        ("%s %b", "404 12", {"status": 404, "bytes": 12}),
        ('"%R" "%u"', r'"http://x/" "a \"b\""', {"referrer": "http://x/", "user_agent": 'a "b"'}),
        ("%K %k", "TLSv1.3 AES", {"tls_version": "TLSv1.3", "tls_cipher": "AES"}),
        ('"%M"', '"text/html"', {"mime": "text/html"}),
        ("%D", "1500", {"duration_ms": 1.5}),
        ("%T", "0.012", {"duration_ms": 12.0}),
        ("%L", "17", {"duration_ms": 17.0}),
        ("%Lms", "17ms", {"duration_ms": 17.0}),
        ("%n", "2500000", {"duration_ms": 2.5}),
        ("%^ %h", "anything 192.0.2.7", {"ip": "192.0.2.7"}),
        ('%^"%r"', 'a b c "GET /a HTTP/1.1"', {"method": "GET", "path": "/a", "protocol": "HTTP/1.1"}),
        ("%~%h", "    192.0.2.7", {"ip": "192.0.2.7"}),
        ('"~h{, }"', f'"{CHAIN}"', {"forwarded_for": CHAIN, "ip": "198.51.100.1"}),
        ('~h{," }', f'"{CHAIN}"', {"forwarded_for": CHAIN, "ip": "198.51.100.1"}),
        ('"~h{," }"', f'"{CHAIN}"', {"forwarded_for": CHAIN, "ip": "198.51.100.1"}),
        ('~h{,"() } %s', f"({CHAIN}) 200", {"forwarded_for": CHAIN, "ip": "198.51.100.1", "status": 200}),
        ('%h "~h{, }"', f'192.0.2.7 "{CHAIN}"', {"forwarded_for": CHAIN, "ip": "192.0.2.7"}),
        ("100%% %h", "100% 192.0.2.7", {"ip": "192.0.2.7"}),
        (r"%h\t%s", "192.0.2.7\t200", {"ip": "192.0.2.7", "status": 200}),
    ],
)
def test_each_specifier_gives_its_column(specifiers: str, text: str, expected: dict[str, object]) -> None:
    assert event(f"goaccess:[%d:%t %^] {specifiers}", f"{STAMP} {text}") == {"time": AT} | expected


@pytest.mark.parametrize(
    ("definition", "text", "milliseconds"),
    [
        ("[%d:%t %^] %h", "[17/Jan/2026:12:05:03 +0200] 192.0.2.7", 0),
        ("[%d:%t %^] %h", "[17/Jan/2026:04:35:03 -0530] 192.0.2.7", 0),
        ("[%d:%t %^] %h", "[17/Jan/2026:10:05:03 something] 192.0.2.7", 0),
        ("[%d:%t] %h", "[17/Jan/2026:10:05:03] 192.0.2.7", 0),
        ("[%d:%t] %h;time=%H:%M:%S %z", "[17/Jan/2026:12:05:03 +0200] 192.0.2.7", 0),
        ("%dT%t.%^ %h;date=%Y-%m-%d", "2026-01-17T10:05:03.123456Z 192.0.2.7", 123),
        ("%dT%t.%^ %h;date=%F;time=%T", "2026-01-17T12:05:03.123456+02:00 192.0.2.7", 123),
        ("[%dT%t%^] %h;date=%F", "[2026-01-17T12:05:03+02:00] 192.0.2.7", 0),
        ("[%dT%t%^] %h;date=%F", "[2026-01-17T10:05:03.5Z] 192.0.2.7", 500),
        ("%x %h;datetime=%Y-%m-%dT%H:%M:%S%z", "2026-01-17T12:05:03+0200 192.0.2.7", 0),
        ("%x %h", "17/Jan/2026 10:05:03 192.0.2.7", 0),
        ("%x %h;date=%s;time=%s", "1768644303 192.0.2.7", 0),
        ("%x.%^ %h;date=%s;time=%s", "1768644303.123 192.0.2.7", 123),
        ("%x %h;date=%f;time=%f", "1768644303123456 192.0.2.7", 123),
        ("%x %h;datetime=%*", "1768644303123 192.0.2.7", 123),
        ("%d %t %^ %h;date=%F", "2026-01-17 10:05:03 203.0.113.1 192.0.2.7", 0),
    ],
)
def test_a_zone_or_fraction_that_is_skipped_behind_a_time_counts(
    definition: str, text: str, milliseconds: int
) -> None:
    found = event(f"goaccess:{definition}", text)
    assert found["ip"] == "192.0.2.7"
    assert round((found["time"] - AT).total_seconds() * 1000) == milliseconds


def test_a_combined_format_with_its_user_reads_what_combined_reads() -> None:
    assert same_events(goaccess(COMBINED), named("combined"), sample_lines())


@pytest.mark.skipif(not REAL_LOG.exists(), reason="the shared Apache log is not here")
def test_the_real_log_reads_like_combined_with_its_zone() -> None:
    assert same_events(goaccess(COMBINED), named("combined"), real_lines())
    # What is skipped up to the bracket must not swallow requests that have one.
    assert same_events(goaccess("COMBINED"), named("combined"), real_lines(), without=["user"])


GET = '"GET /a HTTP/1.1"'
NO_PROTOCOL = {"protocol": None}
PREDEFINED_LINES: dict[str, tuple[str, dict[str, object]]] = {
    "COMMON": (f"192.0.2.7 - - {STAMP} {GET} 200 12", {}),
    "COMBINED": (f'192.0.2.7 - - {STAMP} {GET} 200 12 "-" "x"', {"user_agent": "x"}),
    "VCOMMON": (f"a.example.com:80 192.0.2.7 - - {STAMP} {GET} 200 12", {"host": "a.example.com"}),
    "VCOMBINED": (
        f'a.example.com:80 192.0.2.7 - - {STAMP} {GET} 200 12 "-" "x"',
        {"host": "a.example.com", "user_agent": "x"},
    ),
    "AWSELB": (
        "http 2026-01-17T10:05:03.000000Z app 192.0.2.7:2817 203.0.113.1:80 0.000 0.012 0.000 200 200 34 12 "
        f'{GET} "x" AES TLSv1.2 arn "Root=1" "a.example.com" more',
        {"host": "a.example.com", "duration_ms": 12.0, "user_agent": "x", "tls_version": "TLSv1.2"},
    ),
    "AWSALB": (
        "https 2026-01-17T10:05:03.000000Z app 192.0.2.7:2817 203.0.113.1:80 0.000 0.012 0.000 200 200 34 12 "
        f'{GET} "x" AES TLSv1.2 arn',
        {"host": "app", "duration_ms": 12.0, "user_agent": "x", "tls_cipher": "AES"},
    ),
    "AWSS3": (
        f'0af a.example.com {STAMP} 192.0.2.7 - 3E57 REST.GET.OBJECT a {GET} 200 - 12 12 7 6 "-" "x"',
        {"host": "a.example.com", "duration_ms": 7.0, "user_agent": "x"},
    ),
    "CLOUDSTORAGE": (
        '"1768644303000000","192.0.2.7","","","GET","/a","200","","12","1500","","-","x"',
        {"duration_ms": 1.5, "user_agent": "x"} | NO_PROTOCOL,
    ),
    "SQUID": (
        "Jan 17 10:05:03 a.example.com squid: 1768644303.000     45 192.0.2.7 TCP_MISS/200 12 GET /a",
        {"host": "a.example.com", "duration_ms": 45.0} | NO_PROTOCOL,
    ),
    "TRAEFIKCLF": (
        f'192.0.2.7 - - {STAMP} {GET} 200 12 "-" "x" 7 "a@docker" "http://203.0.113.1" 45ms',
        {"host": "a@docker", "duration_ms": 45.0, "user_agent": "x"},
    ),
    "W3C": (
        "2026-01-17 10:05:03 203.0.113.1 GET /a - 80 - 192.0.2.7 x - 200 0 0 45",
        {"duration_ms": 45.0, "user_agent": "x", "bytes": None} | NO_PROTOCOL,
    ),
    "CLOUDFRONT": (
        "2026-01-17 10:05:03 FRA2-C1 12 192.0.2.7 GET a.example.com /a 200 - x - - Hit id host https 23 0.045 - "
        "TLSv1.2 AES Hit HTTP/1.1 -".replace(" ", "\t"),
        {"host": "a.example.com", "duration_ms": 45.0, "user_agent": "x", "cache_status": "Hit"},
    ),
}


@pytest.mark.parametrize("name", PREDEFINED)
def test_the_predefined_formats(name: str) -> None:
    line, expected = PREDEFINED_LINES[name]
    request = {"time": AT, "ip": "192.0.2.7", "method": "GET", "path": "/a", "protocol": "HTTP/1.1"}
    wanted = request | {"status": 200, "bytes": 12} | expected
    found = event(f"goaccess:{name}", line)
    assert {column: found.get(column) for column in wanted} == wanted
    assert named(goaccess(name).spec) == goaccess(name)


@pytest.mark.parametrize("name", PREDEFINED)
def test_the_names_alone_are_our_own_formats(name: str) -> None:
    assert named(name).name in {
        "combined", "common", "combined_vhost", "common_vhost", "w3c", "cloudfront", "gcs", "elb", "alb", "s3", "squid",
        "traefik_clf",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("definition", "column"),
    [
        ("%h %W [%d:%t]", 4),
        ("[%d:%t] %", 9),
        ("%h %d", 6),
        ("%h %r", 6),
        ("[%d:%t];date=%Q", 14),
        ('{"ts":"%x","a":"%h %u"}', 17),
        ('{"ts":"%x","a":"%Q"}', 17),
        ('{"ts":"%x","a":"%h"', 1),
    ],
)
def test_a_definition_that_cannot_be_is_refused_with_its_column(definition: str, column: int) -> None:
    error = refused(f"goaccess:{definition}")
    assert column_of(error) == column
    assert error.hint


SPECIFIERS = st.sampled_from(
    [
        "%h",
        "%^",
        "%v",
        "%e",
        '"%r"',
        "%s",
        "%b",
        '"%u"',
        "%~",
        "%U",
        "%q",
        "%T",
        "~h{, }",
        " ",
        "|",
        '"',
        "x",
        ":",
    ]
)


@SOME
@given(st.lists(SPECIFIERS, max_size=12), LINES)
def test_whatever_is_given_no_line_is_lost(specifiers: list[str], lines: list[str]) -> None:
    assert keeps_every_line(goaccess("[%d:%t %^]" + "".join(specifiers)), lines)


@settings(deadline=None)
@given(st.text(alphabet=st.sampled_from('%{}hdtx^~rs;date=time \\"[]')))
def test_any_definition_is_a_format_or_an_error_with_a_hint(definition: str) -> None:
    error = refusal_of(goaccess, definition)
    assert error is None or error.hint


JSON_LINE = (
    '{"at":"2026-01-17T12:05:03+02:00","c":{"ip":"192.0.2.7","agents":["x","y"]},"r":"GET /a?b=c HTTP/1.1",'
    '"u":"/b?d=e","m":"POST","s":"404","n":12,"took":0.045,"micros":"45500","xff":"203.0.113.9","day":"2026-01-17",'
    '"clock":"10:05:03"}'
)


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ('"at":"%dT%t+%^","r":"%r"', {"method": "GET", "path": "/a", "query": "b=c", "protocol": "HTTP/1.1"}),
        ('"at":"%x","r":"%m %U %H"', {"method": "GET", "path": "/a", "query": "b=c", "protocol": "HTTP/1.1"}),
        ('"at":"%x", "u":"%U", "m":"%m"', {"method": "POST", "path": "/b", "query": "d=e"}),
        ('"day":"%d","clock":"%t","u":"%U"', {"path": "/b", "query": "d=e"}),
        ('"at":"%x.%^","u":"%U","s":%s,"n":%b,"r":%^', {"path": "/b", "query": "d=e", "status": 404, "bytes": 12}),
        ('"at":"%x","u":"%U","took":%T', {"path": "/b", "query": "d=e", "duration_ms": 45.0}),
        ('"at":"%x","u":"%U","took":%T,"micros":"%D"', {"path": "/b", "query": "d=e", "duration_ms": 45.5}),
        ('"at":"%x","u":"%U","xff":"~h{, }"', {"path": "/b", "query": "d=e", "forwarded_for": "203.0.113.9"}),
        ('"at":"%x","u":"%U","c":{"ip":"%h","agents":["%u"]}',
         {"path": "/b", "query": "d=e", "ip": "192.0.2.7", "user_agent": "x"}),
        ('"at":"%x","u":"%U","c":{"agents":["%^","%u"]}', {"path": "/b", "query": "d=e", "user_agent": "y"}),
    ],
)  # fmt: skip
def test_a_json_object_makes_a_map_of_its_members(members: str, expected: dict[str, object]) -> None:
    definition = f"goaccess:{{{members}}};date=%Y-%m-%d;time=%T"
    assert event(definition, JSON_LINE) == {"time": AT} | expected
    assert named(named(definition).spec) == named(definition)


def test_a_json_object_without_its_kind_is_known() -> None:
    assert event('{"at":"%x","u":"%U"}', JSON_LINE)["path"] == "/b"


def test_a_json_object_with_neither_request_nor_time_is_refused() -> None:
    assert "neither request nor path" in str(refused('goaccess:{"ts":"%x"}'))
    assert "no time" in str(refused('goaccess:{"u":"%U"}'))
