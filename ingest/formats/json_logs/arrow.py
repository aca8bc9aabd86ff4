"""Read objects inside of objects by Arrow's reader, which wants values of one type in each place.

Types are those of the first line, or of the first that is not like it if most are not. Lines that may have others,
which a look at the text tells, are named for another reader: one odd line does not cost the speed of all.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Collection, Iterable, Iterator
from typing import Final, cast

import polars as pl
import pyarrow as pa
import pyarrow.json as pj

from ingest.formats.json_logs.paths import Node, Path

_BLOCK_BYTES: Final = 2**20
_OTHERS: Final = {
    pa.int64(): r'["tf\[{]|-?[0-9]*[.eE]|-?[0-9]{16}',
    pa.float64(): r'["tf\[{]|-?[0-9]+[ ,}\]eE]|-?[0-9]{16}|-?[0-9]+\.(?:[0-9]{10}|[0-9]*[eE])',
    pa.string(): r"[-0-9tf\[{]",
}
"""Type → how other values begin; numbers count as others if they are not the same once they are made text again."""


def read_alike(texts: pl.Series, data: bytes, tree: Node, numbers: Collection[Path]) -> pl.DataFrame | None:
    """Return the members of objects, the lines of `data`, if all values have the types of the first; else None.

    Arrow reads one object after the other, wherever lines end. But no object goes on behind a line's end: the line
    ends in a brace and the next one begins with one, which JSON has nowhere. So as many objects as lines are one
    object a line.
    """
    schema = _schema(texts[0], tree, numbers)
    if schema is None:
        return None

    try:
        table = pj.read_json(
            io.BytesIO(data),
            read_options=pj.ReadOptions(block_size=_BLOCK_BYTES),
            parse_options=pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore"),
        )
    except (pa.ArrowException, ValueError):
        return None

    return cast("pl.DataFrame", pl.from_arrow(table)) if table.num_rows == len(texts) else None


def are_alike(texts: pl.Series, tree: Node, numbers: Collection[Path]) -> pl.Series:
    """Tell which texts seem to have values of the types that most have."""
    alike = _like(texts, texts[0], tree, numbers)
    if alike.sum() * 2 >= len(texts):
        return alike

    return _like(texts, texts.filter(~alike)[0], tree, numbers)


def _like(texts: pl.Series, first: str, tree: Node, numbers: Collection[Path]) -> pl.Series:
    """Tell which texts seem to have values of the types that `first` has; none if that is not to be told."""
    schema = _schema(first, tree, numbers)
    names: dict[tuple[pa.DataType, bool], set[str]] = {}
    for name, kind, is_list in _ends(schema or ()):
        names.setdefault((kind, is_list), set()).add(name)

    others = (
        f"(?:{'|'.join(map(re.escape, sorted(called)))})"
        rf'"\s*:\s*{_IN_LIST if is_list else ""}(?:{_OTHERS[kind]})'
        for (kind, is_list), called in names.items()
    )
    odd = texts.str.contains(f'"(?:{"|".join(others)})', strict=False).fill_null(value=True)
    return ~odd if schema is not None else odd.clear(len(odd)).fill_null(value=False)


_IN_LIST: Final = r"\[\s*"


def _ends(fields: Iterable[pa.Field]) -> Iterator[tuple[str, pa.DataType, bool]]:
    """Return the names and types of values that have none inside, and whether they are elements of an array."""
    for field in fields:
        within = pa.types.is_list(field.type)
        kind = field.type.value_type if within else field.type
        yield from _ends(kind) if pa.types.is_struct(kind) else ((field.name, kind, within),)


def _schema(text: str, tree: Node, numbers: Collection[Path]) -> pa.Schema | None:
    try:
        sample = json.loads(text)
        members = tree.members.items()
        return pa.schema(
            [(name, node.arrow_type(sample.get(name), numbers, (name,))) for name, node in members]
        )
    except (pa.ArrowException, ValueError, RecursionError):
        return None
