from __future__ import annotations

import gzip
import io
import sqlite3
import tarfile
import zipfile
from pathlib import Path

import pytest

import cli
from ingest.deadletters import dead_letter
from ingest.deadletters.file import DeadLetterFile
from ingest.sources import find_sources
from ingest.sources.foreign import what_else
from tests.ingest.runs import HurriedClock, combined_lines


def database(path: Path) -> Path:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t (x)")

    connection.close()
    return path


def zip_archive(path: Path) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.log", "x")

    return path


def tar_archive(path: Path) -> Path:
    with tarfile.open(path, "w") as archive:
        archive.addfile(tarfile.TarInfo("a.log"), io.BytesIO())

    return path


def dead_letters(path: Path) -> Path:
    letter = dead_letter(
        b"x" * 100_000,
        source="a" * 200,
        source_id="0" * 16,
        line=1,
        offset=0,
        reason="no-match",
        sentence="?",
        raw_bytes=1,
    )
    DeadLetterFile(path, HurriedClock()).append([letter])
    return path


def image(path: Path) -> Path:
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    return path


KINDS = {
    "an SQLite database": database,
    "a ZIP archive": zip_archive,
    "a TAR archive": tar_archive,
    "a file of dead letters": dead_letters,
    "an image": image,
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_surely_no_log_is_left_out_of_a_folder_and_told(tmp_path: Path, kind: str) -> None:
    log = tmp_path / "access.log"
    log.write_bytes(b"".join(combined_lines(3)))
    other = KINDS[kind](tmp_path / "other")
    told: list[tuple[str, str]] = []
    found = find_sources([str(tmp_path)], on_left_out=lambda name, what: told.append((name, what)))
    assert [source.path for source in found] == [log]
    assert told == [(str(other), kind)]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_named_is_tried_whatever_it_is(tmp_path: Path, kind: str) -> None:
    other = KINDS[kind](tmp_path / "other")
    assert [source.path for source in find_sources([str(other)])] == [other]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"".join(combined_lines(3)),
        gzip.compress(b"x", mtime=0),
        b"\0" * 3000 + combined_lines(1)[0],
        b'{"source":"checkout","level":"info","msg":"x"}\n',
        b'{"outcome":"ok","status":200}\n',
        b"MZ is how this line begins\n",
    ],
)
def test_a_log_is_never_taken_for_something_else(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a"
    path.write_bytes(data)
    assert what_else(path) is None


def test_a_file_that_cannot_be_read_is_left_to_whoever_opens_it(tmp_path: Path) -> None:
    assert what_else(tmp_path / "missing") is None
    assert what_else(tmp_path) is None


def test_a_dataset_of_reports_is_passed_over_as_a_whole(tmp_path: Path) -> None:
    dataset = tmp_path / "data"
    (dataset / "site=x").mkdir(parents=True)
    (dataset / ".footfall.json").write_text("{}")
    (dataset / "site=x" / "part-0.parquet").write_bytes(b"PAR1")
    (tmp_path / "a.log").write_bytes(b"x\n")
    told: list[tuple[str, str]] = []
    found = find_sources([str(tmp_path)], on_left_out=lambda name, what: told.append((name, what)))
    assert [source.file_name for source in found] == ["a.log"]
    assert told == [(str(dataset), "a dataset of reports")]


def test_a_folder_with_the_store_and_the_dead_letters_in_it_is_read_twice_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "access.log").write_bytes(b"".join(combined_lines(20)) + b"rubbish\n")
    arguments = ["ingest", str(tmp_path), "--store", f"embedded:{tmp_path / 'site.db'}"]
    arguments += ["--dead-letters", str(tmp_path / "dead.ndjson")]
    assert [cli.run(arguments), cli.run(arguments)] == [0, 0]
    said = capsys.readouterr().err
    assert "site.db is an SQLite database: not read." in said
    assert "dead.ndjson is a file of dead letters: not read." in said
