from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.errors import FormatError
from footfall.event import SCHEMA
from ingest.chunks import Chunk
from ingest.formats import FORMATS, REJECT_REASONS, Format, Parsed, named, parse_chunk
from ingest.formats.ncsa import NCSA
from ingest.formats.values import unescape_text
from ingest.sources import find_sources, open_source
from tests.examples import SOME

REAL_LOG = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "apache_access_10k.log.gz"
START = "192.0.2.7 - - [17/Jan/2026:10:05:03 +0000]"
END = '"https://www.example.org/" "Mozilla/5.0"'
AT = datetime(2026, 1, 17, 10, 5, 3, tzinfo=UTC)
PLAIN: dict[str, object] = {
    "time": AT,
    "ip": "192.0.2.7",
    "user": None,
    "method": "GET",
    "path": "/shop",
    "query": None,
    "protocol": "HTTP/1.1",
    "request": None,
    "status": 200,
    "bytes": 5316,
    "referrer": "https://www.example.org/",
    "user_agent": "Mozilla/5.0",
    "kind": "request",
}
NOT_HTTP = {"method": None, "path": None, "query": None, "protocol": None}
FAMILY = {form.name: form for form in NCSA}
EVERY_FORMAT = pytest.mark.parametrize("form", NCSA, ids=FAMILY)


def frame(texts: Sequence[str | None]) -> pl.DataFrame:
    numbers = list(range(1, len(texts) + 1))
    return pl.DataFrame(
        {"line_number": numbers, "offset": [number * 1000 for number in numbers], "text": texts},
        schema={"line_number": pl.Int64, "offset": pl.Int64, "text": pl.String},
    )


def parse(*texts: str, form: str = "combined") -> Parsed:
    return FORMATS[form].parse(frame(texts))


def event(text: str, form: str = "combined") -> dict[str, Any]:
    parsed = parse(text, form=form)
    assert parsed.rejected.rows() == []
    [row] = parsed.events.to_dicts()
    return {"request": None, "query": None} | {
        name: row[name] for name in row if name not in {"line_number", "offset"}
    }


def reason(text: str, form: str = "combined") -> str:
    [found] = parse(text, form=form).rejected["reason"].to_list()
    assert isinstance(found, str)
    return found


def combined(
    request: str = "GET /shop HTTP/1.1", status: str = "200", size: str = "5316", headers: str = END
) -> str:
    return f'{START} "{request}" {status} {size} {headers}'


def test_a_well_formed_line_gives_all_fields() -> None:
    assert event(combined()) == PLAIN


@EVERY_FORMAT
def test_the_example_of_a_format_is_an_event_with_the_columns_it_declares(form: Format) -> None:
    parsed = form.parse(frame([form.example]))
    assert set(parsed.events.columns) | {"request"} == {
        *form.columns,
        "request",
        "line_number",
        "offset",
        "kind",
    }
    assert parsed.events["path"].to_list() == ["/shop"]


@EVERY_FORMAT
def test_columns_and_types_are_those_of_the_event(form: Format) -> None:
    parsed = form.parse(frame([form.example, "", form.example.replace("shop?", 'sh\\"op?'), "garbage"]))
    places = {"line_number": pl.Int64, "offset": pl.Int64}
    assert dict(parsed.events.schema) == places | {
        name: SCHEMA[name] for name in parsed.events.columns if name not in places
    } | {"offset": pl.Int64}
    assert dict(parsed.rejected.schema) == places | {"reason": pl.String, "text": pl.String}


