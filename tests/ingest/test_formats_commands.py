from __future__ import annotations

import gzip
import io
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest
from rich.cells import cell_len

import cli
from ingest.formats import FORMATS
from tests.ingest.runs import combined_lines

COMBINED = FORMATS["combined"].example
SAMPLES = Path(__file__).resolve().parents[2] / "sample_logs"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run_command(*arguments: str | Path) -> tuple[int, str, str]:
        code = cli.run(["formats", *map(str, arguments)])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return run_command


def test_the_list_names_every_format_under_its_family(run: Run) -> None:
    code, out, _ = run("list")
    assert code == 0
    assert all(f"  {name} " in out or f"  {name}\n" in out for name in FORMATS)
    assert out.startswith("Web servers:\n  common ")


def test_the_list_as_json_has_what_a_program_wants(run: Run) -> None:
    code, out, _ = run("list", "--json")
    rows = msgspec.json.decode(out)
    assert code == 0
    assert [row["name"] for row in rows] == list(FORMATS)
    assert rows[0]["columns"] == list(FORMATS["common"].columns)


def test_detection_says_how_sure_it_is_and_what_came_second(run: Run) -> None:
    code, out, _ = run("detect", SAMPLES / "icecast.log", SAMPLES / "combined.log")
    assert code == 0
    assert "icecast.log: icecast, 163 of the first 164 lines, 80% sure, then combined\n" in out
    assert "combined.log: combined, 1,000 of the first 1,000 lines, 100% sure\n" in out


def test_a_file_in_no_format_names_the_contenders_and_the_lines(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "odd.log"
    path.write_text(f"{COMBINED}\none\ntwo\n\x1b[2Jthree\n")
    code, out, _ = run("detect", path)
    assert code == 6
    assert "no known format, the nearest, combined, reads 1 of the first 4 lines, 25% sure\n" in out
    assert "    line 4: \\x1b[2Jthree\n" in out


def test_what_is_no_log_is_told_of_in_a_folder(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_bytes(b"".join(combined_lines(5)))
    (tmp_path / "logo").write_bytes(b"\x89PNG\r\n\x1a\n")
    code, out, err = run("detect", tmp_path)
    assert code == 0
    assert out.count("\n") == 1
    assert "logo is an image: not read." in err


def test_a_line_is_explained_field_by_field(run: Run) -> None:
    code, out, _ = run("explain", COMBINED)
    rows = out.splitlines()
    assert code == 0
    assert rows[0] == "combined: the line is read."
    assert rows[1].split() == ["field", "columns", "text", "value"]
    [status] = [row for row in rows if row.startswith("status")]
    assert status.split() == ["status", "status", "200", "200"]


def test_a_line_that_fails_has_a_caret_under_the_column(run: Run) -> None:
    line = COMBINED.replace('" 200 ', '" OK ')
    code, out, _ = run("explain", line, "--format", "combined")
    rows = out.splitlines()
    assert code == 6
    assert rows[0].startswith("combined: the line is not read: no-match, ")
    shown, pointed = rows[-2:]
    place = pointed.index("^")
    assert shown[place:].startswith("OK 5316")
    assert f"^ column {line.index('OK') + 1}: expected " in pointed


def test_a_caret_stands_right_behind_what_is_escaped(run: Run) -> None:
    line = COMBINED.replace("192.0.2.7", "\x1b[2J").replace('" 200 ', '" OK ')
    code, out, _ = run("explain", line, "--format", "combined")
    shown, pointed = out.splitlines()[-2:]
    assert code == 6
    assert "\x1b" not in out
    assert shown[pointed.index("^") :].startswith("OK")


def test_a_caret_stands_right_behind_what_is_wide_or_has_no_width(run: Run) -> None:
    _, out, _ = run("explain", "e\u0301\u4e2d 192.0.2.7", "--format", "combined")
    *_, shown, caret = out.splitlines()
    assert cell_len(shown.partition("192.0.2.7")[0]) + len("192.0.2.7") == caret.index("^")


@pytest.mark.parametrize("line", ["", " \t", "\0\0\0"])
def test_a_blank_line_is_said_to_be_one(run: Run, line: str) -> None:
    code, out, _ = run("explain", line)
    assert (code, out) == (0, "The line is blank: it is counted as skipped.\n")


def test_an_empty_file_is_not_said_to_be_in_a_format_near_to_any(run: Run, tmp_path: Path) -> None:
    (tmp_path / "new.log").touch()
    code, out, _ = run("detect", tmp_path / "new.log")
    assert (code, out) == (6, f"{tmp_path}/new.log: no line of a log in it\n")


def test_a_long_line_is_shown_around_where_it_fails(run: Run) -> None:
    line = COMBINED.replace("/shop", "/" + "x" * 5000).replace('" 200 ', '" OK ')
    _, out, _ = run("explain", line, "--format", "combined")
    shown, pointed = out.splitlines()[-2:]
    assert len(shown) < 200
    assert shown.strip().startswith("…")
    assert shown[pointed.index("^") :].startswith("OK")


def test_a_line_that_nothing_reads_is_explained_by_the_format_that_gets_furthest(run: Run) -> None:
    code, out, _ = run("explain", COMBINED.replace("17/Jan/2026", "17/Foo/2026"))
    assert code == 6
    assert "bad-time" in out
    assert "^ column " in out


def test_a_line_of_a_file_is_found_by_its_number_in_the_format_of_the_file(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.log.gz"
    path.write_bytes(gzip.compress(b"".join(combined_lines(20)) + b"rubbish\n"))
    code, out, _ = run("explain", "--file", path, "--line", "3")
    assert (code, "/page/2" in out) == (0, True)
    code, out, _ = run("explain", "--file", path, "--line", "21")
    assert (code, out.splitlines()[0].partition(":")[0]) == (6, "combined")
    code, _, err = run("explain", "--file", path, "--line", "22")
    assert (code, "has no line 22" in err) == (6, True)


def test_the_directive_in_force_is_that_above_the_line(run: Run) -> None:
    lines = (SAMPLES / "iis.log").read_text().splitlines()
    number = next(n for n, line in enumerate(lines, 1) if not line.startswith("#"))
    code, out, _ = run("explain", "--file", SAMPLES / "iis.log", "--line", str(number))
    assert code == 0
    assert out.startswith("iis: the line is read.")


def test_a_line_comes_from_standard_input_too(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(COMBINED.encode() + b"\nmore\n")))
    code, out, _ = run("explain", "-")
    assert (code, out.startswith("combined: the line is read.")) == (0, True)


def test_enriched_shows_the_event_with_its_address_masked(run: Run) -> None:
    code, out, _ = run("explain", COMBINED, "--enriched")
    assert code == 0
    event = out.partition("\n\n")[2]
    assert "ip: 192.0.2.0\n" in event
    assert "site: " in event
    assert "visitor: " not in event


def test_control_characters_never_reach_the_terminal_raw(run: Run) -> None:
    line = COMBINED.replace("Mozilla", "\x1b]0;owned\x07\u202e")
    _, out, _ = run("explain", line, "--enriched")
    assert "\\x1b]0;owned\\x07\\u202e" in out
    assert not set(out) & {"\x1b", "\x07", "\u202e"}


@pytest.mark.parametrize("arguments", [[], ["x", "--file", __file__]])
def test_one_line_is_explained_from_one_place(run: Run, arguments: list[str]) -> None:
    code, _, err = run("explain", *arguments)
    assert code == 2
    assert "--file" in err
