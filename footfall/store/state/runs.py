"""What became of the runs of scheduled jobs: which are settled, which run has the job, and what each left.

A job has one item, which is its lock as well, and one for each of its runs, by the moment at which the run was due. All
are written under a condition on their revision: of two workers that want the same one, the table chooses.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, Literal

from footfall.clock import Clock
from footfall.keys import SEPARATOR
from footfall.store import Store
from footfall.store.client import command
from footfall.store.state import items
from footfall.store.state.owner import Owner
from footfall.store.wire import number, text

RunState = Literal["running", "done", "failed", "stopped"]
"""``stopped`` is a run that a signal ended; it is due again, as a failed one is."""

_PK: Final = "schedule"
_MOMENT: Final = "%Y-%m-%dT%H:%M:%SZ"
_LONGEST_TEXT: Final = 1_000
"""Characters of an error: DynamoDB bills a write per KB, and the whole of it was shown when it happened."""


@dataclass(frozen=True, slots=True)
class JobState:
    """A job as the table knows it.

    `line` is its cron line, `settled_at` the moment up to which no run is due any more, `owner` the worker that has
    the job, None when none does. `revision` is that of the stored item, 0 when there is none yet.
    """

    name: str
    line: str
    settled_at: datetime
    owner: Owner | None = None
    revision: int = 0


@dataclass(frozen=True, slots=True)
class JobRun:
    """A run of a job: the moment at which it was due, how often it was tried and what came of it.

    `manifest` is where its manifest lies, `error` why it failed; `worker` is who ran it, for people.
    """

    job: str
    scheduled_at: datetime
    state: RunState
    attempts: int
    worker: str
    started_at: datetime
    ended_at: datetime | None = None
    manifest: str = ""
    error: str = ""
    files: int = 0
    rows: int = 0
    revision: int = 0


async def read_job(store: Store, clock: Clock, name: str) -> JobState | None:
    """Return a job as it is stored now, None when no worker has seen it yet."""
    item = await items.get(store, clock, _PK, name)
    return None if item is None else _job(item)


async def save_job(store: Store, clock: Clock, job: JobState, saved_by: str) -> JobState | None:
    """Store `job` if nobody else has since it was read; return it with its new revision, None when somebody has.

    `saved_by` is the token of the worker: a save that was carried out although its reply was lost, or nobody waited
    for it, is recognised by it.
    """

    def item_of(revision: int) -> dict[str, Any]:
        return _job_item(replace(job, revision=revision), saved_by)

    revision = await _save(store, clock, item_of, job.revision)
    return None if revision is None else replace(job, revision=revision)


async def read_runs(store: Store, clock: Clock, job: str, after: datetime) -> dict[datetime, JobRun]:
    """Return the runs of a job that were due after a moment, by when they were."""
    condition = "pk = :pk AND sk > :moment"
    runs = [_run(item) async for item in _query(store, clock, job, condition, after)]
    return {run.scheduled_at: run for run in runs}


async def last_runs(store: Store, clock: Clock, job: str, count: int) -> list[JobRun]:
    """Return the last `count` runs of a job, the latest first."""
    document = _query_document(store, job, "pk = :pk", None) | {"ScanIndexForward": False, "Limit": count}
    reply = await command(store, clock, "Query", document, table=store.state_table)
    return [_run(item) for item in reply["Items"]]


async def save_run(store: Store, clock: Clock, run: JobRun, saved_by: str) -> JobRun | None:
    """Store `run` as `save_job` stores a job."""

    def item_of(revision: int) -> dict[str, Any]:
        return _run_item(replace(run, revision=revision), saved_by)

    revision = await _save(store, clock, item_of, run.revision)
    return None if revision is None else replace(run, revision=revision)


async def forget_runs(store: Store, clock: Clock, job: str, before: datetime) -> int:
    """Delete the runs of a job that were due before a moment; return how many there were."""
    condition = "pk = :pk AND sk < :moment"
    keys = [item["sk"] async for item in _query(store, clock, job, condition, before)]
    for key in keys:
        document = {"TableName": store.state_table, "Key": {"pk": text(_runs_of(job)), "sk": key}}
        await command(store, clock, "DeleteItem", document, table=store.state_table)

    return len(keys)


def moment(at: datetime) -> str:
    """Return a moment as the keys have it: whole seconds, UTC, in an order that is that of time."""
    return at.astimezone(UTC).strftime(_MOMENT)


async def _save(
    store: Store, clock: Clock, item_of: Callable[[int], dict[str, Any]], revision: int
) -> int | None:
    """Put an item at the revision after `revision`; return that of the stored one, None when it is somebody else's."""
    while True:
        item = item_of(revision + 1)
        unchanged = "attribute_not_exists(pk)" if revision == 0 else "revision = :seen"
        values = None if revision == 0 else {":seen": number(revision)}
        if await items.put(store, clock, item, unchanged, values):
            return revision + 1

        stored = await items.get(store, clock, item["pk"]["S"], item["sk"]["S"])
        if stored is None or stored.get("saved_by") != item["saved_by"]:
            return None

        revision = int(stored["revision"]["N"])
        if stored == item_of(revision):
            return revision


