"""The questions footfall answers: one `Report` each, derived from the events when it is asked.

In reading order: `report` (what a report is), `measures` (the rules they share), then the reports:
`overview`, `content`, `audience`. To add one, write its query and its `Report` and add it to `CATALOGUE`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Final

from footfall.errors import SettingsError
from footfall.text import printable
from reports.catalogue.audience import HOSTS, REFERRERS, VISITORS
from reports.catalogue.content import NOT_FOUND, PAGES, STATUSES
from reports.catalogue.overview import DAYS, HOURS, SUMMARY
from reports.report import Report, ReportColumn, View

__all__ = ["ALL", "CATALOGUE", "Report", "ReportColumn", "View", "find_reports"]

ALL: Final = "all"

CATALOGUE: Final[Mapping[str, Report]] = MappingProxyType(
    {
        report.name: report
        for report in (SUMMARY, DAYS, HOURS, PAGES, STATUSES, NOT_FOUND, REFERRERS, HOSTS, VISITORS)
    }
)


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
