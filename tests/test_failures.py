"""What can go wrong with an ingest, as the operator meets it: a sentence, something to type, an exit code."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

import pytest

import cli
from footfall.errors import AccessDenied, SourceError, StoreError, TableMissing
from tests.ingest.runs import combined_lines, write_log
from tests.ingest.stubborn import stubborn_server

ROOT: Final = Path(__file__).parents[1]
A_SMALL_DISK: Final = "mount -t tmpfs -o size=1m none small"

Say = pytest.CaptureFixture[str]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return write_log(tmp_path / "access.log", 60)


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def failed(capsys: Say, *arguments: str | Path) -> tuple[int, str]:
    """Run `footfall ingest`; return the exit code and what was said, which is no traceback."""
    code = cli.run(["ingest", *map(str, arguments), "--site", "example.org"])
    said = capsys.readouterr().err
    assert "Traceback" not in said
    return code, said


@pytest.mark.parametrize(
    ("code", "kind", "words", "hint"),
    [
        ("ExpiredTokenException", AccessDenied, "does not accept the credentials", "aws "),
        ("UnrecognizedClientException", AccessDenied, "does not accept the credentials", "aws "),
        ("AccessDeniedException", AccessDenied, "Not allowed to BatchWriteItem", "dynamodb:BatchWriteItem"),
        (
            "ResourceNotFoundException",
            TableMissing,
            "does not exist",
            "footfall table create --store dynamodb:",
        ),
    ],
)
def test_a_store_that_refuses_everything_ends_the_run(
    log: Path, capsys: Say, code: str, kind: type[StoreError], words: str, hint: str
) -> None:
    with stubborn_server(code) as server:
        exit_code, said = failed(capsys, log, *server.options)

    assert exit_code == kind.exit_code == 4
    assert words in said
    assert hint in said.partition("try: ")[2]


def test_a_full_disk_under_the_dead_letters_is_told_before_anything_passes_them(
    tmp_path: Path, capsys: Say
) -> None:
    log = tmp_path / "access.log"
    log.write_bytes(b"".join([*combined_lines(30), b"no line of any log\n", *combined_lines(30, first=30)]))
    code, said = failed(capsys, log, "--dead-letters", "/dev/full", "--store", "embedded:x.db")
    assert (code, SourceError.exit_code) == (6, 6)
    assert "Cannot keep refused lines in /dev/full: No space left on device" in said
    assert "try: " in said

    code, said = failed(capsys, log, "--dead-letters", "dead.ndjson", "--store", "embedded:x.db")
    assert code == 0
    assert "61 lines read" in said  # the checkpoint had not passed the line that could not be kept
    assert Path("dead.ndjson").read_bytes().count(b"\n") == 1


def _can_mount() -> bool:
    if shutil.which("unshare") is None:
        return False

    tried = ["unshare", "--map-root-user", "--mount", "true"]
    return subprocess.run(tried, capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not _can_mount(), reason="this machine lets nobody mount a small disk")
def test_a_full_disk_under_the_store_ends_the_run_and_with_more_room_the_next_one_goes_on(
    tmp_path: Path,
) -> None:
    log = write_log(tmp_path / "access.log", 20_000)
    (tmp_path / "small").mkdir()
    line = shlex.join([sys.executable, str(ROOT / "cli.py"), "ingest", str(log), "--site", "example.org"])
    script = f"""
        {A_SMALL_DISK} && {line} --store embedded:small/x.db
        echo "exit code $?" >&2
        mount -o remount,size=64m small && {line} --store embedded:small/x.db
        echo "exit code $?" >&2
    """
    done = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-c", script],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    first, _, second = done.stderr.partition("exit code 4\n")
    assert "The disk is full" in first, done.stderr
    assert "try: free some space" in first
    assert "exit code 0\n" in second, done.stderr
    assert "Traceback" not in done.stderr


def unreadable(folder: Path) -> Path:
    if os.geteuid() == 0:
        return Path("/proc/self/mem")  # even root gets an input/output error from its first byte

    path = write_log(folder / "secret.log", 10)
    path.chmod(0)
    return path


def cut_since(folder: Path) -> Path:
    path = write_log(folder / "cut.log", 60)
    assert cli.run(["ingest", str(path), "--site", "example.org", "--store", "embedded:x.db"]) == 0
    os.truncate(path, 2000)
    return path


def other_than_before(folder: Path) -> Path:
    path = write_log(folder / "twin.log", 60)
    assert cli.run(["ingest", str(path), "--site", "example.org", "--store", "embedded:x.db"]) == 0
    path.write_bytes(b"".join([*combined_lines(1), *combined_lines(90, first=100)]))
    return path


def empty_folder(folder: Path) -> Path:
    path = folder / "logs"
    path.mkdir()
    return path


def missing(folder: Path) -> Path:
    return folder / "never" / "there.log"


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (unreadable, "cannot be read: "),
        (cut_since, "were read before: it was cut"),
        (other_than_before, "goes on differently"),
        (empty_folder, "There is no file to read in"),
        (missing, "There is no file "),
    ],
)
def test_a_source_that_cannot_be_read_is_told_and_what_to_do(
    tmp_path: Path, capsys: Say, made: Callable[[Path], Path], words: str
) -> None:
    path = made(tmp_path)
    capsys.readouterr()
    code, said = failed(capsys, path, "--store", "embedded:x.db")
    assert code == SourceError.exit_code
    assert words in said
    assert "try: " in said


def test_a_directory_where_the_dead_letters_ought_to_be_is_a_usage_error(log: Path, capsys: Say) -> None:
    code, said = failed(capsys, log, "--dead-letters", ".", "--store", "embedded:x.db")
    assert code == 2
    assert "is a directory" in said


def test_a_directory_where_the_store_ought_to_be_is_told(tmp_path: Path, log: Path, capsys: Say) -> None:
    (tmp_path / "folder").mkdir()
    code, said = failed(capsys, log, "--store", "embedded:folder")
    assert code == StoreError.exit_code
    assert "folder" in said
    assert "try: " in said


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_run_that_nobody_listens_to_any_more_stores_everything_and_ends_quietly(
    tmp_path: Path, form: str
) -> None:
    log = write_log(tmp_path / "access.log", 2_000)
    line = shlex.join([sys.executable, str(ROOT / "cli.py"), "ingest", str(log), "--site", "example.org"])
    # Both streams are the pipe, and its reader is gone before anything is written.
    done = subprocess.run(
        ["sh", "-c", f"{{ {line} --store embedded:x.db --summary {form} 2>&1; echo $? >code; }} | true"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout + done.stderr == ""
    assert (tmp_path / "code").read_text() == "0\n"
    again = subprocess.run(
        ["sh", "-c", f"{line} --store embedded:x.db"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "had nothing new since the last run" in again.stderr


def test_a_file_that_shrinks_while_a_tail_follows_it_is_read_on_and_nothing_is_lost(tmp_path: Path) -> None:
    log = write_log(tmp_path / "access.log", 60)
    command = [sys.executable, str(ROOT / "cli.py"), "tail", str(log), "--site", "example.org"]
    manner = ["--store", "embedded:x.db", "--linger", "0.05", "--poll-seconds", "0.05", "--summary", "json"]
    with subprocess.Popen(
        [*command, *manner], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        wait_for_events(tmp_path / "x.db", 60)
        log.write_bytes(b"".join(combined_lines(20, first=60)))
        wait_for_events(tmp_path / "x.db", 80)
        process.send_signal(signal.SIGTERM)
        out, said = process.communicate(timeout=60)

    assert process.returncode == 0, said
    assert b'"events_stored":80' in out
    assert b"Traceback" not in said


def wait_for_events(store: Path, count: int) -> None:
    """Return when an embedded store holds so many events; fails the test when that takes too long."""
    query = "SELECT item_count FROM tables WHERE name = 'events'"
    for _ in range(600):
        time.sleep(0.1)
        with suppress(sqlite3.Error), closing(sqlite3.connect(store)) as file:
            found = file.execute(query).fetchone()
            if found and found[0] == count:
                return

    pytest.fail(f"{count} events are not stored")
