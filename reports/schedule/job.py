"""A job: which reports, about which days, when, in which forms, and where they go.

All that a run needs follows from the job and the moment at which the run is due. So a run that is made up, or made
again after a crash, asks the same questions and writes the same files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from math import inf
from pathlib import Path
from typing import Final

from footfall.store.state.runs import moment
from reports.catalogue import Report, View
from reports.definitions import Definitions
from reports.extraction import Request
from reports.outputs import OutputSettings
from reports.outputs.naming import Occasion, OutputFile, planned_files
from reports.outputs.settings import outputs_of
from reports.run import Questions
from reports.schedule.cron import Cron
from reports.schedule.periods import PERIODS, Days
from reports.scope import Scope
from reports.visits import VisitRule
from reports.visits.profiles import FOOTFALL

FILES: Final = "{report}-{date}.{suffix}"
"""How files are named unless the job says otherwise."""

ALL_MISSED: Final = inf


@dataclass(frozen=True, slots=True)
class Job:
    """A job of a schedule, as `reports.schedule.file` reads it.

    `definitions` has the goals and funnels that reports are about. `catch_up` is how many missed runs are made up, the
    latest of them. `week_starts` is 0 for Monday. `store` is the store that is read, None for the one that the worker
    was given; `dataset` keeps its events. `yes` lets it Scan a table of any size.
    """

    name: str
    cron: Cron
    period: str
    reports: tuple[Report, ...]
    outputs: OutputSettings
    definitions: Definitions = field(default_factory=Definitions)
    site: str | None = None
    own_hosts: tuple[str, ...] = ()
    profile: VisitRule = FOOTFALL
    lookback_days: int = 0
    week_starts: int = 0
    catch_up: float = ALL_MISSED
    store: str | None = None
    dataset: Path | None = None
    max_read_units: float = inf
    yes: bool = False

    @property
    def out(self) -> str:
        """Return where the files go, without a slash at the end."""
        assert self.outputs.out is not None
        return self.outputs.out.rstrip("/") or "/"

    def day(self, at: datetime) -> date:
        """Return the day on which the run due at `at` is due, in the job's time zone."""
        return at.astimezone(self.cron.zone).date()

    def days(self, at: datetime) -> Days:
        """Return the first and last day that the run due at `at` is about."""
        return PERIODS[self.period].days(self.day(at), self.week_starts)

    def scope(self, at: datetime) -> Scope:
        """Return which events the run due at `at` is about."""
        return Scope(self.site, *self.days(at), self.cron.time_zone)

    def questions(self, at: datetime) -> Questions:
        """Return what the run due at `at` asks."""
        view = self.definitions.applied(View(self.cron.time_zone, self.own_hosts, self.profile))
        request = Request(folder=self.dataset, max_read_units=self.max_read_units, yes=self.yes)
        return Questions(self.reports, self.scope(at), view, self.lookback_days, request)

    def files(self, occasion: Occasion, reports: Sequence[Report] | None = None) -> tuple[OutputFile, ...]:
        """Return the files that a run leaves, of all reports or of some; raises `SettingsError` for a bad pattern."""
        names = [report.name for report in reports or self.reports]
        return planned_files(outputs_of(self.outputs), names, self.outputs.name, occasion)

    def files_at(self, at: datetime) -> tuple[str, ...]:
        """Return the names of the files of the run due at `at`, below `out`."""
        return tuple(file.name for file in self.files(Occasion(self.scope(at), at)))

    def first_file_at(self, at: datetime) -> str:
        """Return the name of the first file of the run due at `at`: where it is another, so are all."""
        return self.files(Occasion(self.scope(at), at), self.reports[:1])[0].name

    def manifest_at(self, at: datetime) -> str:
        """Return the name of the manifest of the run due at `at`: no other run has it."""
        return f"{self.name}-{compact(at)}.manifest.json"


def compact(at: datetime) -> str:
    """Return a moment as file names have it, in ISO 8601's basic form: ``20260301T011500Z``."""
    return moment(at.astimezone(UTC)).replace("-", "").replace(":", "")
