"""Read the jobs of a TOML file, and say what is wrong with it by file, job and key.

::

    [defaults]         keys that jobs have unless they say otherwise
    [[job]]            a job; `reports.schedule.keys` has its keys
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import combinations
from pathlib import Path
from typing import Any, Final

from footfall.errors import SettingsError
from footfall.store.address import parse_address
from footfall.store.objects import is_s3, parse_s3
from reports.definitions import load_definitions
from reports.definitions.reports import find
from reports.outputs import OutputSettings
from reports.outputs.naming import Occasion
from reports.schedule.cron import cron_of
from reports.schedule.job import FILES, Job
from reports.schedule.keys import KEYS
from reports.scope import Scope
from reports.toml.file import Table, called, check_keys, load, values_of

MOST_JOBS: Final = 1_000
OWN: Final = frozenset({"name", "cron"})
"""Keys that no two jobs can share."""

_DOCUMENTED: Final = "see docs/schedules.md for the keys of a job"
_BEGIN: Final = "docs/schedules.md begins with a file to copy"
_TABLES: Final = ("defaults", "job")

_ANY_OCCASION: Final = Occasion(
    Scope(first_on=date(2026, 1, 1), last_on=date(2026, 1, 31)), datetime(2026, 1, 31, tzinfo=UTC)
)
"""To see what files are called before anything is due."""


def load_jobs(path: Path) -> tuple[Job, ...]:
    """Return the jobs of a file, in order; raises `SettingsError` that names file, job, key and what to type."""
    return jobs_of(load(path, _BEGIN), str(path))


def jobs_of(content: Table, where: str) -> tuple[Job, ...]:
    """Return the jobs of a file's content; `where` names the file in errors."""
    check_keys(where, content, _TABLES, _DOCUMENTED)
    defaults, tables = content.get("defaults", {}), content.get("job", [])
    if not isinstance(defaults, dict) or not isinstance(tables, list):
        raise SettingsError(f"{where}: [defaults] is one table, [[job]] begins each job.", hint=_DOCUMENTED)

    check_keys(f"{where}, defaults", defaults, [key for key in KEYS if key not in OWN], _DOCUMENTED)
    if not 0 < len(tables) <= MOST_JOBS:
        raise SettingsError(f"{where} has {len(tables)} jobs; it takes 1 to {MOST_JOBS}.", hint=_BEGIN)

    jobs = tuple(
        _job(f"{where}, {called('job', number, table)}", table, defaults)
        for number, table in enumerate(tables, 1)
    )
    _check_names(where, jobs)
    _check_files(where, jobs)
    return jobs


def _job(where: str, table: Any, defaults: Table) -> Job:
    values = values_of(where, table, KEYS, _DOCUMENTED, defaults)
    try:
        job = _made(values)
        check_out(job.out)
        job.files(_ANY_OCCASION)
        if job.store is not None:
            parse_address(job.store)
    except SettingsError as error:
        raise SettingsError(f"{where}: {error}", hint=error.hint) from error

    return job


def _made(values: dict[str, Any]) -> Job:
    cron = cron_of(values.pop("cron"), values.pop("timezone", "UTC"))
    outputs = OutputSettings(
        formats=values.pop("formats"),
        out=values.pop("out"),
        name=values.pop("files", FILES),
        limit=values.pop("limit", None),
        csv_raw=values.pop("csv_raw", False),
    )
    definitions = load_definitions(values.pop("definitions", None))
    reports = find(values.pop("reports"), definitions.reports)
    return Job(cron=cron, outputs=outputs, reports=reports, definitions=definitions, **values)


def check_out(out: str) -> None:
    """Raise `SettingsError` for what can be neither a folder nor an address of S3; no folder is made."""
    if is_s3(out):
        parse_s3(out)
    elif "://" in out:
        raise SettingsError(
            f"Nothing can be written to {out}.", hint='out = "reports" or out = "s3://BUCKET/PREFIX"'
        )


def _check_names(where: str, jobs: Sequence[Job]) -> None:
    for name, count in Counter(job.name for job in jobs).items():
        if count > 1:
            raise SettingsError(
                f"{where} has {count} jobs called {name!r}; their state is kept under their names.",
                hint=f'name = "{name}-2" for the second',
            )


def _check_files(where: str, jobs: Sequence[Job]) -> None:
    """Raise `SettingsError` where two jobs would replace each other's files."""
    for one, other in combinations(jobs, 2):
        shared = sorted(_targets(one) & _targets(other))
        if shared:
            raise SettingsError(
                f"{where}: jobs {one.name!r} and {other.name!r} may both write {shared[0]}.",
                hint=f'files = "{other.name}-{other.outputs.name}", or another out for one of them',
            )


def _targets(job: Job) -> set[str]:
    """Return what the files would be called if all jobs were about the same days and due at the same moment."""
    occasion = replace(_ANY_OCCASION, scope=replace(_ANY_OCCASION.scope, site=job.site))
    return {f"{job.out}/{file.name}".casefold() for file in job.files(occasion)}
