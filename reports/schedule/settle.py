"""Settle one job: take it, make the runs that are due one after another, note how far that came, give it back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from footfall.errors import FootfallError, StoreError
from footfall.store.state import Owner
from footfall.store.state.runs import JobRun, JobState, forget_runs, read_job, read_runs
from footfall.text import counted
from reports.schedule.attempt import Outcome, Tools, attempt
from reports.schedule.job import Job
from reports.schedule.lock import Held, Lock, Watch, take
from reports.schedule.plan import HORIZON, JobPlan, plan_job, retry_at, settled_before

KEPT: Final = timedelta(days=400)
"""How long the table remembers runs: a year of daily ones can be compared."""


@dataclass(slots=True)
class Standing:
    """How a job stands after it was looked at.

    `settled_at` is the moment up to which nothing is due any more, None when that is not known; `held` and `owner` say
    who has the job, where that is somebody else. `again_at` is when to look again, None for when the job is due next.
    """

    settled_at: datetime | None = None
    held: Held | None = None
    owner: Owner | None = None
    again_at: datetime | None = None
    errors: list[FootfallError] = field(default_factory=list)
    runs: list[JobRun] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Manner:
    """How jobs are settled.

    `horizon` is how far back runs are made up. `is_patient` says that a failed run waits longer after each try;
    `is_stopping` is asked before each run.
    """

    horizon: timedelta = HORIZON
    is_patient: bool = False
    is_stopping: Callable[[], bool] = lambda: False


async def settle(tools: Tools, job: Job, watch: Watch, manner: Manner) -> Standing:
    """Make the runs of `job` that are due, if no other worker has it; return how it stands then.

    Errors of runs are told and returned; raises what the state table raises.
    """
    now = tools.clock.now()
    stored = await read_job(tools.store, tools.clock, job.name)
    if stored is not None and is_settled(job, stored, now):
        return Standing(settled_at=stored.settled_at)

    taken = await take(tools.store, tools.clock, job, tools.worker, watch)
    if not isinstance(taken, JobState):
        return Standing(held=taken[0], owner=taken[1])

    if stored is None:
        tools.say(f"{job.name}: new here; nothing is made up for the time before.")

    lock, standing = Lock(tools.store, tools.clock, taken, tools.worker), Standing()
    try:
        await lock.during(partial(_settle, tools, job, lock, manner, standing))
    finally:
        await lock.release()

    if lock.lost is not None:
        tools.say(str(lock.lost))
        return Standing(held=Held.ALIVE)

    return standing


def is_settled(job: Job, state: JobState, now: datetime) -> bool:
    """Tell whether nothing of `job` is due, as far as `state` knows."""
    return state.line == job.cron.line and next(job.cron.between(state.settled_at, now), None) is None


async def _settle(tools: Tools, job: Job, lock: Lock, manner: Manner, standing: Standing) -> None:
    now, before = tools.clock.now(), lock.state.settled_at
    runs = await read_runs(tools.store, tools.clock, job.name, before)
    plan = plan_job(job, before, runs, now, manner.horizon)
    _tell(tools, job, plan)
    await lock.settle(plan.settled_at)
    standing.settled_at = plan.settled_at
    left = list(plan.todo)
    for at in plan.todo:
        wait_until = retry_at(runs.get(at)) if manner.is_patient else None
        if wait_until is not None and wait_until > tools.clock.now():
            standing.again_at = min(standing.again_at or wait_until, wait_until)
            continue

        if manner.is_stopping():
            break

        outcome = await attempt(tools, job, at, runs.get(at), lock)
        _note(tools, job, outcome, standing)
        if not outcome.errors:
            left.remove(at)
            standing.settled_at = settled_before(left, now)
            await lock.settle(standing.settled_at)
        elif any(isinstance(error, StoreError) for error in outcome.errors):
            break

    await forget_runs(tools.store, tools.clock, job.name, now - KEPT)


def _note(tools: Tools, job: Job, outcome: Outcome, standing: Standing) -> None:
    run = outcome.run
    standing.runs.append(run)
    due = f"{job.name}, due {run.scheduled_at.astimezone(job.cron.zone):%Y-%m-%d %H:%M %Z}"
    if not outcome.errors:
        what = f"{counted(run.files, 'file')}, {counted(run.rows, 'row')}, {run.manifest}"
        tools.say(f"{due}: {what}")
        return

    again_at = retry_at(run)
    assert again_at is not None
    standing.again_at = min(standing.again_at or again_at, again_at)
    standing.errors += outcome.errors
    tools.say(f"{due}: failed, attempt {run.attempts}: {run.error}")


def _tell(tools: Tools, job: Job, plan: JobPlan) -> None:
    if plan.replaced:
        tools.say(
            f"{job.name}: {counted(plan.replaced, 'missed run')} not made, a later one writes the same files."
        )

    if plan.dropped:
        tools.say(f"{job.name}: {counted(plan.dropped, 'missed run')} not made up, as its catch_up says.")
