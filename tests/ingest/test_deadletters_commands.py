from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import anyio
import msgspec
import pytest

import cli
from footfall.clock import SystemClock
from footfall.errors import FootfallError, SettingsError, SourceError, StoreError, TooManyRejected
from ingest.commands.deadletters import SHOWN_BYTES
from ingest.deadletters import DeadLetterFile, dead_letter
from tests.ingest.runs import table
from tests.ingest.stubborn import stubborn_server

ROOT: Final = Path(__file__).parents[2]
HOSTILE: Final = b"\x1b]0;owned\x07\x1b[2J\xe2\x80\xae what\xff is this"
GOOD: Final = b'www.example.org:443 192.0.2.7 - - [17/Jan/2026:10:05:03 +0000] "GET / HTTP/1.1" 200 5 "-" "A"'

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsysbinary: pytest.CaptureFixture[bytes]) -> Run:
    def run_command(*arguments: str | Path) -> tuple[int, str, str]:
        code = cli.run(["deadletters", *map(str, arguments)])
        shown = capsysbinary.readouterr()
        return code, shown.out.decode("latin-1"), shown.err.decode()

    return run_command


@pytest.fixture
def dead(tmp_path: Path) -> Path:
    """A file of a hostile line that nothing reads and two that were read in the wrong format, without that format."""
    path = tmp_path / "dead.ndjson"
    lines = (HOSTILE, GOOD, GOOD)
    DeadLetterFile(path, SystemClock()).append(
        dead_letter(
            raw,
            source="access\x1b[2J.log",
            source_id="0" * 16,
            line=number + 1,
            offset=200 * number,
            reason="no-match" if number else "bad\x1b-reason",
            sentence="why \u202e",
            raw_bytes=len(raw),
        )
        for number, raw in enumerate(lines)
    )
    return path


