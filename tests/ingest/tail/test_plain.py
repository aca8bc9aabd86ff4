from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall import keys
from footfall.errors import SourceError
from ingest.sources import Source, open_source
from ingest.tail.plain import PlainFile, Replaced


def held(path: Path, chunk_bytes: int = 1000, max_line_bytes: int = 100) -> PlainFile:
    return PlainFile(os.open(path, os.O_RDONLY), chunk_bytes=chunk_bytes, max_line_bytes=max_line_bytes)


def begun(path: Path, **limits: int) -> PlainFile:
    plain = held(path, **limits)
    assert plain.first_line(at_end=False) is not None
    plain.begin("id", 0, 1, lambda *_: None)
    return plain


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "access.log"


@pytest.fixture
def plain(path: Path) -> Iterator[PlainFile]:
    """A file of two lines that were read."""
    path.write_bytes(b"one\ntwo\n")
    plain = begun(path)
    assert plain.take(is_final=False) is not None
    yield plain
    plain.close()


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def test_whole_lines_are_given_as_they_come(plain: PlainFile, path: Path) -> None:
    append(path, b"three\nfo")
    assert plain.unread() == len(b"three\n")
    chunk = plain.take(is_final=False)
    assert chunk is not None
    assert (chunk.data, chunk.start, chunk.first_line_number) == (b"three\n", 8, 3)
    assert plain.take(is_final=False) is None
    append(path, b"ur\n")
    chunk = plain.take(is_final=False)
    assert chunk is not None
    assert (chunk.data, chunk.first_line_number) == (b"four\n", 4)


def test_only_what_is_final_counts_without_its_newline(plain: PlainFile, path: Path) -> None:
    append(path, b"three")
    assert (plain.unread(), plain.has_rest(), plain.take(is_final=False)) == (0, True, None)
    chunk = plain.take(is_final=True)
    assert chunk is not None
    assert (chunk.data, chunk.is_open) == (b"three", True)
    assert not plain.has_rest()


@pytest.mark.parametrize(
    "content", [b"", b"one\n", b"uno\ndos\n", b"uno\ndos\ntres\ncuatro\n", b"\0\0\0\0\0\0\0\0new\n"]
)
def test_other_content_in_its_place_is_noticed(plain: PlainFile, path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(Replaced):
        plain.unread()

    with pytest.raises(Replaced):
        plain.take(is_final=False)

    plain.start_again()
    expected = content.partition(b"\n")[0].lstrip(b"\0") if content else None
    assert plain.first_line(at_end=False) == expected


def test_content_that_was_replaced_before_the_first_read_is_noticed(path: Path) -> None:
    path.write_bytes(b"one\ntwo\n")
    plain = begun(path)
    path.write_bytes(b"uno\ndos\n")
    with pytest.raises(Replaced):
        plain.take(is_final=False)

    plain.close()


def test_lines_that_are_cut_away_unread_are_no_lines(plain: PlainFile, path: Path) -> None:
    append(path, b"three\nfour\n")
    assert plain.unread() == len(b"three\nfour\n")
    os.truncate(path, 8)
    assert plain.take(is_final=False) is None
    append(path, b"5")
    assert (plain.unread(), plain.take(is_final=False)) == (0, None)
    append(path, b"\n")
    chunk = plain.take(is_final=False)
    assert chunk is not None
    assert chunk.data == b"5\n"


def test_a_file_is_read_on_when_it_has_lost_its_name(plain: PlainFile, path: Path) -> None:
    with path.open("ab") as file:
        path.unlink()
        assert plain.is_deleted()
        file.write(b"three\n")

    chunk = plain.take(is_final=False)
    assert chunk is not None
    assert chunk.data == b"three\n"


def test_an_oversized_line_waits_for_its_newline_and_is_passed_over(plain: PlainFile, path: Path) -> None:
    append(path, b"x" * 500)
    assert plain.take(is_final=False) is None
    append(path, b"x" * 500 + b"\nnext\n")
    chunk = plain.take(is_final=False)
    assert chunk is not None
    assert (chunk.oversized, chunk.is_open, len(chunk.data), chunk.end) == (True, False, 100, 1009)
    chunk = plain.take(is_final=False)
    assert chunk is not None
    assert (chunk.data, chunk.first_line_number) == (b"next\n", 4)


def test_zero_bytes_that_are_too_long_for_a_line_are_passed_over(path: Path) -> None:
    path.write_bytes(b"\0" * 1000 + b"one\ntwo\n")
    plain = begun(path)
    chunks = [plain.take(is_final=False), plain.take(is_final=False)]
    assert [chunk and (chunk.start, chunk.data, chunk.line_count) for chunk in chunks] == [
        (0, b"", 0),
        (1000, b"one\ntwo\n", 2),
    ]
    assert plain.take(is_final=False) is None
    plain.close()


def test_the_head_begins_where_lines_begin(path: Path) -> None:
    path.write_bytes(b"\0" * 20_000_000 + b"one\ntwo\n")
    plain = begun(path)
    assert plain.head()["text"].to_list() == ["one", "two"]
    assert not plain.has_full_head()
    append(path, b"x" * 2**20)
    assert plain.has_full_head()
    plain.close()


def test_a_log_is_recognised_by_what_stands_before_its_position(path: Path) -> None:
    path.write_bytes(b"".join(b"line %d\n" % number for number in range(1000)))
    plain = held(path)
    plain.first_line(at_end=False)
    told: list[tuple[bytes, int]] = []
    plain.begin("id", 4890, 545, lambda before, passed: told.append((before, passed)))
    assert told == [(path.read_bytes()[4890 - keys.FINGERPRINT_BYTES : 4890], 4890)]
    chunk = plain.take(is_final=False)
    assert chunk is not None
    assert path.read_bytes()[4890:].startswith(chunk.data)
    plain.close()


def test_a_file_that_is_shorter_than_its_position_says_so(path: Path) -> None:
    path.write_bytes(b"one\n")
    plain = held(path)
    plain.first_line(at_end=False)

    def recognise(before: bytes, passed_bytes: int) -> None:
        raise SourceError(f"{passed_bytes}")

    with pytest.raises(SourceError, match="4"):
        plain.begin("id", 100, 10, recognise)

    plain.close()


HEADS = st.one_of(
    st.binary(max_size=300),
    st.lists(
        st.sampled_from([b"# comment", b"", b" ", b"\0\0", b"line", b"x" * 5000, b"\xef\xbb\xbf"]), max_size=8
    ).map(b"\n".join),
    st.integers(0, 40_000).map(lambda count: b"#\n" * count + b"line\n"),
    st.integers(0, 2_000_000).map(lambda count: bytes(count) + b"line\n"),
)


@given(HEADS)
def test_a_log_has_the_identity_that_ingest_gives_it(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "identity.log"
    path.write_bytes(data)
    plain = held(path)
    line = plain.first_line(at_end=True)
    plain.close()
    with suppress(SourceError), open_source(Source(str(path), path.name, path)) as opened:
        assert opened.compression != "none" or opened.id == (
            None if line is None else keys.source_id(line, path.name)
        )
