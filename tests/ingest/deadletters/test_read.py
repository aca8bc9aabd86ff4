from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.errors import SourceError
from ingest.deadletters import (
    DeadLetter,
    DeadLetterFile,
    Letters,
    Outcome,
    Reading,
    dead_letter,
    read_letters,
)
from ingest.deadletters.again import Choice, chosen
from ingest.deadletters.overview import groups
from ingest.deadletters.read import LARGEST_RECORD_BYTES, letters_at, places_of
from ingest.deadletters.record import Record
from tests.fakes import START, FakeClock

SOURCE_ID = "0123456789abcdef"
OLD_RECORD = {
    "source": "old.log", "source_id": SOURCE_ID, "line": 9, "offset": 900, "reason": "no-match", "sentence": "as then",
    "raw_bytes": 3, "raw": "old",
}  # fmt: skip


def letter(
    offset: int, *, reason: str = "no-match", source: str = "a.log", raw: bytes = b"x", raw_bytes: int = 1
) -> DeadLetter:
    return dead_letter(
        raw,
        source=source,
        source_id=SOURCE_ID,
        line=offset + 1,
        offset=offset,
        reason=reason,
        sentence="why",
        raw_bytes=raw_bytes,
        reading=Reading("combined", "", "example.org", "full", since=datetime(2026, 1, 1, tzinfo=UTC)),
    )


def stored(offset: int) -> Outcome:
    return Outcome("stored", SOURCE_ID, offset)


def read(path: Path, *records: Record) -> Letters:
    DeadLetterFile(path, FakeClock()).append(records)
    return read_letters(path)


def states(letters: Letters) -> dict[int, str]:
    return dict(letters.frame.select("offset", "state").iter_rows())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "dead.ndjson"


def test_a_letter_says_how_its_line_was_read_and_when_it_was_refused(path: Path) -> None:
    row = read(path, letter(5)).frame.row(0, named=True)
    assert (row["state"], row["source"], row["source_id"], row["line"], row["offset"]) == (
        "waiting", "a.log", SOURCE_ID, 6, 5,
    )  # fmt: skip
    assert (row["format"], row["site"], row["addresses"], row["until"]) == (
        "combined", "example.org", "full", None,
    )  # fmt: skip
    assert row["since"] == datetime(2026, 1, 1, tzinfo=UTC)
    assert row["at"] == START


def test_the_last_record_about_a_line_holds(path: Path) -> None:
    again = Outcome("refused", SOURCE_ID, 2, "item-too-large", "too large")
    letters = read(
        path,
        letter(1),
        letter(2),
        letter(3),
        letter(4),
        again,
        stored(1),
        stored(2),
        again,
        stored(3),
        letter(3),
    )
    assert states(letters) == {1: "stored", 2: "waiting", 3: "waiting", 4: "waiting"}
    assert dict(letters.frame.select("offset", "reason").iter_rows())[2] == "item-too-large"
    assert len(letters.waiting) == 3


def test_a_letter_that_is_repeated_is_one_letter(path: Path) -> None:
    letters = read(path, letter(1), letter(2), letter(1, reason="bad-time"))
    assert letters.frame["offset"].to_list() == [2, 1]
    assert letters.frame["reason"].to_list() == ["no-match", "bad-time"]


def test_lines_of_two_sources_at_one_offset_are_two_letters(path: Path) -> None:
    other = dead_letter(
        b"x", source="b.log", source_id="f" * 16, line=1, offset=1, reason="r", sentence="s", raw_bytes=1
    )
    assert len(read(path, letter(1), other, Outcome("stored", "f" * 16, 1)).waiting) == 1


def test_an_outcome_without_its_letter_is_nothing(path: Path) -> None:
    assert len(read(path, stored(7)).frame) == 0


def test_records_of_earlier_versions_are_letters(path: Path) -> None:
    path.write_text(json.dumps(OLD_RECORD) + "\n")
    letters = read_letters(path)
    assert (letters.frame["format"][0], letters.frame["at"][0]) == (None, None)
    assert [one.raw for one in letters_at(path, places_of(letters.frame))] == ["old"]


@pytest.mark.parametrize(
    "change",
    [
        {"source_id": "../../etc"}, {"source_id": 5}, {"offset": -1}, {"offset": 10**13}, {"offset": "1"},
        {"outcome": "unheard-of"}, {"line": None}, {"reason": None}, {"raw_bytes": 1.5}, {"at": "yesterday"},
        {"raw": None, "raw_base64": "***"}, {"addresses": "some"}, {"raw_bytes": 10**30},
    ],
)  # fmt: skip
def test_a_record_of_foreign_shape_is_named_by_its_line(path: Path, change: dict[str, Any]) -> None:
    path.write_text(
        "\n".join(json.dumps(each) for each in (OLD_RECORD, {**OLD_RECORD, **change}, OLD_RECORD))
    )
    letters = read_letters(path)
    assert (letters.unreadable, letters.unreadable_lines, len(letters.frame)) == (1, (2,), 1)


