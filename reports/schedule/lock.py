"""Have a job to oneself: take its lock, keep it while working, give it back.

A worker that has a job raises the revision of its item every third of its lease. Another one that wants the job watches
the revision by a clock of its own: machines need not agree on the time. It takes the job over when nothing has changed
for a whole lease, or at once where the kernel knows that the owner is gone. Whoever was thought dead and is not finds
its own save refused, and stops.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from typing import Final

import anyio

from footfall.clock import Clock
from footfall.errors import FootfallError
from footfall.store import Store
from footfall.store.state import Owner, Process, has_ended, new_token, this_process
from footfall.store.state.runs import JobState, read_job, save_job
from reports.schedule.job import Job

LEASE_SECONDS: Final = 60.0
RENEWALS_PER_LEASE: Final = 3
"""Other workers hear of an owner at least so often: two of its saves may come late."""

_RELEASE_SECONDS: Final = 10.0


class Held(Enum):
    """What is known of a job that another worker has."""

    ALIVE = "is being run by"
    UNKNOWN = "was taken by"


@dataclass(frozen=True, slots=True)
class Worker:
    """Who runs jobs: `token` tells it from all others, `lease_seconds` is how long it may be silent."""

    process: Process
    token: str
    lease_seconds: float = LEASE_SECONDS

    def owner(self, clock: Clock) -> Owner:
        """Return what a job is marked with when this worker takes it."""
        return Owner(self.process, self.token, clock.now(), self.lease_seconds)


def new_worker(clock: Clock, lease_seconds: float = LEASE_SECONDS) -> Worker:
    """Return this process as a worker."""
    return Worker(this_process(), new_token(clock), lease_seconds)


@dataclass(slots=True)
class Watch:
    """What a worker has seen of the jobs of others: by job the first and the last revision, and since when that is."""

    seen: dict[str, tuple[int, int, float]] = field(default_factory=dict)

    def look(self, job: JobState, seconds: float) -> Held | None:
        """Return what is known of the owner of `job` at `seconds` of the monotonic clock, None when it is silent."""
        assert job.owner is not None
        first, last, since = self.seen.get(job.name, (job.revision, job.revision, seconds))
        if job.revision != last:
            last, since = job.revision, seconds

        self.seen[job.name] = first, last, since
        if seconds - since >= job.owner.lease_seconds:
            del self.seen[job.name]
            return None

        return Held.UNKNOWN if first == last else Held.ALIVE


async def take(
    store: Store, clock: Clock, job: Job, worker: Worker, watch: Watch
) -> JobState | tuple[Held, Owner | None]:
    """Return a job as `worker` now has it, else what is known of the worker that does.

    A job that nobody has seen before, or with another cron line than before, begins now: nothing of the time before
    is due.
    """
    stored = await read_job(store, clock, job.name) or JobState(job.name, job.cron.line, clock.now())
    if (
        stored.owner is not None
        and stored.owner.token != worker.token
        and not has_ended(stored.owner.process)
    ):
        held = watch.look(stored, clock.monotonic())
        if held is not None:
            return held, stored.owner

    mine = replace(with_line(stored, job, clock), owner=worker.owner(clock))
    return await save_job(store, clock, mine, worker.token) or (Held.UNKNOWN, stored.owner)


def with_line(stored: JobState, job: Job, clock: Clock) -> JobState:
    """Return the state of a job under its present cron line."""
    if stored.line == job.cron.line:
        return stored

    return replace(stored, line=job.cron.line, settled_at=clock.now())


class Lock:
    """A job that this worker has; `state` is what the table holds."""

    def __init__(self, store: Store, clock: Clock, state: JobState, worker: Worker) -> None:
        self._store = store
        self._clock = clock
        self._worker = worker
        self._saving = anyio.Lock()
        self.state = state
        self.lost: FootfallError | None = None

    async def during(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do `work` while the lock is kept; when it is lost, `work` is cancelled and `lost` says why.

        Raises what `work` raises of `FootfallError`.
        """
        failed: FootfallError | None = None
        async with anyio.create_task_group() as group:
            group.start_soon(self._keep, group.cancel_scope)
            try:
                await work()
            except FootfallError as error:
                failed = error

            group.cancel_scope.cancel()

        if failed is not None and failed is not self.lost:
            raise failed

    async def check(self) -> None:
        """Raise the revision; raises `FootfallError` when the job is another worker's by now."""
        await self._save(lambda state: state)

    async def settle(self, settled_at: datetime) -> None:
        """Note up to when nothing is due any more; raises `FootfallError` when the job is another worker's by now."""
        await self._save(lambda state: replace(state, settled_at=settled_at))

    async def release(self) -> None:
        """Give the job back, if it is still this worker's; where that fails the lease runs out."""
        if self.lost is not None:
            return

        with anyio.move_on_after(_RELEASE_SECONDS, shield=True):
            try:
                await self._save(lambda state: replace(state, owner=None))
            except FootfallError:
                return

    async def _save(self, change: Callable[[JobState], JobState]) -> None:
        # What is changed is the state as it is when its turn has come: the job is kept and settled side by side.
        async with self._saving:
            saved = await save_job(self._store, self._clock, change(self.state), self._worker.token)
            if saved is None:
                self.lost = FootfallError(
                    f"Job {self.state.name} was taken over by another worker, which goes on with it.",
                    hint="give this one a longer --lease-seconds if it was only slow",
                )
                raise self.lost

            self.state = saved

    async def _keep(self, scope: anyio.CancelScope) -> None:
        while True:
            await self._clock.sleep(self._worker.lease_seconds / RENEWALS_PER_LEASE)
            try:
                await self.check()
            except FootfallError as error:
                self.lost = error
                scope.cancel()
                return
