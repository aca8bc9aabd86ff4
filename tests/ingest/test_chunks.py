from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.errors import SourceError
from ingest.chunks import Chunk, read_chunks

LINES = st.lists(st.binary(max_size=30).map(lambda line: line.replace(b"\n", b"")), max_size=30)
SOURCE = "0123456789abcdef"


class Dripping:
    """A stream that gives a few bytes at a time and breaks at the end when told to."""

    def __init__(self, data: bytes, drop: int = 3, failure: Exception | None = None) -> None:
        self._data = io.BytesIO(data)
        self._drop = drop
        self._failure = failure
        self.largest = 0

    def read(self, size: int, /) -> bytes:
        self.largest = max(self.largest, size)
        data = self._data.read(min(size, self._drop))
        if not data and self._failure is not None:
            raise self._failure

        return data


def lines_of(chunks: list[Chunk]) -> list[tuple[int, int, bytes]]:
    """Return (line number, offset, bytes without newline) for each line, as the chunks place them."""
    found = []
    for chunk in chunks:
        offset = chunk.start
        for number, line in enumerate(chunk.data.removesuffix(b"\n").split(b"\n"), chunk.first_line_number):
            found.append((number, offset, line))
            offset += len(line) + 1

    return found


def cut(
    data: bytes, chunk_bytes: int, max_line_bytes: int = 1000, start: int = 0, first_line_number: int = 1
) -> list[Chunk]:
    return list(
        read_chunks(
            Dripping(data),
            SOURCE,
            start=start,
            first_line_number=first_line_number,
            chunk_bytes=chunk_bytes,
            max_line_bytes=max_line_bytes,
        )
    )


def test_a_chunk_is_as_many_whole_lines_as_fit() -> None:
    chunks = cut(b"aa\nbb\ncc\ndd\n", 7)
    assert chunks == [
        Chunk(SOURCE, b"aa\nbb\n", 0, 6, 1, 2),
        Chunk(SOURCE, b"cc\ndd\n", 6, 12, 3, 2),
    ]


def test_only_the_last_chunk_lacks_its_newline() -> None:
    assert cut(b"aa\nbb", 4) == [
        Chunk(SOURCE, b"aa\n", 0, 3, 1, 1),
        Chunk(SOURCE, b"bb", 3, 5, 2, 1, is_open=True),
    ]


@pytest.mark.parametrize("chunk_bytes", [1, 2, 5, 100])
def test_an_empty_stream_has_no_chunk(chunk_bytes: int) -> None:
    assert cut(b"", chunk_bytes) == []


def test_a_line_longer_than_a_chunk_is_still_one_line() -> None:
    assert [chunk.data for chunk in cut(b"a" * 50 + b"\nb\n", 8)] == [b"a" * 50 + b"\n", b"b\n"]


@pytest.mark.parametrize("chunk_bytes", [1, 7, 15, 16, 17, 64])
def test_an_oversized_line_is_cut_and_passed_over_at_any_chunk_size(chunk_bytes: int) -> None:
    chunks = cut(b"aa\n" + b"x" * 40 + b"\nbb\n", chunk_bytes, max_line_bytes=10)
    [long] = [chunk for chunk in chunks if chunk.oversized]
    assert long == Chunk(SOURCE, b"x" * 10, 3, 44, 2, 1, oversized=True)
    assert lines_of(chunks)[-1] == (3, 44, b"bb")


@pytest.mark.parametrize("chunk_bytes", [1, 30, 10_000])
@pytest.mark.parametrize("zeros", [2, 95, 3000])
def test_zero_bytes_in_front_of_a_line_that_is_too_long_with_them_are_passed_over(
    chunk_bytes: int, zeros: int
) -> None:
    line = b"b" * 99 + b"\n"
    chunks = cut(b"a\n" + b"\0" * zeros + line + b"c\n", chunk_bytes, max_line_bytes=100)
    data = b"".join(chunk.data for chunk in chunks)
    assert data == b"a\n" + line + b"c\n"
    assert not any(chunk.oversized for chunk in chunks)
    [gap] = [chunk for chunk in chunks if not chunk.data]
    assert (gap.start, gap.end, gap.line_count) == (2, 2 + zeros, 0)
    assert [chunk.start for chunk in chunks][1:] == [chunk.end for chunk in chunks][:-1]
    assert sum(chunk.line_count for chunk in chunks) == 3


