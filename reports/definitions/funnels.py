"""Funnels, as a definitions file says them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final, get_args

from reports.definitions.file import DefinitionsFile, Entry, entry_of, name
from reports.definitions.matching import MATCHING, matcher_of
from reports.toml.values import Key, Wrong, flag, one_of, text
from reports.visits.funnels import Funnel, Scope, Step

FEWEST: Final = 2
MOST: Final = 20
LONGEST_SECONDS: Final = 3_660 * 86_400

_WINDOW: Final = re.compile(r"([0-9]{1,9})([smhd])")
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def _window(value: Any) -> int:
    found = _WINDOW.fullmatch(text(value))
    seconds = int(found[1]) * _SECONDS[found[2]] if found else 0
    if not 0 < seconds <= LONGEST_SECONDS:
        raise Wrong("is to be a number of s, m, h or d, ten years at most")

    return seconds


def _steps(value: Any) -> list[Any]:
    if not isinstance(value, list) or not FEWEST <= len(value) <= MOST:
        raise Wrong(f"begins each step as [[funnel.step]], {FEWEST} to {MOST} of them")

    return value


FUNNEL_KEYS: Final[Mapping[str, Key]] = MappingProxyType(
    {
        "name": Key("what the funnel is called", '"checkout"', name, is_needed=True),
        "scope": Key(
            "what has to go through it: one `visit`, which is usual, or a `visitor` over all visits", '"visitor"',
            one_of(get_args(Scope)),
        ),
        "window": Key("how long after its first step the last may be taken; usually any time", '"7d"', _window),
        "strict": Key("whether no other page may come between two steps; usually they may", "true", flag),
        "step": Key("its steps, in order", '[{ name = "Cart", url = "/cart" }, …]', _steps, is_needed=True),
    }
)  # fmt: skip
"""The keys of ``[[funnel]]``."""

STEP_KEYS: Final[Mapping[str, Key]] = MappingProxyType(
    {"name": Key("what the step is called", '"Cart"', text, is_needed=True), **MATCHING}
)
"""The keys of ``[[funnel.step]]``."""


def funnels_of(file: DefinitionsFile) -> tuple[Funnel, ...]:
    """Return the funnels of a file, in order; raises `SettingsError` that names file, funnel, step and the fault."""
    return tuple(_funnel(entry) for entry in file.entries("funnel", FUNNEL_KEYS))


def _funnel(entry: Entry) -> Funnel:
    values = entry.values
    return Funnel(
        values["name"],
        tuple(_read(entry, values["step"])),
        scope=values.get("scope", "visit"),
        window_seconds=values.get("window"),
        is_strict=values.get("strict", False),
    )


def _read(entry: Entry, steps: Iterable[Any]) -> Iterable[Step]:
    for number, table in enumerate(steps, 1):
        step = entry_of(f"{entry.place}, step {number}", table, STEP_KEYS)
        yield Step(step.values["name"], matcher_of(step))
