"""What a hit has to be, as a definition says it: a page, an action, or a condition in SQL."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

import polars as pl
from polars.exceptions import PolarsError

from footfall.errors import SettingsError
from footfall.text import printable
from reports.definitions.file import Entry
from reports.query import probe
from reports.query.conditions import FAILURES, condition, refused, unknown
from reports.query.dimension import Dimension
from reports.query.dimensions import DIMENSIONS
from reports.report import View
from reports.toml.values import Key, Wrong, one_of, text
from reports.visits.hits import ACTIONS, PRESENCE
from reports.visits.matching import Matcher, marked

_EVENT: Final = ("category", "action", "label")
_AFTERWARDS: Final = frozenset({"goals_in_visit", "goal_starts_in_visit", "goal_value_in_visit"})
"""Dimensions that are only known when all goals are."""


def _path(value: Any) -> str:
    path = text(value)
    if not path.startswith("/") or "?" in path or "#" in path:
        raise Wrong("is to be a path that begins with /, without a query")

    return path


def _pattern(value: Any) -> str:
    pattern = text(value)
    try:
        pl.Series([""]).str.contains(pattern)
    except PolarsError as error:
        lines = [line for line in str(error).splitlines() if line.startswith("error:")]
        reason = lines[0].removeprefix("error:").strip() if lines else "it is too large"
        raise Wrong(f"is no regular expression of Rust's regex crate: {printable(reason, 200)}") from None

    return pattern


def _event(value: Any) -> Mapping[str, str]:
    if not isinstance(value, dict) or not value or not set(value) <= set(_EVENT):
        raise Wrong(f"is to be a table with some of {', '.join(_EVENT)}")

    return {part: text(wanted) for part, wanted in value.items()}


MATCHING: Final[Mapping[str, Key]] = MappingProxyType(
    {
        "url": Key("the path of a page, exactly", '"/thanks"', _path),
        "url_prefix": Key("what the path of a page begins with", '"/shop/"', _path),
        "url_regex": Key(
            "what is found in the path of a page, in Rust's syntax", '"^/order/[0-9]+/done$"', _pattern
        ),
        "event": Key(
            "what a visitor does, by some of its texts", '{ category = "video", action = "play" }', _event
        ),
        "kind": Key(
            "the kind of event", '"transaction"', one_of(("request", "pageview", *ACTIONS, *PRESENCE))
        ),
        "where": Key("a condition in SQL, over dimensions of hits", "\"title LIKE 'Thank you%'\"", text),
    }
)
"""The keys that say what a hit has to be. All that are given must hold; one is needed."""


_BY_PATH: Final = frozenset({"url", "url_prefix", "url_regex"})
_BY_KIND: Final = frozenset({"event", "kind"})
_IS_FETCHED: Final = pl.col("is_page") | (pl.col("is_action") & (pl.col("kind") == "request"))
"""What a path alone means: a page that was viewed or a file that was downloaded, not what was done on a page."""

_CONDITIONS: Final[Mapping[str, Callable[[Any], pl.Expr]]] = {
    "url": lambda path: pl.col("path") == path,
    "url_prefix": lambda prefix: pl.col("path").str.starts_with(prefix),
    "url_regex": lambda pattern: pl.col("path").str.contains(pattern),
    "event": lambda event: pl.all_horizontal(
        pl.col(f"event_{part}") == wanted for part, wanted in event.items()
    ),
    "kind": lambda kind: pl.col("kind") == kind,
}
_OF_HIT: Final[Mapping[str, pl.Expr]] = {
    **{name: pl.col(name) for name in ("is_page", "is_action")},
    **{
        name: DIMENSIONS[name].rows["hits"](View())
        for name in ("path", "kind", *(f"event_{part}" for part in _EVENT))
    },
}


def matcher_of(entry: Entry) -> Matcher:
    """Return what `entry` says a hit has to be.

    Raises `SettingsError` when it says nothing, and for a condition that cannot be used: it is tried on a few hits.
    """
    said = {key: value for key, value in entry.values.items() if key in MATCHING}
    if not said:
        raise entry.refused(f"it needs one of {', '.join(MATCHING)}.", f"url = {MATCHING['url'].example}")

    conditions = [make(said[key]) for key, make in _CONDITIONS.items() if key in said]
    if _BY_PATH & set(said) and not _BY_KIND & set(said):
        conditions.append(_IS_FETCHED)

    if "where" not in said:
        return Matcher(_told(said), pl.all_horizontal(conditions), _OF_HIT)

    try:
        return _with_where(said, conditions)
    except SettingsError as error:
        raise SettingsError(f"{entry.place}: {error}", hint=error.hint, details=error.details) from error


def _with_where(said: Mapping[str, Any], conditions: list[pl.Expr]) -> Matcher:
    where = condition(said["where"], "where")
    dimensions = [_dimension(name) for name in where.meta.root_names()]
    of_hit = {one.name: one.rows["hits"](View()) for one in dimensions if "hits" in one.rows}
    of_visit = {one.name: one.rows["visits"](View()) for one in dimensions if "hits" not in one.rows}
    _try(Matcher("", where, of_hit, of_visit), said["where"])
    return Matcher(_told(said), pl.all_horizontal(*conditions, where), {**_OF_HIT, **of_hit}, of_visit)


def _try(where: Matcher, said: str) -> None:
    facts = probe.facts(View())
    try:
        flags = marked(facts.hits, facts.visits, [where])
    except (*FAILURES, SettingsError) as error:
        raise refused(said, "where", error.__cause__ or error) from error

    if flags.schema.dtypes() != [pl.Boolean()]:
        raise SettingsError(
            f"where {printable(said, 80)!r} compares nothing: it is to be true or false of a hit.",
            hint=f"where = {MATCHING['where'].example}",
        )


def _dimension(name: str) -> Dimension:
    known = {
        one
        for one, dimension in DIMENSIONS.items()
        if dimension.is_had_in("hits") and not _is_clock(dimension)
    }
    known -= _AFTERWARDS
    if name not in known:
        raise unknown(name, known, "dimension of hits", "footfall reports --dimensions lists them")

    return DIMENSIONS[name]


def _is_clock(dimension: Dimension) -> bool:
    """Tell whether it depends on a report's time zone, which no definition knows."""
    if "hits" not in dimension.rows:
        return False

    here, there = (dimension.rows["hits"](View(zone)) for zone in ("UTC", "Asia/Tokyo"))
    return not here.meta.eq(there)


def _told(said: Mapping[str, Any]) -> str:
    """Return what is said as TOML, in one line."""
    return ", ".join(f"{key} = {_written(value)}" for key, value in said.items())


def _written(value: Any) -> str:
    return f"{{ {_told(value)} }}" if isinstance(value, dict) else json.dumps(value, ensure_ascii=False)
