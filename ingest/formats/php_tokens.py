"""Read tokens of values that PHP has serialised: those at some places of a buffer, one at each.

Source: the PHP manual, `serialize`. A token is ``s:3:"abc";``, ``i:1;``, ``b:1;``, ``N;``, or the beginning of an
array, ``a:2:{``. What is not as PHP writes it is no token here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from ingest.formats.encoded import Bytes, Flags, Places

TEXT, NUMBER, TRUTH, NOTHING, ARRAY, END = b"sibNa}"
"""Kinds of tokens, by the letter they begin with."""

_COLON, _OPEN, _QUOTE, _SEMICOLON, _MINUS, _ZERO = b':{";-0'
_MOST_DIGITS: Final = 7
_LONGEST_NUMBER: Final = 19


@dataclass(frozen=True, slots=True)
class Tokens:
    """What was read at some places.

    `kinds` are letters, 0 where there is no token. `begins` and `ends` are the places of a text, or of digits.
    `behind` is where the next token begins, and `count` how many members an array says that it has.
    """

    kinds: Bytes
    begins: Places
    ends: Places
    behind: Places
    count: Places


_Read = tuple[Places, Places, Places, Places, Flags]
"""Begins, ends, behind and count, and whether all is as PHP writes it."""


def tokens_at(data: Bytes, places: Places) -> Tokens:
    """Return the tokens that begin at some places of `data`; behind each there is more of it."""
    kinds = data.take(places, mode="clip")
    only = kinds[:1].tobytes()
    if only and only[0] in READERS and (kinds == only[0]).all():
        begins, ends, behind, count, good = READERS[only[0]](data, places)
        return Tokens(np.where(good, kinds, np.uint8(0)), begins, ends, behind, count)

    read = np.zeros((4, len(places)), np.int64)
    found = np.zeros(len(places), np.uint8)
    for kind, reader in READERS.items():
        at = np.flatnonzero(kinds == kind)
        if len(at):
            *read[:, at], good = reader(data, places.take(at))
            found[at] = good * np.uint8(kind)

    return Tokens(found, read[0], read[1], read[2], read[3])


def number_at(data: Bytes, places: Places, most: int = _MOST_DIGITS) -> tuple[Places, Places]:
    """Return the numbers that digits at some places are, `most` of them at most, and where each ends."""
    number, place = np.zeros(len(places), np.int64), places
    for _ in range(most):
        digit = data.take(place, mode="clip") - np.uint8(_ZERO)
        is_digit = digit < 10
        if not is_digit.any():
            break

        number = np.where(is_digit, 10 * number + digit, number)
        place = place + is_digit

    return number, place


def have(data: Bytes, places: Places, *signs: int) -> Flags:
    """Tell whether signs stand at some places, one behind the other."""
    flags: Flags = data.take(places, mode="clip") == signs[0]
    for step, sign in enumerate(signs[1:], 1):
        flags &= data.take(places + step, mode="clip") == sign

    return flags


def count_at(data: Bytes, places: Places) -> tuple[Places, Places, Flags]:
    """Return how many members follow, ``2:{``, where they begin, and whether that is what stands there."""
    count, end = number_at(data, places)
    return count, end + 2, (end > places) & have(data, end, _COLON, _OPEN)


def _text(data: Bytes, places: Places) -> _Read:
    length, end = number_at(data, places + 2)
    begins = end + 2
    ends = begins + length
    good = (end > places + 2) & have(data, places + 1, _COLON) & have(data, end, _COLON, _QUOTE)
    return begins, ends, ends + 2, length, good & have(data, ends, _QUOTE, _SEMICOLON)


def _number(data: Bytes, places: Places) -> _Read:
    begins = places + 2
    is_negative = have(data, begins, _MINUS)
    firsts = begins + is_negative
    _, ends = number_at(data, firsts, _LONGEST_NUMBER)
    is_odd = have(data, firsts, _ZERO) & ((ends - firsts > 1) | is_negative)
    good = (ends > firsts) & have(data, places + 1, _COLON) & have(data, ends, _SEMICOLON) & ~is_odd
    return begins, ends, ends + 1, begins, good


def _truth(data: Bytes, places: Places) -> _Read:
    begins = places + 2
    is_digit = data.take(begins, mode="clip") - np.uint8(_ZERO) < 2
    good = is_digit & have(data, places + 1, _COLON) & have(data, begins + 1, _SEMICOLON)
    return begins, begins + 1, begins + 2, begins, good


def _nothing(data: Bytes, places: Places) -> _Read:
    return places, places, places + 2, places, have(data, places + 1, _SEMICOLON)


def _array(data: Bytes, places: Places) -> _Read:
    count, behind, good = count_at(data, places + 2)
    return places, places, behind, count, good & have(data, places + 1, _COLON)


READERS: Final[Mapping[int, Callable[[Bytes, Places], _Read]]] = {
    TEXT: _text,
    NUMBER: _number,
    TRUTH: _truth,
    NOTHING: _nothing,
    ARRAY: _array,
}
"""Kind → what reads tokens of it."""
