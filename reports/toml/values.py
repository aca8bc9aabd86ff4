"""What the keys of a TOML file take: a row for each key, and the readers of values that files have in common."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from difflib import get_close_matches
from math import inf
from typing import Any, Final

from footfall.text import printable

LONGEST: Final = 1_000
"""Characters of a line of text."""

MOST: Final = 1_000
"""Entries of a section, and of a list."""

_LARGEST: Final = 10**9


class Wrong(Exception):
    """What is wrong with a key's value, as the end of a sentence that begins with the key."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key: what it means, an example in TOML, how its value is read, and whether it has to be there.

    `usual` says in words what holds where the key is left out.
    """

    meaning: str
    example: str
    read: Callable[[Any], Any]
    is_needed: bool = False
    usual: str = ""


def text(value: Any) -> str:
    """Read a line of text that can be shown as it is."""
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST or printable(value) != value:
        raise Wrong(f"is to be a line of text, {LONGEST:,} characters at most")

    return value


def lines(value: Any) -> str:
    """Read text of any number of lines."""
    if not isinstance(value, str) or not value.strip():
        raise Wrong("is to be a text")

    return value


def texts(value: Any) -> tuple[str, ...]:
    """Read a list of texts."""
    if not isinstance(value, list) or not 0 < len(value) <= MOST:
        raise Wrong("is to be a list of texts")

    return tuple(text(one) for one in value)


def whole(least: int) -> Callable[[Any], int]:
    """Return what reads a whole number of `least` or more."""

    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= _LARGEST:
            raise Wrong(f"is to be a whole number, {least} or more")

        return value

    return read


def number(value: Any) -> float:
    """Read a number, whole or not, that is neither negative nor endless."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < inf:
        raise Wrong("is to be a number, 0 or more")

    return float(value)


def flag(value: Any) -> bool:
    """Read yes or no."""
    if not isinstance(value, bool):
        raise Wrong("is to be true or false")

    return value


def as_it_is(value: Any) -> Any:
    """Read what is looked at later, with what stands around it."""
    return value


def one_of(known: Collection[str]) -> Callable[[Any], str]:
    """Return what reads one of a few words."""

    def read(value: Any) -> str:
        if text(value) not in known:
            close = get_close_matches(value.lower(), list(known), n=1)
            maybe = f"; did you mean {close[0]}?" if close else ""
            raise Wrong(f"{printable(value, 60)!r} is none of {', '.join(known)}{maybe}")

        return str(value)

    return read
