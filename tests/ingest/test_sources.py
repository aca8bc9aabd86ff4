from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import threading
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall import keys
from footfall.errors import SourceError
from ingest.chunks import Chunk
from ingest.sources import OpenSource, Source, find_sources, open_source
from ingest.sources.codecs import CODECS, Pieces, codec_of

LINE = b'192.0.2.7 - - [17/Jan/2026:10:05:03 +0000] "GET / HTTP/1.1" 200 5316'
Compress = Callable[[bytes], bytes]
COMPRESS: dict[str, Compress] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "zstd": zstandard.ZstdCompressor(write_checksum=True).compress,
    "xz": lambda data: lzma.compress(data, preset=0),
}
EVERY_CODEC = pytest.mark.parametrize("codec", COMPRESS)


def random_lines(count: int, seed: int = 1) -> bytes:
    chance = Random(seed)
    return b"".join(b"%d %x\n" % (number, chance.getrandbits(800)) for number in range(count))


def put(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def source_of(path: Path) -> Source:
    return Source(str(path), path.name, path)


def read_all(opened: OpenSource) -> tuple[bytes, SourceError | None]:
    """Return all bytes that come out and the error that ended them."""
    data = b""
    try:
        for chunk in opened.chunks(chunk_bytes=100_000):
            assert chunk.start == len(data)
            data += chunk.data
    except SourceError as error:
        return data, error

    return data, None


def read_file(path: Path) -> tuple[bytes, SourceError | None]:
    with open_source(source_of(path)) as opened:
        return read_all(opened)


def names(*arguments: object) -> list[str]:
    return [Path(source.name).name for source in find_sources([str(argument) for argument in arguments])]


# Finding


def test_a_path_is_a_source_by_its_name(tmp_path: Path) -> None:
    path = put(tmp_path / "access.log", b"")
    assert find_sources([str(path)]) == [Source(str(path), "access.log", path)]


def test_a_dash_is_standard_input_once() -> None:
    assert find_sources(["-", "-"], stdin_name="web.log") == [Source("standard input", "web.log", None)]


def test_a_glob_that_the_shell_left_alone_is_expanded(tmp_path: Path) -> None:
    for name in ("b.log", "a.log", ".hidden.log", "c.txt"):
        put(tmp_path / name, b"")

    assert names(tmp_path / "*.log") == ["a.log", "b.log"]


def test_a_file_whose_name_looks_like_a_glob_is_that_file(tmp_path: Path) -> None:
    put(tmp_path / "a[1].log", b"")
    put(tmp_path / "a1.log", b"")
    assert names(tmp_path / "a[1].log") == ["a[1].log"]


def test_a_directory_is_searched_for_regular_files_that_are_not_hidden(tmp_path: Path) -> None:
    for name in ("b/z.log", "b/a.log", "a.log", ".git/x.log", "b/.x.log"):
        put(tmp_path / name, b"")

    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "dangling").symlink_to(tmp_path / "nothing")
    (tmp_path / "b" / "loop").symlink_to(tmp_path)
    assert [
        Path(name).relative_to(tmp_path).as_posix()
        for name in (s.name for s in find_sources([str(tmp_path)]))
    ] == [
        "a.log",
        "b/a.log",
        "b/z.log",
    ]


def test_one_file_by_several_names_counts_once(tmp_path: Path) -> None:
    path = put(tmp_path / "a.log", b"")
    (tmp_path / "soft.log").symlink_to(path)
    (tmp_path / "hard.log").hardlink_to(path)
    assert names(path, path, tmp_path / "soft.log", tmp_path / "hard.log", tmp_path) == ["a.log"]


