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

    asked = _asked(requests, told)
    paths = asked.select(pl.col("path").unique())
    called = paths.filter(_ends(tuple(path for dialect in dialects for path in dialect.paths)))
    is_all = len(called) == len(paths)
    candidates = asked if is_all else _candidates(asked, told, called["path"], dialects)
    found: list[pl.DataFrame] = []
    for dialect in dialects if len(called) else ():
        here = called.filter(_ends(dialect.paths))["path"]
        if len(here) and len(candidates):
            place = None if is_all and len(here) == len(called) else pl.col("path").is_in(here.implode())
            candidates = _take(candidates, found, dialect, place, dialect.parameters)

    for dialect in dialects:
        if dialect.telling and len(candidates):
            candidates = _take(candidates, found, dialect, None, dialect.telling)

    return pl.concat(found).sort("at") if len(found) > 1 else pl.concat([pl.DataFrame(schema=FOUND), *found])


def _with_paths(dialect: Dialect, settings: BeaconSettings) -> Dialect:
    added = tuple(ending.lower() for ending, name in settings.paths if name == dialect.name)
    return replace(dialect, paths=(*dialect.paths, *added)) if added else dialect


def _asked(requests: pl.DataFrame, told: Sequence[str]) -> pl.DataFrame:
    """Return the requests that have parameters, as at, path, query, body."""
    columns = [name for name in ("path", *_TOLD) if name in requests.columns]
    asked = requests.select(columns)
    if len(told) == 1 and not asked[told[0]].null_count():
        at = pl.Series(range(len(asked)), dtype=pl.UInt32)
    else:
        at = (
            asked.select(pl.any_horizontal(pl.col(name).is_not_null() for name in told))
            .to_series()
            .arg_true()
        )
        asked = asked[at]

    return asked.with_columns(
        at.alias("at"),
        *(pl.lit(None, dtype=pl.String).alias(name) for name in ("path", *_TOLD) if name not in columns),
    )


def _candidates(
    asked: pl.DataFrame, told: Sequence[str], called: pl.Series, dialects: Sequence[Dialect]
) -> pl.DataFrame:
    """Return the requests that may be beacons: for one of the paths `called`, or a parameter that tells one."""
    marks = sorted({mark for dialect in dialects for name in dialect.telling[:1] for mark in _marks(name)})
    has_mark = [pl.col(name).str.contains_any(marks) for name in told if marks]
    if called.is_empty():
        return asked.filter(pl.any_horizontal(pl.lit(value=False), *has_mark))

    may_be = asked["path"].is_in(called.implode()).fill_null(value=False)
    if not marks:
        return asked.filter(may_be)

    others = asked.filter(~may_be).select(pl.any_horizontal(has_mark).fill_null(value=False)).to_series()
    return asked.filter(may_be.scatter((~may_be).arg_true(), others))


def _take(
    candidates: pl.DataFrame,
    found: list[pl.DataFrame],
    dialect: Dialect,
    place: pl.Expr | None,
    names: Sequence[str],
) -> pl.DataFrame:
    """Add to `found` what is the dialect's, and return the other candidates."""
    here = candidates if place is None else candidates.filter(place)
    is_mine = _have(here, tuple(names))
    mine = here.filter(is_mine)
    found.append(mine.select("at", pl.lit(dialect.name).alias("dialect")))
    if len(mine) in {0, len(candidates)}:
        return candidates.clear() if len(mine) else candidates

    return candidates.filter(~pl.col("at").is_in(mine["at"].implode()))


def _have(candidates: pl.DataFrame, names: tuple[str, ...]) -> pl.Series:
    """Tell for each candidate whether it has all parameters or members of these names."""
    plainly = candidates.select(_have_plainly(names)).to_series()
    if plainly.all():
        return plainly

    others = candidates.filter(~plainly).select(_have_anyhow(names)).to_series()
    return plainly.scatter((~plainly).arg_true(), others)


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
    """Tell which candidates surely have parameters or members of these names: in the query, or a JSON body with each
    as ``"name":``.

    To look for that takes a third of what `_has` does.
    """
    found = [
        pl.any_horizontal(
            *_in_query(name),
            *(
                pl.col("body").str.contains(f"{mark}:", literal=True)
                for mark in _marks(name.removesuffix(MEMBER_ONLY) + MEMBER_ONLY)
            ),
        )
        for name in names
    ]
    return pl.all_horizontal(pl.col("at").is_not_null(), *found).fill_null(value=False)


@cache
def _have_anyhow(names: tuple[str, ...]) -> pl.Expr:
    return pl.all_horizontal(pl.col("at").is_not_null(), *map(_has, names))


def _has(name: str) -> pl.Expr:
    """Tell for each request whether it has a parameter, or its body a member, of that name (of one of ``a|b``)."""
    plain = "(?:" + "|".join(map(re.escape, name.removesuffix(MEMBER_ONLY).split("|"))) + ")"
    if name.endswith(MEMBER_ONLY):
        return pl.col("body").str.contains(rf'"{plain}"\s*:').fill_null(value=False)

    in_body = pl.col("body").str.contains(rf'(?:^|[?&"\s]){plain}(?:=|"\s*:)')
    return pl.any_horizontal(*_in_query(name), in_body).fill_null(value=False)


def _in_query(name: str) -> list[pl.Expr]:
    """Return of which one tells that the query has a parameter of that name; none for a member of a body only."""
    query = pl.col("query")
    names = [] if name.endswith(MEMBER_ONLY) else name.split("|")
    return [
        found
        for one in names
        for found in (query.str.starts_with(f"{one}="), query.str.contains(f"&{one}=", literal=True))
    ]
