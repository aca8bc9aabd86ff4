"""Follow document paths into items."""

from __future__ import annotations

import copy
from itertools import pairwise
from typing import Any

from footfall.store.embedded.grammar import Cursor, Path, Placeholders
from footfall.store.embedded.problem import invalid
from footfall.store.embedded.values import Item, Value

_NO_PARENT = "The document path provided in the update expression is invalid for update"


def find(item: Item, path: Path) -> Value | None:
    """Return the value at `path`, or None."""
    found = item.get(str(path[0]))
    for step in path[1:]:
        if found is None:
            return None

        found = _step(found, step)

    return found


def assign(item: Item, path: Path, value: Value) -> None:
    """Put `value` at `path` of `item`, in place; past a list's end appends. Raises `Problem` without a parent."""
    container, step = _parent(item, path)
    if isinstance(container, list) and isinstance(step, int):
        container[step : step + 1] = [value]
        return

    if isinstance(container, list) or isinstance(step, int):
        raise invalid(_NO_PARENT)

    container[step] = value


def remove(item: Item, path: Path) -> None:
    """Remove what is at `path` of `item`, in place; nothing happens when nothing is there."""
    container, step = _parent(item, path)
    if isinstance(container, list) and isinstance(step, int):
        del container[step : step + 1]
    elif isinstance(container, dict):
        container.pop(step, None)


def parse_projection(text: str | None, placeholders: Placeholders) -> list[Path] | None:
    """Return the paths of a ProjectionExpression, or None."""
    if text is None:
        return None

    cursor = Cursor("ProjectionExpression", text, placeholders)
    paths = [cursor.path()]
    while cursor.accept(","):
        paths.append(cursor.path())
    cursor.finish()
    return paths


def project(item: Item, paths: list[Path]) -> Item:
    """Return the part of `item` that lies at `paths`."""
    kept: Item = {}
    for path in paths:
        value = find(item, path)
        if value is not None:
            _merge(kept, path, value)

    return kept


def copied(item: Item) -> Item:
    """Return a copy that may be changed at any depth."""
    return copy.deepcopy(item)


def _merge(kept: Item, path: Path, value: Value) -> None:
    container: Any = kept
    for step, following in pairwise(path):
        kind = "L" if isinstance(following, int) else "M"
        empty: Any = [] if kind == "L" else {}
        if isinstance(container, list):
            # Positions are not kept in a projection: elements move together, in the order they are asked for.
            container.append({kind: empty})
            container = empty
        else:
            container = container.setdefault(str(step), {kind: empty})[kind]

    if isinstance(container, list):
        container.append(value)
    else:
        container[str(path[-1])] = value


def _step(value: Value, step: str | int) -> Value | None:
    if isinstance(step, int):
        elements = value.get("L", [])
        found: Value | None = elements[step] if step < len(elements) else None
        return found

    member: Value | None = value.get("M", {}).get(step)
    return member


def _parent(item: Item, path: Path) -> tuple[Any, str | int]:
    if len(path) == 1:
        return item, path[0]

    parent = find(item, path[:-1])
    kind = "L" if isinstance(path[-1], int) else "M"
    if parent is None or kind not in parent:
        raise invalid(_NO_PARENT)

    return parent[kind], path[-1]