def test_rotated_files_come_oldest_first_and_logs_in_the_order_named(tmp_path: Path) -> None:
    shell_order = [
        "b.log",
        "a.log",
        "a.log-20260102.gz",
        "a.log-20251231.gz",
        "a.log.1",
        "a.log.10.gz",
        "a.log.2.gz",
        "b.log.old",
    ]
    paths = [put(tmp_path / name, b"") for name in shell_order]
    assert names(*paths) == [
        "b.log.old",
        "b.log",
        "a.log-20251231.gz",
        "a.log-20260102.gz",
        "a.log.10.gz",
        "a.log.2.gz",
        "a.log.1",
        "a.log",
    ]


def test_logs_of_one_name_in_two_directories_are_not_mixed(tmp_path: Path) -> None:
    paths = [put(tmp_path / name, b"") for name in ("x/a.log", "y/a.log", "x/a.log.1", "y/a.log.1")]
    found = [
        Path(source.name).relative_to(tmp_path).as_posix() for source in find_sources([str(p) for p in paths])
    ]
    assert found == ["x/a.log.1", "x/a.log", "y/a.log.1", "y/a.log"]


@pytest.mark.parametrize("argument", ["missing.log", "*.nothing", "empty", "", "nul\0byte"])
def test_an_argument_that_finds_nothing_is_an_error_with_a_hint(tmp_path: Path, argument: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match=r"There is no file|No file matches") as caught:
        find_sources([str(tmp_path / argument) if argument else argument])

    assert caught.value.hint


def test_what_cannot_be_looked_at_is_an_error_with_the_reason(tmp_path: Path) -> None:
    # As in a folder without permission, which would not stop the superuser.
    with pytest.raises(SourceError, match="cannot be looked at: File name too long") as caught:
        find_sources([str(tmp_path / ("x" * 5000))])

    assert caught.value.hint == f"ls -ld {tmp_path}"


def test_a_pipe_of_the_shell_is_known_as_standard_input_is() -> None:
    sources = find_sources(["/dev/fd/0", "/proc/self/fd/0", "/dev/stdin"], stdin_name="web.log")
    assert {source.file_name for source in sources} == {"web.log"}


def test_a_hostile_file_name_is_shown_harmless() -> None:
    with pytest.raises(SourceError) as caught:
        find_sources(["/nowhere/\x1b[2J.log"])

    assert "\x1b" not in str(caught.value)


# Opening


def test_a_plain_file_is_read_as_it_is(tmp_path: Path) -> None:
    data = random_lines(8000)
    path = put(tmp_path / "access.log.1", data)
    with open_source(source_of(path), host_label="web-1") as opened:
        assert (opened.compression, opened.size_bytes) == ("none", len(data))
        assert opened.id == keys.source_id(data.partition(b"\n")[0], "access.log", "web-1")
        assert read_all(opened) == (data, None)
        assert opened.raw_bytes_read == len(data)


@EVERY_CODEC
def test_a_compressed_file_has_the_identity_and_lines_of_the_plain_one(tmp_path: Path, codec: str) -> None:
    data = random_lines(8000)
    path = put(tmp_path / "access.log.2", COMPRESS[codec](data))
    with open_source(source_of(path)) as opened:
        assert (opened.compression, opened.size_bytes) == (codec, path.stat().st_size)
        assert opened.id == keys.source_id(data.partition(b"\n")[0], "access.log")
        assert read_all(opened) == (data, None)
        assert opened.raw_bytes_read == path.stat().st_size


def test_the_head_is_a_sample_that_is_not_consumed(tmp_path: Path) -> None:
    data = random_lines(1500)
    with open_source(source_of(put(tmp_path / "a.log", data))) as opened:
        head = opened.head()
        assert head["line_number"].to_list() == list(range(1, 1001))
        assert head["text"][0] == data.partition(b"\n")[0].decode()
        assert read_all(opened) == (data, None)


