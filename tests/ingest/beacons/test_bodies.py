from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.event import SCHEMA
from ingest.beacons import BeaconSettings
from ingest.beacons.known import DIALECTS
from ingest.beacons.recognise import recognise
from ingest.formats import FORMATS
from ingest.formats.bodies import _bare
from ingest.formats.model import TRANSIENT
from tests.examples import SOME
from tests.ingest.beacons.beaconing import AT_EPOCH, lines_of, only, outcomes, parsed_of, read_lines, reasons
from tests.ingest.formats.parsing import parse

FORM = "idsite=1&rec=1&url=%2Fa"
BODIES = FORMATS["beacons"]


def envelope(**members: Any) -> str:
    return json.dumps({"time": AT_EPOCH, "path": "/matomo.php", "query": FORM, **members})


def test_the_example_is_read_and_whole() -> None:
    assert only(read_lines(BODIES.example, form="beacons"))["dialect"] == "matomo"
    assert BODIES.is_whole(BODIES.example)
    assert not BODIES.is_whole(BODIES.example[:-1])
    assert not BODIES.is_whole(FORM)


@pytest.mark.parametrize(
    "line",
    [
        f"{FORM}&cdt={AT_EPOCH}",
        f"?{FORM}&cdt={AT_EPOCH}",
        f"/matomo.php?{FORM}&cdt={AT_EPOCH}",
        f"  {FORM}&cdt={AT_EPOCH},",
        json.dumps({"idsite": 1, "rec": 1, "url": "/a", "cdt": AT_EPOCH}),
        json.dumps([{"idsite": 1, "rec": 1, "url": "/a", "cdt": AT_EPOCH}]),
        envelope(),
        envelope(query="?" + FORM),
        envelope(query=None, body=FORM),
        envelope(query=None, body={"idsite": 1, "rec": 1, "url": "/a"}),
        envelope(query=None, body=json.dumps({"idsite": 1, "rec": 1, "url": "/a"})),
        envelope(time="2026-01-12T10:06:00Z"),
        envelope(time=None, received_at="2026-01-12T11:06:00+01:00"),
        envelope(time=None, timestamp=AT_EPOCH * 1000),
    ],
)
def test_a_beacon_is_read_in_any_of_its_forms(line: str) -> None:
    event = only(read_lines(line, form="beacons"))
    assert (event["path"], event["kind"]) == ("/a", "pageview")
    assert event["time"] == datetime(2026, 1, 12, 10, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "path", "query"),
    [
        ("a=b", None, "a=b"),
        ("?a=b", None, "a=b"),
        ("/?a=b", "/", "a=b"),
        ("/p q{?a=b?c", "/p q{", "a=b?c"),
        ("p?a=b", None, "p?a=b"),
        ("/p?", None, "/p?"),
        ("?", None, "?"),
        ("/p", None, "/p"),
        ("a=b c", None, None),
        ("/p?a=\u00a0", None, None),
        ('a="', None, None),
        ("a=[]", None, None),
    ],
)
def test_a_bare_line_is_a_query_with_or_without_a_path(
    line: str, path: str | None, query: str | None
) -> None:
    told = _bare(pl.DataFrame({"line_number": [1, 2], "offset": [0, 9], "text": [line, "[1]"]}))
    assert told.select("path", "query", "body").rows() == [(path, query, None), (None, None, "[1]")]


@pytest.mark.parametrize("odd", ["12/Jan/2026:10:06:00 +0000", "2026-01-12 10:06:00", str(AT_EPOCH), None])
def test_times_of_several_kinds_are_read_side_by_side(odd: str | None) -> None:
    read = read_lines(
        envelope(time="2026-01-12T10:06:00Z"), envelope(time=odd), envelope(time="x"), form="beacons"
    )
    expected = [datetime(2026, 1, 12, 10, 6, tzinfo=UTC)]
    assert read.parsed.events["time"].to_list() == expected * (1 if odd is None else 2)
    assert reasons(read) == [(2, "no-time")] * (odd is None) + [(3, "bad-time")]


