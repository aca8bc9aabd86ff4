"""Ways to make a dimension."""

from __future__ import annotations

from typing import Final

import polars as pl

from reports.query.dimension import Dimension, Made
from reports.query.grain import Grain

DONE: Final[tuple[Grain, ...]] = ("hits", "items", "events")
"""Rows of what is done, one at a time."""

VISITED: Final[tuple[Grain, ...]] = ("visits", "events")
"""Rows of whole visits, and events, which have the same of their own."""


def column(name: str) -> Made:
    """Return what gives a column as it is."""
    return lambda _: pl.col(name)


def plain(
    name: str,
    meaning: str,
    *grains: Grain,
    unit: str = "text",
    of: str | None = None,
    owa: tuple[str, ...] = (),
    remark: str = "",
) -> Dimension:
    """Return the dimension that is the column `of` of `grains`, by its own name where that is left out."""
    return Dimension(name, unit, meaning, dict.fromkeys(grains, column(of or name)), owa, remark)


def worked_out(
    name: str,
    meaning: str,
    value: pl.Expr,
    *grains: Grain,
    unit: str = "text",
    owa: tuple[str, ...] = (),
    remark: str = "",
) -> Dimension:
    """Return the dimension that is `value` in rows of `grains`."""
    return Dimension(name, unit, meaning, dict.fromkeys(grains, lambda _: value), owa, remark)


def address(host: str, path: str) -> pl.Expr:
    """Return host and path together; the path alone where no host is known."""
    return pl.concat_str(pl.col(host).fill_null(""), path)
