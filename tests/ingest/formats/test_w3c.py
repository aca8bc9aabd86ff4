from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest

from footfall.errors import FormatError
from ingest.formats import FORMATS, named
from ingest.formats.model import header_after
from ingest.formats.w3c import W3C
from ingest.formats.w3c_layout import MOST_FIELDS
from tests.ingest.formats.parsing import event, events, frame, outcomes, parse

AT = datetime(2026, 1, 17, 10, 5, 3, tzinfo=UTC)
SHOP: dict[str, object] = {"time": AT, "ip": "192.0.2.7", "method": "GET", "path": "/shop", "status": 200}
HEADER = "#Fields: date time c-ip cs-method cs-uri-stem sc-status"
LINE = "2026-01-17 10:05:03 192.0.2.7 GET /shop 200"
CLOUDFRONT = FORMATS["cloudfront"].example.partition("\n")[0]
IIS, IIS_LINE = FORMATS["iis"].example.split("\n")


def test_lines_need_a_directive() -> None:
    assert outcomes(parse("w3c", LINE, "", HEADER, LINE)) == (1, 1, 2)
    assert parse("w3c", LINE).rejected["reason"].to_list() == ["no-match"]


def test_a_directive_holds_over_several_readings() -> None:
    data = f"#Version: 1.0\r\n{HEADER}\r\n{LINE}\r\n".encode()
    header = header_after(data, "")
    assert events("w3c", LINE, header=header) == [SHOP]
    assert events("w3c", LINE, header=header_after(b"2026-01-17 more lines\n", header)) == [SHOP]


def test_fields_change_where_a_directive_says_so() -> None:
    other = "#Fields: time date cs-uri-stem sc-status c-ip cs-method"
    turned = "10:05:03 2026-01-17 /shop 200 192.0.2.7 GET"
    lines = [LINE, "#Software: x", other, turned, turned, HEADER, LINE, "\0\0" + other, turned]
    parsed = parse("w3c", *lines, header=HEADER)
    assert outcomes(parsed) == (5, 0, 4)
    assert parsed.events["line_number"].to_list() == [1, 4, 5, 7, 9]
    assert parsed.events["path"].unique().to_list() == ["/shop"]


def test_reading_in_pieces_gives_what_reading_at_once_gives() -> None:
    other = "#Fields: time date cs-uri-stem sc-status c-ip cs-method"
    lines = [
        "x",
        HEADER,
        LINE,
        "junk",
        other,
        "10:05:03 2026-01-17 /shop 200 192.0.2.7 GET",
        LINE,
        "#Remark",
        HEADER,
        LINE,
    ]
    whole = FORMATS["w3c"].parse(frame(lines))
    header, pieces = "", []
    for number, line in enumerate(lines):
        pieces.append(FORMATS["w3c"].parse(frame([line], first=number + 1), header))
        header = header_after(line.encode() + b"\n", header)

    assert pl.concat([piece.events for piece in pieces]).equals(whole.events)
    assert pl.concat([piece.rejected for piece in pieces]).equals(whole.rejected)
    assert sum(piece.skipped_lines for piece in pieces) == whole.skipped_lines


def test_a_name_reads_only_its_own_dialect() -> None:
    assert outcomes(parse("iis", IIS, IIS_LINE)) == (1, 0, 1)
    for other in (HEADER, CLOUDFRONT):
        assert outcomes(parse("iis", LINE, header=other)) == (0, 1, 0)

    assert outcomes(parse("cloudfront", IIS, IIS_LINE)) == (0, 1, 1)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (LINE + " 1", "no-match"),
        (LINE.removesuffix(" 200"), "no-match"),
        (LINE.replace(" ", "  ", 1), "no-match"),
        ('2026-01-17 10:05:03 192.0.2.7 GET "/shop 200"', "no-match"),
        ('2026-01-17 10:05:03 192.0.2.7 GET "/shop 200', "no-match"),
        (LINE.replace("-01-", "-13-"), "bad-time"),
        (LINE.replace("2026-01-17", "-"), "bad-time"),
        (LINE.replace("2026", "1969"), "bad-time"),
        (LINE.replace("10:05:03", "10:05"), "bad-time"),
    ],
)
def test_a_line_that_does_not_fit_its_fields_is_rejected(line: str, reason: str) -> None:
    assert parse("w3c", line, header=HEADER).rejected["reason"].to_list() == [reason]


def test_a_time_without_a_date_is_no_time() -> None:
    parsed = parse("w3c", "#Date: 2026-01-17", "#Fields: time c-ip", "10:05:03 192.0.2.7")
    assert parsed.rejected["reason"].to_list() == ["bad-time"]