@pytest.fixture
def store(tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> str:
    address = f"embedded:{tmp_path / 'store.db'}"
    assert cli.run(["table", "create", "--store", address]) == 0
    capsysbinary.readouterr()
    return address


def is_safe(text: str) -> bool:
    return not any(
        (character < " " and character != "\n") or "\x7f" <= character < "\xa0" for character in text
    )


def test_the_list_counts_by_reason_and_source_and_shows_nothing_as_it_is(run: Run, dead: Path) -> None:
    code, out, err = run("list", dead)
    assert code == 0
    assert is_safe(out + err)
    lines = out.splitlines()
    assert lines[0].startswith(r"2 no-match, access\x1b[2J.log, refused 20")
    assert lines[1].startswith("    line 2: www.example.org:443")
    assert lines[3] == r"    line 1: \x1b]0;owned\x07\x1b[2J\u202e what\xff is this"
    assert "3 waiting, 0 stored" in err


def test_the_list_as_json_is_one_object_of_ascii(run: Run, dead: Path) -> None:
    code, out, _ = run("list", dead, "--format", "json")
    assert code == 0
    assert out.isascii()
    assert is_safe(out)
    document: dict[str, Any] = msgspec.json.decode(out)
    assert (document["waiting"], document["stored"], document["unreadable_lines"]) == (3, 0, 0)
    assert [(group["reason"], group["letters"]) for group in document["groups"]] == [
        ("no-match", 2), ("bad\x1b-reason", 1),
    ]  # fmt: skip
    assert document["groups"][0]["example"]["offset"] == 200


def test_lines_that_are_no_records_are_told(run: Run, dead: Path) -> None:
    with dead.open("ab") as file:
        file.write(b"?\n\n{}\n")

    assert "No records: 2 lines of it, 4, 6." in run("list", dead)[2]


def test_show_writes_letters_safe(run: Run, dead: Path) -> None:
    code, out, err = run("show", dead, "--limit", "2")
    assert code == 0
    assert is_safe(out)
    assert r"\x1b]0;owned\x07\x1b[2J\u202e what\xff is this" in out
    assert r"bad\x1b-reason: why \u202e" in out
    assert GOOD.decode() in out
    assert "1 more; --limit 3 shows them." in err


def test_show_does_not_flood_a_terminal_with_a_megabyte(run: Run, tmp_path: Path) -> None:
    path, raw = tmp_path / "dead.ndjson", b"x" * 10_000
    letter = dead_letter(
        raw,
        source="a.log",
        source_id="0" * 16,
        line=1,
        offset=0,
        reason="no-match",
        sentence="s",
        raw_bytes=10_000,
    )
    DeadLetterFile(path, SystemClock()).append([letter])
    out = run("show", path)[1]
    assert "x" * SHOWN_BYTES in out
    assert "x" * (SHOWN_BYTES + 1) not in out
    assert "Its first 4,096 bytes are shown; --raw writes all that is kept." in out
    assert run("show", path, "--raw")[1].encode() == raw + b"\n"


def test_show_raw_writes_the_lines_byte_for_byte(run: Run, dead: Path) -> None:
    code, out, _ = run("show", dead, "--raw")
    assert (code, out.encode("latin-1")) == (0, HOSTILE + b"\n" + (GOOD + b"\n") * 2)


def test_show_chooses_by_reason_and_source(run: Run, dead: Path) -> None:
    assert run("show", dead, "--raw", "--reason", "no-match")[1].encode() == (GOOD + b"\n") * 2
    assert run("show", dead, "--raw", "--source", "other.log")[1] == ""


def test_retry_stores_says_so_and_leaves_the_rest(run: Run, dead: Path, store: str, tmp_path: Path) -> None:
    code, out, err = run("retry", dead, "--store", store, "--format", "combined_vhost", "--summary", "json")
    assert code == TooManyRejected.exit_code
    summary = msgspec.json.decode(out)
    figures = ("letters", "stored", "refused", "filtered", "unreadable", "left")
    assert [summary[name] for name in figures] == [3, 2, 1, 0, 0, 0]
    assert (summary["refused_by_reason"], summary["stopped_by_signal"]) == ({"no-match": 1}, False)
    assert summary["consumed_write_units"] == 2
    assert "Refused again: no-match 1." in err
    assert len(anyio.run(table, tmp_path / "store.db")) == 2
    assert "1 waiting, 2 stored" in run("list", dead)[2]


def test_retry_exits_0_when_all_is_stored_and_when_nothing_waits(run: Run, dead: Path, store: str) -> None:
    command = ("retry", dead, "--store", store, "--format", "combined_vhost", "--reason", "no-match")
    assert run(*command)[0] == 0
    code, _, err = run(*command)
    assert (code, err.strip()) == (0, f"No line waits in {dead}.")


def test_letters_without_a_format_ask_for_one(run: Run, dead: Path, store: str) -> None:
    code, _, err = run("retry", dead, "--store", store)
    assert code == TooManyRejected.exit_code
    assert "Not tried: 3, the letter names no format" in err
    assert "--format" in err


@pytest.mark.parametrize("command", ["list", "show", "retry"])
def test_a_missing_file_a_directory_and_a_file_in_the_way_are_sentences(
    run: Run, command: str, tmp_path: Path
) -> None:
    code, _, err = run(command, tmp_path / "none.ndjson")
    assert code == SourceError.exit_code
    assert "There is no dead-letter file" in err
    assert run(command, tmp_path)[0] == SettingsError.exit_code
    (tmp_path / "file").touch()
    assert run(command, tmp_path / "file" / "dead.ndjson")[0] == SourceError.exit_code


@pytest.mark.parametrize("command", ["list", "show", "retry"])
def test_a_file_that_cannot_be_opened_is_a_sentence(run: Run, command: str, tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    code, _, err = run(command, tmp_path / "loop")
    assert code == SourceError.exit_code
    assert "Cannot read the dead-letter file" in err


def test_a_store_that_is_not_there_is_a_sentence(run: Run, dead: Path, tmp_path: Path) -> None:
    before = dead.read_bytes()
    code, out, err = run("retry", dead, "--store", f"embedded:{tmp_path / 'none.db'}")
    assert (code, out) == (StoreError.exit_code, "")
    assert "There is no store" in err
    assert "retry" not in err.partition("try:")[0]
    assert not (tmp_path / "none.db").exists()
    assert dead.read_bytes() == before


def test_a_store_that_denies_writing_leaves_everything_waiting(run: Run, dead: Path) -> None:
    before = dead.read_bytes()
    with stubborn_server("AccessDeniedException") as server:
        code, _, err = run("retry", dead, *server.options, "--format", "combined_vhost")

    assert code == StoreError.exit_code
    assert "Traceback" not in err
    assert dead.read_bytes() == before


@pytest.mark.parametrize("name", ["FOOTFALL_DEAD_LETTERS", "FOOTFALL_INGEST_DEAD_LETTERS"])
def test_one_variable_names_the_file_for_all_commands(
    run: Run, dead: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, str(dead))
    assert run("list")[0] == run("show")[0] == 0


def test_ingest_keeps_lines_where_the_shared_variable_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.log").write_bytes(b"rubbish\n")
    monkeypatch.setenv("FOOTFALL_DEAD_LETTERS", str(tmp_path / "kept.ndjson"))
    monkeypatch.setenv("FOOTFALL_STORE", f"embedded:{tmp_path / 'store.db'}")
    assert cli.run(["ingest", str(tmp_path / "a.log"), "--format", "common"]) == 0
    assert (tmp_path / "kept.ndjson").exists()


def shell(command: str, dead: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "FILE": str(dead), "PYTHON": sys.executable}
    return subprocess.run(
        ["bash", "-c", f'set -o pipefail; D="$PYTHON -m cli deadletters"; {command}'],
        capture_output=True, text=True, check=False, env=environment, cwd=dead.parent,
    )  # fmt: skip


@pytest.fixture
def long_dead(dead: Path) -> Path:
    lines = dead.read_bytes().splitlines(keepends=True)
    with dead.open("ab") as file:
        file.writelines(lines[1].replace(b'"offset":200', b'"offset":%d' % n) for n in range(1000, 5000))

    return dead


def test_a_reader_that_goes_away_ends_the_commands_quietly(long_dead: Path) -> None:
    for arguments in ("show --limit 10000", "show --raw"):
        done = shell(f'$D {arguments} "$FILE" | head -n 1 > /dev/null', long_dead)
        assert (done.returncode, done.stderr.count("Traceback")) == (0, 0)


def test_a_closed_stdout_is_a_sentence_or_nothing(dead: Path) -> None:
    shown = shell('$D show "$FILE" >&-', dead)
    assert (shown.returncode, shown.stdout) == (SettingsError.exit_code, "")
    assert "Standard output is closed." in shown.stderr
    assert shell('$D list "$FILE" >&-', dead).returncode == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_device_is_a_sentence(long_dead: Path) -> None:
    for arguments in ("list", "show", "show --raw"):
        done = shell(f'$D {arguments} "$FILE" > /dev/full', long_dead)
        assert done.returncode == FootfallError.exit_code
        assert "Traceback" not in done.stderr
        assert "takes no more" in done.stderr


def in_terminal(*arguments: str | Path) -> tuple[int, str]:
    """Run a command with a terminal of 60 columns as its stdout; return its exit code and what was shown there."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "60", "LINES": "20"}
    command = [sys.executable, "-m", "cli", "deadletters", *map(str, arguments)]
    with subprocess.Popen(command, stdout=theirs, stderr=subprocess.PIPE, env=environment) as process:
        os.close(theirs)
        shown = b""
        try:
            while piece := os.read(ours, 4096):
                shown += piece
        except OSError:  # how Linux says that the other side of a terminal is closed
            pass

        process.communicate()

    os.close(ours)
    return process.returncode, shown.decode()


def test_raw_lines_do_not_go_to_a_terminal(dead: Path) -> None:
    assert in_terminal("show", "--raw", dead) == (SettingsError.exit_code, "")


def test_the_list_is_cut_at_the_width_of_the_terminal(dead: Path) -> None:
    code, shown = in_terminal("list", dead)
    lines = shown.splitlines()
    assert (code, len(lines)) == (0, 4)
    assert max(map(len, lines)) == 60
    assert lines[1].endswith("…")
