"""How jobs stand: when each is due next, and what came of its last runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from footfall.clock import Clock
from footfall.store import Store
from footfall.store.state import has_ended
from footfall.store.state.runs import JobRun, JobState, last_runs, read_job
from footfall.text import counted, printable
from reports.schedule.job import Job


@dataclass(frozen=True, slots=True)
class JobStanding:
    """A job, what the table knows of it, its last runs with the latest first, and when it is due next."""

    job: Job
    state: JobState | None
    runs: tuple[JobRun, ...]
    next_at: datetime | None

    @property
    def word(self) -> str:
        """Return the state of the last run; ``new`` for a job that no worker has seen, ``waiting`` before its first,
        ``abandoned`` where the worker is known to be gone.
        """
        if self.state is None:
            return "new"

        if not self.runs:
            return "waiting"

        owner, last = self.state.owner, self.runs[0].state
        return "abandoned" if last == "running" and (owner is None or has_ended(owner.process)) else last

    def document(self) -> dict[str, object]:
        """Return it as JSON-ready members."""
        job, state = self.job, self.state
        first_on, last_on = job.days(self.next_at) if self.next_at else (None, None)
        return {
            "job": job.name,
            "cron": job.cron.expression,
            "time_zone": job.cron.time_zone,
            "period": job.period,
            "reports": [report.name for report in job.reports],
            "formats": list(job.outputs.formats),
            "out": job.out,
            "state": self.word,
            "worker": state.owner.name if state and state.owner else None,
            "settled_at": _iso(state.settled_at if state else None),
            "next": {"due_at": _iso(self.next_at), "from": _text(first_on), "to": _text(last_on)},
            "runs": [_run(run) for run in self.runs],
        }


async def standings(store: Store, clock: Clock, jobs: Sequence[Job], runs: int) -> list[JobStanding]:
    """Return how `jobs` stand, each with up to `runs` of its last runs."""
    found = []
    for job in jobs:
        state = await read_job(store, clock, job.name)
        latest = await last_runs(store, clock, job.name, runs)
        found.append(JobStanding(job, state, tuple(latest), job.cron.next_after(clock.now())))

    return found


def standing_lines(standings: Sequence[JobStanding]) -> list[str]:
    """Return the jobs as a table of text, safe to print."""
    rows: list[tuple[str, ...]] = [("job", "state", "next run", "about", "last run", "result")]
    rows += map(_row, standings)
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def checked_lines(job: Job, now: datetime, count: int = 3) -> list[str]:
    """Return what a job will do: its next runs, with the days and the first file of each."""
    lines = [f"{job.name}: {job.cron.expression} {job.cron.time_zone}, {job.period}"]
    at: datetime | None = now
    for _ in range(count):
        at = job.cron.next_after(at) if at else None
        if at:
            lines.append(f"  {local(job, at)}  {about(job, at)}  {job.out}/{job.first_file_at(at)}")

    return [printable(line) for line in lines]


def local(job: Job, at: datetime) -> str:
    """Return a moment in the job's time zone, as ``2026-03-01 02:15 CET``."""
    return at.astimezone(job.cron.zone).strftime("%Y-%m-%d %H:%M %Z")


def about(job: Job, at: datetime) -> str:
    """Return the days of the run due at `at`."""
    return job.questions(at).scope.range_sentence()


def _row(one: JobStanding) -> tuple[str, ...]:
    last = one.runs[0] if one.runs else None
    return tuple(
        printable(cell, 80)
        for cell in (
            one.job.name,
            one.word,
            local(one.job, one.next_at) if one.next_at else "never",
            about(one.job, one.next_at) if one.next_at else "-",
            local(one.job, last.scheduled_at) if last else "-",
            _result(last) if last else "-",
        )
    )


def _result(run: JobRun) -> str:
    if run.state == "done":
        return f"{counted(run.files, 'file')}, {counted(run.rows, 'row')}"

    return f"{run.state}, attempt {run.attempts}" + (f": {run.error}" if run.error else "")


def _run(run: JobRun) -> dict[str, object]:
    times = {name: _iso(getattr(run, name)) for name in ("scheduled_at", "started_at", "ended_at")}
    return {name: value for name, value in (asdict(run) | times).items() if name not in {"job", "revision"}}


def _iso(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at else None


def _text(value: object) -> str | None:
    return None if value is None else str(value)
