from __future__ import annotations

import base64
import resource
import stat
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.errors import SourceError
from ingest.deadletters import (
    LARGEST_RAW_BYTES,
    DeadLetter,
    DeadLetterFile,
    Reading,
    dead_letter,
    read_letters,
)
from tests.fakes import FakeClock

ROOT: Final = Path(__file__).parents[2]


def letter(raw: bytes, line: int = 1, source: str = "access.log", raw_bytes: int | None = None) -> DeadLetter:
    return dead_letter(
        raw,
        source=source,
        source_id="0123456789abcdef",
        line=line,
        offset=100,
        reason="no-match",
        sentence="the line is not in the format of its log",
        raw_bytes=len(raw) if raw_bytes is None else raw_bytes,
    )


def records(path: Path) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]


def test_a_record_has_the_place_the_reason_and_the_line(tmp_path: Path) -> None:
    DeadLetterFile(tmp_path / "dead.ndjson", FakeClock()).append([letter("é\tü".encode())])
    assert records(tmp_path / "dead.ndjson") == [
        {
            "source": "access.log",
            "source_id": "0123456789abcdef",
            "line": 1,
            "offset": 100,
            "reason": "no-match",
            "sentence": "the line is not in the format of its log",
            "raw_bytes": 5,
            "raw": "é\tü",
            "at": "2026-03-01T12:00:00Z",
        }
    ]


def test_a_record_says_how_its_line_was_read(tmp_path: Path) -> None:
    reading = Reading(
        "combined", site="example.org", addresses="none", until=datetime(2026, 2, 1, tzinfo=UTC)
    )
    one = dead_letter(
        b"x",
        source="a",
        source_id="0" * 16,
        line=1,
        offset=0,
        reason="r",
        sentence="s",
        raw_bytes=1,
        reading=reading,
    )
    DeadLetterFile(tmp_path / "dead", FakeClock()).append([one])
    [record] = records(tmp_path / "dead")
    kept = {name: record.get(name) for name in ("format", "site", "addresses", "since", "until")}
    assert kept == {
        "format": "combined",
        "site": "example.org",
        "addresses": "none",
        "since": None,
        "until": "2026-02-01T00:00:00Z",
    }


def test_bytes_that_are_not_utf8_are_kept_as_base64() -> None:
    one = letter(b"a\xff\n")
    assert one.raw is None
    assert base64.b64decode(one.raw_base64 or "") == b"a\xff\n"


def test_a_long_line_is_cut_and_says_how_long_it_was() -> None:
    one = letter(b"x" * (LARGEST_RAW_BYTES + 1))
    assert (one.raw_bytes, len(one.raw or "")) == (LARGEST_RAW_BYTES + 1, LARGEST_RAW_BYTES)


def test_a_line_that_was_read_in_part_says_how_long_it_was() -> None:
    assert letter(b"beginning", raw_bytes=5_000_000).raw_bytes == 5_000_000


def test_a_cut_within_a_character_is_kept_as_base64() -> None:
    raw = b"x" * (LARGEST_RAW_BYTES - 1) + "é".encode()
    assert base64.b64decode(letter(raw).raw_base64 or "") == raw[:LARGEST_RAW_BYTES]


def test_a_file_name_that_is_not_utf8_does_not_stop_the_record(tmp_path: Path) -> None:
    DeadLetterFile(tmp_path / "dead", FakeClock()).append([letter(b"x", source="\udcff.log")])
    assert records(tmp_path / "dead")[0]["source"] == r"\udcff.log"


@given(st.binary(max_size=300))
def test_the_line_can_be_had_back_from_any_record(raw: bytes) -> None:
    record = msgspec.json.decode(msgspec.json.encode(letter(raw)))
    kept = base64.b64decode(record["raw_base64"]) if "raw_base64" in record else record["raw"].encode()
    assert kept == raw


def test_the_file_and_its_folder_are_made_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "dead.ndjson"
    DeadLetterFile(path, FakeClock()).append([letter(b"x")])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_appending_keeps_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "dead.ndjson"
    DeadLetterFile(path, FakeClock()).append([letter(b"a", 1), letter(b"b", 2)])
    DeadLetterFile(path, FakeClock()).append([letter(b"c", 3)])
    assert [record["line"] for record in records(path)] == [1, 2, 3]


