"""Sketches of distinct things: a few kilobytes that say about how many there were, and add up over anything.

They are CPC sketches of Apache DataSketches, in the bytes that its Java and C++ libraries read, too. A sketch from here
has always been through a union, so it depends on the things alone: however they were grouped, ordered and repeated,
the bytes are the same. Nulls are nothing; a thing is a text, and an empty one counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import ceil, floor
from typing import Final

import polars as pl
from datasketches import cpc_sketch, cpc_union

LG_K: Final = 13
"""Binary logarithm of the rows of a sketch: 2**13 take 5 KB at most, of few things 30 bytes and some for each."""

DEVIATIONS: Final = 2
"""How many standard deviations bounds are away from the estimate."""

CONFIDENCE: Final = 0.95
"""How often at least the true number is within bounds."""

RELATIVE_ERROR: Final = 0.016
"""How far bounds are from the estimate at most, as part of it, beyond rounding to whole things: 2 · ln 2 / √(2 ** LG_K)
= 1.53 % for many, a little more for about a thousand, where the library goes by errors that were measured."""

BOUNDED: Final = pl.Struct({"value": pl.Int64, "low": pl.Int64, "high": pl.Int64})

_EMPTY: Final = "\0"
"""Stands for the empty text, which the library takes for nothing."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """About how many different things there were: `value`, and with `CONFIDENCE` not outside of `low` to `high`."""

    value: int
    low: int
    high: int


def sketch_of(values: Iterable[str | None]) -> bytes:
    """Return the sketch of the different `values`; repeated ones cost time and change nothing."""
    sketch = cpc_sketch(LG_K)
    update = sketch.update
    for value in values:
        if value is not None:
            update(value or _EMPTY)

    return _together([sketch])


def union(sketches: Iterable[bytes]) -> bytes:
    """Return the sketch of all that `sketches` are of, which may be none; raises `ValueError` for other bytes."""
    return _together(map(_opened, sketches))


def estimate(sketch: bytes) -> Estimate:
    """Return about how many different things `sketch` is of; raises `ValueError` for other bytes."""
    known = _opened(sketch)
    value, low = round(known.get_estimate()), floor(known.get_lower_bound(DEVIATIONS))
    return Estimate(value, min(value, low), max(value, ceil(known.get_upper_bound(DEVIATIONS))))


def sketches_of(things: pl.Series) -> pl.Series:
    """Return the sketch of each list of texts."""
    return _each(things, lambda values: sketch_of(values.to_list()))


def unions_of(sketches: pl.Series) -> pl.Series:
    """Return the union of each list of sketches."""
    return _each(sketches, lambda several: union(several.to_list()))


def estimates_of(sketches: pl.Series) -> pl.Series:
    """Return the estimate of each sketch, as `BOUNDED`; that of null is of nothing."""
    known = [estimate(one) if one is not None else Estimate(0, 0, 0) for one in sketches]
    columns = {name: [getattr(one, name) for one in known] for name in Estimate.__slots__}
    return pl.DataFrame(columns, schema=dict(BOUNDED)).to_struct(sketches.name)


def _each(lists: pl.Series, made: Callable[[pl.Series], bytes]) -> pl.Series:
    return pl.Series(lists.name, [made(one) for one in lists], dtype=pl.Binary)


def _opened(sketch: bytes) -> cpc_sketch:
    try:
        return cpc_sketch.deserialize(sketch)
    except (IndexError, RuntimeError, ValueError) as error:
        raise ValueError(f"no sketch: {error}") from error


def _together(sketches: Iterable[cpc_sketch]) -> bytes:
    whole = cpc_union(LG_K)
    for sketch in sketches:
        whole.update(sketch)

    serialized: bytes = whole.get_result().serialize()
    return serialized