@pytest.mark.parametrize(
    "address", ["192.0.2.255", "2001:db8::1", "::ffff:192.0.2.1", "client-7.example.org", "unix:"]
)
def test_any_kind_of_client_is_read(address: str) -> None:
    assert event(combined().replace("192.0.2.7", address))["ip"] == address


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (combined(status="304", size="-"), {"status": 304, "bytes": None}),
        (combined(status="-"), {"status": None}),
        (combined(status="000", size="0"), {"status": 0, "bytes": 0}),
        (combined(size="99999999999999999999999"), {"bytes": None}),
        (combined(headers='"-" "-"'), {"referrer": None, "user_agent": None}),
        (combined(headers='"" ""'), {"referrer": None, "user_agent": None}),
        (combined().replace("192.0.2.7", "-"), {"ip": None}),
        (combined().replace("- - [", "- anna [", 1), {"user": "anna"}),
        (combined().replace("- - [", "- anna maria [", 1), {"user": "anna maria"}),
        (combined().replace("- - [", "- -anna [", 1), {"user": "-anna"}),
        (combined().replace("- - [", '- a\\"b [', 1), {"user": 'a"b'}),
        (combined().replace("- - [", "identity - [", 1), {"user": None}),
    ],
)
def test_absent_and_unusual_values(line: str, expected: dict[str, object]) -> None:
    assert event(line) == PLAIN | expected


@pytest.mark.parametrize(
    ("request_line", "expected"),
    [
        ("GET /a?b=c HTTP/1.1", {"path": "/a", "query": "b=c"}),
        ("GET /a?b?c=?d HTTP/1.1", {"path": "/a", "query": "b?c=?d"}),
        ("GET /a? HTTP/1.1", {"path": "/a", "query": None}),
        ("GET /caf\u00e9 HTTP/1.1", {"path": "/caf\u00e9"}),
        ("GET /a HTTP/1.0", {"path": "/a", "protocol": "HTTP/1.0"}),
        ("GET /a HTTP/2.0", {"path": "/a", "protocol": "HTTP/2.0"}),
        ("GET /a HTTP/2", {"path": "/a", "protocol": "HTTP/2"}),
        ("GET /a HTTP/3", {"path": "/a", "protocol": "HTTP/3"}),
        ("get /a HTTP/1.1", {"path": "/a", "method": "get"}),
        ("M-SEARCH * HTTP/1.1", {"path": "*", "method": "M-SEARCH"}),
        ("OPTIONS * HTTP/1.0", {"path": "*", "method": "OPTIONS", "protocol": "HTTP/1.0"}),
        ("GET http://example.net/x?y HTTP/1.1", {"path": "http://example.net/x", "query": "y"}),
        ("CONNECT example.net:443 HTTP/1.1", {"method": "CONNECT", "path": "example.net:443"}),
        ("GET /", {"path": "/", "protocol": None}),
        ("GET /a?b", {"path": "/a", "query": "b", "protocol": None}),
        ("GET http://example.net/x", {"path": "http://example.net/x", "protocol": None}),
        ("GET /two words HTTP/1.1", {"path": "/two words"}),
        ("GET /a?two words HTTP/1.1", {"path": "/a", "query": "two words"}),
        (r"GET /say\"hi\" HTTP/1.1", {"path": '/say"hi"'}),
        (r"GET /say\x22hi HTTP/1.1", {"path": '/say"hi'}),
        (r"GET /caf\xc3\xa9 HTTP/1.1", {"path": "/caf\u00e9"}),
        (r"GET /latin\xe9 HTTP/1.1", {"path": r"/latin\xe9"}),
        (r"GET /back\\slash?q=\t HTTP/1.1", {"path": "/back\\slash", "query": "q=\t"}),
        ('GET /say"hi" HTTP/1.1', {"path": '/say"hi"'}),
        ('GET /q?a="b c" HTTP/1.1', {"path": "/q", "query": 'a="b c"'}),
    ],
)
def test_request_lines_that_are_http(request_line: str, expected: dict[str, object]) -> None:
    assert event(combined(request_line)) == PLAIN | expected


@pytest.mark.parametrize(
    "request_line",
    [
        r"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        r"SSH-2.0-OpenSSH_9.9\r",
        "quit",
        "GET",
        "GET  HTTP/1.1",
        "OPTIONS / RTSP/1.0",
        "USER anonymous",
        "\x16\x03\x01",
        "\ufffd\0\ufffd",
        '{"id":1,"method":"mining.subscribe"}',
    ],
)
def test_a_request_line_that_is_not_http_is_kept_as_logged(request_line: str) -> None:
    assert event(combined(request_line, "400")) == PLAIN | NOT_HTTP | {"request": request_line, "status": 400}


