"""Read and judge ConditionExpression and FilterExpression."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Final

from footfall.store.embedded.grammar import (
    COMPARATORS,
    FUNCTIONS,
    Attribute,
    Condition,
    Constant,
    Cursor,
    Junction,
    Operand,
    Placeholders,
    Size,
    Test,
)
from footfall.store.embedded.numbers import parse_number
from footfall.store.embedded.paths import find
from footfall.store.embedded.values import KINDS, Item, Value, decode_binary, typed

_ORDERED: Final = frozenset({"S", "N", "B"})
_SIZED: Final = frozenset({"S", "B", "L", "M", "SS", "NS", "BS"})


def parse_condition(kind: str, text: str | None, placeholders: Placeholders) -> Condition | None:
    """Return the tree of an expression, or None; `kind` is its parameter's name. Raises `Problem`."""
    if text is None:
        return None

    cursor = Cursor(kind, text, placeholders)
    condition = _disjunction(cursor)
    cursor.finish()
    return condition


def holds(condition: Condition | None, item: Item) -> bool:
    """Tell whether `item`, empty when there is none, meets the condition; no condition always holds."""
    if condition is None:
        return True

    if isinstance(condition, Junction):
        return _JUNCTIONS[condition.name](condition.parts, item)

    return _TESTS[condition.name](*(_value(operand, item) for operand in condition.operands))


def comparable(value: Value) -> tuple[str, Any]:
    """Return a value's type and something that is equal, and ordered for S, N and B, as the value is."""
    kind, payload = typed(value)
    return kind, _COMPARABLE.get(kind, _same)(payload)


def _disjunction(cursor: Cursor) -> Condition:
    return _junction(cursor, "OR", lambda: _junction(cursor, "AND", lambda: _negation(cursor)))


def _junction(cursor: Cursor, word: str, read: Callable[[], Condition]) -> Condition:
    parts = [read()]
    while cursor.accept(word):
        parts.append(read())

    return parts[0] if len(parts) == 1 else Junction(word, tuple(parts))


def _negation(cursor: Cursor) -> Condition:
    if cursor.accept("NOT"):
        return Junction("NOT", (_negation(cursor),))

    return _primary(cursor)


def _primary(cursor: Cursor) -> Condition:
    if cursor.accept("("):
        inside = _disjunction(cursor)
        cursor.take(")")
        return inside

    if cursor.is_function() and cursor.peek() != "SIZE":
        return _function(cursor)

    left = cursor.operand()
    word = cursor.take(*COMPARATORS, "BETWEEN", "IN")
    return Test(word, (left, *_right(cursor, word)))


def _right(cursor: Cursor, word: str) -> list[Operand]:
    if word == "BETWEEN":
        low = cursor.operand()
        cursor.take("AND")
        return [low, cursor.operand()]

    if word == "IN":
        cursor.take("(")
        choices = cursor.separated(cursor.operand)
        cursor.take(")")
        return choices

    return [cursor.operand()]


def _function(cursor: Cursor) -> Test:
    name = cursor.function()
    if name not in FUNCTIONS:
        raise cursor.refused(f"Invalid function name; function: {name}")

    operands = cursor.separated(cursor.operand)
    cursor.take(")")
    if len(operands) != FUNCTIONS[name]:
        raise cursor.refused(
            f"Incorrect number of operands for operator or function; operator or function: {name}, "
            f"number of operands: {len(operands)}"
        )

    return Test(name, tuple(_checked(cursor, name, operands)))


def _checked(cursor: Cursor, name: str, operands: list[Operand]) -> list[Operand]:
    if name.startswith("attribute_") and not isinstance(operands[0], Attribute):
        raise cursor.refused(
            "Operator or function requires a document path; operator or function: " + name,
        )

    if name == "attribute_type" and not (
        isinstance(operands[1], Constant) and operands[1].value.get("S") in KINDS
    ):
        raise cursor.refused("Invalid attribute type name found; valid types: " + ",".join(sorted(KINDS)))

    return operands


def _value(operand: Operand, item: Item) -> Value | None:
    if isinstance(operand, Constant):
        return operand.value

    found = find(item, operand.path)
    if isinstance(operand, Size):
        return _size(found)

    return found


def _size(value: Value | None) -> Value | None:
    if value is None:
        return None

    kind, payload = typed(value)
    if kind not in _SIZED:
        return None

    return {"N": str(len(decode_binary(payload) if kind == "B" else payload))}


def _equal(left: Value | None, right: Value | None) -> bool:
    return left is not None and right is not None and comparable(left) == comparable(right)


def _different(left: Value | None, right: Value | None) -> bool:
    return not _equal(left, right)


def _compare(test: Callable[[Any, Any], bool]) -> Callable[[Value | None, Value | None], bool]:
    def compare(left: Value | None, right: Value | None) -> bool:
        if left is None or right is None:
            return False

        left_kind, left_key = comparable(left)
        right_kind, right_key = comparable(right)
        return left_kind == right_kind and left_kind in _ORDERED and test(left_key, right_key)

    return compare


def _between(value: Value | None, low: Value | None, high: Value | None) -> bool:
    return _TESTS[">="](value, low) and _TESTS["<="](value, high)


def _in(value: Value | None, *choices: Value | None) -> bool:
    return any(_equal(value, choice) for choice in choices)


def _begins_with(value: Value | None, prefix: Value | None) -> bool:
    if value is None or prefix is None:
        return False

    kind, whole = comparable(value)
    prefix_kind, start = comparable(prefix)
    return kind == prefix_kind and kind in {"S", "B"} and bool(whole.startswith(start))


def _contains(value: Value | None, wanted: Value | None) -> bool:
    if value is None or wanted is None:
        return False

    kind, whole = comparable(value)
    wanted_kind, part = comparable(wanted)
    if kind == "L":
        return (wanted_kind, part) in whole

    return kind in {wanted_kind, f"{wanted_kind}S"} and kind in _SIZED and part in whole


def _has_type(value: Value | None, kind: Value | None) -> bool:
    return value is not None and kind is not None and kind.get("S") in value


def _same(payload: Any) -> Any:
    return payload


_COMPARABLE: Final[dict[str, Callable[[Any], Any]]] = {
    "S": str.encode,
    "N": parse_number,
    "B": decode_binary,
    "SS": lambda payload: frozenset(map(str.encode, payload)),
    "NS": lambda payload: frozenset(map(parse_number, payload)),
    "BS": lambda payload: frozenset(map(decode_binary, payload)),
    "L": lambda payload: [comparable(element) for element in payload],
    "M": lambda payload: {name: comparable(value) for name, value in payload.items()},
}
_TESTS: Final[dict[str, Callable[..., bool]]] = {
    "=": _equal,
    "<>": _different,
    "<": _compare(operator.lt),
    "<=": _compare(operator.le),
    ">": _compare(operator.gt),
    ">=": _compare(operator.ge),
    "BETWEEN": _between,
    "IN": _in,
    "attribute_exists": lambda value: value is not None,
    "attribute_not_exists": lambda value: value is None,
    "attribute_type": _has_type,
    "begins_with": _begins_with,
    "contains": _contains,
}
_JUNCTIONS: Final[dict[str, Callable[[tuple[Condition, ...], Item], bool]]] = {
    "AND": lambda parts, item: all(holds(part, item) for part in parts),
    "OR": lambda parts, item: any(holds(part, item) for part in parts),
    "NOT": lambda parts, item: not holds(parts[0], item),
}
