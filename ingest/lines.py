"""Split a chunk into lines, as a frame, without a Python object per line.

The newlines are found by one numpy scan. It gives the offsets of an Arrow string array that lies over the
chunk's own bytes, and it gives the place of each line in the source, which the key of an event is made from.
"""

from __future__ import annotations

from typing import Final, cast

import numpy as np
import polars as pl
import pyarrow as pa

from ingest.chunks import Chunk

BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_NEWLINE: Final = 10


def split_lines(chunk: Chunk) -> pl.DataFrame:
    """Return the lines of a chunk: line_number (Int64, from 1), offset (Int64, bytes in the source), text
    (String).

    `text` comes without line end (``\\n`` or ``\\r\\n``) and without the byte-order mark at the beginning of
    a source. Where a chunk is not UTF-8, the foreign bytes of its lines read ``\\xhh``; offsets stay those of
    the original.
    """
    if not chunk.data:
        return _frame(chunk, np.zeros(0, np.int64), pl.Series([], dtype=pl.String))

    data = chunk.data if chunk.data.endswith(b"\n") else chunk.data + b"\n"
    begins = _begins(data)
    text = _as_utf8(data)
    marked = chunk.start == 0 and data.startswith(BYTE_ORDER_MARK)
    strings = _strings(text, begins if text is data else _begins(text), first=len(BYTE_ORDER_MARK) * marked)
    return _frame(chunk, begins[:-1], _without_line_ends(strings, text))


def _begins(data: bytes) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return where each line begins and, last, where the data ends; `data` ends in a newline."""
    newlines = np.flatnonzero(np.frombuffer(data, np.uint8) == _NEWLINE)
    begins = np.zeros(len(newlines) + 1, np.int64)
    begins[1:] = newlines + 1
    return begins


def _as_utf8(data: bytes) -> bytes:
    return data if is_utf8(data) else data.decode(errors="backslashreplace").encode()


def is_utf8(data: bytes) -> bool:
    """Tell whether some bytes are UTF-8, as Python does (RFC 3629), without making a text of them."""
    if data.isascii():
        return True

    limits = pa.py_buffer(np.array([0, len(data)], np.int64))
    try:
        pa.LargeStringArray.from_buffers(1, limits, pa.py_buffer(data)).validate(full=True)
    except pa.ArrowInvalid:
        return False

    return True


def _strings(data: bytes, begins: np.ndarray[tuple[int], np.dtype[np.int64]], first: int) -> pl.Series:
    """Return the lines as strings over `data` itself, newlines included; the first one begins at `first`."""
    offsets = begins.copy()
    offsets[0] = first
    array = pa.LargeStringArray.from_buffers(len(begins) - 1, pa.py_buffer(offsets), pa.py_buffer(data))
    return cast("pl.Series", pl.from_arrow(array))


def _without_line_ends(strings: pl.Series, data: bytes) -> pl.Series:
    lines = strings.str.head(-1)
    return lines.str.strip_suffix("\r") if b"\r" in data else lines


def _frame(chunk: Chunk, begins: np.ndarray[tuple[int], np.dtype[np.int64]], text: pl.Series) -> pl.DataFrame:
    numbers = np.arange(chunk.first_line_number, chunk.first_line_number + len(begins), dtype=np.int64)
    return pl.DataFrame({"line_number": numbers, "offset": begins + chunk.start, "text": text})
