from __future__ import annotations

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.errors import FootfallError, SettingsError
from reports.answer import Answer
from reports.outputs import CsvOutput, JsonOutput, NdjsonOutput, Output, ParquetOutput, TableOutput
from reports.outputs.deliver import check_stream, file_name, prepare_folder, to_folder, to_stream
from tests.reports.conftest import MakeAnswer, MakeEvents


@dataclass(frozen=True, slots=True)
class FailingOutput:
    """Writes half of an answer and then finds the disk full."""

    name: str = "csv"
    suffix: str = "csv"
    is_text: bool = True
    takes_many: bool = False

    def write(self, answers: Sequence[Answer], stream: BinaryIO) -> None:
        assert answers
        stream.write(b"half")
        raise OSError(28, "No space left on device")


def test_each_report_gets_a_file_of_its_own(
    tmp_path: Path, make_answer: MakeAnswer, make_events: MakeEvents
) -> None:
    answers = [make_answer(name, make_events({})) for name in ("days", "not-found")]
    prepare_folder(tmp_path / "a" / "b")
    paths = to_folder(CsvOutput(), answers, tmp_path / "a" / "b")

    assert [path.name for path in paths] == ["days.csv", "not-found.csv"]
    assert sorted(path.name for path in (tmp_path / "a" / "b").iterdir()) == ["days.csv", "not-found.csv"]
    assert paths[0].read_text().startswith("date,requests,")


def test_a_failed_write_leaves_the_earlier_file_and_no_rest(
    tmp_path: Path, make_answer: MakeAnswer, make_events: MakeEvents
) -> None:
    answer = make_answer("days", make_events({}))
    [path] = to_folder(CsvOutput(), [answer], tmp_path)
    before = path.read_bytes()

    with pytest.raises(SettingsError, match="No space left"):
        to_folder(FailingOutput(), [answer], tmp_path)

    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_rest_of_a_killed_run_is_no_obstacle(
    tmp_path: Path, make_answer: MakeAnswer, make_events: MakeEvents
) -> None:
    (tmp_path / f".days.csv.{os.getpid()}.part").write_bytes(b"rest")
    to_folder(CsvOutput(), [make_answer("days", make_events({}))], tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["days.csv"]


def test_files_have_the_usual_permissions(
    tmp_path: Path, make_answer: MakeAnswer, make_events: MakeEvents
) -> None:
    (tmp_path / "usual").touch()
    [path] = to_folder(ParquetOutput(), [make_answer("days", make_events({}))], tmp_path)

    assert path.stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_a_file_where_the_folder_should_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "taken").touch()

    with pytest.raises(SettingsError, match="Cannot write"):
        prepare_folder(tmp_path / "taken")


@given(name=st.text(max_size=300))
def test_no_name_leaves_its_folder(name: str) -> None:
    safe = file_name(name, "csv")

    assert Path("folder", safe).resolve().parent == Path("folder").resolve()
    assert safe.endswith(".csv")
    assert not safe.startswith(".")
    assert len(safe) <= 204


@pytest.mark.parametrize(
    "output", [CsvOutput(), NdjsonOutput(), ParquetOutput()], ids=lambda output: output.name
)
def test_several_reports_cannot_share_a_stream_that_has_no_bounds(output: Output) -> None:
    with pytest.raises(SettingsError) as caught:
        check_stream([output], 2, is_terminal=False)

    assert "--out DIR" in str(caught.value.hint)
    check_stream([output], 1, is_terminal=False)


@pytest.mark.parametrize("output", [TableOutput(), JsonOutput()], ids=lambda output: output.name)
def test_tables_and_json_take_several_reports(output: Output) -> None:
    check_stream([output], 9, is_terminal=True)


def test_a_terminal_is_spared_parquet() -> None:
    with pytest.raises(SettingsError, match="cannot show parquet"):
        check_stream([ParquetOutput()], 1, is_terminal=True)


def test_one_stream_takes_one_format() -> None:
    with pytest.raises(SettingsError, match="one --format"):
        check_stream([TableOutput(), JsonOutput()], 1, is_terminal=False)


def test_a_stream_is_flushed_and_left_open(make_answer: MakeAnswer, make_events: MakeEvents) -> None:
    raw = io.BytesIO()
    stream = io.BufferedWriter(raw)
    to_stream(NdjsonOutput(), [make_answer("statuses", make_events({}))], stream)

    assert raw.getvalue().startswith(b'{"status":200')
    assert not stream.closed


def test_a_full_disk_behind_a_stream_is_said(make_answer: MakeAnswer, make_events: MakeEvents) -> None:
    with pytest.raises(FootfallError, match="standard output: No space left") as caught:
        to_stream(FailingOutput(), [make_answer("statuses", make_events({}))], io.BytesIO())

    assert "--out DIR" in (caught.value.hint or "")
