"""Take columns of texts, and what is left, out of many decoded JSON objects at once.

A string is its text. A number is the text that it is written as, a boolean ``true`` or ``false``, an array or object
its compact JSON. Null is the same as absent.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cache
from itertools import repeat
from typing import Any, Final

import msgspec
import polars as pl

from ingest.beacons.json_bodies import NOTHING, Object

_TEXT: Final = frozenset({str})
_encode_lines: Final = msgspec.json.Encoder().encode_lines
_encode: Final = msgspec.json.Encoder().encode


def columns_of(objects: Sequence[Object], names: Mapping[str, str]) -> Iterator[pl.Series]:
    """Return columns of texts: column → member, of those that any of `objects` has."""
    present = set().union(*objects)
    for column, name in names.items():
        if name in present:
            yield column_of(column, list(map(dict.get, objects, repeat(name))))


def column_of(name: str, values: Sequence[Any]) -> pl.Series:
    """Return decoded values as a column of texts."""
    if _TEXT.issuperset(map(type, filter(None, values))):
        try:
            return pl.Series(name, values, dtype=pl.String)
        except (TypeError, ValueError):  # there is a zero, a false or something empty
            pass

    texts = [each if each is None else str(each) if type(each) is int else text_of(each) for each in values]
    return pl.Series(name, texts, dtype=pl.String)


def text_of(value: Any) -> str | None:
    """Return a decoded value as text; null, too, for what is nested so deep that it could only just be read."""
    return value if value is None or isinstance(value, str) else _written(value)


def others_of(
    column: str, objects: Sequence[Object], known: Collection[str], *, hidden: str | None = None
) -> Iterator[pl.Series]:
    """Return of each of `objects` the members that are not in `known`, as compact JSON; no column where none has any.

    They are in the order in which they were sent. Members whose names begin with `hidden` are none of them.
    """
    present = set().union(*objects).difference(known)
    shown = frozenset(name for name in present if hidden is None or not name.startswith(hidden))
    if shown:
        left = [NOTHING if shown.isdisjoint(each) else _chosen(each, shown) for each in objects]
        yield _written_of(column, left)


def objects_of(column: str, objects: Sequence[Object], names: Mapping[str, str]) -> Iterator[pl.Series]:
    """Return of each of `objects` the members that `names` tells, name → member, as compact JSON, in that order.

    Null where there are none of them, and no column where no object has any.
    """
    present = set().union(*objects)
    if not present.isdisjoint(names.values()):
        values = (
            map(dict.get, objects, repeat(member)) if member in present else repeat(None)
            for member in names.values()
        )
        yield _written_of(column, list(map(_struct(tuple(names)), *values)))


@cache
def _struct(names: tuple[str, ...]) -> type[msgspec.Struct]:
    """Return a type of objects with members of these names, that is written without those that are null."""
    fields = {f"member_{place}": name for place, name in enumerate(names)}
    members = [(field, Any, None) for field in fields]
    return msgspec.defstruct("Members", members, rename=fields, omit_defaults=True, gc=False)


def _chosen(value: Object, shown: frozenset[str]) -> Object:
    names = filter(shown.__contains__, value)
    return {name: inner for name in names if (inner := value[name]) is not None}


def _written_of(column: str, values: Sequence[Any]) -> pl.Series:
    texts = pl.Series(column, _all_written(values), dtype=pl.String)
    return texts.set(texts == "{}", None)


def _all_written(values: Sequence[Any]) -> Sequence[str | None]:
    try:
        return _encode_lines(values).decode().split("\n")[:-1]
    except RecursionError:
        return list(map(_written, values))


def _written(value: Any) -> str | None:
    try:
        return _encode(value).decode()
    except RecursionError:
        return None
