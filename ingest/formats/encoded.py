"""Decode many URL-encoded texts at once, and take texts out of what they stand for.

All texts lie in one buffer, one behind the other. Quoted-printable (RFC 2045, 6.7) is URL encoding with another sign
before the digits, and Python's decoder of it is written in C: nothing is faster, of what needs no code of our own
that is compiled. Work is done in blocks that fit into the caches of a processor, without which threads that map and
free memory wait for each other.
"""

from __future__ import annotations

import binascii
import string
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, cast

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from ingest.lines import is_utf8

Places = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]

BEHIND: Final = b"falsetrue" + bytes(96)
"""What stands behind the last text: words for truth values, and so much that what is behind any place can be looked at.
"""

_ALLOWED: Final = string.ascii_letters + string.digits + "._~-"
_SEPARATOR: Final = b"\xff"
_FOREIGN: Final = b"\xfe"
"""What ends a text, and what stands for characters that are in none: bytes that are in no UTF-8 (RFC 3629, 1)."""

_ODD: Final = rf"[^%+{_ALLOWED}]|%[^0-9A-Fa-f]|%[0-9A-Fa-f][^0-9A-Fa-f]|%[0-9A-Fa-f]?$|%[Ff]{{2}}"
"""What is in no text that PHP's urlencode has made of UTF-8: other characters, percent signs before no digits, and
``%FF``, which would be taken for the end of a text.
"""

_ESCAPE: Final = ord("=")
_GROWTH: Final = 2
"""Bytes by which an escape is longer than what it stands for."""

_BLOCK_BYTES: Final = 2**19
_INLINE: Final = 12
_PREFIX: Final = 4


def _signs() -> bytes:
    """Return what characters become before they are decoded: quoted-printable, and what ends and is foreign."""
    table = bytearray(_FOREIGN * 256)
    for character in _ALLOWED.encode():
        table[character] = character

    table[ord("%")], table[ord("+")], table[ord("\n")] = _ESCAPE, ord(" "), _SEPARATOR[0]
    return bytes(table)


_SIGNS: Final = _signs()


@dataclass(frozen=True, slots=True)
class Decoded:
    """Decoded texts in one buffer of UTF-8: number `n` is ``data[begins[n]:ends[n]]``, and `BEHIND` is behind all.

    `is_sound` tells which texts are as PHP's urlencode makes them of UTF-8; those that are not are empty here, or
    nothing but zero bytes.
    """

    data: Bytes
    begins: Places
    ends: Places
    is_sound: Flags


def decode(texts: pl.Series) -> Decoded:
    """Return what texts stand for, none of which is null or has a newline."""
    is_sound = np.ones(len(texts), np.bool_)
    raw = _decoded(texts)
    ends = _separators(raw)
    if len(ends) != len(texts):
        odd = texts.str.contains(_ODD)
        is_sound = (~odd).to_numpy()
        raw = _decoded(texts.set(odd, ""))
        ends = _separators(raw)

    begins = np.append(0, ends + 1)[:-1]
    plain = raw.replace(_SEPARATOR, b"\n")
    data = np.frombuffer(plain, np.uint8)
    return Decoded(data, begins, ends, is_sound) if is_utf8(plain) else _blanked(data, begins, ends, is_sound)


def texts_at(data: Bytes, begins: Places, ends: Places) -> pl.Series:
    """Return the texts between some places of `data`, which is UTF-8 there; there is `BEHIND` behind them.

    They are Arrow's views (Columnar Format 1.4, "Variable-size Binary View Layout"): size, and either the text, when
    it is short, or its first four bytes and its place. Nothing is copied but short texts.
    """
    sizes = ends - begins
    words: npt.NDArray[np.uint64] = np.ndarray((len(data) - 7,), "<u8", data, strides=(1,))
    within = np.minimum(sizes, _INLINE + 1)
    views = np.empty((len(sizes), 2), np.uint64)
    views[:, 0] = sizes.astype(np.uint64) | (words[begins] & _OF_PREFIX.take(within)) << np.uint64(32)
    short = words[begins + _PREFIX] & _OF_REST.take(within)
    views[:, 1] = np.where(sizes > _INLINE, begins.astype(np.uint64) << np.uint64(32), short)
    array = pa.Array.from_buffers(
        pa.string_view(), len(sizes), [None, pa.py_buffer(views), pa.py_buffer(data)]
    )
    return cast("pl.Series", pl.from_arrow(array))


def _masks(first: int, most: int) -> npt.NDArray[np.uint64]:
    """Return for texts of each size which of `most` bytes from byte `first` on are theirs; of long ones, all."""
    counts = [min(max(size - first, 0), most) for size in range(_INLINE + 2)]
    return np.array([2 ** (8 * count) - 1 for count in counts], np.uint64)


_OF_PREFIX: Final = _masks(0, _PREFIX)
_OF_REST: Final = _masks(_PREFIX, 8)


def _separators(raw: bytes) -> Places:
    return np.flatnonzero(np.frombuffer(raw, np.uint8) == _SEPARATOR[0])


def _decoded(texts: pl.Series) -> bytes:
    """Return texts decoded, `_SEPARATOR` behind each and `BEHIND` behind all; nothing when one of them is odd."""
    array = (texts + "\n").to_arrow(compat_level=pl.CompatLevel.oldest())
    limits = np.frombuffer(array.buffers()[1], np.int64)[array.offset : array.offset + len(array) + 1]
    data = memoryview(array.buffers()[2] or b"")
    found = []
    for begin, end in _blocks(limits):
        signs = data[begin:end].tobytes().translate(_SIGNS)
        escapes = np.count_nonzero(np.frombuffer(signs, np.uint8) == _ESCAPE)
        plain = binascii.a2b_qp(signs)
        # What is no escape stays as it is, so that only true ones make it as short as that.
        if len(plain) != len(signs) - _GROWTH * escapes:
            return b""

        found.append(plain)

    return b"".join([*found, BEHIND])


def _blocks(limits: Places) -> Iterator[tuple[int, int]]:
    """Return where blocks of whole texts begin and end."""
    first = 0
    while first < len(limits) - 1:
        last = max(first + 1, int(np.searchsorted(limits, limits[first] + _BLOCK_BYTES)) - 1)
        yield int(limits[first]), int(limits[last])
        first = last


def _blanked(data: Bytes, begins: Places, ends: Places, is_sound: Flags) -> Decoded:
    """Return texts of which those that are not UTF-8 are zero bytes; foreign characters are not either."""
    blank, is_sound = data.copy(), is_sound.copy()
    for number, (begin, end) in enumerate(zip(begins.tolist(), ends.tolist(), strict=True)):
        if not _is_text(data[begin:end].tobytes()):
            blank[begin:end] = 0
            is_sound[number] = False

    return Decoded(blank, begins, ends, is_sound)


def _is_text(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False

    return True
