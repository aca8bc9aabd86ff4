"""Conditions in SQL over the columns of an event, as Polars reads them.

A condition looks at one event at a time: what it says of an event may not depend on which others happen to be in the
same chunk, so there are no aggregates and no windows; and it reads no files, so there are no sub-queries.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import polars as pl

from footfall.errors import SettingsError
from footfall.event import SCHEMA
from ingest.filters.matchers import Matcher

_QUOTED: Final = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")
_REFUSED: Final = re.compile(r"(?i)\b(?:select|from\s+read|table|values|with|read_\w+\s*\()|--|/\*|\$|;")
_AS_POLARS_SAYS: Final = " as Expr"
"""How Polars ends its words about what is no expression at all."""

_OVER_MANY: Final = frozenset(
    {"Agg", "Over", "Window", "Rolling", "Len", "Shift", "Rank", "Range", "SubPlan", "Filter", "Gather", "Slice",
     "Explode", "SortBy", "Sort", "Diff", "PctChange", "CumSum", "CumProd", "CumMin", "CumMax", "CumCount", "Reverse",
     "Unique", "UniqueCounts", "ValueCounts", "Mode", "FillNullWithStrategy", "Interpolate", "Random", "Hash",
     "AnonymousFunction", "DropNulls", "Quantile", "Correlation"}
)  # fmt: skip
"""Names, in Polars' own form of expressions, of what looks at more than one row."""


def condition_of(sql: str) -> pl.Expr:
    """Return the expression of a condition; raises `ValueError`, in Polars' words where those say it, for a bad
    one.
    """
    if found := _REFUSED.search(_QUOTED.sub("''", sql)):
        raise ValueError(
            f"{found[0].strip()!r} is not for conditions: they look at the columns of one event only"
        )

    try:
        expression = pl.sql_expr(sql)
        if names := sorted(set(_names(_tree(expression))) & _OVER_MANY):
            raise ValueError(f"it looks at more than one event at a time ({', '.join(names)})")

        dtype = pl.DataFrame(schema=SCHEMA).select(expression.alias("_")).dtypes[0]
    except pl.exceptions.PolarsError as error:
        raise ValueError(_first_line(error)) from None

    if dtype != pl.Boolean:
        raise ValueError(f"it is no condition but a value of type {dtype}")

    return expression.alias("_")


def unmet(sql: str) -> Matcher:
    """Return what tells which events the condition is not true for; unknown (null) is not true.

    What it makes raises `SettingsError` where the condition cannot be worked out, as a cast of what is no number:
    that ends the run, because a line must not be left out by accident.
    """
    expression = condition_of(sql)
    needed = {name: SCHEMA[name] for name in expression.meta.root_names() if name in SCHEMA}

    def match(events: pl.DataFrame) -> pl.Expr:
        missing = [
            pl.lit(None, dtype=kind).alias(name)
            for name, kind in needed.items()
            if name not in events.columns
        ]
        try:
            met = events.with_columns(missing).select(pl.first(), expression).get_column("_")
        except pl.exceptions.PolarsError as error:
            raise SettingsError(
                f"The condition of --where cannot be worked out for every event: {_first_line(error)}.",
                hint="cast with TRY_CAST, and compare columns with values of their own type",
            ) from error

        return pl.lit(~met.fill_null(value=False))

    return match


def _first_line(error: Exception) -> str:
    said = str(error).strip().partition("\n")[0].rstrip(".")
    plain = said.removesuffix(_AS_POLARS_SAYS)
    return said if plain == said else f"{plain}; a condition is, for instance, status < 400"


def _tree(expression: pl.Expr) -> Any:
    return json.loads(expression.meta.serialize(format="json"))


def _names(tree: Any) -> Iterator[str]:
    """Yield the names of nodes and functions, those of columns and the texts of literals left out."""
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, list):
        for each in tree:
            yield from _names(each)
    elif isinstance(tree, dict):
        for name, below in tree.items():
            yield name
            if name not in {"Column", "Literal"}:
                yield from _names(below)
