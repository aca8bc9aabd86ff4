from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.formats import named
from ingest.formats.explaining import END_OF_LINE, SKIPPED
from ingest.formats.model import Explanation
from ingest.formats.ncsa import NCSA
from ingest.formats.regular import RegularFormat
from tests.ingest.formats.reading import frame

STAMP = "[17/Jan/2026:10:05:03 +0000]"
LINE = f'192.0.2.7 - anna {STAMP} "GET /a?b=c HTTP/1.1" 200 5316 "-" "Mozilla \\"x\\""'
APACHE = r"%a %t \"%m %U%q\" %>s|%D"
APACHE_LINE = f'192.0.2.7 {STAMP} "GET /a?b=c" 200|1500'


def explain(line: str, spec: str = "combined") -> Explanation:
    return named(spec).explain(line)


def parts(explanation: Explanation, line: str) -> list[tuple[str, str, str | None]]:
    return [(taken.field, line[taken.begin : taken.end], taken.value) for taken in explanation.taken]


def test_each_field_says_what_it_took_and_what_became_of_it() -> None:
    assert parts(explain(LINE), LINE) == [
        ("client", "192.0.2.7", "192.0.2.7"),
        ("ident", "-", None),
        ("user", "anna", "anna"),
        ("time", STAMP, "2026-01-17T10:05:03.000+00:00"),
        ("request", '"GET /a?b=c HTTP/1.1"', "GET"),
        ("status", "200", "200"),
        ("bytes", "5316", "5316"),
        ("referrer", '"-"', None),
        ("user_agent", '"Mozilla \\"x\\""', 'Mozilla "x"'),
    ]
    assert explain(LINE).failed_at is None
    assert explain(LINE).reason == ""


def test_a_definition_is_explained_by_its_own_words() -> None:
    explanation = explain(APACHE_LINE, APACHE)
    assert parts(explanation, APACHE_LINE) == [
        ("%a", "192.0.2.7", "192.0.2.7"),
        ("%t", STAMP, "2026-01-17T10:05:03.000+00:00"),
        ("%m", "GET", "GET"),
        ("%U", "/a", "/a"),
        ("%q", "?b=c", "b=c"),
        ("%>s", "200", "200"),
        ("%D", "1500", "1.5"),
    ]
    assert explanation.failed_at is None


def test_an_expression_is_explained_by_its_groups() -> None:
    line = "192.0.2.7 -- 1768644303 /a?b"
    found = parts(explain(line, r"(?P<ip>\S+) -- (?P<date>\d+) (?P<path>\S+)"), line)
    assert [part for part in found if part[0] != "text"] == [
        ("ip", "192.0.2.7", "192.0.2.7"),
        ("date", "1768644303", "2026-01-17T10:05:03.000+00:00"),
        ("path", "/a?b", "/a"),
    ]


@pytest.mark.parametrize(
    ("line", "failed_at", "expected"),
    [
        (LINE.replace("[", "", 1), 18, "time: when"),
        (LINE.replace(" 200 ", " 2000 "), 72, "a space"),
        (LINE.replace(" 200 ", " twohundred "), 69, "status: HTTP"),
        (LINE.replace(" 5316 ", " many "), 73, "bytes: size"),
        (LINE.replace('"-"', "-"), 78, "referrer: Referer"),
        ("192.0.2.7", 10, "a space"),
        ("192.0.2.7 ", 11, "ident: identity"),
        (" ".join(LINE.split(" ")[:5]), 46, "a space"),
    ],
)
def test_where_a_line_stops_to_fit_and_what_was_expected_there(
    line: str, failed_at: int, expected: str
) -> None:
    explanation = explain(line)
    assert explanation.failed_at == failed_at
    assert explanation.expected.startswith(expected)
    assert explanation.reason == "no-match"


@pytest.mark.parametrize(
    ("line", "failed_at", "expected"),
    [
        (APACHE_LINE.replace('"GET', "GET"), 40, "the text ' \"'"),
        (APACHE_LINE.replace("|", ","), 56, "the text '|'"),
        (APACHE_LINE.replace("1500", "many"), 57, "%D: time taken in microseconds"),
        (APACHE_LINE + "x", 61, END_OF_LINE),
        ("x", 2, "a space"),
    ],
)
def test_where_a_line_stops_to_fit_a_definition(line: str, failed_at: int, expected: str) -> None:
    explanation = explain(line, APACHE)
    assert (explanation.failed_at, explanation.expected) == (failed_at, expected)


def test_a_time_that_cannot_be_read_is_pointed_at() -> None:
    explanation = explain(LINE.replace("Jan", "Nix"))
    assert (explanation.failed_at, explanation.reason) == (18, "bad-time")
    assert explanation.expected == "time: a time that can be read"
    assert len(explanation.taken) == 9


def test_a_cut_line_is_explained_as_far_as_it_goes() -> None:
    line = LINE[: LINE.index('"Mozilla') + 4]
    assert parts(explain(line), line)[-1] == ("user_agent", '"Moz', "Moz")
    assert explain(line).failed_at is None


@pytest.mark.parametrize("line", ["", "   ", "# a comment"])
def test_a_line_that_is_skipped_says_so(line: str) -> None:
    assert explain(line) == Explanation((), None, SKIPPED)


@pytest.mark.parametrize("line", ["\ud800", "a\ud800 b", "\0\0", "a\nb"])
def test_any_text_can_be_explained(line: str) -> None:
    for spec in ("combined", APACHE, r"(?P<date>\S+) (?P<ip>\S+)"):
        assert explain(line, spec).failed_at != 0


PIECES = st.sampled_from([*LINE.split(" "), '"', "\\", "[", "-", "\0", "\n", "#", " "])


@settings(deadline=None)
@given(st.lists(PIECES, max_size=14).map(" ".join) | st.text(), st.sampled_from(NCSA))
def test_an_explanation_agrees_with_reading(line: str, form: RegularFormat) -> None:
    explanation = form.explain(line)
    parsed = form.parse(frame([line]))
    assert explanation.reason == (parsed.rejected["reason"].to_list() or [""])[0]
    assert (explanation.failed_at is None) == parsed.rejected.is_empty()
    ends = [taken.end for taken in explanation.taken]
    assert ends == sorted(ends)
    assert all(0 <= taken.begin <= taken.end <= len(line) for taken in explanation.taken)
    assert explanation.failed_at is None or 1 <= explanation.failed_at <= len(line) + 1
