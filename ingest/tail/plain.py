"""Hold a plain file by its descriptor, and read the whole lines it gets, wherever it is moved meanwhile."""

from __future__ import annotations

import os
from typing import Final

import polars as pl

from footfall.keys import FINGERPRINT_BYTES
from ingest.chunks import Chunk, ChunkBytes, OnPassed, chunks_from
from ingest.lines import split_lines
from ingest.sources.beginning import HEAD_BYTES, HEAD_LINES, MOST_HEAD_BYTES, first_record_line
from ingest.sources.codecs import MAGIC_BYTES
from ingest.tail.look import Stamp

_BLOCK_BYTES: Final = 2**18
_FIRST_LOOK_BYTES: Final = 2**14


class Replaced(Exception):
    """What the file held before was cut away, or something else was written in its place."""


class PlainFile:
    """A file that may grow; everything blocks as long as the file system takes and may raise `OSError`.

    `position` is how far it was read. Its content is known by some bytes at a place that must not change, the trace: at
    first its beginning, later what stands before the position. It is looked at after each read, because what is cut
    away while a chunk is read is cut away before it is looked at.
    """

    def __init__(self, descriptor: int, *, chunk_bytes: ChunkBytes, max_line_bytes: int) -> None:
        self.descriptor = descriptor
        self.chunk_bytes = chunk_bytes
        self._max_line_bytes = max_line_bytes
        self._forget()

    def _forget(self) -> None:
        self.position = 0
        self._line_number = 1
        self._source_id = ""
        self._head_at = 0
        self._trace_at, self._trace = 0, b""
        self._searched = self._whole_end = 0

    def stamp(self) -> Stamp:
        """Return what tells a change."""
        return Stamp.of(os.fstat(self.descriptor))

    def is_deleted(self) -> bool:
        """Tell whether the file has no name any more."""
        return os.fstat(self.descriptor).st_nlink == 0

    def magic(self) -> bytes:
        """Return the first bytes, which tell a compressed file."""
        return os.pread(self.descriptor, MAGIC_BYTES, 0)

    def first_line(self, *, at_end: bool) -> bytes | None:
        """Return the line that the log is known by, None while it has not come; `at_end` says that no more comes.

        From now on the content may not change.
        """
        size, head, at = _FIRST_LOOK_BYTES, b"", self._end_of_zeros()
        while True:
            head = self._read(size, at)
            line = first_record_line(head, at_end=at_end and len(head) < size)
            if line is not None or len(head) < size:
                break

            if size >= MOST_HEAD_BYTES:
                line = b""  # as in `Beginning.first_record_line`: more blank lines than are read ahead
                break

            size *= 4

        if line is not None:
            self._head_at = self._trace_at = at
            self._trace = head[:FINGERPRINT_BYTES]

        return line

    def head(self) -> pl.DataFrame:
        """Return the first whole lines, as `split_lines` gives them."""
        data = self._read(HEAD_BYTES, self._head_at)
        whole = data[: data.rfind(b"\n") + 1] or data
        return split_lines(Chunk("", whole, 0, len(whole), 1, 0)).head(HEAD_LINES)

    def has_full_head(self) -> bool:
        """Tell whether `head` stays as it is, whatever comes."""
        return os.fstat(self.descriptor).st_size >= self._head_at + HEAD_BYTES

    def begin(self, source_id: str, position: int, line_number: int, recognise: OnPassed) -> None:
        """Go to `position`, the beginning of a line; `recognise` is told what stands before it and may raise.

        Raises `Replaced` when this is not what `first_line` has seen.
        """
        self.check()
        size = os.fstat(self.descriptor).st_size
        near = max(0, position - FINGERPRINT_BYTES)
        before = self._read(position - near, near)
        if position:
            recognise(before, min(size, position))
            self._trace_at, self._trace = near, before

        self._source_id, self._line_number = source_id, line_number
        self.position = self._searched = self._whole_end = position

    def unread(self) -> int:
        """Return the size of the whole lines that were not read; raises `Replaced`."""
        self.check()
        return max(0, self._end_of_lines() - self.position)

    def has_rest(self) -> bool:
        """Tell whether there is a line without newline behind the position."""
        return os.fstat(self.descriptor).st_size > self.position

    def check(self) -> None:
        """Raise `Replaced` when this is not what it was."""
        if self._read(len(self._trace), self._trace_at) != self._trace:
            raise Replaced

    def start_again(self) -> None:
        """Take what the file holds now for a new log."""
        self._forget()

    def take(self, *, is_final: bool) -> Chunk | None:
        """Return the next chunk of whole lines, None when there is none; raises `Replaced`.

        With `is_final` nothing more comes: the last line counts without its newline, too.
        """
        size = os.fstat(self.descriptor).st_size
        end = size if is_final else self._end_of_lines()
        chunk = self._read_chunk(end) if end > self.position else None
        if chunk is None:
            self.check()
            return None

        last = self._read(1, chunk.end - 1)
        ends_well = last == (b"\n" if chunk.line_count else b"\0")
        near = max(0, chunk.end - FINGERPRINT_BYTES)
        trace = self._read(chunk.end - near, near)
        self.check()
        if not (is_final or ends_well) or len(trace) < chunk.end - near:
            # It was cut behind the position: what stands there now has to be searched again.
            self._searched = self._whole_end = self.position
            return None

        self._trace_at, self._trace = near, trace
        self.position, self._line_number = chunk.end, self._line_number + chunk.line_count
        return chunk

    def close(self) -> None:
        """Let go of the file."""
        os.close(self.descriptor)

    def _end_of_zeros(self) -> int:
        """Return the offset of the first byte that is not zero."""
        at = 0
        while block := os.pread(self.descriptor, _BLOCK_BYTES, at):
            rest = block.lstrip(b"\0")
            at += len(block) - len(rest)
            if rest:
                break

        return at

    def _read_chunk(self, end: int) -> Chunk | None:
        stretch = _Stretch(self.descriptor, self.position, end)
        chunks = chunks_from(
            stretch,
            self._source_id,
            self.position,
            self._line_number,
            self.chunk_bytes,
            self._max_line_bytes,
        )
        return next(chunks, None)

    def _end_of_lines(self) -> int:
        """Return the offset behind the last newline; what was searched before is not searched again."""
        size = os.fstat(self.descriptor).st_size
        if size < self._searched:
            self._searched = self._whole_end = self.position

        at = size
        while at > self._searched:
            begin = max(self._searched, at - _BLOCK_BYTES)
            newline = self._read(at - begin, begin).rfind(b"\n")
            if newline >= 0:
                self._whole_end = begin + newline + 1
                break

            at = begin

        self._searched = size
        return self._whole_end

    def _read(self, size: int, at: int) -> bytes:
        pieces = []
        while size > 0 and (piece := os.pread(self.descriptor, size, at)):
            pieces.append(piece)
            size, at = size - len(piece), at + len(piece)

        return b"".join(pieces)


class _Stretch:
    """The bytes of a file from `at` to `end` as a stream."""

    def __init__(self, descriptor: int, at: int, end: int) -> None:
        self._descriptor = descriptor
        self._at = at
        self._end = end

    def read(self, size: int, /) -> bytes:
        data = os.pread(self._descriptor, min(size, self._end - self._at), self._at)
        self._at += len(data)
        return data