def test_what_is_no_record_does_not_hide_the_letters_around_it(path: Path) -> None:
    DeadLetterFile(path, FakeClock()).append([letter(1)])
    with path.open("ab") as file:
        file.write(b"\n[1]\nnull\n{}\n\xff\xfe\n\0\n" + b'{"raw":"\xff"}\n')

    DeadLetterFile(path, FakeClock()).append([letter(2)])
    with path.open("ab") as file:
        file.write(b'{"source":"a.log","li')

    letters = read_letters(path)
    assert states(letters) == {1: "waiting", 2: "waiting"}
    assert letters.unreadable_lines == (3, 4, 5, 6, 7, 8, 10)


def test_only_the_first_foreign_lines_are_named(path: Path) -> None:
    path.write_bytes(b"?\n" * 1000)
    letters = read_letters(path)
    assert (letters.unreadable, letters.unreadable_lines) == (1000, tuple(range(1, 11)))


def test_a_line_longer_than_any_record_is_passed_over(path: Path) -> None:
    DeadLetterFile(path, FakeClock()).append([letter(1)])
    with path.open("ab") as file:
        file.write(b'"' + b"x" * (LARGEST_RECORD_BYTES + 10) + b"\n")

    DeadLetterFile(path, FakeClock()).append([letter(2)])
    letters = read_letters(path)
    assert (states(letters), letters.unreadable_lines) == ({1: "waiting", 2: "waiting"}, (2,))
    assert [one.offset for one in letters_at(path, places_of(letters.frame))] == [1, 2]


def test_the_longest_line_there_can_be_is_read_back(path: Path) -> None:
    raw = b"\0" * 2**20
    letters = read(path, letter(1, raw=raw, raw_bytes=2**20))
    assert [one.kept() for one in letters_at(path, places_of(letters.frame))] == [raw]


@given(garbage=st.lists(st.binary(max_size=60), max_size=8))
def test_no_bytes_make_reading_fail(tmp_path_factory: pytest.TempPathFactory, garbage: list[bytes]) -> None:
    path = tmp_path_factory.mktemp("any") / "dead.ndjson"
    for offset, each in enumerate(garbage):
        with path.open("ab") as file:
            file.write(each.replace(b'"source_id"', b""))

        DeadLetterFile(path, FakeClock()).append([letter(offset)])

    if garbage:
        assert states(read_letters(path)) == dict.fromkeys(range(len(garbage)), "waiting")


def test_a_missing_file_is_a_sentence_with_a_hint(path: Path) -> None:
    with pytest.raises(SourceError, match="There is no dead-letter file") as caught:
        read_letters(path)

    assert "footfall deadletters list" in (caught.value.hint or "")


def test_a_directory_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="Cannot read the dead-letter file"):
        read_letters(tmp_path)


def test_an_empty_file_has_no_letters(path: Path) -> None:
    path.touch()
    assert (len(read_letters(path).frame), list(groups(read_letters(path)))) == (0, [])


def test_a_file_that_changes_under_the_reader_is_a_sentence(path: Path) -> None:
    letters = read(path, letter(1))
    path.write_bytes(b"gone\n")
    with pytest.raises(SourceError, match="was changed while it was read"):
        list(letters_at(path, places_of(letters.frame)))


def test_groups_count_by_reason_and_source_with_times_and_an_example(path: Path) -> None:
    clock = FakeClock()
    file = DeadLetterFile(path, clock)
    file.append([letter(1, raw=b"first"), letter(2, source="b.log"), letter(3, reason="bad-time"), letter(5)])
    clock.advance(60)
    file.append([letter(4, raw_bytes=99), stored(5)])
    found = [(one.reason, one.source, one.letters, one.cut) for one in groups(read_letters(path))]
    assert found == [("no-match", "a.log", 2, 1), ("bad-time", "a.log", 1, 0), ("no-match", "b.log", 1, 0)]
    first = next(groups(read_letters(path)))
    assert (first.first_at, (first.last_at or START) - START) == (START, clock.now() - START)
    assert first.example.kept() == b"first"


def test_letters_are_chosen_by_reason_and_source(path: Path) -> None:
    letters = read(path, letter(1), letter(2, source="b.log"), letter(3, reason="bad-time"))

    def offsets(reasons: tuple[str, ...] = (), sources: tuple[str, ...] = ()) -> list[int]:
        return chosen(letters, Choice(reasons, sources))["offset"].to_list()

    assert offsets() == [1, 2, 3]
    assert offsets(reasons=("no-match",)) == [1, 2]
    assert offsets(reasons=("no-match",), sources=("b.log", "c.log")) == [2]
    assert offsets(sources=("unheard.log",)) == []
