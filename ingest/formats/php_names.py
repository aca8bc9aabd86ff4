"""Read the names of members, those at some places of a buffer, of which most are the same.

Rows that are walked in step tell of the same kinds of things, so that what the first of them says next is what most
of them do. To compare is several times cheaper than to read, and a name that is known need not be looked up again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import polars as pl

from ingest.formats.encoded import BEHIND, Bytes, Flags, Places, texts_at
from ingest.formats.php_tokens import NUMBER, TEXT, tokens_at

_GUESSES: Final = 6
"""How many names are compared with before the others are read."""

_HEAD: Final = re.compile(rb'i:((?:0|-?[1-9][0-9]{0,17}));|s:([1-9][0-9]?):"')
_END: Final = b'";'
_WORD: Final = 8
_LONGEST: Final = len(BEHIND) - 2 * _WORD
"""Bytes of a token that is compared, so that no comparison leaves the buffer."""


@dataclass(frozen=True, slots=True)
class Found:
    """What was read at some places: numbers of names, -1 for one without; where the name begins and ends, if it has
    no number; where its value begins; and whether there is a name.
    """

    number: Places
    begins: Places
    ends: Places
    behind: Places
    good: Flags


@dataclass(frozen=True, slots=True)
class Names:
    """The names of a buffer: those that have numbers, by their tokens."""

    data: Bytes
    numbers: dict[bytes, int] = field(default_factory=dict)

    def at(self, places: Places) -> Found:
        """Return the names at some places."""
        number, behind = np.full(len(places), -1), np.zeros(len(places), np.int64)
        left = np.arange(len(places))
        for _ in range(_GUESSES):
            token = self._token(int(places[left[0]])) if len(left) else b""
            if not token:
                break

            is_same = self._have(places.take(left), token)
            same = left[is_same]
            number[same] = self.numbers.setdefault(token, len(self.numbers))
            behind[same] = places.take(same) + len(token)
            left = left[~is_same]

        return self._read(places, left, number, behind)

    def _read(self, places: Places, left: Places, number: Places, behind: Places) -> Found:
        """Return the names at some places, of which only those that are left have to be read."""
        begins, ends = np.zeros((2, len(places)), np.int64)
        good = np.ones(len(places), np.bool_)
        if len(left):
            read = tokens_at(self.data, places.take(left))
            begins[left], ends[left], behind[left] = read.begins, read.ends, read.behind
            good[left] = (read.kinds == TEXT) | (read.kinds == NUMBER)

        return Found(number, begins, ends, behind, good)

    def numbered(self, number: Places, begins: Places, ends: Places) -> tuple[Places, pl.Series]:
        """Return numbers for all names that were found, and what they are numbers of."""
        known = pl.Series([_text(token) for token in self.numbers], dtype=pl.String)
        rest = np.flatnonzero(number < 0)
        if not len(rest):
            return number, known

        texts = texts_at(self.data, begins.take(rest), ends.take(rest))
        others = texts.unique()
        codes = texts.cast(pl.Enum(others)).to_physical().cast(pl.Int64).to_numpy()
        every = number.copy()
        every[rest] = codes + len(known)
        return every, pl.concat([known, others])

    def _token(self, place: int) -> bytes:
        """Return the token of the name at a place, nothing where it is none or long."""
        raw = self.data[place : place + _LONGEST].tobytes()
        head = _HEAD.match(raw)
        if head is None or head[1]:
            return head[0] if head else b""

        end = head.end() + int(head[2]) + len(_END)
        return raw[:end] if raw[end - len(_END) : end] == _END else b""

    def _have(self, places: Places, token: bytes) -> Flags:
        """Tell whether a token stands at some places."""
        count = -(-len(token) // _WORD)
        size = count * _WORD
        tokens = np.ndarray((len(self.data) - size + 1,), f"V{size}", self.data, strides=(1,))
        # To gather all bytes at once takes hardly longer than some of them.
        words = tokens[places].view("<u8").reshape(len(places), count)
        mask = np.uint64(256 ** (len(token) - size + _WORD) - 1)
        wanted = np.frombuffer(token.ljust(size, b"\0"), "<u8")
        flags: Flags = words[:, -1] & mask == wanted[-1]
        for which in range(count - 1):
            flags &= words[:, which] == wanted[which]

        return flags


def _text(token: bytes) -> str:
    """Return the name that a token stands for."""
    first, last = (token.index(b'"') + 1, -2) if token[:1] == b"s" else (2, -1)
    return token[first:last].decode()
