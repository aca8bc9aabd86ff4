"""Read DynamoDB's expressions (AWSDG, Expressions.OperatorsAndFunctions and Expressions.Attributes).

A cursor over tokens, names and values looked up as they are met, and the tree of a condition::

    condition = or ;  or = and {"OR" and} ;  and = not {"AND" not} ;  not = ["NOT"] primary
    primary   = "(" or ")" | function | operand comparator operand
              | operand "BETWEEN" operand "AND" operand | operand "IN" "(" operand {"," operand} ")"
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from footfall.store.embedded.problem import Problem, invalid
from footfall.store.embedded.reserved import RESERVED_WORDS
from footfall.store.embedded.values import Item, Value, value_size

Path: TypeAlias = tuple[str | int, ...]
"""A document path: a top-level name, then member names and list positions."""

_TOKEN = re.compile(
    r"\s*(?:(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<alias>#[A-Za-z0-9_]+)|(?P<value>:[A-Za-z0-9_]+)"
    r"|(?P<index>\d+)|(?P<sign><>|<=|>=|[=<>(),.\[\]+-])|(?P<bad>\S))"
)
COMPARATORS: Final = frozenset({"=", "<>", "<", "<=", ">", ">="})
FUNCTIONS: Final = {
    "attribute_exists": 1,
    "attribute_not_exists": 1,
    "attribute_type": 2,
    "begins_with": 2,
    "contains": 2,
}


@dataclass(frozen=True, slots=True)
class Attribute:
    """The value at a path of the item."""

    path: Path


@dataclass(frozen=True, slots=True)
class Constant:
    """A value of ExpressionAttributeValues."""

    value: Value


@dataclass(frozen=True, slots=True)
class Size:
    """``size(path)``."""

    path: Path


Operand: TypeAlias = Attribute | Constant | Size


@dataclass(frozen=True, slots=True)
class Test:
    """A comparator, BETWEEN, IN or function over operands."""

    __test__ = False

    name: str
    operands: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Junction:
    """AND, OR or NOT over conditions."""

    name: str
    parts: tuple[Condition, ...]


Condition: TypeAlias = "Test | Junction"


class Placeholders:
    """The names and values an expression may use; notes which it did."""

    def __init__(self, names: dict[str, str] | None, values: Item | None) -> None:
        self._names = names or {}
        self._values = values or {}
        self._unused = {*self._names, *self._values}
        for value in self._values.values():
            value_size(value)

    def name(self, kind: str, alias: str) -> str:
        """Return the attribute name behind ``#alias``."""
        if alias not in self._names:
            raise _refused(
                kind,
                f"An expression attribute name used in the document path is not defined; attribute name: {alias}",
            )

        self._unused.discard(alias)
        return self._names[alias]

    def value(self, kind: str, alias: str) -> Value:
        """Return the value behind ``:alias``."""
        if alias not in self._values:
            raise _refused(
                kind,
                f"An expression attribute value used in expression is not defined; attribute value: {alias}",
            )

        self._unused.discard(alias)
        return self._values[alias]

    def refuse_unused(self) -> None:
        """Raise `Problem` when a placeholder was given that no expression used."""
        for sign, what in (("#", "Names"), (":", "Values")):
            unused = sorted(alias for alias in self._unused if alias.startswith(sign))
            if unused:
                keys = ", ".join(unused)
                raise invalid(
                    f"Value provided in ExpressionAttribute{what} unused in expressions: keys: {{{keys}}}"
                )

        if self._unused:
            raise invalid(
                f'ExpressionAttributeNames contains invalid key: Syntax error; key: "{min(self._unused)}"'
            )


class Cursor:
    """A position in an expression; `kind` is its parameter's name, for messages."""

    def __init__(self, kind: str, text: str, placeholders: Placeholders) -> None:
        if not text.strip():
            raise _refused(kind, "The expression can not be empty;")

        self.kind = kind
        self._tokens = [
            (match.lastgroup or "", match.group(match.lastgroup or 0)) for match in _TOKEN.finditer(text)
        ]
        self._position = 0
        self._placeholders = placeholders

    def peek(self, ahead: int = 0) -> str:
        """Return a coming token, upper-cased when it is a word; empty at the end."""
        group, text = self._token(ahead)
        return text.upper() if group == "name" else text

    def take(self, *expected: str) -> str:
        """Return the coming token and pass it; with `expected`, raise `Problem` unless it is one of them."""
        token = self.peek()
        if expected and token not in expected:
            raise self.unexpected()

        self._position += 1
        return token

    def accept(self, expected: str) -> bool:
        """Pass the coming token if it is `expected`; tell whether it was."""
        if self.peek() != expected:
            return False

        self._position += 1
        return True

    def finish(self) -> None:
        """Raise `Problem` unless the expression ends here."""
        if self._position < len(self._tokens):
            raise self.unexpected()

    def unexpected(self) -> Problem:
        """Return the syntax error at this place."""
        token = self._token(0)[1] or "<EOF>"
        near = " ".join(text for _, text in self._tokens[max(0, self._position - 1) : self._position + 2])
        return _refused(self.kind, f'Syntax error; token: "{token}", near: "{near}"')

    def refused(self, message: str) -> Problem:
        """Return a ValidationException about this expression."""
        return _refused(self.kind, message)

    def is_function(self) -> bool:
        """Tell whether a word and an opening parenthesis come."""
        return self._token(0)[0] == "name" and self._token(1)[1] == "("

    def function(self) -> str:
        """Return the coming function's name, as written, and pass it and its parenthesis."""
        name = self._token(0)[1]
        self._position += 1
        self.take("(")
        return name

    def path(self) -> Path:
        """Return the coming document path and pass it."""
        parts: list[str | int] = [self._name()]
        while self.peek() in (".", "["):
            if self.take() == ".":
                parts.append(self._name())
                continue

            group, text = self._token(0)
            if group != "index":
                raise self.unexpected()

            self._position += 1
            parts.append(int(text))
            self.take("]")

        return tuple(parts)

    def constant(self) -> Value:
        """Return the value of the coming ``:alias`` and pass it."""
        group, text = self._token(0)
        if group != "value":
            raise self.unexpected()

        self._position += 1
        return self._placeholders.value(self.kind, text)

    def operand(self) -> Operand:
        """Return the coming operand of a condition and pass it."""
        if self._token(0)[0] == "value":
            return Constant(self.constant())

        if not self.is_function():
            return Attribute(self.path())

        name = self.function()
        if name != "size":
            raise self.refused(
                f"The function is not allowed to be used this way in an expression; function: {name}"
            )

        size = Size(self.path())
        self.take(")")
        return size

    def separated(self, read: Callable[[], Operand]) -> list[Operand]:
        """Return what `read` reads, once or more, separated by commas."""
        found = [read()]
        while self.accept(","):
            found.append(read())

        return found

    def _name(self) -> str:
        group, text = self._token(0)
        if group == "alias":
            self._position += 1
            return self._placeholders.name(self.kind, text)

        if group != "name":
            raise self.unexpected()

        if text.upper() in RESERVED_WORDS:
            raise self.refused(f"Attribute name is a reserved keyword; reserved keyword: {text}")

        self._position += 1
        return text

    def _token(self, ahead: int) -> tuple[str, str]:
        place = self._position + ahead
        return self._tokens[place] if place < len(self._tokens) else ("", "")


def _refused(kind: str, message: str) -> Problem:
    return invalid(f"Invalid {kind}: {message}")
