"""Tell how a stream is compressed by its first bytes, and decompress it piece by piece.

gzip (RFC 1952), bzip2 and xz go through the standard library, one member or stream after the other, with the
zero padding that tape tools leave between and behind them; zstd (RFC 8878) goes through Arrow, which reads all
frames, skippable ones too. Parquet is no compression, but its rows come out as lines like those of one (`parquet`). A
piece that was decompressed before damage is met is handed over before the error is
raised.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol, cast

import pyarrow as pa

from ingest.chunks import Readable
from ingest.sources import parquet
from ingest.sources.parquet import Stored

MAGIC_BYTES: Final = 12
PIECE_BYTES: Final = 2**18
DAMAGE: Final = (OSError, EOFError, zlib.error, lzma.LZMAError)
"""What reading a damaged stream raises."""

_FEED_BYTES: Final = 2**16
_XZ_MEMORY_BYTES: Final = 2**28
_GZIP_WINDOW_BITS: Final = 16 + zlib.MAX_WBITS


class Member(Protocol):
    """A decompressor of one gzip member, bzip2 stream or xz stream, as `bz2` and `lzma` have it."""

    @property
    def eof(self) -> bool:
        """Whether the member's end was reached."""
        ...

    @property
    def needs_input(self) -> bool:
        """Whether more output needs more input."""
        ...

    @property
    def unused_data(self) -> bytes:
        """What was fed behind the end of the member."""
        ...

    def decompress(self, data: bytes, /, max_length: int) -> bytes:
        """Feed `data` and return at most `max_length` bytes."""
        ...


@dataclass(frozen=True, slots=True)
class Codec:
    """A compression: its name, the ways its streams can begin, and how to read them.

    One that `needs_file` is not read from beginning to end, so that a pipe will not do.
    """

    name: str
    magics: tuple[bytes, ...]
    pieces: Callable[[Readable], Iterator[bytes]]
    needs_file: bool = False


def codec_of(beginning: bytes) -> Codec:
    """Return the compression of a stream from its first `MAGIC_BYTES`; none when nothing special."""
    for codec in CODECS:
        if beginning.startswith(codec.magics):
            return codec

    return PLAIN


def foreign_archive(beginning: bytes) -> str | None:
    """Return the name of an archive or compression that is not read here, or None for another stream."""
    for magic, name in _FOREIGN.items():
        if beginning.startswith(magic):
            return name

    return None


class Pieces:
    """Pieces of bytes as a stream to read."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._piece = b""

    def read(self, size: int, /) -> bytes:
        """Return between 1 and `size` bytes, none at the end."""
        if not self._piece:
            self._piece = next(self._pieces, b"")

        data, self._piece = self._piece[:size], self._piece[size:]
        return data


class _GzipMember:
    """zlib's decompressor with the face of `bz2.BZ2Decompressor`, and with all output that comes before
    damage.
    """

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(_GZIP_WINDOW_BITS)
        self._failure: zlib.error | None = None

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    @property
    def needs_input(self) -> bool:
        return not self._zlib.eof and not self._zlib.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._zlib.unused_data

    def decompress(self, data: bytes, /, max_length: int) -> bytes:
        if self._failure is not None:
            raise self._failure

        data = self._zlib.unconsumed_tail + data
        before = self._zlib.copy()
        try:
            return self._zlib.decompress(data, max_length)
        except zlib.error as failure:
            self._zlib, self._failure = before, failure
            return self._up_to_damage(data)

    def _up_to_damage(self, data: bytes) -> bytes:
        """Feed single bytes, because zlib withholds the output of the call that fails."""
        pieces = bytearray()
        with suppress(zlib.error):
            for place in range(len(data)):
                pieces += self._zlib.decompress(data[place : place + 1])

        return bytes(pieces)


def _members(new_member: Callable[[], Member]) -> Callable[[Readable], Iterator[bytes]]:
    """Return the reader of streams that are one member after the other."""

    def pieces(raw: Readable) -> Iterator[bytes]:
        data = raw.read(_FEED_BYTES)
        while data:
            member = new_member()
            while not member.eof:
                if piece := member.decompress(data, PIECE_BYTES):
                    yield piece

                data = _more(raw) if member.needs_input else b""

            data = _behind_padding(raw, member.unused_data)

    return pieces


def _more(raw: Readable) -> bytes:
    data = raw.read(_FEED_BYTES)
    if not data:
        raise EOFError("it ends in the middle of the compressed data")

    return data


def _behind_padding(raw: Readable, data: bytes) -> bytes:
    """Return what follows the zero bytes behind a member; nothing at the end of the stream."""
    data = data.lstrip(b"\0")
    while not data and (more := raw.read(_FEED_BYTES)):
        data = more.lstrip(b"\0")

    return data


def _zstd_pieces(raw: Readable) -> Iterator[bytes]:
    stream = pa.CompressedInputStream(pa.PythonFile(raw, "r"), "zstd")
    while True:
        buffer = bytearray(PIECE_BYTES)
        try:
            size = stream.readinto(buffer)
        except Exception:
            # How much was decompressed before the damage is not told; the lines among it can be told from the
            # zeros.
            if lines := bytes(buffer[: buffer.rfind(b"\n") + 1]):
                yield lines

            raise

        if not size:
            return

        yield bytes(memoryview(buffer)[:size])


def _plain_pieces(raw: Readable) -> Iterator[bytes]:
    while piece := raw.read(PIECE_BYTES):
        yield piece


def _xz_stream() -> Member:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, _XZ_MEMORY_BYTES)


PLAIN: Final = Codec("none", (), _plain_pieces)
CODECS: Final = (
    Codec("gzip", (b"\x1f\x8b\x08",), _members(_GzipMember)),
    Codec(
        "bzip2",
        tuple(
            b"BZh%d%b" % (level, block) for level in range(1, 10) for block in (b"1AY&SY", b"\x17rE8P\x90")
        ),
        _members(bz2.BZ2Decompressor),
    ),
    Codec(
        "zstd",
        (b"\x28\xb5\x2f\xfd", *(bytes((low, 0x2A, 0x4D, 0x18)) for low in range(0x50, 0x60))),
        _zstd_pieces,
    ),
    Codec("xz", (b"\xfd7zXZ\0",), _members(_xz_stream)),
    Codec("parquet", (parquet.BEGINNING,), lambda raw: parquet.pieces(cast("Stored", raw)), needs_file=True),
)
_FOREIGN: Final = {
    b"PK\x03\x04": "a ZIP archive",
    b"\x1f\x9d": "compressed by compress (.Z)",
    b"\x04\x22\x4d\x18": "compressed by lz4",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"SQLite format": "an SQLite database",
}
