from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from footfall.store import Store
from footfall.store.admin import Capacity, create_tables
from footfall.store.embedded import EmbeddedEngine
from footfall.store.engine import Engine, NoReply, Reply
from footfall.store.state import Owner, Process
from footfall.store.state.runs import (
    JobRun,
    JobState,
    forget_runs,
    last_runs,
    read_job,
    read_runs,
    save_job,
    save_run,
)
from tests.fakes import FakeClock, store_on

pytestmark = pytest.mark.anyio

AT = datetime(2026, 3, 1, 1, 15, tzinfo=UTC)
OWNER = Owner(Process("web-1", 4711, "boot", "99"), "token", AT, 60.0)
JOB = JobState("daily", "15 2 * * * Europe/Berlin", AT, OWNER)
RUN = JobRun("daily", AT, "done", 2, "web-1 pid 4711", AT, AT, "out/x.manifest.json", "", 3, 40)


class LosesReplies:
    """An engine that carries out the first PutItem and loses its reply."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._puts = 0

    async def call(self, operation: str, body: bytes) -> Reply:
        reply = await self._engine.call(operation, body)
        self._puts += operation == "PutItem"
        if operation == "PutItem" and self._puts == 1:
            raise NoReply("connection reset", maybe_applied=True)

        return reply

    async def aclose(self) -> None:
        await self._engine.aclose()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def store(clock: FakeClock) -> AsyncIterator[Store]:
    engine = EmbeddedEngine.open(":memory:", clock)
    ready = store_on(engine)
    await create_tables(ready, clock, shards=1, capacity=Capacity())
    yield ready
    await engine.aclose()


async def test_a_job_is_read_as_it_was_saved(store: Store, clock: FakeClock) -> None:
    assert await read_job(store, clock, "daily") is None
    saved = await save_job(store, clock, JOB, "token")
    assert saved == replace(JOB, revision=1)
    assert await read_job(store, clock, "daily") == saved
    free = await save_job(store, clock, replace(saved, owner=None), "token")
    assert await read_job(store, clock, "daily") == free == replace(JOB, owner=None, revision=2)


async def test_of_two_workers_one_gets_a_job(store: Store, clock: FakeClock) -> None:
    assert await save_job(store, clock, JOB, "mine") is not None
    assert await save_job(store, clock, JOB, "yours") is None
    assert await save_job(store, clock, replace(JOB, revision=1), "yours") == replace(JOB, revision=2)
    assert await save_job(store, clock, replace(JOB, revision=1), "mine") is None


async def test_a_save_whose_reply_was_lost_is_known_again(store: Store, clock: FakeClock) -> None:
    forgetful = replace(store, engine=LosesReplies(store.engine))
    saved = await save_job(forgetful, clock, JOB, "mine")
    assert saved is not None
    assert await read_job(store, clock, "daily") == saved


async def test_a_save_that_nobody_waited_for_is_overtaken(store: Store, clock: FakeClock) -> None:
    await save_job(store, clock, JOB, "mine")  # of which the worker knows nothing
    later = replace(JOB, owner=None)
    saved = await save_job(store, clock, later, "mine")
    assert saved == replace(later, revision=2)
    assert await read_job(store, clock, "daily") == saved


async def test_a_run_is_read_as_it_was_saved(store: Store, clock: FakeClock) -> None:
    running = replace(RUN, state="running", ended_at=None, manifest="")
    saved = await save_run(store, clock, running, "mine")
    assert saved is not None
    assert await read_runs(store, clock, "daily", AT - timedelta(seconds=1)) == {AT: saved}
    assert await save_run(store, clock, replace(RUN, revision=1), "mine") == replace(RUN, revision=2)
    assert await save_run(store, clock, replace(RUN, revision=1), "yours") is None
    assert await last_runs(store, clock, "daily", 5) == [replace(RUN, revision=2)]


async def test_runs_are_read_by_when_they_were_due(store: Store, clock: FakeClock) -> None:
    times = [AT + timedelta(hours=hour) for hour in range(5)]
    for at in times:
        await save_run(store, clock, replace(RUN, scheduled_at=at), "mine")

    await save_run(store, clock, replace(RUN, job="daily-2"), "mine")
    assert list(await read_runs(store, clock, "daily", times[1])) == times[2:]
    assert [run.scheduled_at for run in await last_runs(store, clock, "daily", 2)] == [times[4], times[3]]
    assert await forget_runs(store, clock, "daily", times[3]) == 3
    assert list(await read_runs(store, clock, "daily", times[0] - timedelta(days=1))) == times[3:]
    assert len(await last_runs(store, clock, "daily-2", 5)) == 1


async def test_many_runs_are_read_over_pages(store: Store, clock: FakeClock) -> None:
    error = "x" * 1_000
    for minute in range(1_100):
        await save_run(
            store, clock, replace(RUN, scheduled_at=AT + timedelta(minutes=minute), error=error), "mine"
        )

    assert len(await read_runs(store, clock, "daily", AT)) == 1_099


async def test_long_errors_are_cut(store: Store, clock: FakeClock) -> None:
    await save_run(store, clock, replace(RUN, state="failed", error="x" * 5_000), "mine")
    [run] = await last_runs(store, clock, "daily", 1)
    assert len(run.error) == 1_000


async def test_items_stay_small(store: Store, clock: FakeClock) -> None:
    sizes: list[int] = []

    class Weighs(LosesReplies):
        async def call(self, operation: str, body: bytes) -> Reply:
            sizes.append(len(msgspec.json.encode(msgspec.json.decode(body).get("Item"))))
            return await self._engine.call(operation, body)

    await save_run(replace(store, engine=Weighs(store.engine)), clock, RUN, "mine")
    assert 0 < max(sizes) < 1_024
