"""Which runs of a job are to be made now, from what the table knows of it: no clock, no store.

A run is *settled* when it is done, or will not be made any more: because the job makes up fewer, because it is older
than the horizon, or because a later run writes the same files, so that nobody would ever see its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf
from typing import Final

from footfall.store.state.runs import JobRun
from reports.schedule.job import Job

HORIZON: Final = timedelta(days=31)
"""Runs that were due longer ago are not made up."""

FIRST_RETRY_SECONDS: Final = 60.0
LONGEST_RETRY_SECONDS: Final = 3600.0
_DOUBLINGS: Final = 10


@dataclass(frozen=True, slots=True)
class JobPlan:
    """What is to be done about a job.

    `todo` are the moments of the runs to make, in order. `replaced` and `dropped` are how many are not made, because a
    later run writes the same files, or because the job does not make them up. `settled_at` is the moment up to which
    nothing is due any more, when nothing of `todo` is done.
    """

    todo: tuple[datetime, ...]
    settled_at: datetime
    replaced: int = 0
    dropped: int = 0


def plan_job(
    job: Job,
    settled_at: datetime,
    runs: Mapping[datetime, JobRun],
    now: datetime,
    horizon: timedelta = HORIZON,
) -> JobPlan:
    """Return what is due of `job` after `settled_at` and up to `now`; `runs` are those the table knows of that time."""
    known = list(job.cron.between(max(settled_at, now - horizon), now))
    open_runs = [at for at in known if not _is_done(runs.get(at))]
    wanted = open_runs[-int(job.catch_up) :] if job.catch_up < inf else open_runs
    files = {at: job.first_file_at(at) for at in known}
    dropped = set(open_runs) - set(wanted)
    last_of = {files[at]: at for at in known if at not in dropped}
    todo = tuple(at for at in wanted if last_of[files[at]] == at)
    return JobPlan(
        todo=todo,
        settled_at=settled_before(todo, now),
        replaced=len(wanted) - len(todo),
        dropped=len(open_runs) - len(wanted),
    )


def settled_before(todo: Sequence[datetime], now: datetime) -> datetime:
    """Return the moment up to which nothing is due any more, when `todo` still is."""
    return todo[0] - timedelta(seconds=1) if todo else now


def retry_at(run: JobRun | None) -> datetime | None:
    """Return when a run that failed is to be tried again, None when it may be at once.

    The wait after attempt n is 60 s * 2 ** (n - 1), an hour at most.
    """
    if run is None or run.state != "failed" or run.ended_at is None:
        return None

    doubled = FIRST_RETRY_SECONDS * 2.0 ** min(run.attempts - 1, _DOUBLINGS)
    return run.ended_at + timedelta(seconds=min(doubled, LONGEST_RETRY_SECONDS))


def _is_done(run: JobRun | None) -> bool:
    return run is not None and run.state == "done"
