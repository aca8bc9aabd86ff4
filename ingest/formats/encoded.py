"""Index URL-encoded texts, so that a length that counts what they stand for leads to a place in them.

All texts lie in one buffer. Its escapes (``%XX``) are found in one pass; by how much each of them makes a text
longer than what it stands for follows from how many there are before it. Work is done in blocks that fit into the
caches of a processor: whole chunks take twice the time, and threads that map and free memory wait for each other.
"""

from __future__ import annotations

import string
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, cast

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

Places = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]

WIDTH: Final = 3
"""Bytes of an escape."""

PADDING: Final = 32
"""Bytes and escapes behind the last ones, so that what is behind any place can be looked at."""

_READ_BYTES: Final = 2**20
_JOINED_BYTES: Final = 2**17
_PLAIN: Final = (string.ascii_letters + string.digits + "._-").encode()
_ALLOWED: Final = _PLAIN + b"%+~"
_PERCENT: Final = ord("%")
_NO_DIGIT: Final = 16
_ODD: Final = 0x100
_STRAY: Final = 0x200


def _table(characters: bytes, values: list[int], other: int) -> Bytes:
    table = np.full(256, other, np.uint8)
    table[list(characters)] = values
    return table


def _meanings() -> npt.NDArray[np.uint16]:
    """Return what two characters behind a percent sign stand for.

    With `_ODD` where nothing has to stand for it, and `_STRAY` where they are no digits.
    """
    digits = _table(b"0123456789ABCDEFabcdef", [*range(16), *range(10, 16)], _NO_DIGIT).astype(np.uint16)
    codes = digits[:, None] << 4 | digits
    is_stray = (digits[:, None] | digits) >= _NO_DIGIT
    is_plain = np.isin(codes, tuple(_PLAIN))
    return np.where(is_stray, _STRAY, codes + is_plain * _ODD).ravel().astype(np.uint16)


_MEANINGS: Final = _meanings()
_IS_FOREIGN: Final = _table(_ALLOWED, [0] * len(_ALLOWED), 1).view(np.bool_)


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts in one buffer: number `n` is ``data[begins[n]:ends[n]]``."""

    data: Bytes
    begins: Places
    ends: Places

    @classmethod
    def of(cls, texts: pl.Series) -> Texts:
        """Return texts of which none is null."""
        array = texts.to_arrow(compat_level=pl.CompatLevel.oldest())
        limits = np.frombuffer(array.buffers()[1], np.int64)[array.offset : array.offset + len(array) + 1]
        raw = memoryview(array.buffers()[2] or b"")[limits[0] : limits[-1]].tobytes()
        return cls(
            np.frombuffer(raw + bytes(PADDING), np.uint8), limits[:-1] - limits[0], limits[1:] - limits[0]
        )

    def blocks(self) -> Iterator[tuple[int, int]]:
        """Return the texts in blocks: the first of each and the first behind it."""
        return _blocks(self.ends, _READ_BYTES)


@dataclass(frozen=True, slots=True)
class Escapes:
    """The escapes of some texts: where they stand, and the bytes they stand for; more at -1 behind the last.

    `begin` is where the texts begin, and `first` for each of them the number of the first escape in it. `is_sound`
    tells which texts are as PHP's urlencode makes them: only its characters, every percent sign an escape, and no
    escape for what needs none.
    """

    places: Places
    codes: Bytes
    first: Places
    is_sound: Flags
    begin: int

    def plain(self, numbers: Places) -> Places:
        """Return the places, in the decoded texts, of the bytes that escapes stand for."""
        return self.places.take(numbers) - (WIDTH - 1) * numbers


def escapes_of(texts: Texts, first: int, last: int) -> Escapes:
    """Return the escapes of the texts from `first` to before `last`."""
    begins, ends = texts.begins[first:last], texts.ends[first:last]
    begin, end = int(begins[0]), int(ends[-1])
    data = texts.data[begin : end + PADDING]
    percents = np.flatnonzero(data[: end - begin] == _PERCENT)
    pairs = data[1:].take(percents).astype(np.uint16) << 8 | data[2:].take(percents)
    meanings = _MEANINGS.take(pairs)
    odd = percents[meanings >= _ODD]
    if data[: end - begin].tobytes().translate(None, _ALLOWED):
        odd = np.append(odd, np.flatnonzero(_IS_FOREIGN.take(data[: end - begin])))

    if len(odd):
        is_escape = meanings < _STRAY
        percents, meanings = percents[is_escape], meanings[is_escape]

    places = np.concatenate([percents + begin, np.full(PADDING, -1)])
    is_sound = np.ones(last - first, np.bool_)
    is_sound[np.searchsorted(ends, odd + begin, side="right")] = False
    padded = np.concatenate([meanings.astype(np.uint8), np.zeros(PADDING, np.uint8)])
    return Escapes(places, padded, np.searchsorted(places[: len(percents)], begins), is_sound, begin)


def texts_at(data: Bytes, begins: Places, ends: Places) -> pl.Series:
    """Return the texts between some places of `data`, which is ASCII."""
    return joined_at(data, begins, ends, np.arange(len(begins) + 1))


def joined_at(data: Bytes, begins: Places, ends: Places, limits: Places) -> pl.Series:
    """Return texts put together of pieces of `data`, which is ASCII: text `n` of those from limits n to n + 1."""
    sizes = ends - begins
    offsets = np.zeros(len(begins) + 1, np.int64)
    np.cumsum(sizes, out=offsets[1:])
    joined = np.empty(offsets[-1], np.uint8)
    for first, last in _blocks(offsets[1:], _JOINED_BYTES):
        begin, end = offsets[first], offsets[last]
        moved = np.repeat(begins[first:last] - offsets[first:last], sizes[first:last])
        joined[begin:end] = data.take(moved + np.arange(begin, end))

    array = pa.LargeStringArray.from_buffers(
        len(limits) - 1, pa.py_buffer(offsets.take(limits)), pa.py_buffer(joined)
    )
    return cast("pl.Series", pl.from_arrow(array))


def _blocks(ends: Places, size: int) -> Iterator[tuple[int, int]]:
    first = 0
    while first < len(ends):
        begin = int(ends[first - 1]) if first else 0
        last = max(first + 1, int(np.searchsorted(ends, begin + size)))
        yield first, last
        first = last
