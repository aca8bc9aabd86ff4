"""Open a source: find its compression and identity, sample its first lines, read it in chunks."""

from __future__ import annotations

import lzma
import os
import stat
import sys
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from types import TracebackType
from typing import BinaryIO, Final, Self, cast

import polars as pl

from footfall.errors import SourceError
from footfall.keys import FINGERPRINT_BYTES, source_id
from footfall.text import printable
from ingest.chunks import (
    CHUNK_BYTES,
    MAX_LINE_BYTES,
    Chunk,
    ChunkBytes,
    OnPassed,
    Readable,
    chunks_from,
    read_chunks,
)
from ingest.lines import split_lines
from ingest.sources.beginning import HEAD_LINES, Beginning
from ingest.sources.codecs import DAMAGE, MAGIC_BYTES, PLAIN, Codec, Pieces, codec_of, foreign_archive
from ingest.sources.find import Source, quoted
from ingest.sources.inflation import InflatedTooFarError, Inflation, within
from ingest.stdin import Manner, StoppableInput, StopRequested

_FORMATS_READ: Final = "gzip, bzip2, xz, zstd or plain text"


def open_source(
    source: Source,
    *,
    host_label: str = "",
    stdin: BinaryIO | None = None,
    manner: Manner | None = None,
    inflation: Inflation = Inflation(),  # noqa: B008 - frozen
) -> OpenSource:
    """Open `source` and read its beginning; `stdin` stands in for standard input.

    With `manner`, standard input and what is no regular file are read in that manner; a compressed one may inflate as
    far as `inflation` says. Raises `SourceError` when it cannot be opened, is a directory or is damaged before its
    first whole line.
    """
    with ExitStack() as undo:
        stream = _open(source, stdin, manner)
        if source.path is not None:
            undo.callback(stream.close)

        opened = OpenSource(source, stream, host_label, inflation)
        undo.pop_all()
        return opened


class OpenSource:
    """A source that is being read; a context manager that closes it.

    `id` is its identity, 16 hex digits, None while it has no line that is neither blank nor a comment.
    `compression` is none, gzip, bzip2, zstd, xz or parquet. `size_bytes` is its size as stored, None when it is not a
    regular file.
    """

    def __init__(
        self,
        source: Source,
        stream: BinaryIO,
        host_label: str = "",
        inflation: Inflation = Inflation(),  # noqa: B008 - frozen
    ) -> None:
        self.source = source
        self._stream = stream
        self._inflation = inflation
        self._raw = _Raw(source, stream)
        codec = _codec_of(source, self._raw)
        self.compression = codec.name
        self.size_bytes = _size(stream)
        if codec.needs_file and self.size_bytes is None:
            raise _no_file(source, codec)

        self._plain = _Checked(source, self._raw)
        self._beginning = Beginning(self._plain if codec is PLAIN else self._decompressed(codec))
        self.id = self._identify(host_label)

    @property
    def is_stream(self) -> bool:
        """Return whether this is a pipe or the like: what was taken from it cannot be read again."""
        return self.size_bytes is None

    @property
    def was_stopped(self) -> bool:
        """Return whether this ended because the run was told to stop: more might have come."""
        return self._raw.was_stopped

    @property
    def raw_bytes_read(self) -> int:
        """Return how many bytes, as stored, were read so far."""
        return self._raw.bytes_read

    @property
    def open_first_line(self) -> bytes | None:
        """Return the line that `id` is made from when it is all there is and has no newline yet, else None."""
        return self._beginning.open_first_line()

    def head(self) -> pl.DataFrame:
        """Return the first lines, at most `HEAD_LINES`, as `split_lines` gives them; nothing is consumed."""
        data = self._beginning.whole_lines()
        return split_lines(Chunk(self.id or "", data, 0, len(data), 1, 0)).head(HEAD_LINES)

    def read_on(self) -> bool:
        """Wait for more of a live stream to look at in `head`; return whether more came. Only before `chunks`."""
        return self._beginning.read_on()

    def chunks(
        self,
        start: int = 0,
        first_line_number: int = 1,
        chunk_bytes: ChunkBytes = CHUNK_BYTES,
        max_line_bytes: int = MAX_LINE_BYTES,
        on_passed: OnPassed | None = None,
    ) -> Iterator[Chunk]:
        """Yield the chunks from the decompressed offset `start` on, which is the beginning of a line; once
        only.

        A `start` without its line number costs reading what lies before it. Raises `SourceError` where the
        source is damaged, after all whole lines before the damage.
        """
        name = self.id or ""
        if first_line_number > 1 and self._can_seek:
            self._pass_to(start, on_passed)
            yield from chunks_from(self._plain, name, start, first_line_number, chunk_bytes, max_line_bytes)
            return

        yield from read_chunks(
            self._beginning,
            name,
            start=start,
            first_line_number=first_line_number,
            chunk_bytes=chunk_bytes,
            max_line_bytes=max_line_bytes,
            on_passed=on_passed,
        )

    def _pass_to(self, start: int, on_passed: OnPassed | None) -> None:
        """Go to `start` in a plain file, by way of the bytes before it."""
        near = max(0, start - FINGERPRINT_BYTES)
        self._raw.seek(near)
        before = self._plain.read(start - near) or b""
        if on_passed is not None:
            on_passed(before, near + len(before) if before else self.size_bytes or 0)

    def close(self) -> None:
        """Close the file; standard input stays open."""
        if self.source.path is not None:
            self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @property
    def _can_seek(self) -> bool:
        is_file = self.source.path is not None and self.size_bytes is not None
        return is_file and self.compression == PLAIN.name

    def _decompressed(self, codec: Codec) -> Readable:
        pieces = codec.pieces(cast("BinaryIO", _Patient(self._raw)))
        return _Checked(self.source, Pieces(within(pieces, self._inflation, lambda: self._raw.bytes_read)))

    def _identify(self, host_label: str) -> str | None:
        line = self._beginning.first_record_line()
        return None if line is None else source_id(line, self.source.file_name, host_label)


