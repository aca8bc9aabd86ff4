from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.errors import FormatError
from ingest.formats import named
from ingest.formats.ncsa import NCSA
from ingest.formats.regex import regex
from ingest.formats.regular import RegularFormat
from ingest.formats.template import LONGEST_DEFINITION
from tests.examples import SOME
from tests.ingest.formats.reading import (
    column_of,
    event,
    keeps_every_line,
    parse,
    reason,
    refused,
    same_events,
    sample_lines,
)

AT = datetime(2026, 1, 17, 10, 5, 3, tzinfo=UTC)
TEXT = r'(?:[^"\\]|\\.|"[^ ])*'
COMBINED = (
    r"(?P<ip>[^ #]\S*) \S+ (?P<userid>.*?) \[(?P<date>.*?) (?P<timezone>[^\]]*)\] "
    rf'"(?P<request>(?:[^"\\]|\\.|")*?)" (?P<status>\d+|-) (?P<length>\d+|-) '
    rf'"(?P<referrer>{TEXT})(?:"|$)(?: "(?P<user_agent>{TEXT})(?:"|$))?'
)


@pytest.mark.parametrize(
    ("group", "text", "expected"),
    [
        ("ip", "2001:db8::7", {"ip": "2001:db8::7"}),
        ("host", "www.example.com:443", {"host": "www.example.com"}),
        ("path", "/a?b=c", {"path": "/a", "query": "b=c"}),
        ("path", "/a", {"path": "/a"}),
        (
            "request",
            "GET /a?b=c HTTP/1.1",
            {"method": "GET", "path": "/a", "query": "b=c", "protocol": "HTTP/1.1"},
        ),
        ("request", r"\x16\x03", {"request": r"\x16\x03"}),
        ("method", "GET", {"method": "GET"}),
        ("method", "-", {}),
        ("status", "404", {"status": 404}),
        ("length", "12", {"bytes": 12}),
        ("bytes", "-", {}),
        ("userid", "anna", {"user": "anna"}),
        ("user_agent", r"a \"b\"", {"user_agent": 'a "b"'}),
        ("referrer", "-", {}),
        ("generation_time_milli", "17", {"duration_ms": 17.0}),
        ("generation_time_micro", "1500", {"duration_ms": 1.5}),
        ("generation_time_secs", "0.5", {"duration_ms": 500.0}),
        ("session_time", "2", {"duration_ms": 2000.0}),
        ("duration_ms", "17.5", {"duration_ms": 17.5}),
        ("event_category", "Videos", {"event_category": "Videos"}),
        ("event_action", "Play", {"event_action": "Play"}),
        ("event_name", "Trailer", {"event_label": "Trailer"}),
        ("forwarded_for", "203.0.113.9, 198.51.100.1", {"forwarded_for": "203.0.113.9, 198.51.100.1"}),
        ("cache_status", "HIT", {"cache_status": "HIT"}),
        ("tls_version", "TLSv1.3", {"tls_version": "TLSv1.3"}),
        ("country", "DE", {"country": "DE"}),
    ],
)
def test_each_group_gives_its_column(group: str, text: str, expected: dict[str, object]) -> None:
    assert (
        event(rf"(?P<date>\S+) \|(?P<{group}>[^|]*)\|", f"2026-01-17T10:05:03Z |{text}|")
        == {"time": AT} | expected
    )


def test_a_query_of_its_own_is_left_where_it_is() -> None:
    spec = r"(?P<date>\S+) (?<path>\S+) (?<query_string>\S+)"
    assert event(spec, "2026-01-17T10:05:03Z /a?b c=d") == {"time": AT, "path": "/a?b", "query": "c=d"}


@pytest.mark.parametrize(
    ("spec", "text", "milliseconds"),
    [
        (r"(?P<date>.+)", "17/Jan/2026:12:05:03 +0200", 0),
        (r"(?P<date>.+)", "2026-01-17T10:05:03.123456Z", 123),
        (r"(?P<date>.+)", "2026-01-17 10:05:03", 0),
        (r"(?P<date>.+)", "1768644303", 0),
        (r"(?P<date>.+)", "1768644303.123", 123),
        (r"(?P<date>.+)", "1768644303123", 123),
        (r"(?P<date>.+)", "1768644303123456", 123),
        (r"(?P<time>.+)", "1768644303", 0),
        (r"(?P<date>\S+) (?P<time>\S+)", "2026-01-17 10:05:03", 0),
        (r"(?P<time>\S+) (?P<date>\S+)", "10:05:03 2026-01-17", 0),
        (r"(?P<date>\S+) (?P<time>\S+) (?P<timezone>\S+)", "2026-01-17 12:05:03 +0200", 0),
        (r"(?P<date>\S+)(?: (?P<timezone>\S+))?", "17/Jan/2026:12:05:03 +0200", 0),
        (r"(?P<date>.+);date=%Y%m%d %H%M%S", "20260117 100503", 0),
        (r"(?P<date>.+);date=%d.%m.%Y %H:%M:%S %z", "17.01.2026 12:05:03 +0200", 0),
        (r"(?P<date>.+) (?P<timezone>\S+);date=%d.%m.%Y %H:%M:%S", "17.01.2026 12:05:03 +0200", 0),
        (r"(?P<date>.+);date=%Y-%m-%d %H:%M:%S.%f", "2026-01-17 10:05:03.123456", 123),
        (r"(?P<date>.+);date=%s", "1768644303", 0),
    ],
)
def test_times_by_a_pattern_and_without_one(spec: str, text: str, milliseconds: int) -> None:
    at = event(f"regex:{spec}", text)["time"]
    assert round((at - AT).total_seconds() * 1000) == milliseconds


