from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.formats import named
from ingest.formats.apache import apache
from ingest.formats.template import LONGEST_DEFINITION
from tests.examples import SOME
from tests.ingest.formats.reading import (
    LINES,
    REAL_LOG,
    STAMP,
    column_of,
    event,
    keeps_every_line,
    parse,
    real_lines,
    reason,
    refusal_of,
    refused,
    same_events,
    sample_lines,
)

AT = datetime(2026, 1, 17, 10, 5, 3, tzinfo=UTC)
CHAIN = "203.0.113.9, 198.51.100.1"
COMMON = r"%h %l %u %t \"%r\" %>s %b"
COMBINED = COMMON + r" \"%{Referer}i\" \"%{User-agent}i\""
BUILT_IN = {
    "common": COMMON,
    "combined": COMBINED,
    "combined_vhost": f"%v:%p {COMBINED}",
    "common_vhost": f"%v:%p {COMMON}",
}


@pytest.mark.parametrize(
    ("directive", "text", "expected"),
    [
        ("%a", "192.0.2.7", {"ip": "192.0.2.7"}),
        ("%a", "2001:db8::7", {"ip": "2001:db8::7"}),
        ("%{c}a", "192.0.2.7", {"ip": "192.0.2.7"}),
        ("%h", "client.example.org", {"ip": "client.example.org"}),
        ("%{c}h", "client.example.org", {"ip": "client.example.org"}),
        ("%{c}a %a", "203.0.113.9 192.0.2.7", {"ip": "192.0.2.7"}),
        ("%h %a", "client.example.org 192.0.2.7", {"ip": "192.0.2.7"}),
        ("%A %p %P %{tid}P %k %X %L %R", "203.0.113.1 443 12 34 0 + - proxy", {}),
        ("%f", "/srv/www/index.html", {}),
        ("%l", "-", {}),
        ("%u", "anna", {"user": "anna"}),
        ("%u", "-", {}),
        ("%u", "anna maria", {"user": "anna maria"}),
        ("%v", "www.example.com", {"host": "www.example.com"}),
        ("%V", "www.example.com:443", {"host": "www.example.com"}),
        ("%v:%p", "www.example.com:443", {"host": "www.example.com"}),
        ("%v:%p", "[2001:db8::1]:443", {"host": "[2001:db8::1]"}),
        ("%{Host}i", "www.example.com:8080", {"host": "www.example.com"}),
        ("%{Host}i %v", "www.example.net www.example.com", {"host": "www.example.com"}),
        ('"%r"', '"GET /a?b=c HTTP/1.1"', {"method": "GET", "path": "/a", "query": "b=c", "protocol": "HTTP/1.1"}),
        ('"%r"', r'"GET /\"a\" HTTP/1.1"', {"method": "GET", "path": '/"a"', "protocol": "HTTP/1.1"}),
        ('"%r"', r'"\x16\x03"', {"request": r"\x16\x03"}),
        ('"%r"', '"-"', {}),
        ("|%r|", "|GET /a HTTP/1.1|", {"method": "GET", "path": "/a", "protocol": "HTTP/1.1"}),
        ('"%m %U%q"', '"GET /a?b=c"', {"method": "GET", "path": "/a", "query": "b=c"}),
        ('"%m %U%q %H"', '"GET /a HTTP/2.0"', {"method": "GET", "path": "/a", "protocol": "HTTP/2.0"}),
        ('"%m %U%q %H"', '"GET /two words HTTP/1.1"', {"method": "GET", "path": "/two words", "protocol": "HTTP/1.1"}),
        ("%m %U", "- -", {}),
        ("%s", "404", {"status": 404}),
        ("%s %>s", "301 200", {"status": 200}),
        ("%<s", "404", {"status": 404}),
        ("%>s", "-", {}),
        ("%b", "5316", {"bytes": 5316}),
        ("%b", "-", {}),
        ("%B", "0", {"bytes": 0}),
        ("%O", "5600", {"bytes": 5600}),
        ("%I %O %b %S", "300 5600 5316 5900", {"bytes": 5316}),
        ("%D", "12345", {"duration_ms": 12.345}),
        ("%T", "2", {"duration_ms": 2000.0}),
        ("%{ms}T", "17", {"duration_ms": 17.0}),
        ("%{us}T", "1500", {"duration_ms": 1.5}),
        ("%{s}T", "3", {"duration_ms": 3000.0}),
        ("%T/%D", "0/12345", {"duration_ms": 12.345}),
        ("%D", "-", {}),
        ("%^FB", "250", {}),
        ('"%{Referer}i"', '"https://www.example.org/"', {"referrer": "https://www.example.org/"}),
        ('"%{User-Agent}i"', r'"Mozilla \"5.0\" \xe2\x82\xac"', {"user_agent": 'Mozilla "5.0" \u20ac'}),
        ("%{User-Agent}i", "Mozilla/5.0 (X11; Linux)", {"user_agent": "Mozilla/5.0 (X11; Linux)"}),
        ('"%!200,304{User-Agent}i"', '"-"', {}),
        ('"%400,501{User-Agent}i"', '"Mozilla"', {"user_agent": "Mozilla"}),
        ('"%{X-Forwarded-For}i" %a', f'"{CHAIN}" 192.0.2.7', {"forwarded_for": CHAIN, "ip": "192.0.2.7"}),
        ('"%{X-Forwarded-For}i"', f'"{CHAIN}"', {"forwarded_for": CHAIN, "ip": "198.51.100.1"}),
        ('"%{Forwarded}i"', '"for=203.0.113.9"', {"forwarded": "for=203.0.113.9"}),
        ("%a %{CF-Connecting-IP}i", "192.0.2.7 203.0.113.9", {"ip": "192.0.2.7", "connecting_ip": "203.0.113.9"}),
        ("%a %{X-Real-IP}i", "192.0.2.7 203.0.113.9", {"ip": "192.0.2.7", "connecting_ip": "203.0.113.9"}),
        ("%a %{True-Client-IP}i", "192.0.2.7 203.0.113.9", {"ip": "192.0.2.7", "connecting_ip": "203.0.113.9"}),
        ("%{DNT}i %{Sec-GPC}i", "1 1", {"dnt": "1", "gpc": "1"}),
        ('"%{Accept-Language}i"', '"de-DE,de;q=0.9"', {"language": "de-DE,de;q=0.9"}),
        ("%{Content-Type}o", "text/html", {"mime": "text/html"}),
        ("%{X-Cache}o", "HIT", {"cache_status": "HIT"}),
        ("%{cache-status}e", "hit", {"cache_status": "hit"}),
        ("%{SSL_PROTOCOL}x %{SSL_CIPHER}x", "TLSv1.3 AES", {"tls_version": "TLSv1.3", "tls_cipher": "AES"}),
        ("%{version}c %{cipher}c", "TLSv1.3 AES", {"tls_version": "TLSv1.3", "tls_cipher": "AES"}),
        ("%{GEOIP_COUNTRY_CODE}e", "DE", {"country": "DE"}),
        ('"%{session}C" %{unique}n %{FOO}e "%{X-Foo}i" %{X-Foo}^ti %{X-Foo}^to %{X-Foo}o', '"a b" c d "e" f g h', {}),
        ("100%% %a", "100% 192.0.2.7", {"ip": "192.0.2.7"}),
        (r"%a\t%u", "192.0.2.7\tanna", {"ip": "192.0.2.7", "user": "anna"}),
        ("%a,%u;%m", "192.0.2.7,anna;GET", {"ip": "192.0.2.7", "user": "anna", "method": "GET"}),
    ],
)  # fmt: skip
def test_each_directive_gives_its_column(directive: str, text: str, expected: dict[str, object]) -> None:
    assert event(f"apache:%t {directive}", f"{STAMP} {text}") == {"time": AT} | expected
    assert event(f"apache:{directive} %t", f"{text} {STAMP}") == {"time": AT} | expected


