"""Take apart the parameters of query strings and form bodies: the arithmetic behind `ingest.beacons.parameters`.

The texts lie one behind the other in one buffer of bytes, which is decoded as a whole: quoted-printable (RFC 2045,
6.7) is the same encoding with another sign before the digits, and Python's decoder of it is written in C. What
separates names and values is turned into bytes beforehand that are in no UTF-8 (RFC 3629, 1), so that it can still be
told from what was escaped. What is left is arithmetic on the places of these bytes, and an array of names and values
over one decoded buffer. Work is done in blocks that fit into the caches of a processor.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from typing import Final, cast

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from ingest.lines import is_utf8

_Places = npt.NDArray[np.int64]

_BLOCK_BYTES: Final = 2**18
_IS, _AND = 0xFD, 0xFE
"""What stands for equals signs and ampersands that separate; what is above is in no UTF-8 either."""

_SIGNS: Final = bytes.maketrans(b"%+=&", bytes((ord("="), ord(" "), _IS, _AND)))
_ESCAPE: Final = ord("=")
_SAVED: Final = 2
"""Bytes by which an escape is longer than what it stands for."""

_STRAY: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_LINE_ENDS: Final = (b"\n", b"\r")
"""What quoted-printable takes out, behind the sign of an escape."""


def split_texts(joined: pl.Series) -> pl.DataFrame | None:
    """Return the parameters of texts that each end in ``&``: row (UInt32), name, value, decoded.

    None when there are escapes that are not UTF-8.
    """
    array = joined.to_arrow(compat_level=pl.CompatLevel.oldest())
    limits = np.frombuffer(array.buffers()[1], np.int64)[array.offset : array.offset + len(array) + 1]
    data = memoryview(array.buffers()[2] or b"")
    pieces, ends, counts, size = [b""], [np.zeros(1, np.int64)], [np.zeros(0, np.int64)], 0
    for first, last in _blocks(limits):
        begin = int(limits[first])
        block = _split_block(data[begin : int(limits[last])].tobytes(), limits[first + 1 : last + 1] - begin)
        if block is None:
            return None

        pieces.append(block[0])
        ends.append(block[1] + size)
        counts.append(block[2])
        size += len(block[0])

    texts = _texts(b"".join(pieces), np.concatenate(ends))
    if texts is None:
        return None

    rows = np.repeat(np.arange(len(array), dtype=np.uint32), np.concatenate(counts))
    return pl.DataFrame({"row": rows, "name": texts.gather_every(2), "value": texts.gather_every(2, 1)})


def _blocks(limits: _Places) -> Iterator[tuple[int, int]]:
    """Return texts in blocks of some size: the first of each and the first behind it."""
    first = 0
    while first < len(limits) - 1:
        last = max(first + 1, int(np.searchsorted(limits, limits[first] + _BLOCK_BYTES)) - 1)
        yield first, last
        first = last


def _split_block(raw: bytes, row_ends: _Places) -> tuple[bytes, _Places, _Places] | None:
    """Return decoded texts, where names and values end in them by turns, and how many parameters each text has.

    None when an escape stands for a byte that is not UTF-8 anywhere.
    """
    signs = raw.translate(_SIGNS)
    marks = np.flatnonzero(np.frombuffer(signs, np.uint8) >= _IS)
    decoded = _decoded(raw, signs)
    data = np.frombuffer(decoded, np.uint8)
    places = np.flatnonzero(data >= _IS)
    if len(places) != len(marks):
        return None

    is_end = data.take(places) == _AND
    counts = np.diff(np.searchsorted(marks.compress(is_end), row_ends), prepend=0)
    is_separator = is_end.copy()
    is_separator[1:] |= is_end[:-1]
    is_separator[:1] = True
    if not is_separator.all():
        # Equals signs after the first one of a parameter are part of its value.
        plain = data.copy()
        plain[places.compress(~is_separator)] = ord("=")
        decoded, places, is_end = (
            plain.tobytes(),
            places.compress(is_separator),
            is_end.compress(is_separator),
        )

    ends = _by_turns(places - np.arange(len(places)), is_end)
    return decoded.translate(None, bytes((_IS, _AND))), ends, counts


def _decoded(raw: bytes, signs: bytes) -> bytes:
    """Return `signs` decoded, which is `raw` with other signs; percent signs that begin no escape stay."""
    if not any(each in raw for each in _LINE_ENDS):
        plain = binascii.a2b_qp(signs)
        # Only escapes get so much shorter.
        if len(plain) == len(signs) - _SAVED * np.count_nonzero(np.frombuffer(signs, np.uint8) == _ESCAPE):
            return plain

    return binascii.a2b_qp(_STRAY.sub(b"%25", raw).translate(_SIGNS))


def _by_turns(places: _Places, is_end: npt.NDArray[np.bool_]) -> _Places:
    """Return where names and values end by turns; `places` are ends of parameters, and of names with a value."""
    ends = places.compress(is_end)
    if len(places) == 2 * len(ends):
        return places

    # Without an equals sign all of a parameter is its name, and its value ends where it begins.
    by_turns = np.repeat(ends, 2)
    owners = np.cumsum(is_end).compress(~is_end)
    by_turns[2 * owners] = places.compress(~is_end)
    return by_turns


def _texts(raw: bytes, offsets: _Places) -> pl.Series | None:
    """Return the texts between `offsets`, None when one of them is not UTF-8."""
    if not raw.isascii():
        data = np.frombuffer(raw, np.uint8)
        begins = data.take(offsets[:-1], mode="clip")
        is_cut = (begins & 0xC0 == 0x80) & (np.diff(offsets) > 0)
        if is_cut.any() or not is_utf8(raw):
            return None

    array = pa.LargeStringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(raw))
    return cast("pl.Series", pl.from_arrow(array))
