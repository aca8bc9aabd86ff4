"""Counts of distinct things by sketches, where a run does not ask for exact ones.

A partition sends a sketch for each row instead of the things themselves; what all of them come to is an estimate with
bounds. Within one run exact counts cost hardly more (docs/design/015-exact-and-approximate.md has measurements), so
nothing is approximate unless it is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import polars as pl

from reports.partials.part import Part
from reports.partials.sketches import BOUNDED, CONFIDENCE, LG_K, RELATIVE_ERROR, estimates_of, sketches_of

LOW: Final = "_low"
HIGH: Final = "_high"
"""What follows the name of a column in those of its bounds."""

METHOD: Final = f"CPC sketches of Apache DataSketches, lg_k {LG_K}"

_SKETCH: Final = "_sketch"


def sketched(name: str, rows: pl.LazyFrame, by: Sequence[str], thing: pl.Expr) -> Part:
    """Return the part that counts the different values of `thing`, as texts, for each combination of `by`."""
    things = rows.select(*by, thing.cast(pl.String).alias(_SKETCH)).drop_nulls(_SKETCH).unique()
    listed = pl.col(_SKETCH).implode()
    grouped = things.group_by(by).agg(listed) if by else things.select(listed)
    made = pl.col(_SKETCH).map_batches(sketches_of, return_dtype=pl.Binary(), is_elementwise=True)
    return Part(name, grouped.with_columns(made), {_SKETCH: "union"})


def estimated(rows: pl.LazyFrame, name: str) -> pl.LazyFrame:
    """Return the rows of a part that `sketched` made, with the estimate as `name` and its bounds beside it."""
    found = pl.col(_SKETCH).map_batches(estimates_of, return_dtype=BOUNDED, is_elementwise=True)
    fields = {"value": name, "low": f"{name}{LOW}", "high": f"{name}{HIGH}"}
    numbers = [pl.col(_SKETCH).struct.field(field).alias(alias) for field, alias in fields.items()]
    return rows.with_columns(found).with_columns(numbers).drop(_SKETCH)


def sentence(columns: Sequence[str]) -> str:
    """Return what a person must know of approximate `columns`, which may be none."""
    if not columns:
        return "Nothing in it is approximate."

    names = ", ".join(columns).replace("_", " ")
    return (
        f"Approximate: {names}. Counts of different things are right to ±{RELATIVE_ERROR:.1%} at {CONFIDENCE:.0%} "
        f"({METHOD}), and what is worked out of them accordingly."
    )


def document(columns: Sequence[str]) -> Mapping[str, object]:
    """Return the same as JSON-ready members."""
    return {
        "columns": list(columns),
        "relative_error": RELATIVE_ERROR,
        "confidence": CONFIDENCE,
        "method": METHOD,
    }
