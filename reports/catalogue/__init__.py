"""The questions footfall answers: one `Report` each, derived from the events when it is asked.

In reading order: `measures` (what they share), then the reports: `overview` (all in all, and over time), `comparison`
(with the range before), `content` (pages), `acquisition` (where visits come from), `audience` (who), `technology`
(with what), `actions` (what else is done), `commerce`, `serving` (how the site answers), `bots`, `goals`, `funnels`,
`retention` (who comes back), `paths` (from page to page), `habits` (how deep, long and often). To add one, define
a `Report` in one of these rooms: `CATALOGUE` has all there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Final

from footfall.errors import SettingsError
from footfall.text import printable
from reports.catalogue import (
    acquisition,
    actions,
    audience,
    bots,
    commerce,
    comparison,
    content,
    funnels,
    goals,
    habits,
    overview,
    paths,
    retention,
    serving,
    technology,
)
from reports.report import Report, ReportColumn, View

__all__ = ["ALL", "CATALOGUE", "Report", "ReportColumn", "View", "find_reports"]

ALL: Final = "all"

_ROOMS: Final = (
    overview, comparison, content, acquisition, audience, technology, actions, commerce, serving, bots,
    goals, funnels, retention, paths, habits,
)  # fmt: skip

CATALOGUE: Final[Mapping[str, Report]] = MappingProxyType(
    {one.name: one for room in _ROOMS for one in vars(room).values() if isinstance(one, Report)}
)
"""Every report by name, in the order in which the rooms define them."""


def find_reports(names: Iterable[str]) -> tuple[Report, ...]:
    """Return the reports called `names`, each once, in that order; ``all`` stands for the whole catalogue.

    Raises `SettingsError` for a name that is not in it.
    """
    wanted: dict[str, Report] = {}
    for name in names:
        wanted |= CATALOGUE if name == ALL else {name: _find(name)}

    return tuple(wanted.values())


def _find(name: str) -> Report:
    if name in CATALOGUE:
        return CATALOGUE[name]

    close = get_close_matches(name.lower().replace("_", "-"), (*CATALOGUE, ALL), n=3)
    maybe = f" Did you mean {' or '.join(close)}?" if close else ""
    raise SettingsError(f"There is no report {printable(name, 60)!r}.{maybe}", hint="footfall reports")