def test_a_head_has_whole_lines_only_where_the_file_goes_on(tmp_path: Path) -> None:
    data = (b"x" * 299_999 + b"\n") * 5
    with open_source(source_of(put(tmp_path / "a.log", data))) as opened:
        assert set(opened.head()["text"].str.len_bytes()) == {299_999}


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"", None),
        (b"\n\r\n", None),
        (b"# comment\n\n", None),
        (b"\xef\xbb\xbf", None),
        (LINE, LINE),
        (b"\xef\xbb\xbf" + LINE + b"\r\n", LINE),
        (b"# comment\n\n  \n\0\0\n" + LINE + b"\nmore\n", LINE),
        (b"x" * 10_000 + b"\n", b"x" * 4096),
        (b"\0" * 100 + LINE + b"\n", LINE),
    ],
)
def test_the_identity_comes_from_the_first_record_line(
    tmp_path: Path, data: bytes, line: bytes | None
) -> None:
    with open_source(source_of(put(tmp_path / "a.log", data))) as opened:
        assert opened.id == (None if line is None else keys.source_id(line, "a.log"))
        assert read_all(opened) == (data, None)


@pytest.mark.parametrize("zeros", [10_000, 2**20 - 3, 20_000_000])
def test_a_log_is_known_by_what_follows_the_zero_bytes_of_a_copytruncate(tmp_path: Path, zeros: int) -> None:
    data = bytes(zeros) + LINE + b"\n"
    for number, content in enumerate((data, gzip.compress(data))):
        with open_source(source_of(put(tmp_path / f"a.log.{number}", content))) as opened:
            assert opened.id == keys.source_id(LINE, "a.log")
            assert [(chunk.start, chunk.data) for chunk in opened.chunks()][-1][1].endswith(LINE + b"\n")
            assert opened.head()["text"].to_list() == [LINE.decode()]


def test_a_log_is_found_behind_more_comments_than_the_sample_holds(tmp_path: Path) -> None:
    data = b"# comment\n" * 200_000 + LINE + b"\n"
    with open_source(source_of(put(tmp_path / "a.log", data))) as opened:
        assert opened.id == keys.source_id(LINE, "a.log")


@pytest.mark.parametrize("before", [2**20 - 5, 2**20 - 11, 2**20, 2**18 - 11, 2**18 * 5 - 30])
@pytest.mark.parametrize("line", [LINE, b"x" * 3_000_000])
@pytest.mark.parametrize("codec", COMPRESS)
def test_the_identity_does_not_depend_on_where_reading_ahead_ends(
    tmp_path: Path, before: int, line: bytes, codec: str
) -> None:
    data = b"#" * (before - 1) + b"\n" + line + b"\nmore\n"
    for number, content in enumerate((data, COMPRESS[codec](data))):
        with open_source(source_of(put(tmp_path / f"a.log.{number}", content))) as opened:
            assert opened.id == keys.source_id(line, "a.log")


@EVERY_CODEC
def test_a_compressed_file_can_be_empty(tmp_path: Path, codec: str) -> None:
    with open_source(source_of(put(tmp_path / "a.log", COMPRESS[codec](b"")))) as opened:
        assert (opened.id, len(opened.head()), read_all(opened)) == (None, 0, (b"", None))


@pytest.mark.parametrize("codec", [None, *COMPRESS])
@pytest.mark.parametrize("number", [1, 5001])
def test_reading_goes_on_at_a_position(tmp_path: Path, codec: str | None, number: int) -> None:
    data = random_lines(8000)
    start = len(random_lines(5000))
    with open_source(source_of(put(tmp_path / "a", COMPRESS[codec](data) if codec else data))) as opened:
        first = next(opened.chunks(start, number, chunk_bytes=1000))
        assert (first.start, first.first_line_number) == (start, 5001)
        assert data[start:].startswith(first.data)


def test_a_position_behind_the_end_has_nothing_to_read(tmp_path: Path) -> None:
    with open_source(source_of(put(tmp_path / "a", LINE + b"\n"))) as opened:
        assert list(opened.chunks(10_000, 50)) == []


