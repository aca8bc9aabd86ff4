from __future__ import annotations

import base64
import stat
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.errors import SourceError
from ingest.deadletters import LARGEST_RAW_BYTES, DeadLetter, DeadLetterFile, dead_letter


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
    DeadLetterFile(tmp_path / "dead.ndjson").append([letter("é\tü".encode())])
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
        }
    ]


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
    DeadLetterFile(tmp_path / "dead").append([letter(b"x", source="\udcff.log")])
    assert records(tmp_path / "dead")[0]["source"] == r"\udcff.log"


@given(st.binary(max_size=300))
def test_the_line_can_be_had_back_from_any_record(raw: bytes) -> None:
    record = msgspec.json.decode(msgspec.json.encode(letter(raw)))
    kept = base64.b64decode(record["raw_base64"]) if "raw_base64" in record else record["raw"].encode()
    assert kept == raw


def test_the_file_and_its_folder_are_made_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "dead.ndjson"
    DeadLetterFile(path).append([letter(b"x")])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_appending_keeps_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "dead.ndjson"
    DeadLetterFile(path).append([letter(b"a", 1), letter(b"b", 2)])
    DeadLetterFile(path).append([letter(b"c", 3)])
    assert [record["line"] for record in records(path)] == [1, 2, 3]


def test_a_record_torn_by_a_crash_does_not_swallow_the_next_one(tmp_path: Path) -> None:
    path = tmp_path / "dead.ndjson"
    DeadLetterFile(path).append([letter(b"a", 1)])
    with path.open("ab") as file:
        file.write(b'{"source":"access.log","li')

    DeadLetterFile(path).append([letter(b"b", 2)])
    DeadLetterFile(path).append([letter(b"c", 3)])
    lines = path.read_bytes().splitlines()
    assert lines[1] == b'{"source":"access.log","li'
    assert [msgspec.json.decode(lines[place])["line"] for place in (0, 2, 3)] == [1, 2, 3]
    assert len(lines) == 4


@pytest.mark.parametrize("name", ["file/dead.ndjson", "folder", "file/deeper/dead.ndjson"])
def test_records_that_cannot_be_kept_are_an_error_with_a_way_out(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "folder").mkdir()
    with pytest.raises(SourceError, match="Cannot keep refused lines") as caught:
        DeadLetterFile(tmp_path / name).append([letter(b"x")])

    assert "--dead-letters" in (caught.value.hint or "")


def test_a_full_disk_is_an_error() -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")

    with pytest.raises(SourceError, match="No space left"):
        DeadLetterFile(full).append([letter(b"x")])
