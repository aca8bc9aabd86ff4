"""Read the beginning of a stream ahead: for a sample of its lines and for the line that a source is known by."""

from __future__ import annotations

from typing import Final

from footfall.errors import SourceError
from footfall.keys import FIRST_LINE_BYTES
from ingest.chunks import Readable
from ingest.lines import BYTE_ORDER_MARK

HEAD_LINES: Final = 1000
HEAD_BYTES: Final = 2**20
MOST_HEAD_BYTES: Final = 2**24
_BLANK: Final = b" \t\v\f\r\n\0"


class Beginning:
    """A stream whose beginning was read ahead and can be looked at before it is read.

    Of a live stream no more is read ahead than had come when it paused, but at least one whole line. An error of the
    stream that comes after the first whole line waits until what was read ahead is
    through; one that comes before it is raised at once. Zero bytes in front of everything are counted, not kept: there
    may be as many as a log had before a copytruncate.
    """

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._failure: SourceError | None = None
        self._at_end = False
        self._head = b""
        self._zeros_left = 0
        self._place = 0
        self._has_paused = False
        self._read_head()
        if self._failure is not None and not self.whole_lines():
            raise self._failure

    def read(self, size: int, /) -> bytes | None:
        """Return between 1 and `size` bytes, none at the end, None for a pause of a live stream."""
        if self._zeros_left:
            data = bytes(min(size, self._zeros_left))
            self._zeros_left -= len(data)
            return data

        if self._place < len(self._head):
            data = self._head[self._place : self._place + size]
            self._place += len(data)
            return data

        if self._has_paused:  # who reads hears of the pause, too: what was read ahead has waited long enough
            self._has_paused = False
            return None

        if self._failure is not None:
            raise self._failure

        return b"" if self._at_end else self._stream.read(size)

    def read_on(self) -> bool:
        """Read ahead until a live stream pauses once more; return whether that gave more lines of a sample.

        Only before the first `read`.
        """
        before = self._head.count(b"\n")
        if self._at_end or self._failure is not None or _is_enough(self._head, before):
            return False

        self._has_paused = False
        self._read_head()
        return len(self._head.splitlines()) > before

    def whole_lines(self) -> bytes:
        """Return the lines read ahead; the last one may be cut only where it is the last or the only one."""
        if self._at_end and self._failure is None:
            return self._head

        whole = self._head[: self._head.rfind(b"\n") + 1]
        return whole or (self._head if self._failure is None else b"")

    def first_record_line(self) -> bytes | None:
        """Return the first line that is neither blank nor a comment; None when the source has none."""
        data = self._head if self._failure is None else self.whole_lines()
        line = first_record_line(data, at_end=self._at_end)
        # A log may begin with more blank lines than are read ahead: then it is known by its name.
        return b"" if line is None and not self._at_end else line

    def open_first_line(self) -> bytes | None:
        """Return the first record line when it is the last of the stream and has no newline yet, else None."""
        line = self.first_record_line()
        is_open = self._at_end and line and len(line) < FIRST_LINE_BYTES and self._head.endswith(line)
        return line if is_open else None

    def _read_head(self) -> None:
        head = bytearray(self._head)
        lines = before = head.count(b"\n")
        while not self._at_end and not _is_enough(head, lines):
            piece = self._next_piece()
            if piece is None and lines > before and _has_record(head):
                self._has_paused = True
                break

            piece = piece or b""
            rest = piece if head else piece.lstrip(b"\0")
            self._zeros_left += len(piece) - len(rest)
            head += rest
            lines += rest.count(b"\n")

        self._head = bytes(head)

    def _next_piece(self) -> bytes | None:
        try:
            piece = self._stream.read(HEAD_BYTES)
        except SourceError as error:
            self._failure, piece = error, b""

        self._at_end = piece == b""
        return piece


def _has_record(head: bytearray) -> bool:
    return first_record_line(head, at_end=False) is not None


def _is_enough(head: bytearray | bytes, lines: int) -> bool:
    if len(head) >= MOST_HEAD_BYTES:
        return True

    is_sample = lines >= HEAD_LINES or len(head) >= HEAD_BYTES
    return is_sample and first_record_line(head, at_end=False) is not None


def first_record_line(data: bytes | bytearray, *, at_end: bool) -> bytes | None:
    """Return as much of the first record line as counts; None while more of it is needed than there is.

    Zero bytes before it do not: they are what a copytruncate leaves in front of a server that does not append.
    """
    start = len(BYTE_ORDER_MARK) if data.startswith(BYTE_ORDER_MARK) else 0
    while start < len(data):
        end = data.find(b"\n", start)
        end = end if end >= 0 else len(data)
        line = data[start:end].lstrip(b"\0")
        if line.strip(_BLANK) and not line.startswith(b"#"):
            is_enough = at_end or end < len(data) or len(line) >= FIRST_LINE_BYTES
            return bytes(line[:FIRST_LINE_BYTES]) if is_enough else None

        start = end + 1

    return None
