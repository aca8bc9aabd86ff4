"""Make one run of a job: read, answer, write, and note in the table what came of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

import anyio

from footfall.clock import Clock
from footfall.errors import FootfallError
from footfall.store import Store
from footfall.store.objects import ObjectSettings
from footfall.store.state import Day, read_days
from footfall.store.state.runs import JobRun, save_run
from reports.answer import Answer
from reports.outputs.deliver import Delivered
from reports.run import Questions, answer
from reports.schedule.delivery import put_files
from reports.schedule.job import Job
from reports.schedule.lock import Lock, Worker
from reports.schedule.manifest import Occurrence, manifest

Ask = Callable[[Store, Clock, Questions], Awaitable[tuple[Answer, ...]]]
OpenStore = Callable[[str], AbstractAsyncContextManager[Store]]
Say = Callable[[str], None]

_NOTE_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Tools:
    """What runs are made with: the store that holds the state, how another is opened, and how S3 is reached."""

    store: Store
    clock: Clock
    worker: Worker
    open_store: OpenStore
    say: Say
    objects: ObjectSettings = field(default_factory=ObjectSettings)
    ask: Ask = answer


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: its record, and the errors that ended it, none when it is done."""

    run: JobRun
    errors: tuple[FootfallError, ...] = ()


async def attempt(tools: Tools, job: Job, at: datetime, before: JobRun | None, lock: Lock) -> Outcome:
    """Make the run of `job` due at `at`, which `before` tells of when it was tried already; return how it ended.

    What was written by an earlier try is replaced. Errors of the stores, of the questions and of where the files go
    are returned; a cancellation leaves the run marked as stopped. Raises `FootfallError` when the run is another
    worker's by now.
    """
    run = await _begin(tools, job, at, before, lock)
    occurrence = Occurrence(job, at, run.attempts)
    try:
        where, files = await _carry_out(tools, occurrence, lock, run.started_at)
    except (FootfallError, OSError, ExceptionGroup) as error:
        problems = expected(error)
        if not problems or lock.lost in problems:
            raise

        return await _fail(tools, run, problems)
    except BaseException:
        if lock.lost is None:
            await _stop(tools, run)

        raise

    rows = sum(sum(file.rows) for file in files)
    done = replace(
        run, state="done", ended_at=tools.clock.now(), manifest=where, files=len(files), rows=rows, error=""
    )
    return Outcome(await _note(tools, done))


async def _begin(tools: Tools, job: Job, at: datetime, before: JobRun | None, lock: Lock) -> JobRun:
    owner = lock.state.owner
    assert owner is not None
    attempts = before.attempts + 1 if before else 1
    revision = before.revision if before else 0
    run = JobRun(job.name, at, "running", attempts, owner.name, tools.clock.now(), revision=revision)
    return await _note(tools, run)


async def _carry_out(
    tools: Tools, occurrence: Occurrence, lock: Lock, started_at: datetime
) -> tuple[str, tuple[Delivered, ...]]:
    days, answers = await _answers(tools, occurrence)

    def manifest_of(files: Sequence[Delivered]) -> bytes:
        return manifest(occurrence, answers, files, days, started_at, tools.clock.now())

    return await put_files(occurrence, answers, tools.objects, lock.check, manifest_of)


async def _answers(tools: Tools, occurrence: Occurrence) -> tuple[list[Day], tuple[Answer, ...]]:
    job = occurrence.job
    questions = job.questions(occurrence.scheduled_at)
    if job.store is None:
        return await _read(tools.store, tools, questions)

    async with tools.open_store(job.store) as store:
        return await _read(store, tools, questions)


async def _read(store: Store, tools: Tools, questions: Questions) -> tuple[list[Day], tuple[Answer, ...]]:
    """Return the ledger's days in scope, as they were before, and the answers."""
    scope = questions.scope
    days = [day for day in await read_days(store, tools.clock, scope.site) if scope.holds_day(day.on)]
    return days, await tools.ask(store, tools.clock, questions)


async def _fail(tools: Tools, run: JobRun, problems: tuple[FootfallError, ...]) -> Outcome:
    sentence = " ".join(dict.fromkeys(map(str, problems)))
    failed = replace(run, state="failed", ended_at=tools.clock.now(), error=sentence)
    return Outcome(await _note(tools, failed), problems)


async def _stop(tools: Tools, run: JobRun) -> None:
    """Mark a run as stopped, if there is time for that; one that stays marked as running is due again all the same."""
    with anyio.move_on_after(_NOTE_SECONDS, shield=True), suppress(FootfallError):
        await _note(tools, replace(run, state="stopped", ended_at=tools.clock.now()))


async def _note(tools: Tools, run: JobRun) -> JobRun:
    """Store what is known of a run; raises `FootfallError` when another worker has written it since."""
    saved = await save_run(tools.store, tools.clock, run, tools.worker.token)
    if saved is None:
        raise FootfallError(
            f"Another worker makes the run of {run.job} that was due at {run.scheduled_at:%Y-%m-%d %H:%M} UTC.",
            hint="footfall schedule list shows who",
        )

    return saved


def expected(error: BaseException) -> tuple[FootfallError, ...]:
    """Return the errors of a group of groups as a user meets them; none when one of them is a fault of ours."""
    if isinstance(error, BaseExceptionGroup):
        parts = [expected(part) for part in error.exceptions]
        return tuple(one for part in parts for one in part) if all(parts) else ()

    if isinstance(error, OSError):
        reason = f"{error.strerror or error}" + (f": {error.filename}" if error.filename else "")
        return (FootfallError(f"The system refuses: {reason}.", hint="df --human-readable /tmp"),)

    return (error,) if isinstance(error, FootfallError) else ()