async def _query(
    store: Store, clock: Clock, job: str, condition: str, at: datetime
) -> AsyncIterator[dict[str, Any]]:
    document = _query_document(store, job, condition, at)
    while True:
        reply = await command(store, clock, "Query", document, table=store.state_table)
        for item in reply["Items"]:
            yield item

        if "LastEvaluatedKey" not in reply:
            return

        document = document | {"ExclusiveStartKey": reply["LastEvaluatedKey"]}


def _query_document(store: Store, job: str, condition: str, at: datetime | None) -> dict[str, Any]:
    return {
        "TableName": store.state_table,
        "KeyConditionExpression": condition,
        "ExpressionAttributeValues": {":pk": text(_runs_of(job))}
        | ({":moment": text(moment(at))} if at else {}),
        "ConsistentRead": True,
    }


def _runs_of(job: str) -> str:
    return f"{_PK}{SEPARATOR}{job}"


def _job_item(job: JobState, saved_by: str) -> dict[str, Any]:
    return {
        "pk": text(_PK),
        "sk": text(job.name),
        "line": text(job.line),
        "settled_at": text(job.settled_at.isoformat()),
        "revision": number(job.revision),
        "saved_by": text(saved_by),
        **({"owner": job.owner.wire()} if job.owner else {}),
    }


def _job(item: Mapping[str, Any]) -> JobState:
    return JobState(
        name=item["sk"]["S"],
        line=item["line"]["S"],
        settled_at=datetime.fromisoformat(item["settled_at"]["S"]),
        owner=Owner.of_wire(item.get("owner")),
        revision=int(item["revision"]["N"]),
    )


_COUNTS: Final = ("attempts", "files", "rows", "revision")
_TEXTS: Final = ("state", "worker", "manifest", "error")


def _run_item(run: JobRun, saved_by: str) -> dict[str, Any]:
    return {
        "pk": text(_runs_of(run.job)),
        "sk": text(moment(run.scheduled_at)),
        "started_at": text(run.started_at.isoformat()),
        "saved_by": text(saved_by),
        **({"ended_at": text(run.ended_at.isoformat())} if run.ended_at else {}),
        **{name: text(getattr(run, name)[:_LONGEST_TEXT]) for name in _TEXTS},
        **{name: number(getattr(run, name)) for name in _COUNTS},
    }


def _run(item: Mapping[str, Any]) -> JobRun:
    ended = item.get("ended_at")
    known: dict[str, Any] = {name: item[name]["S"] for name in _TEXTS}
    known |= {name: int(item[name]["N"]) for name in _COUNTS}
    return JobRun(
        job=item["pk"]["S"].partition(SEPARATOR)[2],
        scheduled_at=datetime.strptime(item["sk"]["S"], _MOMENT).replace(tzinfo=UTC),
        started_at=datetime.fromisoformat(item["started_at"]["S"]),
        ended_at=datetime.fromisoformat(ended["S"]) if ended else None,
        **known,
    )