@pytest.mark.parametrize(
    ("directives", "text", "milliseconds"),
    [
        ("%t", STAMP, 0),
        ("%{}t", STAMP, 0),
        ("[%{%d/%b/%Y:%H:%M:%S %z}t]", "[17/Jan/2026:12:05:03 +0200]", 0),
        ("%{%FT%T%z}t", "2026-01-17T10:05:03+0000", 0),
        ("%{%Y-%m-%d %H:%M:%S}t", "2026-01-17 10:05:03", 0),
        ("%{%Y-%m-%dT%T}t.%{msec_frac}t%{%z}t", "2026-01-17T11:05:03.250+0100", 250),
        ("%{%F %T}t.%{usec_frac}t", "2026-01-17 10:05:03.250999", 250),
        ("%t %{msec_frac}t", f"{STAMP} 007", 7),
        ("%{sec}t", "1768644303", 0),
        ("%{sec}t.%{msec_frac}t", "1768644303.007", 7),
        ("%{msec}t", "1768644303007", 7),
        ("%{usec}t", "1768644303007999", 7),
        ("%{%s}t", "1768644303", 0),
        ("%{begin:%F %T}t %{end:%F %T}t", "2026-01-17 10:05:03 2026-01-17 10:05:09", 0),
        ("%{end:%F %T}t %{begin:%F %T}t", "2026-01-17 10:05:09 2026-01-17 10:05:03", 0),
        ("%{end:msec}t", "1768644303007", 7),
        ("%{%d}t.%{%m}t.%{%Y}t %{%H}t:%{%M}t:%{%S}t", "17.01.2026 10:05:03", 0),
        ("%{%a %b %e %I:%M:%S %p %Y}t", "Sat Jan 17 10:05:03 AM 2026", 0),
        ("%{%D %R}t", "01/17/26 10:05", -3000),
    ],
)
def test_times_in_any_form(directives: str, text: str, milliseconds: int) -> None:
    at = event(f"apache:{directives} %a", f"{text} 192.0.2.7")["time"]
    assert round((at - AT).total_seconds() * 1000) == milliseconds


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_strings_of_built_in_formats_read_what_those_read(name: str) -> None:
    form = apache(BUILT_IN[name])
    lines = (
        sample_lines() if "vhost" not in name else [f"www.example.com:443 {line}" for line in sample_lines()]
    )
    if name.startswith("common"):
        lines = [line.rsplit(' "', 2)[0] for line in lines]

    assert same_events(form, named(name), lines)
    assert sorted(form.columns) == sorted(named(name).columns)


