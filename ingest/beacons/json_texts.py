"""Cut JSON texts into their elements and members, and join them again, without parsing them.

The texts are JSON already, of which a parser has said so or will. What is wanted of free-form objects is taken out by
regular expressions, which are linear; what is nested deeper than they look is left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

SPACED: Final = ('": ', ', "', '" }', "\n")
"""What stands in JSON that is written with white space, and seldom in strings."""

_DEPTH: Final = 8
"""How deep objects and arrays within an array or a free-form object may be nested."""

_STRING: Final = r'"(?:[^"\\]|\\.)*"'
_SCALAR: Final = r'[^",{}\[\]]+'


def _nested(depth: int) -> str:
    inner = rf"{_STRING}|[^\"{{}}\[\]]"
    nested = rf"[{{\[](?:{inner})*[}}\]]"
    for _ in range(depth - 1):
        nested = rf"[{{\[](?:{inner}|{nested})*[}}\]]"

    return nested


_VALUE: Final = rf"(?:{_STRING}|{_SCALAR}|{_nested(_DEPTH)})"
_MEMBER: Final = rf"{_STRING}\s*:\s*{_VALUE}"


def elements(arrays: pl.Series) -> pl.Series:
    """Return the elements of JSON arrays, in compact text, as lists of JSON texts; null for what is no array.

    Null too for arrays that are nested deeper than `_DEPTH` levels.
    """
    is_single = (
        arrays.str.starts_with("[{") & arrays.str.ends_with("}]") & ~arrays.str.contains(_BETWEEN)
    ).fill_null(value=False)
    inside = arrays.filter(is_single).str.head(-1).str.slice(1)
    single = pl.select(pl.concat_list(inside)).to_series()
    return single if is_single.all() else spread(single, is_single, _elements(arrays.filter(~is_single)))


_BETWEEN: Final = r",\s*\{"
"""Stands before the last element of an array of several that ends in an object."""


def _elements(arrays: pl.Series) -> pl.Series:
    inside = arrays.str.slice(1).str.strip_suffix("]")
    found = inside.str.extract_all(_VALUE)
    length = found.list.eval(pl.element().str.len_bytes()).list.sum() + (found.list.len().cast(pl.Int64) - 1)
    is_whole = (length.cast(pl.Int64) == inside.str.len_bytes()) | (inside == "")
    is_array = arrays.str.starts_with("[") & arrays.str.ends_with("]") & is_whole
    return found.set(~is_array.fill_null(value=False), None)


def members(objects: pl.Series, shown: Sequence[str] | None = None) -> pl.Series:
    """Return the members of JSON objects as lists of texts, each a name without its first quote: ``name":value``.

    With `shown`, members whose name begins with ``$`` are only those. Null for what is no object, or null.
    """
    is_flat = (
        (objects.str.count_matches("{", literal=True) == 1)
        & objects.str.starts_with('{"')
        & ~contains_one(objects, _NOT_FLAT)
    ).fill_null(value=False)
    flat = objects.filter(is_flat).str.strip_prefix('{"').str.strip_suffix("}").str.split(',"')
    listed = flat if is_flat.all() else spread(flat, is_flat, _members(objects.filter(~is_flat)))
    if shown is None:
        return listed

    return _keep(listed, pl.element().str.contains(rf'^(?:[^$]|{_any_of(shown)}")'))


_NOT_FLAT: Final = ("[", ',",', ',"}', *SPACED)
"""Without these, ``,"`` stands between members and nowhere else."""


def _members(objects: pl.Series) -> pl.Series:
    return objects.str.strip_prefix("{").str.extract_all(_MEMBER).list.eval(pl.element().str.slice(1))


def _any_of(names: Sequence[str]) -> str:
    return "(?:" + "|".join(re.escape(name) for name in names) + ")"


def _keep(lists: pl.Series, condition: pl.Expr) -> pl.Series:
    return lists.list.eval(pl.element().filter(condition))


def to_objects(lists: pl.Series) -> pl.Series:
    """Return lists of members as JSON objects (text), null for null."""
    return ('{"' + lists.list.join(',"') + "}").replace('{"}', "{}")


def without(lists: pl.Series, known: Sequence[str]) -> pl.Series:
    """Return lists of members as JSON objects (text) without those in `known` and those that are null.

    Null where nothing is left.
    """
    is_known = pl.element().str.contains(rf'^{_any_of(known)}"\s*:')
    is_null = pl.any_horizontal(pl.element().str.ends_with(ending) for ending in (":null", ": null"))
    left = _keep(lists, ~(is_known | is_null))
    return to_objects(left).replace("{}", None)


def merge_objects(first: pl.Expr, second: pl.Expr) -> pl.Expr:
    """Return JSON objects (text) with the members of both; either may be null."""
    both = first.str.strip_suffix("}") + "," + second.str.strip_prefix("{")
    return pl.coalesce(pl.when(first == "{}").then(second), both, first, second)


def contains_one(texts: pl.Series, literals: Sequence[str]) -> pl.Series:
    """Tell for each text whether it has any of a few `literals`; of so few, one after the other is the faster way."""
    column = pl.col(texts.name)
    found = (column.str.contains(literal, literal=True) for literal in literals)
    return texts.to_frame().select(pl.any_horizontal(found)).to_series()


def spread(chosen: pl.Series, where: pl.Series, others: pl.Series | None = None) -> pl.Series:
    """Return a series with `chosen` in the places that `where` tells, and `others`, or null, in those between."""
    if others is None:
        others = chosen.clear(int((~where).sum()))

    return pl.concat([chosen, others]).gather(_places(where))


def _places(where: pl.Series) -> npt.NDArray[np.int64]:
    """Return where each row stands when those that `where` tells come first, then the others."""
    chosen = where.to_numpy()
    return np.where(chosen, np.cumsum(chosen) - 1, np.cumsum(~chosen) - 1 + np.count_nonzero(chosen))