def test_a_time_that_is_none_is_said_to_be_one() -> None:
    assert reason(r"(?P<date>\S+)", "tomorrow") == "bad-time"
    assert reason(r"(?P<date>[0-9]+)", "tomorrow") == "no-match"


def test_an_expression_for_combined_reads_what_combined_reads() -> None:
    assert same_events(regex(COMBINED), named("combined"), sample_lines())


def test_matomos_expression_reads_common_lines() -> None:
    spec = (
        r"(?P<ip>[\w*.:-]+)\s+\S+\s+(?P<userid>\S+)\s+\[(?P<date>.*?)\s+(?P<timezone>.*?)\]\s+"
        r'"(?P<method>\S+)\s+(?P<path>.*?)\s+\S+"\s+(?P<status>\d+)\s+(?P<length>\S+)'
    )
    lines = [line.rsplit(' "', 2)[0] for line in sample_lines() if '"GET /' in line and "\\" not in line]
    assert same_events(regex(spec), NCSA[0], lines[:5], without=["protocol", "request"])


def test_an_expression_begins_where_the_line_does_and_need_not_reach_its_end() -> None:
    spec = r"(?P<date>\d+) (?P<ip>[\d.]+)"
    assert event(spec, "1768644303 192.0.2.7 and more")["ip"] == "192.0.2.7"
    assert reason(spec, "x 1768644303 192.0.2.7") == "no-match"


@pytest.mark.parametrize(
    "spec", [r"^(?P<date>\d+) (?P<ip>\S+)$", r"(?i)(?P<date>\d+) (?P<ip>\S+)", r"(?P<date>\d+) (?P<ip>\S+)|x"]
)
def test_anchors_flags_and_choices_keep_their_meaning(spec: str) -> None:
    assert event(spec, "1768644303 192.0.2.7")["ip"] == "192.0.2.7"


@pytest.mark.parametrize(
    ("definition", "column"),
    [
        (r"(?P<ip>\S+)", 12),
        (r"(?P<date>\S+) (?P<adress>\S+)", 19),
        (r"(?P<date>\S+) (?P<visitor>\S+)", 19),
        (r"(?P<date>\S+) (?P<length>\S+) (?P<bytes>\S+)", 35),
        (r"(?P<date>\S+(?=x))", 13),
        (r"(?P<date>\S+) (?<!a)(?P<ip>\S+)", 15),
        (r"(?P<date>(\S)\1)", 14),
        (r"(?P<date>\S+", 1),
        (r"(?P<date>[)", 10),
        (r"(?P<date>.+);date=%Y-%m-%d %Q", 28),
        (r"(?P<date>.+);date=%Y-%m-%d", 19),
        (r"(?P<date>(?:a{1000}){1000})", 1),
    ],
)
def test_a_definition_that_cannot_be_is_refused_with_its_column(definition: str, column: int) -> None:
    error = refused(f"regex:{definition}")
    assert column_of(error) == column
    assert error.hint


def test_a_definition_without_end_is_refused() -> None:
    assert "8,192 characters" in str(refused("regex:(?P<date>.+)" + "x" * LONGEST_DEFINITION))


def test_the_definition_makes_the_format_again() -> None:
    form = regex(COMBINED)
    assert form.spec == f"regex:{COMBINED}"
    assert named(form.spec) == form


def test_an_expression_that_would_take_python_for_ever_takes_a_moment() -> None:
    assert reason(r"(?P<date>(?:a+)+b)", "a" * 20_000) == "no-match"


def test_blank_lines_and_comments_are_skipped() -> None:
    parsed = parse(r"(?P<date>\d+)", "", "# 1", "1768644303", "x")
    assert (parsed.skipped_lines, len(parsed.events), len(parsed.rejected)) == (2, 1, 1)


ATOMS = st.sampled_from(
    [r"\S+", ".*?", r"(?P<ip>\S*)", r"(?P<path>.*?)", "(?P<status>[0-9]+)?", r"(?P<request>[^|]*)", " ", r"\|",
     "(a|b)", "x*", "|", "(?i)"]
)  # fmt: skip


@SOME
@given(
    st.lists(ATOMS, max_size=8),
    st.lists(st.text() | st.sampled_from(["1768644303 x | /a 200", '1768644303"\\']), max_size=6),
)
def test_whatever_is_given_no_line_is_lost(atoms: list[str], lines: list[str]) -> None:
    form = format_or_none(r"(?P<date>[0-9]*)" + "".join(atoms))
    assert form is None or keeps_every_line(form, lines)


@settings(deadline=None)
@given(st.text(alphabet=st.sampled_from("(?P<date>.*)[]{1,2}|\\^$+i;=%YmdH")))
def test_any_definition_is_a_format_or_an_error(definition: str) -> None:
    format_or_none(definition)


def format_or_none(definition: str) -> RegularFormat | None:
    try:
        return regex(definition)
    except FormatError:
        return None
