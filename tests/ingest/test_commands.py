from __future__ import annotations

import gzip
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

import cli
from footfall.errors import FormatError, SettingsError, SourceError
from footfall.text import printable
from ingest.formats import FORMATS
from tests.ingest.runs import combined_lines, table, write_log

ROOT = Path(__file__).parents[2]
HOSTILE = b"\x1b]0;owned\x07\x1b[2J\xe2\x80\xae what is this\n"


@dataclass(frozen=True, slots=True)
class Said:
    """What a command line said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def summary(self) -> dict[str, Any]:
        """The one JSON object on stdout."""
        document: dict[str, Any] = msgspec.json.decode(self.out)
        return document


Run = Callable[..., Said]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run_command(*arguments: str | Path) -> Said:
        code = cli.run([str(argument) for argument in arguments])
        shown = capsys.readouterr()
        return Said(code, shown.out, shown.err)

    return run_command


@pytest.fixture
def ingest(run: Run, tmp_path: Path) -> Run:
    """`footfall ingest` into tmp_path/store.db with the summary as JSON."""

    def run_ingest(*arguments: str | Path) -> Said:
        store, dead = f"embedded:{tmp_path / 'store.db'}", tmp_path / "dead.ndjson"
        return run("ingest", *arguments, "--store", store, "--dead-letters", dead, "--summary", "json")

    return run_ingest


@pytest.fixture
def log(tmp_path: Path) -> Path:
    lines = combined_lines(100)
    lines[10:10] = [b"# a comment\n", b"\n", b"rubbish\n"]
    path = tmp_path / "access.log"
    path.write_bytes(b"".join(lines))
    return path


def stored(tmp_path: Path) -> int:
    return len(anyio.run(table, tmp_path / "store.db"))


def test_the_json_summary_is_one_object_on_stdout_and_adds_up(ingest: Run, log: Path) -> None:
    said = ingest(log, "--since", "2026-03-01T00:00:05")
    summary = said.summary
    assert said.code == 0
    assert said.out.count("\n") == 1
    parts = [
        summary[name] for name in ("events_stored", "lines_rejected", "lines_skipped", "events_filtered")
    ]
    assert parts == [50, 1, 2, 50]
    assert summary["lines_read"] == sum(parts)
    assert (summary["batches"], summary["throttled"]) == (2, 0)
    assert summary["consumed_write_units"] == 50
    assert summary["seconds"] > 0
    assert summary["filtered_by_reason"] == {"before-since": 50}


def test_the_text_summary_is_on_stderr_and_says_where_refused_lines_are(
    run: Run, log: Path, tmp_path: Path
) -> None:
    dead = tmp_path / "dead.ndjson"
    said = run("ingest", log, "--store", f"embedded:{tmp_path / 'store.db'}", "--dead-letters", dead)
    assert (said.code, said.out) == (0, "")
    assert "103 lines read from 1 source" in said.err
    assert "100 events stored" in said.err
    assert f"Rejected lines are kept in {dead}: no-match 1." in said.err
    assert msgspec.json.decode(dead.read_bytes())["line"] == 13


def test_a_log_without_addresses_says_that_it_gives_no_visits(ingest: Run, tmp_path: Path) -> None:
    log = tmp_path / "bare.log"
    log.write_bytes(b"2026-03-01T10:00:00Z /a\n2026-03-01T10:00:01Z /b\n")
    said = ingest(log, "--format", r"(?P<time>\S+) (?P<path>\S+)")
    assert said.summary["events_without_visitor"] == said.summary["events_stored"] == 2
    assert "2 events without visitor, in no visit: the line tells no address" in said.err


def test_a_run_without_anything_new_says_so(run: Run, ingest: Run, log: Path) -> None:
    ingest(log)
    said = ingest(log)
    assert said.summary["lines_read"] == 0
    assert "1 source had nothing new since the last run (--replay reads from the start)." in said.err


def test_since_is_included_and_until_is_not(ingest: Run, log: Path, tmp_path: Path) -> None:
    said = ingest(log, "--since", "2026-03-01T00:00:02", "--until", "2026-03-01T00:00:04")
    assert (said.summary["events_stored"], said.summary["events_filtered"]) == (20, 80)
    assert said.summary["filtered_by_reason"] == {"before-since": 20, "at-or-after-until": 60}
    assert stored(tmp_path) == 20


def test_bounds_that_leave_nothing_are_refused(ingest: Run, log: Path, tmp_path: Path) -> None:
    said = ingest(log, "--since", "2026-03-02", "--until", "2026-03-01")
    assert (said.code, said.out) == (SettingsError.exit_code, "")
    assert "--until" in said.err
    assert not (tmp_path / "store.db").exists()


def test_a_directory_is_read_whole_and_each_file_once(ingest: Run, tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    write_log(folder / "access.log", 30, first=60)
    write_log(folder / "access.log.1", 30, first=30)
    (folder / "access.log.2.gz").write_bytes(gzip.compress(b"".join(combined_lines(30))))
    said = ingest(folder, folder / "access.log", folder / "*.log.*")
    assert (said.summary["sources"], said.summary["events_stored"], stored(tmp_path)) == (3, 90, 90)


def test_a_pattern_finds_its_files_and_one_that_finds_none_is_an_error(ingest: Run, log: Path) -> None:
    assert ingest(log.parent / "acc*.log").summary["sources"] == 1
    said = ingest(log.parent / "*.nothing")
    assert said.code == SourceError.exit_code
    assert "No file matches" in said.err


def test_a_file_in_no_known_format_is_refused_with_its_first_lines(ingest: Run, tmp_path: Path) -> None:
    (tmp_path / "novel.log").write_bytes(b"It was a dark and stormy night\n" + HOSTILE + b"The end\n")
    said = ingest(tmp_path / "novel.log")
    assert said.code == FormatError.exit_code
    assert "is in no known format: the nearest reads 0 of its first 3 lines" in said.err
    assert "line 1: It was a dark and stormy night" in said.err
    assert r"line 2: \x1b]0;owned\x07\x1b[2J\u202e what is this" in said.err
    assert said.summary["lines_read"] == 0
    assert "\x1b" not in said.err + said.out


def test_a_format_that_is_named_is_not_detected(ingest: Run, tmp_path: Path) -> None:
    (tmp_path / "mostly.log").write_bytes(b"rubbish\n" * 9 + combined_lines(1)[0])
    assert ingest(tmp_path / "mostly.log").code == FormatError.exit_code
    said = ingest(tmp_path / "mostly.log", "--format", "combined")
    assert (said.code, said.summary["events_stored"], said.summary["lines_rejected"]) == (0, 1, 9)


def test_a_bad_file_among_good_ones_is_named_and_the_others_are_stored(
    ingest: Run, log: Path, tmp_path: Path
) -> None:
    (tmp_path / "novel.log").write_bytes(b"once upon a time\n")
    said = ingest(log, tmp_path / "novel.log")
    assert said.code == FormatError.exit_code
    assert (said.summary["events_stored"], said.summary["sources_failed"]) == (100, 1)
    assert "novel.log is in no known format" in said.err


@pytest.mark.parametrize("site", ["Example.org", "a b", "a#b", "", "-x", "é"])
def test_a_site_that_cannot_stand_in_a_key_is_refused(ingest: Run, log: Path, site: str) -> None:
    said = ingest(log, f"--site={site}")
    assert said.code == SettingsError.exit_code
    assert "--site" in said.err


@pytest.mark.parametrize(
    ("policy", "kept"),
    [("masked", {"192.0.2.0"}), ("full", {f"192.0.2.{n}" for n in range(100)}), ("none", set())],
)
def test_addresses_are_kept_as_told(
    ingest: Run, log: Path, tmp_path: Path, policy: str, kept: set[str]
) -> None:
    ingest(log, "--addresses", policy)
    items = anyio.run(table, tmp_path / "store.db").values()
    assert {item["ip"]["S"] for item in items if "ip" in item} == kept


def test_the_default_store_is_announced(tmp_path: Path) -> None:
    log = write_log(tmp_path / "access.log", 10)
    for arguments, announced in (([], True), (["--store", "embedded:other.db"], False)):
        done = subprocess.run(
            [sys.executable, ROOT / "cli.py", "ingest", log, *arguments],
            cwd=tmp_path, capture_output=True, text=True, check=True, env=os.environ,
        )  # fmt: skip
        assert ("Store: embedded:footfall.db (the default" in done.stderr) is announced

    assert (tmp_path / "footfall.db").is_file()
    assert (tmp_path / "other.db").is_file()


def test_formats_are_listed_with_an_example_each(run: Run) -> None:
    said = run("formats", "list")
    assert (said.code, said.err) == (0, "")
    for form in FORMATS.values():
        assert form.name in said.out
        assert all(printable(line) in said.out for line in form.example.splitlines())


def test_the_format_of_a_file_is_detected(run: Run, log: Path) -> None:
    said = run("formats", "detect", log)
    assert said.code == 0
    assert said.out.startswith(f"{log}: combined, 100 of the first 101 lines, 99% sure\n")
    assert "line 13: rubbish" in said.out


def test_an_unknown_format_is_exit_code_6_and_hostile_bytes_are_escaped(
    run: Run, log: Path, tmp_path: Path
) -> None:
    strange = tmp_path / "strange\x1b[31m.log"
    strange.write_bytes(HOSTILE)
    said = run("formats", "detect", log, strange)
    assert said.code == FormatError.exit_code
    assert r"strange\x1b[31m.log: no known format, the nearest reads 0 of the first 1 line" + "\n" in said.out
    assert r"line 1: \x1b]0;owned\x07\x1b[2J\u202e what is this" in said.out
    assert "\x1b" not in said.out + said.err


def test_an_empty_file_is_in_no_format(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty.log").write_bytes(b"")
    assert run("formats", "detect", tmp_path / "empty.log").code == FormatError.exit_code


@pytest.mark.parametrize("command", [["formats", "detect"], ["ingest", "--store", "embedded:never.db"]])
def test_a_file_that_is_not_there_is_an_error_in_words(run: Run, command: list[str], tmp_path: Path) -> None:
    said = run(*command, tmp_path / "nowhere.log")
    assert said.code == SourceError.exit_code
    assert "There is no file" in said.err


def test_a_run_that_ends_by_an_error_is_summed_up_before_it_is_told(ingest: Run, tmp_path: Path) -> None:
    log = tmp_path / "access.log"
    log.write_bytes(b"".join([*combined_lines(600), *[b"rubbish\n"] * 900]))
    said = ingest(log)
    assert said.code == 3
    assert (said.summary["lines_read"], said.summary["lines_rejected"]) == (1500, 900)
    assert "--max-rejected" in said.err


def test_what_was_read_in_the_wrong_format_is_read_again_with_replay(ingest: Run, tmp_path: Path) -> None:
    log = write_log(tmp_path / "access.log", 1200)
    wrong = ingest(log, "--format", "common_vhost")
    assert wrong.code == 3
    assert "deadletters retry" in wrong.err
    assert ingest(log, "--replay").summary["events_stored"] == 1200


def test_a_file_name_that_is_no_utf8_is_read(ingest: Run, tmp_path: Path) -> None:
    name = os.fsdecode(os.fsencode(tmp_path) + b"/acc\xffess.log")
    Path(name).write_bytes(b"".join(combined_lines(5)))
    said = ingest(name)
    assert (said.code, said.summary["events_stored"]) == (0, 5)


def test_filtered_events_are_said_to_need_a_replay(ingest: Run, tmp_path: Path) -> None:
    log = write_log(tmp_path / "access.log", 20)
    said = ingest(log, "--since", "2030-01-01")
    assert said.summary["events_filtered"] == 20
    assert "--replay: before-since 20" in said.err