def test_a_line_of_exactly_the_limit_is_whole() -> None:
    chunks = cut(b"x" * 10 + b"\n" + b"y" * 11 + b"\n", 100, max_line_bytes=10)
    assert [chunk.oversized for chunk in chunks] == [False, True]


def test_an_oversized_last_line_without_newline_ends_where_the_stream_ends() -> None:
    assert cut(b"x" * 40, 100, max_line_bytes=10) == [
        Chunk(SOURCE, b"x" * 10, 0, 40, 1, 1, oversized=True, is_open=True)
    ]


def test_memory_is_bounded_by_chunk_and_line_limits() -> None:
    stream = Dripping(b"x" * 100_000, drop=100_000)
    chunks = read_chunks(stream, SOURCE, chunk_bytes=64, max_line_bytes=128)
    assert len(next(chunks).data) == 128
    assert stream.largest <= 2**20


def test_a_failure_comes_after_all_whole_lines_before_it() -> None:
    chunks = read_chunks(Dripping(b"aa\nbb\ncc", failure=SourceError("broken")), SOURCE, chunk_bytes=3)
    assert [next(chunks).data, next(chunks).data] == [b"aa\n", b"bb\n"]
    with pytest.raises(SourceError, match="broken"):
        next(chunks)


def test_a_failure_within_an_oversized_line_is_raised() -> None:
    chunks = read_chunks(Dripping(b"a" * 30, failure=SourceError("broken")), SOURCE, max_line_bytes=10)
    with pytest.raises(SourceError, match="broken"):
        list(chunks)


def test_whole_lines_behind_an_oversized_one_come_before_the_failure() -> None:
    chunks = read_chunks(
        Dripping(b"a" * 30 + b"\nbb\ncc", failure=SourceError("broken")), SOURCE, max_line_bytes=10
    )
    assert [(next(chunks).oversized, next(chunks).data)] == [(True, b"bb\n")]
    with pytest.raises(SourceError, match="broken"):
        next(chunks)


def test_a_start_without_line_number_counts_the_lines_before_it() -> None:
    assert cut(b"aa\nbb\ncc\n", 100, start=6) == [Chunk(SOURCE, b"cc\n", 6, 9, 3, 1)]


def test_a_start_with_line_number_takes_it_as_given() -> None:
    assert cut(b"aa\nbb\ncc\n", 100, start=6, first_line_number=70) == [Chunk(SOURCE, b"cc\n", 6, 9, 70, 1)]


def test_a_start_behind_the_end_has_no_chunk() -> None:
    assert cut(b"aa\n", 100, start=9) == []


@settings(deadline=None)
@given(LINES, st.booleans(), st.integers(1, 80), st.integers(1, 40))
def test_lines_and_offsets_do_not_depend_on_the_chunk_size(
    lines: list[bytes], has_last_newline: bool, chunk_bytes: int, max_line_bytes: int
) -> None:
    data = b"\n".join(lines) + b"\n" * has_last_newline
    chunks = cut(data, chunk_bytes, max_line_bytes)
    whole = cut(data, 10_000, max_line_bytes)
    assert sum(chunk.line_count for chunk in chunks) == data.count(b"\n") + (not data.endswith(b"\n")) * bool(
        data
    )
    assert [(c.start, c.data) for c in chunks if c.oversized] == [
        (c.start, c.data) for c in whole if c.oversized
    ]
    assert [chunk.start for chunk in chunks] == [0, *(chunk.end for chunk in chunks[:-1])][: len(chunks)]
    assert b"".join(c.data for c in chunks if not c.oversized) == b"".join(
        c.data for c in whole if not c.oversized
    )
    for chunk in chunks:
        assert data[chunk.start :].startswith(chunk.data)
        assert chunk.first_line_number == data[: chunk.start].count(b"\n") + 1


@settings(deadline=None)
@given(LINES, st.integers(1, 80), st.integers(0, 30))
def test_reading_from_any_line_on_gives_the_rest(lines: list[bytes], chunk_bytes: int, line: int) -> None:
    data = b"".join(text + b"\n" for text in lines)
    start = len(b"".join(text + b"\n" for text in lines[:line]))
    whole = lines_of(cut(data, chunk_bytes))
    rest = cut(data, chunk_bytes, start=start, first_line_number=min(line, len(lines)) + 1)
    assert lines_of(rest) == [found for found in whole if found[1] >= start]
