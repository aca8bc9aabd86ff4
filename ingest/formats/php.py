"""Read values that PHP has serialised, as data: nothing is ever instantiated.

Source: the PHP manual, `serialize`. Strict and bounded: references, custom and enumerated classes are refused, so
are values that are too deep, too many or badly counted.
"""

from __future__ import annotations

from typing import Any, Final

DEEPEST: Final = 8
MOST_VALUES: Final = 20_000
"""Bounds of what is read: containers in one another, and values in all."""

_LONGEST_NUMBER: Final = 64


class NotPhp(ValueError):
    """The bytes are no serialised value, or one beyond the bounds."""


class _Reader:
    """Where a reading stands; `left` is how many values may still come."""

    __slots__ = ("data", "left", "place")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.place = 0
        self.left = MOST_VALUES

    def value(self, depth: int) -> Any:
        self.left -= 1
        if self.left < 0 or depth > DEEPEST:
            raise NotPhp

        kind = self.data[self.place : self.place + 2]
        self.place += 2
        if kind == b"s:":
            return self.string(b";")

        if kind == b"i:":
            return self.integer(b";")

        return self.rarer(kind, depth)

    def rarer(self, kind: bytes, depth: int) -> Any:
        if kind == b"a:":
            return self.members(self.integer(b":"), depth)

        if kind == b"O:":
            return {"": self.string(b":"), **self.members(self.integer(b":"), depth)}

        if kind == b"N;":
            return None

        if kind == b"b:":
            return bool(self.integer(b";"))

        if kind == b"d:":
            return float(self.until(b";"))

        raise NotPhp

    def members(self, count: int, depth: int) -> dict[str, Any]:
        """Read the members of an array or object; a name's visibility (``\\0*\\0``) goes."""
        self.expect(b"{")
        if count < 0:
            raise NotPhp

        found = {}
        for _ in range(count):
            name = self.value(DEEPEST)
            if not isinstance(name, str | int):
                raise NotPhp

            found[str(name).rpartition("\0")[2]] = self.value(depth + 1)

        self.expect(b"}")
        return found

    def string(self, end: bytes) -> str:
        length = self.integer(b":")
        begin = self.place + 1
        self.place = begin + length + 2
        closed = self.data[self.place - 2 : self.place]
        if length < 0 or self.data[begin - 1 : begin] != b'"' or closed != b'"' + end:
            raise NotPhp

        return self.data[begin : begin + length].decode(errors="backslashreplace")

    def integer(self, end: bytes) -> int:
        digits = self.until(end)
        if not digits.removeprefix(b"-").isdigit():
            raise NotPhp

        return int(digits)

    def until(self, end: bytes) -> bytes:
        found = self.data.find(end, self.place, self.place + _LONGEST_NUMBER)
        if found < 0:
            raise NotPhp

        text = self.data[self.place : found]
        self.place = found + 1
        return text

    def expect(self, text: bytes) -> None:
        if self.data[self.place : self.place + 1] != text:
            raise NotPhp

        self.place += 1


def read_php(data: bytes) -> Any:
    """Return what `data` says: None, bool, int, float, str, or a dict of an array or object.

    An object has the name of its class under ``""``. Raises `NotPhp` for anything else, and never another error.
    """
    reader = _Reader(data)
    try:
        value = reader.value(0)
    except ValueError as error:
        raise NotPhp from error

    if reader.place != len(data):
        raise NotPhp

    return value
