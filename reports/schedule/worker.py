"""Make the runs of all jobs: once what is due, as cron asks for, or for ever."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Final

import anyio

from footfall.clock import Clock
from footfall.errors import FootfallError, StoreError
from footfall.store.state import owner_since
from footfall.store.state.runs import JobRun
from reports.schedule.attempt import Tools
from reports.schedule.job import Job
from reports.schedule.lock import Held, Watch
from reports.schedule.plan import FIRST_RETRY_SECONDS
from reports.schedule.settle import Manner, Standing, settle

POLL_SECONDS: Final = 1.0
STANDBY_SECONDS: Final = 5.0
"""How often a worker that goes on for ever looks at a job that another one has."""

LONGEST_SLEEP_SECONDS: Final = 30.0
"""A machine that slept, or whose clock was set, is noticed so soon."""


_NEVER: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(slots=True)
class Tally:
    """What came of a call: the runs that were made, and what went wrong with some."""

    runs: list[JobRun] = field(default_factory=list)
    errors: list[FootfallError] = field(default_factory=list)

    def add(self, standing: Standing) -> None:
        """Count what came of one job."""
        self.runs += standing.runs
        self.errors += standing.errors


class Schedule:
    """The jobs of a file and the worker that makes their runs; `stop` is set when it is to make no more."""

    def __init__(self, jobs: Sequence[Job], tools: Tools, manner: Manner) -> None:
        self._jobs = tuple(jobs)
        self._tools = tools
        self._clock: Clock = tools.clock
        self._watch = Watch()
        self._told: set[tuple[str, Held]] = set()
        self.stop = anyio.Event()
        self._manner = replace(manner, is_stopping=self.stop.is_set)
        self.tally = Tally()

    async def due(self) -> Tally:
        """Make what is due, once; return what came of it.

        A job that another worker has is left to it when that is alive; when that is not known, it is watched for a
        lease at most, and taken over if nothing happens.
        """
        left = list(self._jobs)
        while left and not self.stop.is_set():
            left = [job for job in left if await self._is_in_doubt(job)]
            if left:
                await self._sleep(POLL_SECONDS)

        return self.tally

    async def run(self) -> Tally:
        """Make every run when it is due, until `stop` is set; what came of them is told, not counted.

        A store that cannot be used for a while is told of and tried again.
        """
        self._manner = replace(self._manner, is_patient=True)
        look_at = dict.fromkeys(self._jobs, self._clock.now())
        while not self.stop.is_set():
            for job in self._jobs:
                if look_at[job] <= self._clock.now() and not self.stop.is_set():
                    look_at[job] = await self._look(job)

            await self._sleep_until(min(look_at.values()))

        return self.tally

    async def _is_in_doubt(self, job: Job) -> bool:
        """Settle `job`; tell whether another worker has it and may be dead."""
        try:
            standing = await settle(self._tools, job, self._watch, self._manner)
        except StoreError:
            raise
        except FootfallError as error:
            self._tools.say(f"{job.name}: {error}")
            self.tally.errors.append(error)
            return False

        self._tell(job, standing)
        self.tally.add(standing)
        return standing.held is Held.UNKNOWN

    async def _look(self, job: Job) -> datetime:
        """Settle `job`; return when to look at it again."""
        now = self._clock.now()
        try:
            standing = await settle(self._tools, job, self._watch, self._manner)
        except FootfallError as error:
            self._tools.say(f"{job.name}: {error} Trying again in {FIRST_RETRY_SECONDS:.0f} s.")
            return self._clock.now() + timedelta(seconds=FIRST_RETRY_SECONDS)

        self._tell(job, standing)
        if standing.held is not None:
            return self._clock.now() + timedelta(seconds=STANDBY_SECONDS)

        due_at = job.cron.next_after(now if standing.again_at else standing.settled_at or now) or _NEVER
        return min(standing.again_at or due_at, due_at)

    def _tell(self, job: Job, standing: Standing) -> None:
        if standing.held is None or standing.owner is None or (job.name, standing.held) in self._told:
            return

        self._told.add((job.name, standing.held))
        self._tools.say(f"{job.name} {standing.held.value} {owner_since(standing.owner)}.")

    async def _sleep_until(self, at: datetime) -> None:
        while not self.stop.is_set() and (left := (at - self._clock.now()).total_seconds()) > 0:
            await self._sleep(min(left, LONGEST_SLEEP_SECONDS))

    async def _sleep(self, seconds: float) -> None:
        """Return after `seconds`, or when `stop` is set."""
        async with anyio.create_task_group() as group:
            group.start_soon(self._cancel_when_stopped, group.cancel_scope)
            await self._clock.sleep(seconds)
            group.cancel_scope.cancel()

    async def _cancel_when_stopped(self, scope: anyio.CancelScope) -> None:
        await self.stop.wait()
        scope.cancel()
