from __future__ import annotations

import csv
import io
import json
import os
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.answer import Answer
from reports.catalogue import CATALOGUE, View
from reports.outputs import OUTPUTS, CsvOutput, JsonOutput, NdjsonOutput, Output, ParquetOutput
from tests.reports.conftest import MakeAnswer, MakeEvents

HOSTILE = [
    "/\x1b]0;pwned\x07",
    "/a,b",
    '/say "hi"',
    "/two\r\nlines",
    "/\x00nul",
    "=1+1",
    "@x",
    "-1",
    "+1",
    "\t=1",
    "\r=1",
    "\n=1",
    "\uff1d1+1",
    "\uff0b1",
    "\uff0d1",
    "\uff20x",
    "/ä…\U0001d518",
]


def written(output: Output, *answers: Answer) -> bytes:
    stream = io.BytesIO()
    output.write(answers, stream)
    return stream.getvalue()


def rows_of(output: Output, data: bytes) -> list[dict[str, Any]]:
    """What a program reads back from `data`."""
    if output.name == "csv":
        return list(csv.DictReader(io.StringIO(data.decode(), newline="")))

    if output.name == "parquet":
        return pl.read_parquet(io.BytesIO(data)).to_dicts()

    found: list[dict[str, Any]] = (
        json.loads(data)["rows"]
        if output.name == "json"
        else [json.loads(line) for line in data.splitlines()]
    )
    return found


@pytest.mark.parametrize(
    "output", [CsvOutput(is_raw=True), JsonOutput(), NdjsonOutput(), ParquetOutput()], ids=lambda o: o.name
)
@given(paths=st.lists(st.text(max_size=30), max_size=8))
def test_any_text_comes_back_as_it_was(
    output: Output, make_events: MakeEvents, make_answer: MakeAnswer, paths: list[str]
) -> None:
    events = make_events(*({"path": path, "status": 404} for path in paths))
    rows = rows_of(output, written(output, make_answer("not-found", events)))

    assert {row["path"] for row in rows} == set(paths)


@pytest.mark.parametrize("output", [form() for form in OUTPUTS.values()], ids=list(OUTPUTS))
@pytest.mark.parametrize("name", CATALOGUE)
def test_every_output_takes_every_report_with_hostile_and_with_no_events(
    output: Output, name: str, make_events: MakeEvents, make_answer: MakeAnswer
) -> None:
    hostile = make_events(
        *({"path": text, "user_agent": text, "referrer": text, "status": 404} for text in HOSTILE)
    )

    for events in (hostile, make_events()):
        data = written(output, make_answer(name, events))
        assert b"\x1b" not in data or output.name in {"csv", "parquet"}


def test_csv_disarms_text_and_leaves_numbers_alone(make_answer: MakeAnswer, make_events: MakeEvents) -> None:
    answer = make_answer("not-found", make_events(*({"path": text, "status": 404} for text in HOSTILE)))
    numbered = answer.frame.with_columns(pl.lit(-5).alias("requests"))
    rows = rows_of(CsvOutput(), written(CsvOutput(), Answer(answer.report, numbered, 1, answer.provenance)))

    assert {row["path"] for row in rows} == {text if text[0] == "/" else f"'{text}" for text in HOSTILE}
    assert {row["requests"] for row in rows} == {"-5"}


def test_csv_has_a_header_even_without_rows(make_answer: MakeAnswer, make_events: MakeEvents) -> None:
    assert (
        written(CsvOutput(), make_answer("statuses", make_events()))
        == b"status,requests,share,visitors,bytes\n"
    )


def test_times_carry_the_views_offset_in_csv_and_json(
    make_answer: MakeAnswer, make_events: MakeEvents
) -> None:
    answer = make_answer(
        "hosts", make_events({"at": "2026-03-01T10:00:00.5+00:00"}), View("America/New_York")
    )

    for output in (CsvOutput(), JsonOutput(), NdjsonOutput()):
        [row] = rows_of(output, written(output, answer))
        assert row["first_at"] == "2026-03-01T05:00:00.500-05:00"


