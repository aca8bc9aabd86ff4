"""Tell which requests are beacons, and of which dialect, by path and parameters.

Most requests of most logs are none, so the cheapest question comes first: a beacon has parameters, in its query
string or its body. Only what is left is asked for its path, and only what is left then for names of parameters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Final

import polars as pl

from ingest.beacons.known import DIALECTS
from ingest.beacons.model import BeaconSettings, Dialect

FOUND: Final = pl.Schema({"at": pl.UInt32, "dialect": pl.String})
"""What `recognise` returns: places in the frame, counted from 0, each with the name of a dialect."""

MEMBER_ONLY: Final = ":"
"""Stands behind the name of a member of a JSON body, which is no parameter."""

_TOLD: Final = ("query", "body")


def chosen(settings: BeaconSettings) -> tuple[Dialect, ...]:
    """Return the dialects that `settings` ask for, with the paths that they add."""
    names = DIALECTS if settings.dialects is None else settings.dialects
    return tuple(_with_paths(dialect, settings) for name, dialect in DIALECTS.items() if name in names)


def recognise(requests: pl.DataFrame, dialects: Sequence[Dialect]) -> pl.DataFrame:
    """Return which rows of `requests` are beacons, in their order: see `FOUND`.

    `requests` has any of path, query and body. A path that ends as a dialect's decides before parameters that tell
    one anywhere; of several dialects the first in order does.
    """
    told = [
        name for name in _TOLD if name in requests.columns and requests[name].null_count() < len(requests)
    ]
    if not told or not dialects:
        return pl.DataFrame(schema=FOUND)

    candidates = _candidates(requests, told, dialects)
    if candidates.is_empty():
        return pl.DataFrame(schema=FOUND)

    found: list[pl.DataFrame] = []
    called = candidates.select(_ends(dialect.paths).any().alias(dialect.name) for dialect in dialects)
    for dialect in (dialect for dialect in dialects if called[dialect.name][0]):
        candidates = _take(candidates, found, dialect, _ends(dialect.paths), dialect.parameters)

    for dialect in dialects:
        if dialect.telling:
            candidates = _take(candidates, found, dialect, None, dialect.telling)

    return pl.concat(found).sort("at")


def _with_paths(dialect: Dialect, settings: BeaconSettings) -> Dialect:
    added = tuple(ending.lower() for ending, name in settings.paths if name == dialect.name)
    return replace(dialect, paths=(*dialect.paths, *added)) if added else dialect


def _candidates(requests: pl.DataFrame, told: Sequence[str], dialects: Sequence[Dialect]) -> pl.DataFrame:
    """Return the rows that may be beacons, as at, path, query, body."""
    columns = [name for name in ("path", *_TOLD) if name in requests.columns]
    at = (requests[told[0]].is_not_null() if len(told) == 1 else _any_of(requests, told)).arg_true()
    asked = requests.select(columns)[at].with_columns(
        at.alias("at"),
        *(pl.lit(None, dtype=pl.String).alias(name) for name in ("path", *_TOLD) if name not in columns),
    )
    marks = sorted({mark for dialect in dialects for name in dialect.telling[:1] for mark in _marks(name)})
    every = tuple(path for dialect in dialects for path in dialect.paths)
    may_be = asked.select(_ends(every).fill_null(value=False)).to_series()
    if may_be.all() or not marks:
        return asked.filter(may_be)

    others = asked.filter(~may_be)
    has_mark = others.select(
        pl.any_horizontal(pl.col(name).str.contains_any(marks) for name in told)
    ).to_series()
    return asked.filter(may_be.scatter((~may_be).arg_true(), has_mark.fill_null(value=False)))


def _any_of(requests: pl.DataFrame, told: Sequence[str]) -> pl.Series:
    return requests.select(pl.any_horizontal(pl.col(name).is_not_null() for name in told)).to_series()


def _take(
    candidates: pl.DataFrame,
    found: list[pl.DataFrame],
    dialect: Dialect,
    place: pl.Expr | None,
    names: Sequence[str],
) -> pl.DataFrame:
    """Add to `found` what is the dialect's, and return the other candidates."""
    here = candidates if place is None else candidates.filter(place)
    if here.is_empty():
        return candidates

    mine = here if here.select(_have_plainly(tuple(names))).item() else here.filter(*map(_has, names))
    found.append(mine.select("at", pl.lit(dialect.name).alias("dialect")))
    return candidates.filter(~pl.col("at").is_in(mine["at"].implode())) if len(mine) else candidates


@cache
def _ends(endings: tuple[str, ...]) -> pl.Expr:
    alternatives = [
        "^" + re.escape(ending[1:]) if ending.startswith("^") else re.escape(ending) for ending in endings
    ]
    return pl.col("path").str.contains("(?i)(?:" + "|".join(alternatives) + ")$")


def _marks(name: str) -> list[str]:
    """Return texts of which one stands in a request that has the parameter or member `name`."""
    names = name.removesuffix(MEMBER_ONLY).split("|")
    return [f'"{plain}"' for plain in names] if name.endswith(MEMBER_ONLY) else names


@cache
def _have_plainly(names: tuple[str, ...]) -> pl.Expr:
    """Tell whether all requests surely have parameters or members of these names: a JSON body with each as ``"name":``.

    To look for that takes a third of what `_has` does.
    """
    found = [
        pl.any_horizontal(
            pl.col("body").str.contains(f"{mark}:", literal=True) for mark in _marks(f"{plain}:")
        )
        for plain in (name.removesuffix(MEMBER_ONLY) for name in names)
    ]
    return pl.all_horizontal(pl.lit(value=True), *found).fill_null(value=False).all()


@cache
def _has(name: str) -> pl.Expr:
    """Tell for each request whether it has a parameter, or its body a member, of that name (of one of ``a|b``)."""
    plain = "(?:" + "|".join(map(re.escape, name.removesuffix(MEMBER_ONLY).split("|"))) + ")"
    if name.endswith(MEMBER_ONLY):
        return pl.col("body").str.contains(rf'"{plain}"\s*:').fill_null(value=False)

    in_query = pl.col("query").str.contains(rf"(?:^|&){plain}=")
    in_body = pl.col("body").str.contains(rf'(?:^|[?&"\s]){plain}(?:=|"\s*:)')
    return in_query.fill_null(value=False) | in_body.fill_null(value=False)
