from __future__ import annotations

import io
import json
from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.answer import Answer
from reports.catalogue import CATALOGUE, View
from reports.outputs import CsvOutput, JsonOutput, NdjsonOutput, Output, ParquetOutput
from tests.reports.conftest import MakeAnswer, MakeEvents
from tests.reports.outputs.answers import HOSTILE, ZONE, answer_of, everything, rows_of, written


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


def test_csv_disarms_text_and_leaves_numbers_alone() -> None:
    frame = pl.DataFrame({"path": HOSTILE, "requests": [-5] * len(HOSTILE)})
    rows = rows_of(CsvOutput(), written(CsvOutput(), answer_of(frame, {"requests": "requests"})))

    armed = [row["path"] for row, text in zip(rows, HOSTILE, strict=True) if row["path"] == f"'{text}"]
    assert len(armed) == 16
    assert {text[0] for text in armed} == {"'"}
    assert {row["requests"] for row in rows} == {"-5"}


def test_csv_disarms_names_of_columns_too() -> None:
    answer = answer_of(pl.DataFrame({"=1+1": [1], 'a,"b"': [2]}))

    assert written(CsvOutput(), answer) == b"""'=1+1,"a,""b""\"\n1,2\n"""
    assert written(CsvOutput(is_raw=True), answer).startswith(b"=1+1,")


def test_json_says_every_value_in_its_documented_form() -> None:
    [first, none, last] = rows_of(JsonOutput(), written(JsonOutput(), everything()))

    assert (first["currency"], first["lasting"], first["seconds"]) == ("1234.50", 125.0, 3725.0)
    assert (first["at"], first["day"], first["clock"]) == (
        "2026-03-01T12:00:00.000-05:00",
        "2026-03-01",
        "01:02:03",
    )
    assert (first["flag"], first["steps"], first["pair"]) == (True, ["=/a", "/b"], {"a": 1})
    assert set(none.values()) == {None}
    assert (last["share"], last["change"], last["ratio"]) == (None, None, None)
    assert rows_of(NdjsonOutput(), written(NdjsonOutput(), everything())) == [first, none, last]


def test_csv_says_every_value_in_its_documented_form() -> None:
    [first, none, last] = rows_of(CsvOutput(), written(CsvOutput(), everything()))

    assert (first["currency"], first["lasting"], first["seconds"]) == ("1234.50", "125.0", "3725.0")
    assert (first["flag"], first["steps"], first["kind"]) == ("true", '["=/a","/b"]', "'=a")
    assert set(none.values()) == {""}
    assert (last["share"], last["change"], last["ratio"]) == ("", "", "")


def test_parquet_keeps_the_types_and_no_nan() -> None:
    answer = everything()
    frame = pl.read_parquet(io.BytesIO(written(ParquetOutput(), answer)))

    assert frame.schema == answer.frame.schema
    assert frame.select(pl.col(pl.Float64).is_nan().any()).row(0).count(True) == 0


def test_csv_has_a_header_even_without_rows() -> None:
    assert (
        written(CsvOutput(), answer_of(pl.DataFrame({"status": [], "requests": []}))) == b"status,requests\n"
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


def test_json_carries_units_definition_and_provenance() -> None:
    answer = answer_of(pl.DataFrame({"share": [0.5]}), {"share": "share"})
    document = json.loads(written(JsonOutput(), answer))

    assert (document["report"], document["question"]) == ("tried", "What is tried?")
    assert document["definition"].startswith("Remarked. Ruled. Profile footfall: A visitor is")
    assert document["columns"] == [{"name": "share", "unit": "share", "meaning": "meaning of share"}]
    assert document["rows"] == [{"share": 0.5}]
    assert (document["site"], document["from"], document["time_zone"]) == ("example.org", None, ZONE)
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
    assert metadata["footfall.definition"].startswith(CATALOGUE["hosts"].definition)
    assert metadata["footfall.time_zone"] == "Asia/Tokyo"
    assert json.loads(metadata["footfall.columns"])[0]["name"] == "address"


@pytest.mark.parametrize("output", [CsvOutput(), NdjsonOutput()], ids=lambda output: output.name)
def test_many_rows_are_written_piece_by_piece_and_whole(
    output: Output, make_answer: MakeAnswer, make_events: MakeEvents
) -> None:
    answer = make_answer("pages", make_events({"path": "/a"}))
    many = pl.concat([answer.frame] * 70_000)

    rows = rows_of(output, written(output, Answer(answer.report, many, many.height, answer.provenance)))
    assert len(rows) == 70_000
    assert {row["path"] for row in rows} == {"/a"}


def test_csv_on_a_terminal_moves_no_cursor(make_answer: MakeAnswer, make_events: MakeEvents) -> None:
    hostile = ["/\x1b]0;pwned\x07", "/\x1b[2J", "/\u202egpj"]
    answer = make_answer("not-found", make_events(*({"path": path, "status": 404} for path in hostile)))
    shown = written(CsvOutput(is_shown=True), answer).decode()
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    assert "/\\x1b[2J" in shown