def test_a_record_torn_by_a_crash_does_not_swallow_the_next_one(tmp_path: Path) -> None:
    path = tmp_path / "dead.ndjson"
    DeadLetterFile(path, FakeClock()).append([letter(b"a", 1)])
    with path.open("ab") as file:
        file.write(b'{"source":"access.log","li')

    DeadLetterFile(path, FakeClock()).append([letter(b"b", 2)])
    DeadLetterFile(path, FakeClock()).append([letter(b"c", 3)])
    lines = path.read_bytes().splitlines()
    assert lines[1] == b'{"source":"access.log","li'
    assert [msgspec.json.decode(lines[place])["line"] for place in (0, 2, 3)] == [1, 2, 3]
    assert len(lines) == 4


@pytest.mark.parametrize("name", ["file/dead.ndjson", "folder", "file/deeper/dead.ndjson"])
def test_records_that_cannot_be_kept_are_an_error_with_a_way_out(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "folder").mkdir()
    with pytest.raises(SourceError, match="Cannot keep refused lines") as caught:
        DeadLetterFile(tmp_path / name, FakeClock()).append([letter(b"x")])

    assert "--dead-letters" in (caught.value.hint or "")


def test_a_full_disk_is_an_error() -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")

    with pytest.raises(SourceError, match="No space left"):
        DeadLetterFile(full, FakeClock()).append([letter(b"x")])


APPENDING: Final = """
import sys
from pathlib import Path
from footfall.clock import SystemClock
from ingest.deadletters import DeadLetterFile, dead_letter

name, count, at_once = sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
file = DeadLetterFile(Path(sys.argv[1]), SystemClock())
for first in range(0, count, at_once):
    file.append(
        dead_letter(
            name.encode() * 3000, source=name, source_id=name * 16, line=number, offset=number, reason="no-match",
            sentence="why", raw_bytes=3000,
        )
        for number in range(first, first + at_once)
    )
"""


def appending(
    path: Path, name: str, count: int, at_once: int, largest_file: int | None = None
) -> subprocess.Popen[str]:
    def limit() -> None:
        if largest_file is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))

    command = [sys.executable, "-c", APPENDING, str(path), name, str(count), str(at_once)]
    return subprocess.Popen(command, cwd=ROOT, preexec_fn=limit, stderr=subprocess.PIPE, text=True)


def test_records_of_two_processes_that_append_at_once_are_all_whole(tmp_path: Path) -> None:
    path = tmp_path / "dead.ndjson"
    running = [appending(path, "a", 1000, 5), appending(path, "b", 1000, 5)]
    assert [each.wait() for each in running] == [0, 0]
    lines = records(path)
    assert sorted((line["source"], line["line"]) for line in lines) == [
        (name, number) for name in "ab" for number in range(1000)
    ]
    assert all(line["raw"] == line["source"] * 3000 for line in lines)
    for each in running:
        each.communicate()


def test_a_disk_that_becomes_full_loses_no_record_that_was_kept(tmp_path: Path) -> None:
    path = tmp_path / "dead.ndjson"
    DeadLetterFile(path, FakeClock()).append([letter(b"before")])
    process = appending(path, "a", 100, 1, largest_file=path.stat().st_size + 20_000)
    _, said = process.communicate()
    assert process.returncode != 0
    assert "Cannot keep refused lines" in said
    DeadLetterFile(path, FakeClock()).append([letter(b"after", line=2)])
    letters = read_letters(path)
    assert letters.unreadable == 1
    offsets = letters.frame.filter(source_id="a" * 16)["offset"].to_list()
    assert offsets == list(range(len(offsets)))
    assert len(offsets) >= 5
    assert records_that_can_be_read(path)[-1]["raw"] == "after"


def records_that_can_be_read(path: Path) -> list[dict[str, Any]]:
    found = []
    for line in path.read_bytes().splitlines():
        with suppress(msgspec.MsgspecError):
            found.append(msgspec.json.decode(line))

    return found
