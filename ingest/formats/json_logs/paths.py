"""Say where in a JSON object a value stands, as ``request.headers.User-Agent[0]``, and cut it out of columns.

A path is members separated by dots. A name with other characters than letters, digits, ``_``, ``@``, ``-``, ``/``,
``(`` and ``)`` stands in quotation marks. ``[0]`` is an element of an array, ``[name=User-Agent].value`` the member
`value` of the first element whose member `name` is that text in any case: how AWS WAF writes headers.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import polars as pl
import pyarrow as pa

from footfall.errors import FormatError
from footfall.text import printable

_STEP = re.compile(
    r"""(?x)
    (?: (?P<dot> \.? ) (?: (?P<name> [\w@()/-]+ ) | "(?P<quoted> [^"]+ )" ) )
    | \[ (?: (?P<index> \d{1,4} ) | (?P<key> [\w-]+ ) = (?P<value> [^\]]+ ) ) \]
    """
)


@dataclass(frozen=True, slots=True)
class Pick:
    """Choose the element of an array of objects whose member `key` is `value`, in any case."""

    key: str
    value: str


Step = str | int | Pick
Path = tuple[Step, ...]


def parse_path(text: str) -> Path:
    """Return the steps of a path as written; raises `FormatError` for what is none."""
    steps: list[Step] = []
    place = 0
    while match := _STEP.match(text, place):
        if match["dot"] is not None and (not match["dot"]) == bool(steps):
            break

        steps.append(_step(match))
        place = match.end()

    is_picked = any(isinstance(step, Pick) for step in steps)
    if (
        not steps
        or place < len(text)
        or not isinstance(steps[0], str)
        or (is_picked and not _picks_text(steps))
    ):
        sentence = f"{printable(text, 60)!r} is no path to a member of a JSON object."
        raise FormatError(sentence, hint='write it like client.ip, headers.Referer[0] or "a.dotted.name"')

    return tuple(steps)


def _step(match: re.Match[str]) -> Step:
    if match["index"]:
        return int(match["index"])

    if match["key"]:
        return Pick(match["key"], match["value"].lower())

    return match["name"] or match["quoted"]


def _picks_text(steps: list[Step]) -> bool:
    """Tell whether the one choice among objects stands last but one, in front of a member."""
    return len(steps) > 2 and isinstance(steps[-2], Pick) and isinstance(steps[-1], str)


def name_of(path: Path) -> str:
    """Return a path as text, as it is shown."""
    text = ""
    for step in path:
        if isinstance(step, str):
            text += f".{step}" if re.fullmatch(r"[\w@()/-]+", step) else f'."{step}"'
        else:
            text += f"[{step}]" if isinstance(step, int) else f"[{step.key}={step.value}]"

    return text[1:]


@dataclass(slots=True)
class Node:
    """What paths want of a value: its members, its elements, or else the value itself."""

    members: dict[str, Node] = field(default_factory=dict)
    elements: Node | None = None

    @property
    def is_nested(self) -> bool:
        """Whether anything inside of the value is wanted."""
        return bool(self.members) or self.elements is not None

    def polars_type(self) -> pl.DataType:
        """Return the type to read the value as: text, whatever it is, at the ends of the paths."""
        if self.elements is not None:
            return pl.List(self.elements.polars_type())

        return (
            pl.Struct({name: node.polars_type() for name, node in self.members.items()})
            if self.members
            else pl.String()
        )

    def arrow_type(self, sample: object, numbers: Collection[Path], path: Path = ()) -> pa.DataType:
        """Return the type that the value has in `sample`; only at the paths `numbers` it may be a number."""
        if self.elements is not None:
            first = sample[0] if isinstance(sample, list) and sample else None
            return pa.list_(self.elements.arrow_type(first, numbers, path))

        if self.members:
            known: Mapping[str, object] = sample if isinstance(sample, dict) else {}
            return pa.struct(
                [
                    (name, node.arrow_type(known.get(name), numbers, (*path, name)))
                    for name, node in self.members.items()
                ]
            )

        return _ARROW_NUMBERS.get(type(sample), pa.string()) if path in numbers else pa.string()


_ARROW_NUMBERS: Final = {int: pa.int64(), float: pa.float64(), type(None): pa.int64()}


def tree_of(paths: Iterable[Path]) -> Node:
    """Return what paths want of an object; raises `FormatError` where one wants a value and another its inside."""
    root = Node()
    ends: set[int] = set()
    for path in paths:
        node = root
        for step in path:
            if (
                (isinstance(step, str) and node.elements)
                or (not isinstance(step, str) and node.members)
                or id(node) in ends
            ):
                raise _twice(path)

            node = _below(node, step)

        if node.is_nested:
            raise _twice(path)

        ends.add(id(node))

    return root


def _below(node: Node, step: Step) -> Node:
    if isinstance(step, str):
        return node.members.setdefault(step, Node())

    node.elements = node.elements or Node()
    if isinstance(step, Pick):
        node.elements.members.setdefault(step.key, Node())

    return node.elements


def _twice(path: Path) -> FormatError:
    return FormatError(
        f"{printable(name_of(path), 60)!r} is wanted both as a value and as something that has members.",
        hint="leave one of the two out of the map",
    )


def value_at(path: Path) -> pl.Expr:
    """Return the value at a path of a frame with a column for each member of the object."""
    value = pl.col(str(path[0]))
    steps = list(path[1:])
    while steps:
        step = steps.pop(0)
        if isinstance(step, str):
            value = value.struct.field(step)
        elif isinstance(step, int):
            value = value.list.get(step, null_on_oob=True)
        else:
            value = _picked(value, step, str(steps.pop(0)))

    return value


def _picked(objects: pl.Expr, pick: Pick, member: str) -> pl.Expr:
    key = pl.element().struct.field(pick.key).str.to_lowercase()
    return objects.list.eval(pl.element().filter(key == pick.value).struct.field(member)).list.get(
        0, null_on_oob=True
    )


def find_value(value: object, path: Path) -> object:
    """Return the value at a path of a decoded object, None where there is none."""
    steps = list(path)
    while steps and value is not None:
        step = steps.pop(0)
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, dict) else None
        elif isinstance(value, list):
            value = _element(value, step)
        else:
            value = None

    return value


def _element(values: list[object], step: int | Pick) -> object:
    if isinstance(step, int):
        return values[step] if step < len(values) else None

    objects = (value for value in values if isinstance(value, dict))
    return next((value for value in objects if str(value.get(step.key)).lower() == step.value), None)