@pytest.mark.parametrize("request_line", ["-", ""])
def test_an_absent_request_line_is_null(request_line: str) -> None:
    assert event(combined(request_line, "408")) == PLAIN | NOT_HTTP | {"status": 408}


@pytest.mark.parametrize(
    ("headers", "referrer", "agent"),
    [
        ('"-" "Mozilla/5.0 (compatible; Goog', None, "Mozilla/5.0 (compatible; Goog"),
        ('"-" "', None, None),
        ('"-" "Mozilla \\', None, "Mozilla "),
        ('"-"', None, None),
        ('"http://example.n', "http://example.n", None),
        (r'"-" "a \"quoted\" agent"', None, 'a "quoted" agent'),
        (r'"-" "a \x22quoted\x22 agent"', None, 'a "quoted" agent'),
        (r'"-" "back\\slash"', None, "back\\slash"),
        (r'"-" "unknown \q escape"', None, r"unknown \q escape"),
        (r'"http://example.net/\xe2\x82\xac" "x"', "http://example.net/\u20ac", "x"),
        ('"-" "an "unescaped" agent"', None, 'an "unescaped'),
        ('"-" "x" "203.0.113.9, 198.51.100.1"', None, "x"),
        ('"-" "x" 0.005 .', None, "x"),
        ('"-" "x" ', None, "x"),
    ],
)
def test_headers_escaped_cut_and_followed_by_more(
    headers: str, referrer: str | None, agent: str | None
) -> None:
    assert event(combined(headers=headers)) == PLAIN | {"referrer": referrer, "user_agent": agent}


def test_quotes_in_a_request_cannot_forge_its_status() -> None:
    assert event(combined(r"GET /\" 200 0 \"-\" \"x\" HTTP/1.1", "404"))["status"] == 404


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("10/Oct/2000:13:55:36 -0700", datetime(2000, 10, 10, 20, 55, 36, tzinfo=UTC)),
        ("10/Oct/2000:13:55:36 +0530", datetime(2000, 10, 10, 8, 25, 36, tzinfo=UTC)),
        ("29/Feb/2024:23:59:59 +0000", datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC)),
        ("31/Dec/2025:23:30:00 -0100", datetime(2026, 1, 1, 0, 30, tzinfo=UTC)),
        ("10/Oct/2000:13:55:36.123456 +0000", datetime(2000, 10, 10, 13, 55, 36, 123000, tzinfo=UTC)),
    ],
)
def test_times_become_utc_milliseconds(time: str, expected: datetime) -> None:
    assert event(combined().replace("17/Jan/2026:10:05:03 +0000", time))["time"] == expected


@pytest.mark.parametrize(
    "time",
    [
        "29/Feb/2023:00:00:00 +0000",
        "10/Oct/2000:24:00:00 +0000",
        "10/Oct/2000:13:55:36",
        "10/Xxx/2000:13:55:36 +0000",
        "32/Jan/2000:00:00:00 +0000",
        "10/Oct/1969:13:55:36 +0000",
        "31/Dec/9999:23:59:59 -0700",
        "01/Jan/9999:00:00:00 +0000",
        "10/Oct/99999:13:55:36 +0000",
        "2000-10-10T13:55:36Z",
        "-",
        "",
    ],
)
def test_a_time_that_cannot_be_kept_is_rejected(time: str) -> None:
    assert reason(combined().replace("17/Jan/2026:10:05:03 +0000", time)) == "bad-time"


@pytest.mark.parametrize(
    "line",
    [
        "garbage",
        START,
        f'{START} "GET / HTTP/1.1',
        f'{START} "GET / HTTP/1.1" 200 12',
        combined(status="20"),
        combined(status="2000"),
        combined(size="-5"),
        combined().replace("[", "", 1),
        '{"time": "2026-01-17T10:05:03Z"}',
    ],
)
def test_a_line_in_another_form_is_rejected_with_its_text(line: str) -> None:
    parsed = parse(line)
    assert parsed.rejected.rows() == [(1, 1000, "no-match", line)]
    assert len(parsed.events) == 0