def test_json_carries_units_definition_and_provenance(
    make_answer: MakeAnswer, make_events: MakeEvents
) -> None:
    document = json.loads(written(JsonOutput(), make_answer("statuses", make_events({}))))

    assert document["report"] == "statuses"
    assert document["definition"] == CATALOGUE["statuses"].definition
    assert document["columns"][2] == {"name": "share", "unit": "share", "meaning": "of all requests"}
    assert document["rows"] == [{"status": 200, "requests": 1, "share": 1.0, "visitors": 1, "bytes": 100}]
    assert (document["site"], document["from"], document["time_zone"]) == ("example.org", None, "UTC")
    assert document["generated_at"] == "2026-03-02T01:02:03+00:00"
    assert document["reading"]["read_units"] == 2.5


def test_json_of_several_reports_is_an_array(make_answer: MakeAnswer, make_events: MakeEvents) -> None:
    answers = [make_answer(name, make_events({})) for name in ("days", "hours")]

    assert [one["report"] for one in json.loads(written(JsonOutput(), *answers))] == ["days", "hours"]


def test_json_of_an_empty_report_has_no_rows(make_answer: MakeAnswer, make_events: MakeEvents) -> None:
    assert json.loads(written(JsonOutput(), make_answer("days", make_events())))["rows"] == []


def test_a_limit_is_visible_in_json(make_answer: MakeAnswer, make_events: MakeEvents) -> None:
    answer = make_answer("pages", make_events({"path": "/a"}, {"path": "/b"}, {"path": "/c"})).first(2)
    document = json.loads(written(JsonOutput(), answer))

    assert (len(document["rows"]), document["total_rows"]) == (2, 3)


def test_parquet_keeps_types_and_says_what_it_is(make_answer: MakeAnswer, make_events: MakeEvents) -> None:
    data = written(ParquetOutput(), make_answer("hosts", make_events({}), View("Asia/Tokyo")))
    metadata = pl.read_parquet_metadata(io.BytesIO(data))

    assert pl.read_parquet(io.BytesIO(data)).schema["first_at"] == pl.Datetime("ms", "Asia/Tokyo")
    assert pl.read_parquet(io.BytesIO(data))["first_at"][0] == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert metadata["footfall.report"] == "hosts"
    assert metadata["footfall.definition"] == CATALOGUE["hosts"].definition
    assert metadata["footfall.time_zone"] == "Asia/Tokyo"
    assert json.loads(metadata["footfall.columns"])[0]["name"] == "address"


@pytest.mark.parametrize("output", [form() for form in OUTPUTS.values()], ids=list(OUTPUTS))
def test_a_reader_that_leaves_is_a_broken_pipe(
    output: Output, make_answer: MakeAnswer, make_events: MakeEvents
) -> None:
    answer = make_answer(
        "pages", make_events(*({"path": f"/{number}" + "x" * 90} for number in range(2_000)))
    )
    reading, writing = os.pipe()
    os.close(reading)

    with pytest.raises(BrokenPipeError), os.fdopen(writing, "wb", buffering=0) as stream:
        output.write([answer], stream)


@pytest.mark.parametrize("output", [CsvOutput(), NdjsonOutput()], ids=lambda output: output.name)
def test_many_rows_are_written_piece_by_piece_and_whole(
    output: Output, make_answer: MakeAnswer, make_events: MakeEvents
) -> None:
    answer = make_answer("pages", make_events({"path": "/a"}))
    many = pl.concat([answer.frame] * 150_000)

    rows = rows_of(output, written(output, Answer(answer.report, many, many.height, answer.provenance)))
    assert len(rows) == 150_000
    assert {row["path"] for row in rows} == {"/a"}


def test_csv_on_a_terminal_moves_no_cursor(make_answer: MakeAnswer, make_events: MakeEvents) -> None:
    hostile = ["/\x1b]0;pwned\x07", "/\x1b[2J", "/\u202egpj"]
    answer = make_answer("not-found", make_events(*({"path": path, "status": 404} for path in hostile)))
    shown = written(CsvOutput(is_shown=True), answer).decode()
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "/\\x1b[2J" in shown
