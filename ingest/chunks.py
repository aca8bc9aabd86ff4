"""Cut a stream of bytes into chunks of whole lines, in bounded memory whatever the bytes are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

from footfall.keys import FINGERPRINT_BYTES

CHUNK_BYTES: Final = 6 * 2**20
"""A chunk costs some 125 calls of Polars whatever its size: at 6 MiB two threads on two cores enrich a sixth more lines
a second than at 4 MiB, for a fifth more memory."""

MAX_LINE_BYTES: Final = 2**20
_SKIP_BYTES: Final = 2**20

ChunkBytes = int | Callable[[], int]
"""How large a chunk is, roughly; as a function it is asked before each chunk."""

OnPassed = Callable[[bytes, int], None]
"""Is told the last bytes that were passed over, and how many there were in all."""


class Readable(Protocol):
    """A stream of decompressed bytes."""

    def read(self, size: int, /) -> bytes | None:
        """Return between 1 and `size` bytes, none at the end of the stream.

        A live stream returns None now and then: what it gave before has waited long enough and should be used.
        """
        ...


@dataclass(frozen=True, slots=True)
class Chunk:
    """Whole lines of one source.

    `start` and `end` are offsets in the decompressed source, `end` just behind the last line; only the last
    chunk of a source may lack the final newline. `first_line_number` counts from 1. With `oversized`, `data`
    is the beginning of one line longer than the limit and the rest of that line was passed over, so `end`
    lies behind `data`. `is_open` says that the last line has no newline, `is_cut` that its end is not to be had:
    such a line is refused.

    Zero bytes in front of a line that is too long with them are a chunk of no lines, without `data`: a server that does
    not append leaves them in front of its next line when its log is truncated.
    """

    source_id: str
    data: bytes
    start: int
    end: int
    first_line_number: int
    line_count: int
    oversized: bool = False
    is_open: bool = False
    is_cut: bool = False


def read_chunks(
    stream: Readable,
    source_id: str,
    *,
    start: int = 0,
    first_line_number: int = 1,
    chunk_bytes: ChunkBytes = CHUNK_BYTES,
    max_line_bytes: int = MAX_LINE_BYTES,
    on_passed: OnPassed | None = None,
) -> Iterator[Chunk]:
    """Read `stream` from its beginning and yield its chunks, without the lines before the offset `start`.

    `start` is the beginning of a line and `first_line_number` its number; when a `start` comes without a
    number, the lines passed over are counted. Which lines there are, and which of them are oversized, does
    not depend on `chunk_bytes`. `on_passed` is told
    what was passed over and may raise. Errors of the stream come through after the whole lines before them.
    """
    newlines, size, before = _pass_over(stream, start)
    if on_passed is not None and start:
        on_passed(before, size)

    number = first_line_number if first_line_number > 1 else 1 + newlines
    yield from chunks_from(stream, source_id, start, number, chunk_bytes, max_line_bytes)


def chunks_from(
    stream: Readable,
    source_id: str,
    offset: int,
    line_number: int,
    chunk_bytes: ChunkBytes,
    max_line_bytes: int,
) -> Iterator[Chunk]:
    """Yield the chunks of a stream that stands at `offset`, the beginning of the line `line_number`."""
    window = _Window(stream)
    while window.fill(chunk_bytes if isinstance(chunk_bytes, int) else chunk_bytes()):
        size = _whole_lines(window, max_line_bytes) or _one_line(window, max_line_bytes)
        if size:
            data = window.take(size)
            is_open = not data.endswith(b"\n")
            lines = data.count(b"\n") + is_open
            chunk = Chunk(source_id, data, offset, offset + size, line_number, lines, is_open=is_open)
        elif window.failure is not None and b"\n" not in window.bytes:
            raise window.failure
        elif not window.at_end and len(window.bytes) <= max_line_bytes:
            continue  # a live stream paused in the middle of a line
        elif zeros := window.pass_zeros():
            chunk = Chunk(source_id, b"", offset, offset + zeros, line_number, 0)
        else:
            data = window.take(max_line_bytes)
            passed, is_open = window.pass_line()
            end = offset + max_line_bytes + passed
            chunk = Chunk(source_id, data, offset, end, line_number, 1, oversized=True, is_open=is_open)

        yield chunk
        offset, line_number = chunk.end, line_number + chunk.line_count

    if window.failure is not None:
        raise window.failure


class _Window:
    """The bytes read and not yet given away; an error of the stream waits in `failure` until they are."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self.bytes = b""
        self.at_end = False
        self.failure: Exception | None = None

    @property
    def is_last(self) -> bool:
        """Whether the stream ended here, in good order."""
        return self.at_end and self.failure is None

    def fill(self, size: int) -> bool:
        """Read until there are `size` bytes, or some and the stream ends or pauses; tell whether there are any."""
        pieces, have = [self.bytes], len(self.bytes)
        while have < size and not self.at_end:
            piece = self._read(size - have)
            if piece is None and have:
                break

            pieces.append(piece or b"")
            have += len(pieces[-1])

        if len(pieces) > 1:
            self.bytes = b"".join(pieces)

        return have > 0

    def take(self, size: int) -> bytes:
        """Return the first `size` bytes and forget them."""
        data, self.bytes = self.bytes[:size], self.bytes[size:]
        return data

    def pass_line(self) -> tuple[int, bool]:
        """Pass over the rest of a line, its newline included; return its length and whether it had no newline."""
        passed = 0
        while self.fill(_SKIP_BYTES):
            newline = self.bytes.find(b"\n")
            if newline >= 0:
                return passed + len(self.take(newline + 1)), False

            passed += len(self.take(len(self.bytes)))

        return passed, True

    def pass_zeros(self) -> int:
        """Pass over zero bytes; return how many there were."""
        passed = 0
        while self.bytes.startswith(b"\0"):
            rest = self.bytes.lstrip(b"\0")
            passed, self.bytes = passed + len(self.bytes) - len(rest), rest
            if not rest:
                self.fill(_SKIP_BYTES)

        return passed

    def _read(self, size: int) -> bytes | None:
        try:
            piece = self._stream.read(size)
        except Exception as error:  # kept until the whole lines before it are through, then raised
            self.failure, piece = error, b""

        self.at_end = piece == b""
        return piece


def _whole_lines(window: _Window, max_line_bytes: int) -> int:
    """Return the size of the lines at the beginning of the window that are complete and not too long."""
    data, size = window.bytes, 0
    # From the back, one search per `max_line_bytes`: a search that finds nothing has met an oversized line.
    while (newline := data.rfind(b"\n", size, size + max_line_bytes + 1)) >= 0:
        size = newline + 1

    return len(data) if window.is_last and len(data) - size <= max_line_bytes else size


def _one_line(window: _Window, max_line_bytes: int) -> int:
    """Read on until the first line is complete; return its size, 0 when too long or cut short by a failure."""
    window.fill(max_line_bytes + 1)
    size = window.bytes.find(b"\n", 0, max_line_bytes + 1) + 1
    return size or (len(window.bytes) if window.is_last and len(window.bytes) <= max_line_bytes else 0)


def _pass_over(stream: Readable, size: int) -> tuple[int, int, bytes]:
    """Read `size` bytes; return the number of newlines in them, how many bytes there were, and the last of them."""
    newlines, passed, before = 0, 0, b""
    while passed < size and (piece := stream.read(min(size - passed, _SKIP_BYTES))) != b"":
        if piece is None:
            continue

        newlines += piece.count(b"\n")
        passed += len(piece)
        before = (before + piece[-FINGERPRINT_BYTES:])[-FINGERPRINT_BYTES:]

    return newlines, passed, before