def test_blank_lines_and_comments_are_skipped() -> None:
    parsed = parse("", "  \t", "# comment", "\0\0", "#" + combined(), combined())
    assert (parsed.skipped_lines, len(parsed.events), len(parsed.rejected)) == (5, 1, 0)


def test_nul_bytes_that_a_truncated_file_begins_with_are_passed_over() -> None:
    assert event("\0\0\0" + combined()) == PLAIN


def test_events_and_rejected_lines_stay_in_order() -> None:
    odd, bad = combined("-"), combined().replace("Jan", "Nope")
    parsed = parse(combined(), odd, "x", bad, combined(), "y", odd, bad, combined())
    assert parsed.events["line_number"].to_list() == [1, 2, 5, 7, 9]
    assert parsed.rejected.select("line_number", "reason").rows() == [
        (3, "no-match"),
        (4, "bad-time"),
        (6, "no-match"),
        (8, "bad-time"),
    ]


@pytest.mark.parametrize(
    ("prefix", "host"),
    [
        ("www.example.com:443", "www.example.com"),
        ("www.example.com", "www.example.com"),
        ("Example.COM:80", "Example.COM"),
        ("[2001:db8::1]:8080", "[2001:db8::1]"),
        ("192.0.2.1:80", "192.0.2.1"),
        ("_", "_"),
    ],
)
def test_the_virtual_host_comes_without_port(prefix: str, host: str) -> None:
    assert event(f"{prefix} {combined()}", "combined_vhost") == PLAIN | {"host": host}


@pytest.mark.parametrize(
    ("start", "ip"),
    [
        ("[2001:db8::7] - - ", "2001:db8::7"),
        ("2001:db8::7 -  -  ", "2001:db8::7"),
        (" - - ", None),
    ],
)
def test_clients_come_in_brackets_and_behind_sockets_and_jetty_spaces_out(start: str, ip: str | None) -> None:
    line = start + combined().removeprefix("192.0.2.7 - - ")
    assert event(line) == PLAIN | {"ip": ip}


def test_common_has_no_headers() -> None:
    expected = {name: value for name, value in PLAIN.items() if name not in {"referrer", "user_agent"}}
    assert event(f'{START} "GET /shop HTTP/1.1" 200 5316', "common") == expected
    assert event(f'{START} "GET /shop HTTP/1.1" 200 5316 0.012', "common") == expected


@pytest.mark.parametrize("written", FAMILY)
@pytest.mark.parametrize("read", FAMILY)
def test_no_format_reads_the_lines_of_another(written: str, read: str) -> None:
    assert len(parse(FORMATS[written].example, form=read).events) == (written == read)


def test_an_oversized_line_is_rejected_unread() -> None:
    data = combined().encode()
    parsed = parse_chunk(Chunk("", data, 0, 2 * len(data), 5, 1, oversized=True), FORMATS["combined"])
    assert parsed.rejected.select("line_number", "offset", "reason").rows() == [(5, 0, "line-too-long")]
    assert (len(parsed.events), parsed.skipped_lines) == (0, 0)


def test_an_unknown_format_is_an_error_that_says_how_to_list_them() -> None:
    with pytest.raises(FormatError, match="combind") as caught:
        named("combind")

    assert caught.value.hint == "footfall formats list"
    assert named("combined") is FORMATS["combined"]


@pytest.mark.parametrize(
    ("escaped", "plain"),
    [
        (r"\"\\\n\t\r\b\v", '"\\\n\t\r\b\v'),
        (r"\x41\x42", "AB"),
        (r"\xe2\x82\xac!", "\u20ac!"),
        (r"\xff\x41", r"\xffA"),
        (r"\\x41", r"\x41"),
        (r"\x4", r"\x4"),
        ("\\", "\\"),
    ],
)
def test_escapes(escaped: str, plain: str) -> None:
    assert unescape_text(escaped) == plain


