from __future__ import annotations

import json

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.formats import FORMATS
from ingest.formats.envelopes import COLUMNS, open_envelopes, read_envelope, read_envelopes
from tests.examples import SOME
from tests.ingest.formats.parsing import parse

NAMES = ("time", "timestamp", "ip", "query")
PLAIN = '{"time":"2026-01-12T10:06:00Z","ip":"192.0.2.7","path":"/matomo.php","body":{"a":[1,"x"]}}'
PIECES = st.sampled_from(
    ['"', "\\", "{", "}", "[", "]", ",", ":", '"body":', '"ip":"192.0.2.7",', '"query":"?a=b"', '"time":1e999,', "01",
     '"path":"",', "null", "true", "1.50", '\\u00e9', "\\ud800", "\x01", "\t", " ", "é", "\0", '"headers":{"DNT":"1"},']
)  # fmt: skip
BODIES = st.sampled_from(
    [
        '{"a":[1,"x"]}',
        "[]",
        "[1,\n2]",
        '"a=b"',
        '"\\"x\\""',
        "null",
        "5",
        "1e999",
        "1.50",
        '""',
        '"-"',
        "{} {}",
    ]
)


def mutated(head: list[str], body: str, tail: list[str]) -> str:
    return "{" + "".join(head) + '"body":' + body + "".join(tail)


LINES = st.lists(
    st.builds(mutated, st.lists(PIECES, max_size=4), BODIES, st.just(["}"]) | st.lists(PIECES, max_size=3))
    | st.just(PLAIN)
)


def by_columns(*lines: str) -> list[bool]:
    return read_envelopes(pl.Series(lines, dtype=pl.String), NAMES)[1].to_list()


@SOME
@given(LINES)
def test_an_envelope_says_the_same_by_columns_among_others_and_on_its_own(lines: list[str]) -> None:
    expected = [{name: read_envelope(line).get(name) for name in COLUMNS} for line in lines]
    assert open_envelopes(pl.Series(lines, dtype=pl.String)).to_dicts() == expected


def test_envelopes_as_collectors_write_them_are_read_by_columns() -> None:
    body = {"site": "é"}
    lines = [
        PLAIN,
        json.dumps({"time": 1768212360, "ip": None, "body": body}),
        json.dumps({"time": "x", "body": json.dumps(body)}, ensure_ascii=False),
        '{"time":1,"query":"?a=b"}',
        '{"time":1,"query":"?a=b","body":null}',
    ]
    assert by_columns(*lines) == [True] * 5
    bodies = read_envelopes(pl.Series(lines), NAMES)[0]["body"].to_list()
    assert bodies == ['{"a":[1,"x"]}', '{"site": "\\u00e9"}', '{"site": "\\u00e9"}', None, None]


@pytest.mark.parametrize(
    "line",
    [
        '{"headers":{"body":{}}}',
        '{"headers":{"DNT":"1"},"body":{}}',
        '{"time":1,"body":{} {}}',
        '{"time":1,"body":[1,}',
        '{"time":1,"body":[{}]',
        '{"time":[1],"body":[]}',
        '{"time":1,"body":1e999}',
        '{"time":1e999,"body":{}}',
        '{"time":"\\ud800","body":{}}',
        '{"ip":"a"}',
    ],
)
def test_other_envelopes_are_left_and_leave_their_neighbours_alone(line: str) -> None:
    assert by_columns(PLAIN, line, PLAIN) == [True, False, True]


def test_of_members_of_one_name_the_last_counts_wherever_it_stands() -> None:
    line = '{"ip":"a","body":{},"\\u0069p":"b","query":"c=d","body":[1.0]}'
    found, is_read = read_envelopes(pl.Series([line]), NAMES)
    assert is_read.to_list() == [True]
    assert found.select("ip", "query", "body").row(0) == ("b", "c=d", "[1.0]")


def test_a_body_with_the_end_of_a_line_in_it_is_no_two_bodies() -> None:
    lines = ['{"time":1,"body":[1,\n2]}', '{"time":1,"body":{"a":"é"}}']
    found, is_read = read_envelopes(pl.Series(lines), NAMES)
    assert (is_read.to_list(), found["body"].to_list()) == ([True, True], ["[1,\n2]", '{"a":"é"}'])


def test_more_envelopes_than_are_read_at_once_stay_in_their_order() -> None:
    lines = [f'{{"ip":"192.0.2.{at % 256}","host":{at},"body":{{"at":{at}}}}}' for at in range(1_300)]
    lines[700] = '{"ip":"a","headers":{"DNT":"1"},"body":{}}'
    lines[900] = '{"ip":"b","body":"text"}'
    opened = open_envelopes(pl.Series(lines))
    assert opened.row(700, named=True) == read_envelope(lines[700]) | dict.fromkeys(
        set(COLUMNS) - read_envelope(lines[700]).keys()
    )
    assert opened[900, "body"] == "text"
    others = [at for at in range(1_300) if at not in {700, 900}]
    assert opened["body"].gather(others).to_list() == [f'{{"at":{at}}}' for at in others]
    assert opened["host"].gather(others).to_list() == [str(at) for at in others]


def test_columns_are_made_of_the_members_that_are_there() -> None:
    lines = ['{"ip":"a","body":{}}', '{"time":null,"query":"c=d"}', '{"timestamp":5,"headers":1,"body":{}}']
    assert read_envelopes(pl.Series(lines), NAMES)[0].columns == ["ip", "query", "body"]
    assert open_envelopes(pl.Series(lines)).columns == [*COLUMNS]


def test_no_value_goes_on_in_the_next_line() -> None:
    begun = ['{"time":1,"body":[1,[2]}', '{"time":1,"body":[3]]}', '{"time":1,"body":{} {}}']
    assert by_columns(*begun) == [False] * 3


@pytest.mark.parametrize("member", ['"time":1e999', '"headers":{"DNT":1e999}'])
def test_a_number_that_no_double_holds_spoils_no_run(member: str) -> None:
    line = f'{{{member},"path":"/matomo.php","query":"idsite=1&rec=1"}}'
    parsed = parse(FORMATS["beacons"], line, PLAIN)
    assert parsed.rejected["reason"].to_list() == (["bad-time"] if "time" in member else []) + ["no-match"]
