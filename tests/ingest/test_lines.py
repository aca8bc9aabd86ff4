from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.chunks import Chunk
from ingest.lines import is_utf8, split_lines


def chunk_of(data: bytes, start: int = 0, first_line_number: int = 1) -> Chunk:
    lines = data.count(b"\n") + (not data.endswith(b"\n"))
    return Chunk("0123456789abcdef", data, start, start + len(data), first_line_number, lines)


def rows(data: bytes, start: int = 0, first_line_number: int = 1) -> list[tuple[int, int, str]]:
    return list(split_lines(chunk_of(data, start, first_line_number)).iter_rows())


def test_lines_have_number_offset_and_text() -> None:
    assert rows(b"one\ntwo\n\nfour\n", 100, 7) == [
        (7, 100, "one"),
        (8, 104, "two"),
        (9, 108, ""),
        (10, 109, "four"),
    ]


def test_the_columns_have_their_types_even_without_a_line() -> None:
    expected = pl.Schema({"line_number": pl.Int64, "offset": pl.Int64, "text": pl.String})
    assert split_lines(chunk_of(b"one\n")).schema == expected
    assert split_lines(chunk_of(b"")).schema == expected


def test_a_last_line_without_newline_is_whole() -> None:
    assert rows(b"one\ntwo") == [(1, 0, "one"), (2, 4, "two")]


def test_crlf_is_a_line_end_and_a_lone_carriage_return_is_not() -> None:
    assert rows(b"one\r\nt\rwo\r\r\nthree\n") == [(1, 0, "one"), (2, 5, "t\rwo\r"), (3, 12, "three")]


def test_a_byte_order_mark_is_no_text_at_the_beginning_of_a_source() -> None:
    assert rows(b"\xef\xbb\xbfone\ntwo\n") == [(1, 0, "one"), (2, 6 + 1, "two")]


def test_a_byte_order_mark_elsewhere_is_text() -> None:
    assert rows(b"\xef\xbb\xbfone\n", start=50) == [(1, 50, "\ufeffone")]


def test_a_byte_order_mark_alone_is_an_empty_line() -> None:
    assert rows(b"\xef\xbb\xbf") == [(1, 0, "")]


def test_utf8_and_nul_are_kept() -> None:
    assert rows("é\0\n漢字\n".encode()) == [(1, 0, "é\0"), (2, 4, "漢字")]


def test_foreign_bytes_are_escaped_and_offsets_stay_the_original_ones() -> None:
    assert rows(b"a\xffb\r\nc\xc3\nd\xc3\xa9\n") == [(1, 0, r"a\xffb"), (2, 5, r"c\xc3"), (3, 8, "dé")]


def test_foreign_bytes_behind_a_byte_order_mark_are_escaped() -> None:
    assert rows(b"\xef\xbb\xbfa\xff\nb\n") == [(1, 0, r"a\xff"), (2, 6, "b")]


@pytest.mark.parametrize("line", [b"x" * 11, b"x" * 12, b"x" * 13, b"", b"x" * 100_000])
def test_lines_of_any_length_are_read(line: bytes) -> None:
    assert [text for _, _, text in rows(line + b"\n" + line + b"\n")] == [line.decode()] * 2


@settings(deadline=None)
@given(st.binary(max_size=200), st.integers(0, 10**12), st.integers(1, 10**9))
def test_offsets_address_the_original_bytes(data: bytes, start: int, first_line_number: int) -> None:
    expected = []
    offset = start
    for number, line in enumerate(data.removesuffix(b"\n").split(b"\n") if data else [], first_line_number):
        body = line.removesuffix(b"\r")
        body = body.removeprefix(b"\xef\xbb\xbf") if offset == 0 else body
        expected.append((number, offset, body.decode(errors="backslashreplace")))
        offset += len(line) + 1

    assert rows(data, start, first_line_number) == expected


UTF8_BYTES = st.sampled_from(
    [b"a", b"\0", b"\x7f", b"\x80", b"\xbf", b"\xc0", b"\xc3\xa9", b"\xe2\x80", b"\xed\xa0\x80",
     b"\xf0\x9f\x98\x80", b"\xf4\x90", b"\xff"]
)  # fmt: skip


def decodes(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False

    return True


@given(st.lists(UTF8_BYTES | st.binary(max_size=4)).map(b"".join))
def test_bytes_are_utf8_when_python_can_decode_them(data: bytes) -> None:
    assert is_utf8(data) == decodes(data)