def test_times_are_in_utc_with_or_without_a_fraction() -> None:
    found = event("w3c", LINE.replace("10:05:03", "10:05:03.25"), HEADER)
    assert found["time"] == AT.replace(microsecond=250_000)
    assert event("w3c", "1768644303.5 /shop", "#Fields: x-timestamp cs-uri-stem")["time"] == AT.replace(
        microsecond=500_000
    )


def test_tabs_separate_where_there_are_some() -> None:
    tabbed = LINE.replace(" ", "\t")
    assert events("w3c", tabbed, LINE, tabbed.replace("/shop", "/a b"), header=HEADER)[:2] == [SHOP, SHOP]
    assert event("w3c", tabbed.replace("/shop", "/a b"), HEADER)["path"] == "/a b"
    assert event("w3c", LINE.replace("/shop", '"/a\tb"'), HEADER)["path"] == "/a\tb"
    assert (
        event("w3c", LINE.replace(" ", "\t"), HEADER.replace(" ", "\t").replace("#Fields:\t", "#Fields: "))
        == SHOP
    )


@pytest.mark.parametrize(
    "header",
    ["", "#Fields:", "#Fields: x y", "#Fields: " + "c-ip " * (MOST_FIELDS + 1), "#Fields: \0", "Fields"],
)
def test_a_directive_that_says_nothing_makes_no_events(header: str) -> None:
    assert outcomes(parse("w3c", LINE, "", header=header)) == (0, 1, 1)


def test_as_many_fields_as_there_may_be_are_read() -> None:
    header = "#Fields: date time " + "c-ip " * (MOST_FIELDS - 2)
    assert event("w3c", "2026-01-17 10:05:03" + " 192.0.2.7" * (MOST_FIELDS - 2), header)["ip"] == "192.0.2.7"


def test_fields_can_be_given() -> None:
    form = named(f"w3c:{HEADER}")
    assert event(form, LINE) == SHOP
    assert named(form.spec) == form
    assert event("w3c:date time c-ip cs-method cs-uri-stem sc-status", LINE) == SHOP
    assert events(form, "#Fields: date time c-ip", "2026-01-17 10:05:03 192.0.2.8")[0]["ip"] == "192.0.2.8"


@pytest.mark.parametrize("spec", ["w3c:", "w3c:#Fields: x y z", "cloudfront_realtime:nothing"])
def test_fields_that_are_given_must_be_known(spec: str) -> None:
    with pytest.raises(FormatError, match="list of fields"):
        named(spec)


@pytest.mark.parametrize("form", W3C, ids=lambda form: form.name)
def test_columns_are_the_same_whatever_the_fields(form: object) -> None:
    found = FORMATS[str(getattr(form, "name", ""))]
    places = {"line_number", "offset", "kind"}
    for lines in (found.example.split("\n"), ["junk"], [HEADER, LINE], []):
        assert set(found.parse(frame(lines)).events.columns) == {*found.columns} | places

    assert (
        len({tuple(found.parse(frame(lines)).events.schema.items()) for lines in ([LINE], [], ["#x"])}) == 1
    )


def test_no_line_is_surely_whole() -> None:
    assert not FORMATS["w3c"].is_whole(LINE)


def test_an_explanation_names_the_fields() -> None:
    explained = FORMATS["w3c"].explain(LINE, HEADER)
    assert [(taken.field, LINE[taken.begin : taken.end], taken.value) for taken in explained.taken] == [
        ("date", "2026-01-17", str(AT)),
        ("time", "10:05:03", str(AT)),
        ("c-ip", "192.0.2.7", "192.0.2.7"),
        ("cs-method", "GET", "GET"),
        ("cs-uri-stem", "/shop", "/shop"),
        ("sc-status", "200", "200"),
    ]


@pytest.mark.parametrize(
    ("line", "header", "failed_at", "expected"),
    [
        (LINE.removesuffix(" 200"), HEADER, len(LINE) - 3, "sc-status"),
        (LINE + " 1", HEADER, len(LINE) + 1, "the end of the line"),
        (LINE, "", 1, "#Fields:"),
        ("2026-01-17\t10:05:03", HEADER, 20, "c-ip"),
    ],
)
def test_an_explanation_tells_where_the_values_do_not_fit(
    line: str, header: str, failed_at: int, expected: str
) -> None:
    explained = FORMATS["w3c"].explain(line, header)
    assert explained.failed_at == failed_at
    assert expected in explained.expected
    assert explained.reason == "no-match"


def test_a_directive_needs_no_explanation() -> None:
    assert FORMATS["w3c"].explain(HEADER).failed_at is None
