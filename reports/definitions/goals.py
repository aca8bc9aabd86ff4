"""Goals, as a definitions file says them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, get_args

from reports.definitions.file import DefinitionsFile, Entry, entry_of, name
from reports.definitions.matching import MATCHING, matcher_of
from reports.toml.values import Key, Wrong, as_it_is, flag, number
from reports.visits.goals import Goal, Worth


def _worth(value: Any) -> float | str:
    if isinstance(value, str):
        if value not in get_args(Worth):
            raise Wrong(f"is to be a number, or one of {', '.join(get_args(Worth))}")

        return value

    return number(value)


GOAL_KEYS: Final[Mapping[str, Key]] = MappingProxyType(
    {
        "name": Key("what the goal is called", '"order"', name, is_needed=True),
        **MATCHING,
        "starts": Key(
            "what a visit that sets out for it does, by the same keys", '{ url = "/cart" }', as_it_is
        ),
        "value": Key(
            "what reaching it is worth: a number, or the hit's `event_value` or `revenue`",
            '"revenue"',
            _worth,
        ),
        "once": Key("whether a visit reaches it once at most; usually so", "false", flag),
    }
)
"""The keys of ``[[goal]]``."""


def goals_of(file: DefinitionsFile) -> tuple[Goal, ...]:
    """Return the goals of a file, in order; raises `SettingsError` that names file, goal and what is wrong."""
    return tuple(_goal(entry) for entry in file.entries("goal", GOAL_KEYS))


def _goal(entry: Entry) -> Goal:
    values = entry.values
    starts = entry_of(f"{entry.place}, starts", values["starts"], MATCHING) if "starts" in values else None
    return Goal(
        values["name"],
        matcher_of(entry),
        starts=None if starts is None else matcher_of(starts),
        value=values.get("value", 0.0),
        is_once=values.get("once", True),
    )
