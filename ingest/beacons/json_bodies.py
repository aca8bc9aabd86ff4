"""JSON bodies to columns, without a Python object per event.

Texts are read as lines of newline-delimited JSON: a parse of all of them at once, in Rust. Polars gives that up for
the whole when one line is no JSON, so that those that fail are looked for and read apart; what is made of a text
never depends on its neighbours. Bodies that are nested deeper than a parser goes are no JSON to it: no text overflows
a stack (RFC 8259, 9, allows limits of depth).

Values are never cut: an event that becomes larger than an item may be goes to the dead letters with that reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Final

import numpy as np
import polars as pl
from polars.exceptions import PolarsError

from ingest.beacons.items import item_arrays
from ingest.beacons.json_texts import SPACED, contains_one, elements, spread

_LINE_ENDS: Final = ("\n", "\r")
_BLANK: Final = " \t\n\r"


def read_members(texts: pl.Series, names: Sequence[str]) -> tuple[pl.DataFrame, pl.Series]:
    """Return one String column for each of `names`, and whether each text is a JSON object.

    A string is its text, a number, boolean, array or object its JSON; null where the member is absent or null, and
    in all columns where the text is no object. Objects that are to be read further are better taken by `member`,
    which keeps their order and escapes. Never raises on any text.
    """
    schema = pl.Schema(dict.fromkeys(names, pl.String()))
    if texts.null_count() == len(texts):
        return schema.to_frame().clear(len(texts)), texts.is_not_null()

    lines = texts.str.strip_chars(_BLANK).fill_null("")
    is_object = lines.str.starts_with("{")
    plain = _one_line(lines if is_object.all() else lines.set(~is_object, "{}"))
    read = _read(plain, schema)
    if read is not None:
        return read, is_object

    apart = _read_apart(plain, schema)
    return apart.select(names), is_object & apart[_IS_READ]


_NUMBER: Final = "\0number"
_IS_READ: Final = "\0is_read"


def _one_line(texts: pl.Series) -> pl.Series:
    if not contains_one(texts, _LINE_ENDS).any():
        return texts

    return texts.str.replace_many(list(_LINE_ENDS), [" "] * len(_LINE_ENDS))


def _read(lines: pl.Series, schema: pl.Schema) -> pl.DataFrame | None:
    """Return the members of lines that are all JSON objects, None when one of them is not."""
    if lines.is_empty():
        return schema.to_frame()

    try:
        read = pl.read_ndjson(BytesIO(_joined(lines)), schema=schema, ignore_errors=True)
    except PolarsError:
        return None

    return read if len(read) == len(lines) else None


def _joined(lines: pl.Series) -> memoryview:
    """Return the bytes of texts with newlines between them, without making a Python string of them."""
    array = lines.str.join("\n").to_arrow(compat_level=pl.CompatLevel.oldest())
    begin, end = np.frombuffer(array.buffers()[1], np.int64)[array.offset : array.offset + 2]
    return memoryview(array.buffers()[2] or b"")[begin:end]


def _read_apart(lines: pl.Series, schema: pl.Schema) -> pl.DataFrame:
    """Return the members of `lines` and whether each could be read, those that another parser refuses apart."""
    numbered = pl.DataFrame({_NUMBER: range(len(lines)), "line": lines})
    is_doubtful = lines.str.json_path_match("$").is_null()
    halves = (numbered.filter(~is_doubtful), numbered.filter(is_doubtful))
    return pl.concat(_halve(half, schema) for half in halves).sort(_NUMBER)


def _halve(numbered: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """Return the members of lines, found out by halves which of them cannot be read."""
    read = _read(numbered["line"], schema)
    if read is not None:
        return read.with_columns(numbered[_NUMBER], pl.lit(value=True).alias(_IS_READ))

    if len(numbered) == 1:
        return schema.to_frame().clear(1).with_columns(numbered[_NUMBER], pl.lit(value=False).alias(_IS_READ))

    middle = len(numbered) // 2
    return pl.concat([_halve(numbered[:middle], schema), _halve(numbered[middle:], schema)])


def member(texts: pl.Series, name: str) -> pl.Series:
    """Return one member of JSON objects: the text of a string, the compact JSON of anything else.

    Null where it is absent, and where the text is no JSON.
    """
    has_it = texts.str.contains(f'"{name}"', literal=True).fill_null(value=False)
    found = texts.filter(has_it).str.json_path_match(f"$['{name}']")
    return spread(found, has_it)


def cut_member(texts: pl.Series, name: str, brackets: str = "{}") -> tuple[pl.Series, pl.Series]:
    """Return JSON objects without one of their members, and the member: an object, or with ``[]`` an array.

    The member is null where there is none, or none of that sort. Bodies in which no other has these brackets, which
    nearly all are, are cut as text; the others keep the member and are parsed.
    """
    opening, closing = brackets[0], brackets[1]
    count = 2 if opening == "{" else 1
    text = pl.col("text")
    conditions = (
        (text.str.count_matches(opening, literal=True) == count)
        & (text.str.count_matches(closing, literal=True) == count)
        & text.str.contains(f'"{name}":{opening}', literal=True)
        & ~pl.any_horizontal(text.str.contains(spaced, literal=True) for spaced in SPACED)
    )
    is_plain = texts.to_frame("text").select(conditions.fill_null(value=False)).to_series()
    if is_plain.all():
        return _cut(texts, name, brackets)

    others = texts.filter(~is_plain)
    rest, inner = _cut(texts.filter(is_plain), name, brackets)
    parsed = _only(member(others, name), opening)
    return spread(rest, is_plain, others), spread(inner, is_plain, parsed)


def _cut(texts: pl.Series, name: str, brackets: str) -> tuple[pl.Series, pl.Series]:
    opening, closing = brackets[0], brackets[1]
    before, behind = _split_once(texts, f'"{name}":{opening}')
    inner, after = _split_once(behind, closing)
    return before + f'"{name}":0' + after, opening + inner + closing


def _split_once(texts: pl.Series, by: str) -> tuple[pl.Series, pl.Series]:
    parts = texts.str.splitn(by, 2).struct
    return parts.field("field_0"), parts.field("field_1")


def _only(texts: pl.Series, opening: str) -> pl.Series:
    return texts.set(~texts.str.starts_with(opening).fill_null(value=True), None)


def filled_objects(texts: pl.Series) -> pl.Series:
    """Return those of compact JSON texts that are objects with members, null for the others."""
    return _only(texts, "{").replace("{}", None)


def beside(frame: pl.DataFrame, *others: pl.DataFrame) -> pl.DataFrame:
    """Return `frame` with the columns of others, of as many rows; of equal names the last counts."""
    columns = {column.name: column for each in (frame, *others) for column in each.get_columns()}
    return pl.DataFrame([*columns.values()])


def spread_arrays(requests: pl.DataFrame, column: str = "body") -> pl.DataFrame:
    """Return `requests` with a row for each element of those whose `column` is a JSON array, in their order.

    An empty array, and what looks like one and is none, keep one row: their text is no object.
    """
    is_array = requests[column].str.contains(r"^\s*\[").fill_null(value=False)
    if not is_array.any():
        return requests

    lists = elements(requests.filter(is_array)[column].str.json_path_match("$"))
    whole = requests.filter(is_array).with_columns(lists.set(lists.list.len() == 0, None).alias(column))
    return pl.concat([requests.filter(~is_array), whole.explode(column)]).sort("row", maintain_order=True)


def line_items(lists: pl.Series, names: Mapping[str, Sequence[str]]) -> pl.Series:
    """Return lists of line items (JSON texts) as arrays of sku, name, category, price and quantity (JSON texts).

    `names` has for each of the five the members that may hold it, first come first served. Null where no element has
    any of them.
    """
    if lists.null_count() == len(lists):
        return pl.Series([None], dtype=pl.String).new_from_index(0, len(lists))

    numbered = pl.DataFrame({"row": pl.arange(len(lists), eager=True, dtype=pl.UInt32), "item": lists})
    each = numbered.explode("item").drop_nulls("item")
    found, _ = read_members(each["item"], [name for given in names.values() for name in given])
    parts = found.select(pl.coalesce(given).alias(name) for name, given in names.items())
    return item_arrays(beside(each.select("row"), parts), len(lists))