@pytest.mark.skipif(not REAL_LOG.exists(), reason="the shared Apache log is not here")
def test_the_real_log_reads_like_combined() -> None:
    assert same_events(apache(COMBINED), named("combined"), real_lines())


def test_a_string_in_json_is_read_with_its_escapes() -> None:
    spec = '{"at":"%{%FT%T%z}t","ip":"%a","request":"%r","status":%>s,"agent":"%{User-Agent}i","us":%D}'
    line = (
        r'{"at":"2026-01-17T10:05:03+0000","ip":"192.0.2.7","request":"GET / HTTP/1.1","status":200,'
        r'"agent":"a \"b\"","us":1500}'
    )
    assert event(spec, line) == REQUEST | {"user_agent": 'a "b"', "duration_ms": 1.5}


REQUEST = {"time": AT, "ip": "192.0.2.7", "method": "GET", "path": "/", "protocol": "HTTP/1.1", "status": 200}
BEGIN = f'192.0.2.7 {STAMP} "GET / HTTP/1.1" 200'
HEADERS = {"referrer": "http://x/", "user_agent": "Mozilla"}


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ('"http://x/" "Mozil', {"referrer": "http://x/", "user_agent": "Mozil"}),
        ('"http://', {"referrer": "http://"}),
        ('"http://x/" "Mozilla" 12', HEADERS | {"duration_ms": 0.012}),
        ('"http://x/" "Mozilla" 12 more', HEADERS | {"duration_ms": 0.012}),
        ('"http://x/" "Mozilla" nothing', HEADERS),
    ],
)
def test_a_line_that_was_cut_behind_its_status_is_an_event(end: str, expected: dict[str, object]) -> None:
    assert event('%a %t "%r" %>s "%{Referer}i" "%{User-Agent}i" %D', f"{BEGIN} {end}") == REQUEST | expected


