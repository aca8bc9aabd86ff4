"""Read and apply UpdateExpression: SET, REMOVE, ADD and DELETE (AWSDG, Expressions.UpdateExpressions)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, TypeAlias

from footfall.store.embedded.grammar import Cursor, Path, Placeholders
from footfall.store.embedded.numbers import parse_number, write_number
from footfall.store.embedded.paths import assign, find, remove
from footfall.store.embedded.problem import Problem, invalid
from footfall.store.embedded.values import Item, Value, typed

Source: TypeAlias = Callable[[Item], Value]
"""Computes a new value from the item as it was before the update."""

Change: TypeAlias = Callable[[Item, Item], None]
"""Changes the new item (second), looking at the old one (first)."""

_SETS: Final = frozenset({"SS", "NS", "BS"})


@dataclass(frozen=True, slots=True)
class Update:
    """The changes of an UpdateExpression and the paths they touch."""

    changes: tuple[Change, ...]
    paths: tuple[Path, ...]

    def apply(self, old: Item, new: Item) -> None:
        """Change `new`, a copy of `old`, in place."""
        for change in self.changes:
            change(old, new)


def parse_update(text: str | None, placeholders: Placeholders) -> Update:
    """Return the changes an expression makes; none without one. Raises `Problem`."""
    changes: list[Change] = []
    paths: list[Path] = []
    if text is not None:
        cursor = Cursor("UpdateExpression", text, placeholders)
        _clauses(cursor, changes, paths)
        _refuse_overlap(cursor, paths)

    return Update(tuple(changes), tuple(paths))


def _clauses(cursor: Cursor, changes: list[Change], paths: list[Path]) -> None:
    seen: set[str] = set()
    while cursor.peek():
        clause = cursor.take(*_CLAUSES)
        if clause in seen:
            raise cursor.refused(f'The "{clause}" section can only be used once in an update expression;')

        seen.add(clause)
        while True:
            path = cursor.path()
            paths.append(path)
            changes.append(_CLAUSES[clause](cursor, path))
            if not cursor.accept(","):
                break


def _refuse_overlap(cursor: Cursor, paths: list[Path]) -> None:
    for place, path in enumerate(paths):
        if any(path[: len(other)] == other or other[: len(path)] == path for other in paths[:place]):
            raise cursor.refused(
                "Two document paths overlap with each other; must remove or rewrite one of these paths; "
                f"path: {list(path)}"
            )


def _set(cursor: Cursor, path: Path) -> Change:
    cursor.take("=")
    source = _sum(cursor)
    return lambda old, new: assign(new, path, source(old))


def _remove(_: Cursor, path: Path) -> Change:
    return lambda _, new: remove(new, path)


def _add(cursor: Cursor, path: Path) -> Change:
    value = cursor.constant()
    kind = typed(value)[0]
    if kind != "N" and kind not in _SETS:
        raise cursor.refused(
            f"Incorrect operand type for operator or function; operator: ADD, operand type: {kind}"
        )

    return lambda old, new: assign(new, path, _added(find(old, path), value))


def _delete(cursor: Cursor, path: Path) -> Change:
    value = cursor.constant()
    kind = typed(value)[0]
    if kind not in _SETS:
        raise cursor.refused(
            f"Incorrect operand type for operator or function; operator: DELETE, operand type: {kind}"
        )

    def change(old: Item, new: Item) -> None:
        before = find(old, path)
        if before is None:
            return

        kept = [element for element in _same_kind(before, kind) if element not in value[kind]]
        if kept:
            assign(new, path, {kind: kept})
        else:
            remove(new, path)

    return change


def _added(before: Value | None, value: Value) -> Value:
    kind, payload = typed(value)
    if before is None:
        return value

    there = _same_kind(before, kind)
    if kind == "N":
        return {"N": write_number(parse_number(there) + parse_number(payload))}

    return {kind: [*there, *(element for element in payload if element not in there)]}


def _same_kind(value: Value, kind: str) -> Any:
    if kind not in value:
        raise _wrong_type()

    return value[kind]


def _sum(cursor: Cursor) -> Source:
    left = _source(cursor)
    sign = cursor.peek()
    if sign not in {"+", "-"}:
        return left

    cursor.take()
    right = _source(cursor)
    direction = 1 if sign == "+" else -1
    return lambda old: {"N": write_number(_number(left(old)) + direction * _number(right(old)))}


def _source(cursor: Cursor) -> Source:
    if cursor.peek().startswith(":"):
        value = cursor.constant()
        return lambda _: value

    if cursor.is_function():
        return _function(cursor)

    path = cursor.path()
    return lambda old: _existing(old, path)


def _function(cursor: Cursor) -> Source:
    name = cursor.function()
    if name not in {"if_not_exists", "list_append"}:
        raise cursor.refused(f"Invalid function name; function: {name}")

    path = cursor.path() if name == "if_not_exists" else None
    first = None if path is not None else _source(cursor)
    cursor.take(",")
    second = _source(cursor)
    cursor.take(")")
    if path is not None:
        return lambda old: find(old, path) or second(old)

    assert first is not None
    return lambda old: {"L": [*_list(first(old)), *_list(second(old))]}


def _existing(old: Item, path: Path) -> Value:
    value = find(old, path)
    if value is None:
        raise invalid("The provided expression refers to an attribute that does not exist in the item")

    return value


def _number(value: Value) -> Decimal:
    if "N" not in value:
        raise _wrong_type()

    return parse_number(value["N"])


def _list(value: Value) -> list[Value]:
    if "L" not in value:
        raise _wrong_type()

    elements: list[Value] = value["L"]
    return elements


def _wrong_type() -> Problem:
    return invalid("An operand in the update expression has an incorrect data type")


_CLAUSES: Final[dict[str, Callable[[Cursor, Path], Change]]] = {
    "SET": _set,
    "REMOVE": _remove,
    "ADD": _add,
    "DELETE": _delete,
}
