"""Find what may be the tokens of URL-encoded values that PHP has serialised, of many values at once.

Source: the PHP manual, `serialize` and `urlencode`. A token is ``s:3:"abc";``, ``i:1;``, ``b:1;``, ``N;``,
``a:2:{`` or ``}``. It begins behind the end of another; but so may what a text holds: which tokens are any tells only
who goes from one to the next (`ingest.formats.php_columns`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from ingest.formats.encoded import WIDTH, Bytes, Escapes, Flags, Places

TEXT, NUMBER, TRUTH, NOTHING, ARRAY, END = b"sibNa}"
"""Kinds of tokens, by the letter they begin with."""

COLON, OPEN, _QUOTE, _SEMICOLON, _PERCENT = b':{";%'
_MOST_DIGITS: Final = 7
_LONGEST_NUMBER: Final = 20
_IS_BORDER: Final = np.isin(np.arange(256), (_SEMICOLON, OPEN, END))


@dataclass(frozen=True, slots=True)
class Tokens:
    """What may be tokens, in the order of their places; the last one is none, and of the kind 0.

    `begins` and `ends` are places: of a text, of digits. `escapes` and `lasts` are the numbers of the first and the
    last escape of a token. `following` is the token right behind, `behind` the token right behind an escape; both are
    the last one where there is none.
    """

    kinds: Bytes
    begins: Places
    ends: Places
    escapes: Places
    lasts: Places
    following: Places
    behind: Places


@dataclass(frozen=True, slots=True)
class _Begun:
    """What may be tokens of one kind: their places, and their first escapes."""

    data: Bytes
    escapes: Escapes
    text_ends: npt.NDArray[np.int32]
    place: Places
    escape: Places

    def at(self, offset: int) -> Places:
        """Return the places of the escapes that come so many after the first one."""
        return self.escapes.places.take(self.escape + offset)

    def have(self, offset: int, code: int) -> Flags:
        """Tell what those escapes stand for."""
        flags: Flags = self.escapes.codes.take(self.escape + offset) == code
        return flags

    def have_next(self, offset: int, code: int) -> Flags:
        """Tell what they stand for, if they are right behind those before them."""
        flags: Flags = self.have(offset, code) & (self.at(offset - 1) + WIDTH == self.at(offset))
        return flags


_Read = tuple[Places, Places, Places, Flags]
"""Begin and end of what was read, last escape, and whether all is as PHP writes it."""


def tokens_of(data: Bytes, escapes: Escapes) -> Tokens:
    """Return what may be the tokens of texts of `data` with some escapes."""
    before = np.flatnonzero(_IS_BORDER.take(escapes.codes))
    place, escape, none = escapes.places.take(before) + WIDTH, before + 1, len(before)
    letters = data.take(place)
    letters[(letters == _PERCENT) & (escapes.codes.take(escape) == END)] = END
    read = np.zeros((3, none + 1), np.int64)
    kinds = np.zeros(none + 1, np.uint8)
    text_ends = _text_ends(escapes)
    for kind, reader in _READERS.items():
        at = np.flatnonzero(letters == kind)
        *read[:, at], good = reader(_Begun(data, escapes, text_ends, place.take(at), escape.take(at)))
        kinds[at] = good * np.uint8(kind)

    behind = np.full(len(escapes.places), none)
    behind[before] = np.where(kinds[:-1] > 0, np.arange(none), none)
    following = np.where(kinds > 0, behind.take(read[2], mode="clip"), none)
    return Tokens(kinds, read[0], read[1], np.append(escape, 0), read[2], following, behind)


def number_at(data: Bytes, begin: Places, end: Places) -> tuple[Places, Flags]:
    """Return the numbers that digits are, and tell whether they are digits, and not too many."""
    width = end - begin
    good = (width > 0) & (width <= _MOST_DIGITS)
    number = np.zeros(len(begin), np.int64)
    for place in range(int(width.max(initial=0, where=good))):
        digit = data.take(begin + place, mode="clip") - np.uint8(ord("0"))
        is_inside = place < width
        good &= (digit < 10) | ~is_inside
        number = np.where(is_inside, 10 * number + digit, number)

    return number, good


def _text_ends(escapes: Escapes) -> npt.NDArray[np.int32]:
    """Return for each place in the decoded texts the number of the escape with which a text may end there, or 0.

    The last place has none, so that it stands for all behind it.
    """
    codes = escapes.codes
    quotes = np.flatnonzero((codes[:-1] == _QUOTE) & (codes[1:] == _SEMICOLON))
    ends = quotes[escapes.places.take(quotes) + WIDTH == escapes.places.take(quotes + 1)]
    plain = escapes.plain(ends) - escapes.begin
    found = np.zeros(plain[-1] + 2 if len(plain) else 1, np.int32)
    found[plain] = ends
    return found


def _text(begun: _Begun) -> _Read:
    length, good = number_at(begun.data, begun.place + 1 + WIDTH, begun.at(1))
    good &= (begun.at(0) == begun.place + 1) & begun.have(0, COLON)
    good &= begun.have(1, COLON) & begun.have_next(2, _QUOTE)
    end = begun.escapes.plain(begun.escape + 2) + 1 + length
    closes = begun.text_ends.take(end - begun.escapes.begin, mode="clip").astype(np.int64)
    return begun.at(2) + WIDTH, begun.escapes.places.take(closes), closes + 1, good & (closes > 0)


def _digits(begun: _Begun) -> _Read:
    begin, end = begun.place + 1 + WIDTH, begun.at(1)
    good = (begun.at(0) == begun.place + 1) & begun.have(0, COLON) & begun.have(1, _SEMICOLON)
    return begin, end, begun.escape + 1, good & (end > begin)


def _number(begun: _Begun) -> _Read:
    begin, end, last, good = _digits(begun)
    is_negative = begun.data.take(begin) == ord("-")
    first = begin + is_negative
    is_zero = (begun.data.take(first) == ord("0")) & ((end - first > 1) | is_negative)
    good &= (end > first) & (end - first < _LONGEST_NUMBER) & ~is_zero
    for offset in range(int((end - first).max(initial=0, where=good))):
        digit = begun.data.take(first + offset, mode="clip") - np.uint8(ord("0"))
        good &= (digit < 10) | (first + offset >= end)

    return begin, end, last, good


def _truth(begun: _Begun) -> _Read:
    begin, end, last, good = _digits(begun)
    return begin, end, last, good & (end - begin == 1) & (begun.data.take(begin) - np.uint8(ord("0")) < 2)


def _nothing(begun: _Begun) -> _Read:
    good = (begun.at(0) == begun.place + 1) & begun.have(0, _SEMICOLON)
    return begun.place, begun.place, begun.escape, good


def _array(begun: _Begun) -> _Read:
    good = (begun.at(0) == begun.place + 1) & begun.have(0, COLON) & begun.have(1, COLON)
    return begun.place + 1 + WIDTH, begun.at(1), begun.escape + 2, good & begun.have_next(2, OPEN)


def _end(begun: _Begun) -> _Read:
    return begun.place, begun.place, begun.escape, begun.at(0) == begun.place


_READERS: Final[Mapping[int, Callable[[_Begun], _Read]]] = {
    TEXT: _text,
    NUMBER: _number,
    TRUTH: _truth,
    NOTHING: _nothing,
    ARRAY: _array,
    END: _end,
}
"""Kind → what reads tokens of it."""