def test_a_line_that_was_cut_before_its_status_is_rejected() -> None:
    assert reason('"%{User-Agent}i" %a %t %>s', '"Mozilla') == "no-match"
    assert reason('"%{User-Agent}i" %a %t %>s', f'"Mozilla" 192.0.2.7 {STAMP}') == "no-match"


def test_a_line_surely_has_its_end_when_every_mark_is_closed() -> None:
    form = named('%a %t "%r" %>s "%{Referer}i" "%{User-Agent}i"')
    line = f'192.0.2.7 {STAMP} "GET / HTTP/1.1" 200 "http://x/" "Mozilla"'
    assert form.is_whole(line)
    assert not any(form.is_whole(line[:end]) for end in range(len(line)))


@pytest.mark.parametrize(
    ("definition", "column"),
    [
        ("%h %t %Q", 7),
        ("%h %t %", 7),
        ("%h %t %{foo", 7),
        ("%t %{minutes}T", 6),
        ("%h %{%Q}t", 6),
        ("%h %{begin:%F %Q}t", 15),
        ("%h %{%F %Z}t", 9),
        ("%h %l %u", 9),
        ("%h %{%F}t", 10),
        ("%h %{%T}t", 10),
        (r"%h\n%t", 3),
    ],
)
def test_a_definition_that_cannot_be_is_refused_with_its_column(definition: str, column: int) -> None:
    error = refused(f"apache:{definition}")
    assert column_of(error) == column
    assert error.hint


def test_a_definition_without_end_is_refused() -> None:
    assert refused("apache:%t " + "%a" * LONGEST_DEFINITION).hint
    assert refused("apache:%t " + "%a " * 201).hint


def test_the_definition_makes_the_format_again() -> None:
    form = apache(COMBINED)
    assert form.spec == f"apache:{COMBINED}"
    assert named(form.spec) == form


DIRECTIVES = st.sampled_from(
    [
        "%t",
        "%a",
        "%h",
        "%u",
        '"%r"',
        "%>s",
        "%b",
        "%D",
        "%U%q",
        '"%{Referer}i"',
        "%{X}i",
        "%v:%p",
        " ",
        "|",
        '"',
        "x",
        "%%",
    ]
)


@SOME
@given(st.lists(DIRECTIVES, max_size=12), LINES)
def test_whatever_is_given_no_line_is_lost(directives: list[str], lines: list[str]) -> None:
    definition = "%t" + "".join(directives)
    assert refusal_of(apache, definition) or keeps_every_line(apache(definition), lines)


@settings(deadline=None)
@given(st.text(alphabet=st.sampled_from('%{}hatr<>!,019s"\\ ^:')))
def test_any_definition_is_a_format_or_an_error_with_a_hint(definition: str) -> None:
    error = refusal_of(apache, definition)
    assert error is None or error.hint


@pytest.mark.parametrize(
    ("spec", "line"),
    [
        ("%a %t", f"192.0.2.7 {STAMP}"),
        ("%{%F %T}t %a", "2026-01-17 10:05:03 192.0.2.7"),
        ("%{User-Agent}i|%t", f"x|{STAMP}"),
        ("%m %t", f"GET {STAMP}"),
        ("%v %t", f"a.example.com {STAMP}"),
        ("%U %t", f"/a {STAMP}"),
    ],
)
def test_blank_lines_and_comments_are_skipped(spec: str, line: str) -> None:
    parsed = parse(f"apache:{spec}", "", "# x", f"# {line}", f"#{line}", line, "x")
    assert (parsed.skipped_lines, len(parsed.events), len(parsed.rejected)) == (4, 1, 1)