@pytest.mark.parametrize("codec", [None, *COMPRESS])
def test_standard_input_is_read_from_a_pipe_without_loss(codec: str | None) -> None:
    data = random_lines(8000)
    read_end, write_end = os.pipe()
    writer = threading.Thread(target=_write, args=(write_end, COMPRESS[codec](data) if codec else data))
    writer.start()
    with (
        os.fdopen(read_end, "rb") as pipe,
        open_source(Source("-", "web.log", None), stdin=pipe) as opened,
    ):
        assert len(opened.head()) == 1000
        assert (opened.size_bytes, opened.id) == (None, keys.source_id(data.partition(b"\n")[0], "web.log"))
        assert read_all(opened) == (data, None)

    writer.join()


def _write(descriptor: int, data: bytes) -> None:
    with os.fdopen(descriptor, "wb") as pipe:
        pipe.write(data)


def test_standard_input_stays_open_and_a_file_is_closed(tmp_path: Path) -> None:
    stdin = io.BytesIO(LINE)
    with open_source(Source("-", "stdin", None), stdin=stdin):
        pass

    assert not stdin.closed
    with open_source(source_of(put(tmp_path / "a", LINE))) as opened:
        chunks = opened.chunks()

    assert [chunk.data for chunk in chunks] == [LINE]


def test_a_named_pipe_is_read(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(LINE + b"\n",))
    writer.start()
    assert read_file(path) == (LINE + b"\n", None)
    writer.join()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"PK\x03\x04" + bytes(20), "ZIP"),
        (b"\x1f\x9d" + bytes(20), "compress"),
        (b"\x04\x22\x4d\x18" + bytes(20), "lz4"),
    ],
)
def test_a_foreign_archive_is_refused_by_name(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(SourceError, match=said):
        open_source(source_of(put(tmp_path / "a.log", content)))


def test_a_missing_file_a_directory_and_a_locked_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="No such file"):
        open_source(source_of(tmp_path / "missing"))

    with pytest.raises(SourceError, match="directory"):
        open_source(source_of(tmp_path))

    locked = put(tmp_path / "locked", LINE)
    locked.chmod(0)
    if not os.access(locked, os.R_OK):
        with pytest.raises(SourceError, match="Permission denied"):
            open_source(source_of(locked))


# Damage