def test_an_envelope_says_who_sent_it() -> None:
    headers = {
        "User-Agent": "UA",
        "REFERER": HERE,
        "X-Forwarded-For": ["203.0.113.1", "203.0.113.2"],
        "DNT": "-",
    }
    event = only(read_lines(envelope(ip="192.0.2.1", headers=headers | {"Sec-GPC": 1}), form="beacons"))
    assert (event["ip"], event["user_agent"], event["gpc"]) == ("192.0.2.1", "UA", "1")
    assert event["forwarded_for"] == "203.0.113.1, 203.0.113.2"
    assert "dnt" not in event
    assert (
        only(read_lines(envelope(user_agent="Own", headers=headers), form="beacons"))["user_agent"] == "Own"
    )


HERE = "https://www.example.com/here"


def test_brackets_of_an_array_and_blank_lines_are_skipped() -> None:
    texts = ["[", f"{envelope()},", envelope(), "]", "", "# a comment", " "]
    parsed = parsed_of(texts, "beacons")
    assert (len(parsed.events), len(parsed.rejected), parsed.skipped_lines) == (2, 0, 5)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("hello", "no-match"),
        ("hello world", "no-match"),
        ("a=b&c=d", "no-match"),
        ("{}", "no-match"),
        ('{"a":1', "no-match"),
        ("[1,2]", "no-match"),
        (envelope(query="page=2"), "no-match"),
        (envelope(time="yesterday"), "bad-time"),
        (envelope(time=1e30), "bad-time"),
    ],
)
def test_what_is_no_beacon_is_rejected(line: str, reason: str) -> None:
    rejected = parsed_of([line], "beacons").rejected
    assert rejected.select("reason", "text").rows() == [(reason, line)]


def test_beacons_of_a_dialect_that_is_not_asked_for_are_rejected() -> None:
    read = read_lines(envelope(), form="beacons", settings=BeaconSettings(dialects=("owa",)))
    assert reasons(read) == [(1, "no-match")]
    assert reasons(read_lines(envelope(), form="beacons", settings=BeaconSettings(dialects=()))) == [
        (1, "no-match")
    ]


@pytest.mark.parametrize("odd", ["", "no beacon", envelope(time="no time"), json.dumps([1])])
def test_what_is_recognised_once_is_what_would_be_recognised_again(odd: str) -> None:
    forms = [
        envelope(),
        odd,
        FORM,
        envelope(query=None, body={"event": "e", "distinct_id": "d", "properties": {}}),
    ]
    for lines in (forms, forms[::-1], [envelope(), envelope()]):
        parsed = parse(BODIES, *lines)
        again = recognise(parsed.events, tuple(DIALECTS.values()))
        assert parsed.beacons is not None
        assert parsed.beacons.equals(again)
        assert len(again) == len(parsed.events) > 0


@pytest.mark.parametrize(
    "names", [("event", "properties"), ("event:", "properties:"), ("event|data", "nothing|properties")]
)
@pytest.mark.parametrize("bodies", [['{"event":1,"properties":{}}', '{"event":2,"properties":{}}'],
                                    ['{"event":1,"properties":{}}', '{"event" : 2, "properties" :{}}']])  # fmt: skip
def test_names_that_stand_plainly_are_found_as_all_others(names: tuple[str, ...], bodies: list[str]) -> None:
    dialect = replace(DIALECTS["posthog"], paths=("/here",), parameters=names)
    frame = pl.DataFrame({"path": ["/here"] * 3, "body": [*bodies, '{"event":3}']})
    assert recognise(frame.head(2), [dialect])["at"].to_list() == [0, 1]
    assert recognise(frame, [dialect])["at"].to_list() == [0, 1]


