"""What holds for every output, whatever it is given."""

from __future__ import annotations

import os
from dataclasses import replace

import polars as pl
import pytest

from reports.catalogue import CATALOGUE
from reports.outputs import OUTPUTS, Output
from reports.outputs.destination import CONTENT_TYPES
from tests.reports.conftest import MakeAnswer, MakeEvents
from tests.reports.outputs.answers import HOSTILE, answer_of, everything, hostile, written

EVERY = [make() for make in OUTPUTS.values()]
each = pytest.mark.parametrize("output", EVERY, ids=list(OUTPUTS))


@each
def test_it_is_called_what_the_table_calls_it(output: Output) -> None:
    assert OUTPUTS[output.name]() == output
    assert output.suffix in CONTENT_TYPES


@each
def test_every_type_and_unit_is_written(output: Output) -> None:
    assert written(output, everything())


@each
def test_hostile_texts_are_written(output: Output) -> None:
    data = written(output, hostile())

    assert data
    assert b"\x1b" not in data or not output.is_text or output.name == "csv", "CSV in files is exact"


@each
def test_no_rows_are_written(output: Output) -> None:
    answer = everything()
    written(output, replace(answer, frame=answer.frame.clear(), total_rows=0))


@each
def test_rows_of_nothing_are_written(output: Output) -> None:
    rows = everything().frame[1:2]
    assert rows.select(pl.all_horizontal(pl.all().is_null())).item()
    assert written(output, answer_of(rows, {one.name: one.unit for one in everything().report.columns}))


@each
def test_a_value_that_does_not_go_with_its_unit_is_written(output: Output) -> None:
    frame = everything().frame
    for unit in ("text", "date", "time", "bytes", "share", "seconds", "requests"):
        assert written(output, answer_of(frame, dict.fromkeys(frame.columns, unit)))


@each
def test_a_hundred_thousand_rows_are_written(output: Output) -> None:
    frame = pl.DataFrame({"path": ["/a", "/b"] * 50_000, "requests": range(100_000)})
    data = written(output, answer_of(frame, {"requests": "requests"}))

    assert len(data) > 50_000


@each
def test_several_answers_are_written_where_that_is_promised(output: Output) -> None:
    if not (output.takes_many or output.is_whole):
        pytest.skip("takes one answer to a stream")

    once, twice = (written(output, *answers) for answers in ([hostile()], [hostile(), everything()]))
    assert len(twice) > len(once)


@each
def test_the_same_answer_gives_the_same_bytes(output: Output) -> None:
    assert written(output, everything()) == written(output, everything())


@each
def test_a_text_output_is_text(output: Output) -> None:
    if output.is_text:
        assert written(output, hostile()).decode()


@each
def test_the_stream_stays_open(output: Output, tmp_path: os.PathLike[str]) -> None:
    with open(os.path.join(tmp_path, "file"), "wb") as stream:  # noqa: PTH118, PTH123
        output.write([hostile()], stream)
        assert not stream.closed


@each
def test_a_reader_that_leaves_is_a_broken_pipe(output: Output) -> None:
    frame = pl.DataFrame({"path": ["x" * 90] * 2_000})
    reading, writing = os.pipe()
    os.close(reading)

    with pytest.raises(BrokenPipeError), os.fdopen(writing, "wb", buffering=0) as stream:
        output.write([answer_of(frame)], stream)


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_report_of_hostile_and_of_no_events_is_written(
    name: str, make_events: MakeEvents, make_answer: MakeAnswer
) -> None:
    strange = make_events(
        *({"path": text, "user_agent": text, "referrer": text, "status": 404} for text in HOSTILE)
    )
    answers = [make_answer(name, events) for events in (strange, make_events())]
    for output in EVERY:
        for answer in answers:
            data = written(output, answer)
            assert b"\x1b" not in data or not output.is_text or output.name == "csv"
