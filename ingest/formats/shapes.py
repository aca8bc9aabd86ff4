"""How the values of a server's log look: the strict and the tolerant expression of each shape, for any place in a
line.

What ends a value is the text that the definition has behind it, and the quotation marks around. In the strict
expression a value stops at the first character of that, so that the next character always decides; in the tolerant
one it is whatever stands before the whole of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from ingest.formats.fields import PROTOCOL, TOKEN, literal
from ingest.formats.time_parts import expression_of, literals_of

_COMMENT: Final = " #\0"
"""What no line begins with: blanks, a comment, and the NUL bytes of a file that was truncated."""

_BACKSLASH: Final = "\\"
_SPACE: Final = " "
_IPV4: Final = r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}"
_SPECIAL: Final = frozenset("\\]^-[&~")


@dataclass(frozen=True, slots=True)
class Spot:
    """Where in a line a value stands: the text in front and behind, inside quotation marks or not, at the begin or
    not.

        `stops` are the characters that end it.
    """

    before: str
    behind: str
    stops: str
    is_quoted: bool
    is_first: bool

    @property
    def is_alone(self) -> bool:
        """Whether nothing but the value stands between its quotation marks."""
        return self.is_quoted and self.before.endswith('"') and self.behind.startswith('"')

    def characters(self, more: str = "") -> str:
        """Return the expression of a character that does not end the value; nor do those in `more` stand in it."""
        return none_of(self.stops + more)

    def opening(self, more: str = "") -> str:
        """Return the expression of its first character."""
        return none_of(self.stops + more + (_COMMENT if self.is_first else ""))

    def some(self, more: str = "") -> str:
        """Return the expression of one or more characters."""
        return (
            f"{self.opening(more)}{self.characters(more)}*" if self.is_first else f"{self.characters(more)}+"
        )

    def tolerant(self, more: str = "") -> str:
        """Return the expression of a character as it may be: escaped inside quotation marks; none of `more`."""
        return rf"(?:{none_of(_BACKSLASH + chr(34) + more)}|\\.)" if self.is_quoted else none_of(more)

    @property
    def anything(self) -> str:
        """Return the tolerant expression of the value."""
        if self.is_alone:
            return quoted_before(self.behind[1:2] or " ")

        return f"{none_of(_COMMENT)}{self.tolerant()}*?" if self.is_first else f"{self.tolerant()}*?"


Expressions = tuple[str, str]
"""Strict and tolerant."""


def none_of(characters: str) -> str:
    """Return the expression of any character but these."""
    if not characters:
        return "."

    return (
        "[^" + "".join("\\" + char if char in _SPECIAL else char for char in dict.fromkeys(characters)) + "]"
    )


def quoted_before(behind: str) -> str:
    """Return the tolerant expression of what stands in quotation marks with `behind` after the closing one.

    It may hold escapes, and quotation marks that were not escaped unless `behind` follows.
    """
    return rf'(?:[^"\\]|\\.|"{none_of(behind)})*'


def _text(group: str, spot: Spot) -> Expressions:
    strict = spot.some(_BACKSLASH) if spot.stops else f"{spot.some(_BACKSLASH)}?"
    return f"(?P<{group}>{strict})", f"(?P<{group}>{spot.anything})"


def _word(group: str, spot: Spot) -> Expressions:
    """Read what has no space in it."""
    return f"(?P<{group}>{spot.some(_SPACE + _BACKSLASH)})", f"(?P<{group}>{spot.tolerant(_SPACE)}*?)"


def _user(group: str, spot: Spot) -> Expressions:
    strict, tolerant = _text(group, spot)
    # A field too many begins with "- ", see `fields.USER`.
    return strict, tolerant if spot.is_quoted or spot.is_first else f"(?P<{group}>-|-?[^ -].*?|)"


def _address(group: str, spot: Spot) -> Expressions:
    if ":" not in spot.stops:
        same = f"(?P<{group}>{spot.some(_SPACE)})"
        return same, same

    # With a port behind it, an address of IPv6 has more colons than the last.
    same = f"(?P<{group}>{_IPV4}|{none_of(_COMMENT)}[^ ]*)"
    return same, same


def _host(group: str, spot: Spot) -> Expressions:
    name = f"{spot.opening(':[ ')}{spot.characters(': ')}*"
    port = "" if ":" in spot.stops else "(?::[0-9]+)?"
    expression = rf"(?P<{group}>{name}|\[[^\]]*\]){port}"
    return expression, expression


def _number(group: str, spot: Spot) -> Expressions:
    fraction = "" if "." in spot.stops else r"(?:\.[0-9]+)?"
    return f"(?P<{group}>[0-9]+{fraction}|-)", f"(?P<{group}>[0-9]*{fraction}|-)"


def _first_number(group: str, spot: Spot) -> Expressions:
    """Read the first of several numbers, as of the servers upstream."""
    strict, tolerant = _number(group, spot)
    return strict, f"{tolerant}[0-9.,: -]*?"


def _status(group: str, _spot: Spot) -> Expressions:
    return f"(?P<{group}>[0-9]{{3}})", f"(?P<{group}>[0-9]{{3}}|-|)"


def _request(_group: str, spot: Spot) -> Expressions:
    path, query = spot.characters(_SPACE + "?" + _BACKSLASH), spot.characters(_SPACE + _BACKSLASH)
    strict = rf"(?P<method>{TOKEN}) (?P<path>{path}+)(?:\?(?P<query>{query}*))? (?P<protocol>{PROTOCOL})"
    return strict, r'(?P<request>(?:[^"\\]|\\.|")*?)' if spot.is_alone else f"(?P<request>{spot.anything})"


def _target(_group: str, spot: Spot) -> Expressions:
    strict, tolerant = _path("path", spot), _marked_query("query", spot)
    return strict[0] + tolerant[0], strict[1] + tolerant[1]


def _path(group: str, spot: Spot) -> Expressions:
    strict = f"(?P<{group}>{spot.some(_SPACE + '?' + _BACKSLASH)})"
    return strict, f"(?P<{group}>{spot.tolerant('?')}*?)"


def _marked_query(group: str, spot: Spot) -> Expressions:
    """Read a query with the question mark in front of it, when there is one."""
    strict = rf"(?:\?(?P<{group}>{spot.characters(_SPACE + _BACKSLASH)}*))?"
    return strict, rf"(?:\?(?P<{group}>{spot.tolerant()}*?))?"


def _query(group: str, spot: Spot) -> Expressions:
    """Read a query, with the question mark or without."""
    strict = rf"\??(?P<{group}>{spot.characters(_SPACE + _BACKSLASH)}*)"
    return strict, rf"\??(?P<{group}>{spot.tolerant()}*?)"


def _question_mark(_group: str, _spot: Spot) -> Expressions:
    return r"\??", r"\??"


def _blanks(_group: str, _spot: Spot) -> Expressions:
    return " *", " *"


def _bracketed_time(group: str, _spot: Spot) -> Expressions:
    return rf"\[(?P<{group}>[^\]]+)\]", rf"\[(?P<{group}>[^\]]*)\]"


def time_expressions(group: str, spot: Spot, pattern: str) -> Expressions:
    """Return how a time by strftime directives is read.

    It takes all before what ends it, and that itself as often as such a time always has it.
    """
    stop = spot.stops[:1]
    if not stop:
        expression = f"(?P<{group}>{expression_of(pattern)})"
        return expression, expression

    one = none_of(stop)
    more = f"(?:{literal(stop)}{one}*)" * literals_of(pattern).count(stop)
    first = none_of(stop + _COMMENT) if spot.is_first else one
    return f"(?P<{group}>{first}{one}*{more})", f"(?P<{group}>{one}*{more})"


TEXT: Final = "text"
WORD: Final = "word"
USER: Final = "user"
ADDRESS: Final = "address"
HOST: Final = "host"
NUMBER: Final = "number"
FIRST_NUMBER: Final = "first_number"
STATUS: Final = "status"
REQUEST: Final = "request"
TARGET: Final = "target"
PATH: Final = "path"
MARKED_QUERY: Final = "marked_query"
QUERY: Final = "query"
QUESTION_MARK: Final = "question_mark"
BLANKS: Final = "blanks"
BRACKETED_TIME: Final = "bracketed_time"
TIME: Final = "time"

SHAPES: Final[Mapping[str, Callable[[str, Spot], Expressions]]] = MappingProxyType(
    {
        TEXT: _text,
        WORD: _word,
        USER: _user,
        ADDRESS: _address,
        HOST: _host,
        NUMBER: _number,
        FIRST_NUMBER: _first_number,
        STATUS: _status,
        REQUEST: _request,
        TARGET: _target,
        PATH: _path,
        MARKED_QUERY: _marked_query,
        QUERY: _query,
        QUESTION_MARK: _question_mark,
        BLANKS: _blanks,
        BRACKETED_TIME: _bracketed_time,
    }
)
"""Shape → what makes its expressions for a group and a place in the line."""

BEGINNINGS: Final[Mapping[str, str]] = MappingProxyType(
    {MARKED_QUERY: "?", QUESTION_MARK: "?", QUERY: "?", BRACKETED_TIME: "[", BLANKS: " "}
)
"""Shape → the character it begins with, which ends a value right in front of it."""
