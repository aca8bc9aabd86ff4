"""What a hit has to be to reach a goal or take a step of a funnel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl
from polars.exceptions import PolarsError

from footfall.errors import SettingsError
from footfall.text import printable


@dataclass(frozen=True, slots=True)
class Matcher:
    """What a hit has to be.

    `said` is how the definition says it. `is_met` is true of such hits, over the names that `of_hit` gives from a hit's
    columns and `of_visit` from those of its visit. What is said alike is equal.
    """

    said: str
    is_met: pl.Expr = field(compare=False, repr=False)
    of_hit: Mapping[str, pl.Expr] = field(default_factory=dict, compare=False, repr=False)
    of_visit: Mapping[str, pl.Expr] = field(default_factory=dict, compare=False, repr=False)


def marked(hits: pl.LazyFrame, visits: pl.LazyFrame, matchers: Sequence[Matcher]) -> pl.DataFrame:
    """Return a row for each of `hits`, in order, with a flag for each of `matchers`, named by its number; never null.

    A name means the same in all of them. Raises `SettingsError` for a condition that fails over a value.
    """
    of_hit = {name: value for matcher in matchers for name, value in matcher.of_hit.items()}
    of_visit = {name: value for matcher in matchers for name, value in matcher.of_visit.items()}
    rows = hits.select("visit", *(value.alias(name) for name, value in of_hit.items()))
    if of_visit:
        known = visits.select("visit", *(value.alias(name) for name, value in of_visit.items()))
        rows = rows.join(known, on="visit", how="left", maintain_order="left")

    flags = (
        matcher.is_met.fill_null(value=False).alias(str(number)) for number, matcher in enumerate(matchers)
    )
    try:
        return rows.select(flags).collect()
    except PolarsError as error:
        reason = printable(str(error).partition("\n")[0].rstrip("."), 200)
        raise SettingsError(
            f"A goal or a step of a funnel cannot be told of some hits: {reason}.",
            hint="TRY_CAST gives nothing where CAST fails",
            details=[matcher.said for matcher in matchers],
        ) from error
