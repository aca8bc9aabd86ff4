"""Read KeyConditionExpression: one partition key, and at most one condition on the sort key (API_Query)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from footfall.store.embedded.conditions import parse_condition
from footfall.store.embedded.grammar import Attribute, Condition, Constant, Placeholders, Test
from footfall.store.embedded.keys import KeyBytes, KeyPart, KeySchema, key_bytes
from footfall.store.embedded.problem import Problem, invalid
from footfall.store.embedded.ranges import Bound, Range, partition_range
from footfall.store.embedded.values import Value

_KIND: Final = "KeyConditionExpression"
_FLIPPED: Final = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_LAST_CODE_POINT: Final = 0x10FFFF
_SURROGATES: Final = (0xD800, 0xDFFF)


@dataclass(frozen=True, slots=True)
class KeyTest:
    """A condition on one key attribute."""

    attribute: str
    name: str
    values: tuple[Value, ...]


def parse_key_condition(text: str | None, schema: KeySchema, placeholders: Placeholders) -> Range:
    """Return the rows an expression selects. Raises `Problem` for what is no condition on the table's key."""
    if text is None:
        raise invalid(
            "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request."
        )

    condition = parse_condition(_KIND, text, placeholders)
    assert condition is not None
    tests = [_key_test(part) for part in _conjuncts(condition)]
    partition = _only(tests, schema.partition)
    if partition is None or partition.name != "=":
        raise invalid(f"Query condition missed key schema element: {schema.partition.name}")

    rows = partition_range(_key(partition.values[0], schema.partition))
    sort = None if schema.sort is None else _only(tests, schema.sort)
    if len(tests) != (1 if sort is None else 2):
        missed = schema.partition.name if schema.sort is None else schema.sort.name
        raise invalid(f"Query condition missed key schema element: {missed}")

    if sort is None or schema.sort is None:
        return rows

    return replace(rows, bounds=(*rows.bounds, *_bounds(sort, schema.sort)))


def _conjuncts(condition: Condition) -> list[Test]:
    if isinstance(condition, Test):
        return [condition]

    if condition.name != "AND":
        raise invalid(f"Invalid operator used in {_KIND}: {condition.name}")

    return [test for part in condition.parts for test in _conjuncts(part)]


def _key_test(test: Test) -> KeyTest:
    operands = test.operands
    name = test.name
    if isinstance(operands[0], Constant) and name in _FLIPPED:
        operands, name = operands[::-1], _FLIPPED[name]

    attribute, *rest = operands
    if not isinstance(attribute, Attribute) or len(attribute.path) != 1:
        raise invalid(f"Invalid {_KIND}: the left side of a condition must be a key attribute")

    if name not in {*_FLIPPED, "BETWEEN", "begins_with"}:
        raise invalid(f"Invalid operator used in {_KIND}: {name}")

    values = tuple(operand.value for operand in rest if isinstance(operand, Constant))
    if len(values) < len(rest):
        raise invalid(f"Invalid {_KIND}: key attributes are compared with values, not with other attributes")

    return KeyTest(str(attribute.path[0]), name, values)


def _only(tests: list[KeyTest], part: KeyPart) -> KeyTest | None:
    found = [test for test in tests if test.attribute == part.name]
    if len(found) > 1:
        raise invalid(f"{_KIND}s must only contain one condition per key")

    return found[0] if found else None


def _bounds(test: KeyTest, part: KeyPart) -> list[Bound]:
    keys = [_key(value, part) for value in test.values]
    if test.name == "BETWEEN":
        if keys[0] > keys[1]:  # type: ignore[operator]  # both are of the part's type
            raise invalid(
                f"Invalid {_KIND}: The BETWEEN operator requires upper bound to be greater than or equal to lower bound"
            )

        return [Bound(("sk",), ">=", (keys[0],)), Bound(("sk",), "<=", (keys[1],))]

    if test.name == "begins_with":
        return _prefix_bounds(keys[0], part)

    return [Bound(("sk",), test.name, (keys[0],))]


def _prefix_bounds(prefix: KeyBytes, part: KeyPart) -> list[Bound]:
    if part.kind == "N":
        raise invalid(
            f"Invalid {_KIND}: Incorrect operand type for operator or function; operator or function: begins_with, "
            "operand type: N"
        )

    above = _next_text(prefix) if isinstance(prefix, str) else _next_bytes(prefix)
    low = Bound(("sk",), ">=", (prefix,))
    return [low, Bound(("sk",), "<", (above,))] if above else [low]


def _next_text(prefix: str) -> str:
    """Return the least text above all that begin with `prefix`; empty when there is none."""
    kept = prefix.rstrip(chr(_LAST_CODE_POINT))
    if not kept:
        return ""

    following = ord(kept[-1]) + 1
    first, last = _SURROGATES
    return kept[:-1] + chr(last + 1 if first <= following <= last else following)


def _next_bytes(prefix: bytes) -> bytes:
    kept = prefix.rstrip(b"\xff")
    return kept[:-1] + bytes((kept[-1] + 1,)) if kept else b""


def _key(value: Value, part: KeyPart) -> KeyBytes:
    if part.kind not in value:
        raise _mistyped()

    return key_bytes(value)


def _mistyped() -> Problem:
    return invalid(
        "One or more parameter values were invalid: Condition parameter type does not match schema type"
    )