class _Raw:
    """The bytes as stored, counted; the first of them can be looked at."""

    def __init__(self, source: Source, stream: BinaryIO) -> None:
        self._source = source
        self._stream = stream
        self._ahead = b""
        self.bytes_read = 0

    @property
    def was_stopped(self) -> bool:
        return isinstance(self._stream, StoppableInput) and self._stream.was_stopped

    def peek(self, size: int) -> bytes:
        while len(self._ahead) < size and (more := self._from_stream(size - len(self._ahead))) != b"":
            self._ahead += more or b""

        return self._ahead

    def read(self, size: int, /) -> bytes | None:
        data: bytes | None
        data, self._ahead = self._ahead[:size], self._ahead[size:]
        data = data or self._from_stream(size)
        self.bytes_read += len(data or b"")
        return data

    def _from_stream(self, size: int) -> bytes | None:
        return self._stream.read(size)

    def seek(self, offset: int) -> None:
        self._stream.seek(offset)
        self._ahead, self.bytes_read = b"", offset

    def read_at(self, offset: int, size: int) -> bytes:
        """Return bytes of a regular file, wherever it stands."""
        self._stream.read(0)  # where a stop is heard
        data = os.pread(self._stream.fileno(), size, offset)
        self.bytes_read = min(self.bytes_read + len(data), self.size_bytes())  # some of it is read twice
        return data

    def size_bytes(self) -> int:
        return os.fstat(self._stream.fileno()).st_size


class _Patient:
    """A compressed stream: it waits through pauses, and a stop in its middle is none of its damages."""

    closed = False

    def __init__(self, raw: _Raw) -> None:
        self._raw = raw

    def read(self, size: int, /) -> bytes:
        while (data := self._raw.read(size)) is None:
            pass

        if not data and self._raw.was_stopped:
            raise StopRequested("Stopped in the middle of a compressed stream.")

        return data

    def read_at(self, offset: int, size: int, /) -> bytes:
        return self._raw.read_at(offset, size)

    def size_bytes(self) -> int:
        return self._raw.size_bytes()

    def close(self) -> None:
        """Leave the stream open, because Arrow closes what it has read."""


class _Checked:
    """A stream whose errors name the source."""

    def __init__(self, source: Source, stream: Readable) -> None:
        self._source = source
        self._stream = stream

    def read(self, size: int, /) -> bytes | None:
        try:
            return self._stream.read(size)
        except (*DAMAGE, InflatedTooFarError) as error:
            raise unreadable(self._source, error) from error


def _open(source: Source, stdin: BinaryIO | None, manner: Manner | None) -> BinaryIO:
    if source.path is None:
        return stdin or (manner.standard() if manner else sys.stdin.buffer)

    try:
        mode = source.path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(0, "it is a directory")

        if manner is not None and not stat.S_ISREG(mode):
            # Without waiting for a writer: that is done where a stop is heard.
            return manner.of(os.open(source.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), owned=True)

        return source.path.open("rb", buffering=0)
    except (OSError, ValueError) as error:
        raise unreadable(source, error) from error


def _codec_of(source: Source, raw: _Raw) -> Codec:
    try:
        beginning = raw.peek(MAGIC_BYTES)
    except OSError as error:
        raise unreadable(source, error) from error

    return readable_codec(source, beginning)


def readable_codec(source: Source, beginning: bytes) -> Codec:
    """Return the compression of a source from its first `MAGIC_BYTES`; raises `SourceError` for a foreign archive."""
    if foreign := foreign_archive(beginning):
        raise SourceError(
            f"{printable(source.name, 200)} is {foreign}, which is not read here.",
            hint=f"unpack it, or pack it as {_FORMATS_READ}",
        )

    return codec_of(beginning)


def _no_file(source: Source, codec: Codec) -> SourceError:
    return SourceError(
        f"{printable(source.name, 200)} is {codec.name}, which is read from its end, and a pipe has none.",
        hint="save it as a file, and name that",
    )


def unreadable(source: Source, error: BaseException) -> SourceError:
    """Return the error that says why a source cannot be opened or read, with what to look at."""
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    sentence = f"{printable(source.name, 200)} cannot be read: {printable(reason, 200)}."
    if isinstance(error, InflatedTooFarError):
        return SourceError(
            sentence, hint="--max-inflation 100000   (if it is a log; its whole lines up to there are read)"
        )

    if source.path is None:
        return SourceError(sentence, hint="name a file, or pipe one in")

    path = quoted(source.path)
    if isinstance(error, PermissionError):
        return SourceError(sentence, hint=f"ls -l {path}   (then chmod +r, or run as a user who may)")

    if isinstance(error, EOFError | zlib.error | lzma.LZMAError):
        return SourceError(sentence, hint=f"file {path}   (its whole lines up to there are read)")

    return SourceError(sentence, hint=f"ls -l {path}")


def _size(stream: BinaryIO) -> int | None:
    try:
        found = os.fstat(stream.fileno())
    except OSError:
        return None

    return found.st_size if stat.S_ISREG(found.st_mode) else None