@EVERY_CODEC
def test_a_truncated_file_gives_its_whole_lines_and_then_an_error(tmp_path: Path, codec: str) -> None:
    data = random_lines(8000)
    packed = COMPRESS[codec](data)
    found, error = read_file(put(tmp_path / "a.log", packed[: len(packed) * 9 // 10]))
    assert data.startswith(found)
    assert found.endswith(b"\n")
    assert len(found) > len(data) // 2
    assert error is not None
    assert "a.log" in str(error)


def test_a_truncated_gzip_file_gives_all_lines_that_are_in_it(tmp_path: Path) -> None:
    data = random_lines(3000)
    packed = gzip.compress(data)[:-5000]
    whole, _, _ = zlib.decompressobj(31).decompress(packed).rpartition(b"\n")
    assert read_file(put(tmp_path / "a.log", packed))[0] == whole + b"\n"


@EVERY_CODEC
def test_a_file_truncated_within_its_last_bytes_is_damaged(tmp_path: Path, codec: str) -> None:
    data = random_lines(1000)
    found, error = read_file(put(tmp_path / "a.log", COMPRESS[codec](data)[:-1]))
    assert data.startswith(found)
    assert error is not None


@EVERY_CODEC
@pytest.mark.parametrize("lines", [100, 8000])
def test_all_lines_before_a_damaged_member_are_read(tmp_path: Path, codec: str, lines: int) -> None:
    first, second = random_lines(lines), COMPRESS[codec](random_lines(1000, 2))
    damaged = second[:40] + bytes(byte ^ 0xFF for byte in second[40:60]) + second[60:]
    found, error = read_file(put(tmp_path / "a.log", COMPRESS[codec](first) + damaged))
    assert found.startswith(first)
    assert error is not None


@EVERY_CODEC
def test_garbage_behind_the_last_member_is_damage(tmp_path: Path, codec: str) -> None:
    data = random_lines(100)
    found, error = read_file(put(tmp_path / "a.log", COMPRESS[codec](data) + b"garbage, garbage, garbage"))
    assert found == data
    assert error is not None


def test_gzip_output_before_damage_in_the_same_piece_is_kept(tmp_path: Path) -> None:
    data = random_lines(300)
    compressor = zlib.compressobj(wbits=31)
    packed = compressor.compress(data) + compressor.flush(zlib.Z_FULL_FLUSH)
    found, error = read_file(put(tmp_path / "a.log", packed + b"\x07" + bytes(50)))
    assert found == data
    assert error is not None


def test_a_wrong_gzip_checksum_is_damage_after_all_lines(tmp_path: Path) -> None:
    data = random_lines(100)
    packed = gzip.compress(data)
    found, error = read_file(put(tmp_path / "a.log", packed[:-8] + bytes(8)))
    assert found == data
    assert error is not None


@EVERY_CODEC
def test_a_file_damaged_before_its_first_line_is_refused_at_once(tmp_path: Path, codec: str) -> None:
    packed = COMPRESS[codec](random_lines(1000))
    with pytest.raises(SourceError, match=r"a\.log"):
        open_source(source_of(put(tmp_path / "a.log", packed[:30])))


def test_reading_behind_damage_finds_the_same_error_again(tmp_path: Path) -> None:
    data = random_lines(8000)
    packed = gzip.compress(data)
    path = put(tmp_path / "a.log", packed[: len(packed) // 2])
    found, _ = read_file(path)
    with open_source(source_of(path)) as opened, pytest.raises(SourceError):
        list(opened.chunks(len(found), found.count(b"\n") + 1))


# Codecs


@pytest.mark.parametrize("codec", ["gzip", "bzip2", "xz"])
def test_zero_padding_between_and_behind_members_is_passed_over(codec: str) -> None:
    packed = COMPRESS[codec](b"one\n") + bytes(512) + COMPRESS[codec](b"two\n") + bytes(100_000)
    assert decompress(packed) == b"one\ntwo\n"


def test_skippable_zstd_frames_are_passed_over() -> None:
    skippable = b"\x50\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"hello"
    assert decompress(skippable + COMPRESS["zstd"](b"one\n") + skippable) == b"one\n"


@EVERY_CODEC
@settings(deadline=None)
@given(members=st.lists(st.binary(max_size=200), min_size=1, max_size=6), read_bytes=st.integers(1, 300))
def test_all_members_are_read_whatever_the_size_of_reads(
    codec: str, members: list[bytes], read_bytes: int
) -> None:
    packed = b"".join(map(COMPRESS[codec], members))
    assert codec_of(packed).name == codec
    assert decompress(packed, read_bytes) == b"".join(members)


@EVERY_CODEC
@settings(deadline=None)
@given(data=st.binary(max_size=400))
def test_what_only_begins_like_a_compressed_stream_raises_nothing_but_a_source_error(
    codec: str, data: bytes
) -> None:
    [magic] = [known.magics[0] for known in CODECS if known.name == codec]
    with (
        suppress(SourceError),
        open_source(Source("-", "stdin", None), stdin=io.BytesIO(magic + data)) as opened,
    ):
        read_all(opened)


def decompress(packed: bytes, read_bytes: int = 1000) -> bytes:
    """Decompress through a stream that gives a few bytes at a time."""
    stream = Pieces(codec_of(packed).pieces(io.BytesIO(packed)))
    data = b""
    while piece := stream.read(read_bytes):
        assert len(piece) <= read_bytes
        data += piece

    return data


def test_decompression_streams(tmp_path: Path) -> None:
    bomb = gzip.compress(b"x" * 50_000_000, 9)
    path = put(tmp_path / "a.log", bomb)
    with open_source(source_of(path)) as opened:
        [chunk] = opened.chunks()
        assert chunk == Chunk(opened.id or "", b"x" * 2**20, 0, 50_000_000, 1, 1, True, True)
