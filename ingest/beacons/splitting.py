"""Take apart the parameters of query strings and form bodies: the arithmetic behind `ingest.beacons.parameters`.

The texts lie one behind the other in one buffer of bytes. A look-up table finds the characters that mean something
in a form (`&`, `=`, `%`, `+`), in one pass; everything after that is arithmetic on their places: where names and
values begin, which bytes escapes stand for, which bytes go. What is left is an array of names and values over one
decoded buffer. Work is done in blocks that fit into the caches of a processor, as in `ingest.formats.encoded`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, cast

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from ingest.lines import is_utf8

_Places = npt.NDArray[np.int64]
_Flags = npt.NDArray[np.bool_]
_Bytes = npt.NDArray[np.uint8]

_BLOCK_BYTES: Final = 2**18
_AND, _IS, _ESCAPE, _PLUS = 1, 2, 3, 4
_NO_DIGIT: Final = 255
_GONE: Final = 0xFF
"""Stands in decoded texts where nothing is left; in UTF-8 it is nowhere (RFC 3629, 1)."""


def _table(values: dict[str, int], other: int) -> _Bytes:
    table = np.full(256, other, np.uint8)
    for characters, value in values.items():
        table[list(characters.encode())] = value

    return table


_MEANS: Final = _table({"&": _AND, "=": _IS, "%": _ESCAPE, "+": _PLUS}, 0)
_IS_SPECIAL: Final = bytes(_MEANS > 0)
_DIGIT: Final = _table(
    {digit: int(digit, 16) for digit in "0123456789abcdef"} | {digit: int(digit, 16) for digit in "ABCDEF"},
    _NO_DIGIT,
)


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
    data = np.frombuffer(raw, np.uint8)
    places = np.flatnonzero(np.frombuffer(raw.translate(_IS_SPECIAL), np.bool_))
    means = _MEANS.take(data.take(places))
    is_end = means == _AND
    is_separator = is_end | _follow_end(means)
    is_escape = _are_escapes(data, places, means)
    decoded = _decode(data, places, means, places[is_escape], places[is_separator])
    if decoded is None:
        return None

    removed = np.cumsum(2 * is_escape.view(np.int8) + is_separator.view(np.int8), dtype=np.int64)
    separators = np.flatnonzero(is_separator)
    ends = places.take(separators) - removed.take(separators) + 1
    is_last = is_end.take(separators)
    owners = np.cumsum(is_last)
    by_turns = np.repeat(ends[is_last], 2)
    # Without an equals sign all of a parameter is its name, and its value ends where it begins.
    by_turns[2 * owners[~is_last]] = ends[~is_last]
    counts = np.diff(np.searchsorted(places[is_end], row_ends), prepend=0)
    return decoded, by_turns, counts


def _follow_end(means: _Bytes) -> _Flags:
    """Tell for each special character whether it is the first equals sign of a parameter."""
    separators = np.flatnonzero(means <= _IS)
    kinds = means.take(separators)
    before = np.empty_like(kinds)
    before[:1] = _AND
    before[1:] = kinds[:-1]
    first = np.zeros(len(means), np.bool_)
    first[separators[(kinds == _IS) & (before == _AND)]] = True
    return first


def _are_escapes(data: _Bytes, places: _Places, means: _Bytes) -> _Flags:
    """Tell for each special character whether it begins an escape: a percent sign before two hexadecimal digits."""
    percents = np.flatnonzero(means == _ESCAPE)
    at = places.take(percents)
    digits = (_DIGIT.take(data.take(at + step, mode="clip")) for step in (1, 2))
    is_whole = np.bitwise_or(*digits) <= 0xF
    escapes = np.zeros(len(means), np.bool_)
    escapes[percents[is_whole]] = True
    return escapes


def _decode(
    data: _Bytes, places: _Places, means: _Bytes, escapes: _Places, separators: _Places
) -> bytes | None:
    """Return the bytes with escapes and plus signs resolved, without separators; None if one would be `_GONE`."""
    codes = _DIGIT.take(data.take(escapes + 1)) << 4 | _DIGIT.take(data.take(escapes + 2))
    if (codes == _GONE).any():
        return None

    decoded = data.copy()
    decoded[places[means == _PLUS]] = ord(" ")
    decoded[escapes] = codes
    decoded[escapes + 1] = _GONE
    decoded[escapes + 2] = _GONE
    decoded[separators] = _GONE
    return decoded.tobytes().translate(None, bytes([_GONE]))


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
