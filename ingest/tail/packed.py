"""Read a compressed rotated file to its end; it does not grow once it is whole."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final, cast

import polars as pl

from ingest.chunks import Chunk, ChunkBytes, OnPassed
from ingest.sources import OpenSource, Source
from ingest.sources.inflation import Inflation
from ingest.stdin import StopRequested

_SIZE_FIELD_BYTES: Final = 4


class PackedFile:
    """A compressed file that is held by its descriptor; everything blocks and may raise `SourceError`."""

    def __init__(
        self,
        source: Source,
        descriptor: int,
        *,
        host_label: str,
        chunk_bytes: ChunkBytes,
        max_line_bytes: int,
        inflation: Inflation,
        is_stopping: Callable[[], bool],
    ) -> None:
        self._chunk_bytes = chunk_bytes
        self._max_line_bytes = max_line_bytes
        self._source = source
        self._descriptor = descriptor
        self._host_label = host_label
        self._inflation = inflation
        self._is_stopping = is_stopping
        self._opened: OpenSource | None = None
        self._chunks: Iterator[Chunk] = iter(())
        # Not kept: it may become longer until it is read, and what was read ahead of many takes much memory.
        self.source_id = self._open().id

    def _open(self) -> OpenSource:
        stream = _Descriptor(self._descriptor, self._is_stopping)
        return OpenSource(self._source, cast("BinaryIO", stream), self._host_label, self._inflation)

    def head(self) -> pl.DataFrame:
        """Return the first lines, as `split_lines` gives them, of a file that was begun."""
        assert self._opened is not None
        return self._opened.head()

    def begin(self, position: int, line_number: int, recognise: OnPassed) -> None:
        """Go to `position`; what stands before it is passed over with the first chunk, and `recognise` told then."""
        self._opened = opened = self._open()
        if self._ends_at(opened, position):
            self._chunks = iter(())
            return

        self._chunks = opened.chunks(
            position, line_number, self._chunk_bytes, self._max_line_bytes, recognise
        )

    def take(self) -> Chunk | None:
        """Return the next chunk, None at the end."""
        return next(self._chunks, None)

    def _ends_at(self, opened: OpenSource, position: int) -> bool:
        """Tell whether a gzip file is known to end at `position`, by the size in its last bytes (RFC 1952, 2.3.1).

        With several members, or beyond 4 GiB, the size does not tell, and the file is read. Nearly all rotated files
        were read before they were compressed: they need not be unpacked only to find that out.
        """
        size_bytes = os.fstat(self._descriptor).st_size
        if opened.compression != "gzip" or not position or size_bytes >= 2**32 or position >= 2**32:
            return False

        field = os.pread(self._descriptor, _SIZE_FIELD_BYTES, size_bytes - _SIZE_FIELD_BYTES)
        return int.from_bytes(field, "little") == position


class _Descriptor:
    """A descriptor as a raw stream with a place of its own, which ends when the run is to stop."""

    def __init__(self, descriptor: int, is_stopping: Callable[[], bool]) -> None:
        self._descriptor = descriptor
        self._is_stopping = is_stopping
        self._at = 0

    def read(self, size: int, /) -> bytes:
        if self._is_stopping():
            raise StopRequested("Stopped in the middle of a compressed file.")

        data = os.pread(self._descriptor, size, self._at)
        self._at += len(data)
        return data

    def seek(self, offset: int) -> None:
        self._at = offset

    def fileno(self) -> int:
        return self._descriptor