@pytest.mark.parametrize("query", ["page=1&a=", "a=b", "x&a=1"])
@pytest.mark.parametrize("other", ["xa=1", "a", "b&xa=", "", None])
def test_a_parameter_stands_at_the_beginning_or_behind_another(query: str, other: str | None) -> None:
    dialect = replace(DIALECTS["posthog"], paths=("/here",), parameters=("zz|a",), telling=())
    frame = pl.DataFrame({"path": ["/here", "/Here", None, "/there"], "query": [query, other, query, query]})
    assert recognise(frame, [dialect])["at"].to_list() == [0]


def test_lines_of_all_forms_stay_in_their_order() -> None:
    read = read_lines(envelope(), f"{FORM}&cdt={AT_EPOCH}", "nothing", envelope(), form="beacons")
    assert read.parsed.events["line_number"].to_list() == [1, 2, 4]
    assert reasons(read) == [(3, "no-match")]


def test_columns_are_those_that_are_given() -> None:
    events = parsed_of([envelope(), FORM], "beacons").events
    assert set(events.columns) == {"line_number", "offset", "kind", *BODIES.columns}
    assert set(BODIES.columns) <= {*SCHEMA, *TRANSIENT}
    assert parsed_of([], "beacons").events.schema == events.schema


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=list(DIALECTS))
def test_the_examples_of_all_dialects_that_can_be_told_are_beacons(dialect: Any) -> None:
    line = json.dumps({"time": AT_EPOCH, "path": dialect.paths[0].lstrip("^"), "body": dialect.example})
    assert only_dialects(line) == {dialect.name}
    if dialect.telling:
        [bare] = parsed_of([dialect.example], "beacons").events["kind"].to_list()
        assert bare is None


def only_dialects(line: str) -> set[str]:
    return set(read_lines(line, form="beacons").parsed.events["dialect"])


def test_a_line_is_explained_by_its_parts_and_by_what_its_dialect_makes_of_them() -> None:
    explained = BODIES.explain(f"?{FORM}")
    assert [(taken.field, taken.begin, taken.end, taken.value) for taken in explained.taken[:3]] == [
        ("idsite", 1, 9, "1"),
        ("rec", 10, 15, "1"),
        ("url", 16, 24, "/a"),
    ]
    assert ("matomo", ("kind",), "pageview") in {(t.field, t.columns, t.value) for t in explained.taken}
    line = envelope()
    members = {taken.field: line[taken.begin : taken.end] for taken in BODIES.explain(line).taken}
    assert (members["time"], members["path"]) == (str(AT_EPOCH), '"/matomo.php"')


def test_a_line_that_is_no_beacon_is_explained_as_that() -> None:
    assert BODIES.explain("hello").reason == "no-match"
    assert BODIES.explain(envelope(time="x")).reason == "bad-time"
    assert BODIES.explain("").taken == ()


LINES = st.text(alphabet=st.characters(exclude_characters="\n", exclude_categories=["Cs"])) | st.sampled_from(
    [
        FORM,
        "?" + FORM,
        envelope(),
        envelope(headers={"a": [1]}),
        '{"body":',
        '{"body":{},"headers":3}',
        "[[",
        "]",
    ]
)


@SOME
@given(st.lists(LINES, max_size=4), st.sampled_from(["beacons", "owa_queue"]))
def test_any_line_is_an_event_rejected_or_skipped(texts: list[str], form: str) -> None:
    parsed = parsed_of(texts, form)
    assert len(parsed.events) + len(parsed.rejected) + parsed.skipped_lines == len(texts)
    read = read_lines(*texts, form=form)
    assert outcomes(read) - read.extra + parsed.skipped_lines == len(texts)
    for text in texts:
        FORMATS[form].explain(text)
        FORMATS[form].is_whole(text)


def test_a_frame_without_texts_is_read() -> None:
    lines = lines_of(["", ""]).with_columns(pl.lit(None, dtype=pl.String).alias("text"))
    assert BODIES.parse(lines).skipped_lines == 2
