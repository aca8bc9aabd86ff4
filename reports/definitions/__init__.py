"""What a site defines for itself, in a TOML file: goals, funnels, and reports of its own.

In reading order: `file` (reading, and saying what is wrong where), `reports` (metrics by dimensions, or SQL),
`matching` (what a hit has to be), `goals`, `funnels`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from reports.definitions.file import load_file
from reports.definitions.funnels import funnels_of
from reports.definitions.goals import goals_of
from reports.definitions.reports import reports_of
from reports.report import Report, View
from reports.visits.funnels import Funnel
from reports.visits.goals import Goal

__all__ = ["Definitions", "load_definitions"]


@dataclass(frozen=True, slots=True)
class Definitions:
    """What a file defines; nothing without one."""

    reports: tuple[Report, ...] = ()
    goals: tuple[Goal, ...] = ()
    funnels: tuple[Funnel, ...] = ()

    def applied(self, view: View) -> View:
        """Return `view` with the goals and funnels."""
        return replace(view, goals=self.goals, funnels=self.funnels)


def load_definitions(path: Path | None) -> Definitions:
    """Return what the file at `path` defines, nothing for None; raises `SettingsError` for what is wrong with it."""
    if path is None:
        return Definitions()

    file = load_file(path)
    return Definitions(reports=reports_of(file), goals=goals_of(file), funnels=funnels_of(file))