def hostile_text() -> st.SearchStrategy[str]:
    pieces = [
        '"',
        "\\",
        "-",
        " ",
        "[",
        "]",
        START,
        END,
        "GET / HTTP/1.1",
        "200",
        "\\x",
        "\r",
        "\0",
        "#",
        "\u20ac",
        "\n",
    ]
    lines = [form.example for form in NCSA]
    return st.one_of(
        st.text(),
        st.lists(st.sampled_from(pieces)).map("".join),
        st.builds(
            lambda line, at, piece: line[:at] + piece + line[at:],
            st.sampled_from(lines),
            st.integers(0, 200),
            st.sampled_from(pieces),
        ),
        st.builds(lambda line, at: line[:at], st.sampled_from(lines), st.integers(0, 200)),
    )


@settings(deadline=None)
@given(st.lists(hostile_text(), max_size=20), st.sampled_from(NCSA))
def test_every_line_is_an_event_rejected_or_skipped(texts: list[str], form: Format) -> None:
    parsed = form.parse(frame(texts))
    assert len(parsed.events) + len(parsed.rejected) + parsed.skipped_lines == len(texts)
    numbers = [*parsed.events["line_number"], *parsed.rejected["line_number"]]
    assert len(set(numbers)) == len(numbers)
    assert set(parsed.rejected["reason"]) <= set(REJECT_REASONS)
    assert parsed.events["time"].null_count() == 0


@settings(deadline=None)
@given(st.binary(max_size=300), st.sampled_from(NCSA))
def test_any_bytes_are_parsed_without_raising(data: bytes, form: Format) -> None:
    lines = data.count(b"\n") + (not data.endswith(b"\n")) * bool(data)
    parsed = parse_chunk(Chunk("", data, 0, len(data), 1, lines), form)
    assert len(parsed.events) + len(parsed.rejected) + parsed.skipped_lines == lines


@SOME
@given(st.lists(hostile_text(), min_size=1, max_size=20), st.sampled_from(NCSA))
def test_a_line_is_read_the_same_alone_and_among_others(texts: list[str], form: Format) -> None:
    alone = [form.parse(frame([text])) for text in texts]
    together = form.parse(frame(texts))
    columns = ["time", "ip", "user", "method", "path", "query", "protocol", "status", "bytes"]
    rows = [row for parsed in alone for row in parsed.events.select(columns).rows()]
    assert together.events.select(columns).rows() == rows
    assert together.skipped_lines == sum(parsed.skipped_lines for parsed in alone)


@pytest.mark.skipif(not REAL_LOG.exists(), reason="the shared Apache log is not here")
def test_the_public_apache_log_has_its_known_figures() -> None:
    [source] = find_sources([str(REAL_LOG)])
    with open_source(source) as opened:
        parsed = [parse_chunk(chunk, FORMATS["combined"]) for chunk in opened.chunks(chunk_bytes=300_000)]

    events = pl.concat([part.events for part in parsed], how="diagonal")
    assert sum(len(part.rejected) + part.skipped_lines for part in parsed) == 0
    assert len(events) == 10_000
    assert dict(events["status"].value_counts().rows()) == {
        200: 9126, 304: 445, 404: 213, 301: 164, 206: 45, 500: 3, 416: 2, 403: 2,
    }  # fmt: skip
    assert dict(events["method"].value_counts().rows()) == {"GET": 9952, "HEAD": 42, "POST": 5, "OPTIONS": 1}
    assert events["bytes"].sum() == 2_747_282_740
    assert events["ip"].n_unique() == 1753
    assert events.group_by(pl.col("time").dt.date()).len().sort("time")["len"].to_list() == [
        1632,
        2893,
        2896,
        2579,
    ]
    [cut] = events.filter(line_number=8899).to_dicts()
    assert (cut["status"], cut["user_agent"][-8:]) == (200, "bot.html")


def test_a_number_of_bytes_beyond_reason_is_no_number() -> None:
    line = '192.0.2.1 - - [01/Mar/2026:00:00:00 +0000] "GET / HTTP/1.1" 200 {} "-" "Mozilla"'
    sizes = [0, 2**53, 2**53 + 1, 2**63 - 1, 2**70]
    lines = pl.DataFrame(
        {
            "line_number": range(1, 6),
            "offset": range(5),
            "text": [line.format(size) for size in sizes],
        }
    ).cast({"line_number": pl.Int64, "offset": pl.Int64})
    assert named("combined").parse(lines).events["bytes"].to_list() == [0, 2**53, None, None, None]
