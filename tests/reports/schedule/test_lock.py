from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import anyio
import pytest

from footfall.errors import FootfallError
from footfall.store import Store
from footfall.store.admin import Capacity, create_tables
from footfall.store.embedded import EmbeddedEngine
from footfall.store.state import Owner, Process, this_process
from footfall.store.state.runs import JobState, read_job
from reports.schedule.job import Job
from reports.schedule.lock import Held, Lock, Watch, Worker, take
from tests.fakes import START, FakeClock, store_on
from tests.reports.schedule.conftest import MakeJob
from tests.reports.schedule.world import HeldClock, Machine

pytestmark = pytest.mark.anyio

LEASE = 60.0
MINE, YOURS = (Worker(Process(name, 1), f"token of {name}", LEASE) for name in ("mine", "yours"))


@pytest.fixture
def clock() -> HeldClock:
    return HeldClock(START)


@pytest.fixture
async def store(clock: HeldClock) -> AsyncIterator[Store]:
    engine = EmbeddedEngine.open(":memory:", clock)
    ready = store_on(Machine(engine, clock))
    await create_tables(ready, clock, shards=1, capacity=Capacity())
    yield ready
    await engine.aclose()


@pytest.fixture
def job(make_job: MakeJob) -> Job:
    return make_job()


async def taken(
    store: Store, clock: FakeClock, job: Job, worker: Worker, watch: Watch | None = None
) -> JobState:
    state = await take(store, clock, job, worker, watch or Watch())
    assert isinstance(state, JobState), state
    return state


async def refused(store: Store, clock: FakeClock, job: Job, worker: Worker, watch: Watch) -> Held:
    state = await take(store, clock, job, worker, watch)
    assert not isinstance(state, JobState)
    held, owner = state
    assert isinstance(owner, Owner)
    return held


async def test_a_new_job_begins_now(store: Store, clock: FakeClock, job: Job) -> None:
    state = await taken(store, clock, job, MINE)
    assert (state.settled_at, state.line) == (clock.now(), "15 2 * * * Europe/Berlin")
    assert state.owner is not None
    assert state.owner.name == "mine pid 1"


async def test_a_job_with_another_line_begins_now(
    store: Store, clock: FakeClock, job: Job, make_job: MakeJob
) -> None:
    await Lock(store, clock, await taken(store, clock, job, MINE), MINE).release()
    clock.advance(86_400 * 3)
    other = make_job(cron="0 * * * *")
    assert (await taken(store, clock, other, MINE)).settled_at == clock.now()


async def test_a_job_is_kept_from_others_until_it_is_released(
    store: Store, clock: FakeClock, job: Job
) -> None:
    lock = Lock(store, clock, await taken(store, clock, job, MINE), MINE)
    watch = Watch()
    assert await refused(store, clock, job, YOURS, watch) is Held.UNKNOWN
    await lock.release()
    assert (await taken(store, clock, job, YOURS, watch)).revision == 3


async def test_an_owner_that_renews_is_alive_however_long_it_takes(
    store: Store, clock: FakeClock, job: Job
) -> None:
    lock, watch = Lock(store, clock, await taken(store, clock, job, MINE), MINE), Watch()
    await refused(store, clock, job, YOURS, watch)
    for _ in range(10):
        clock.advance(LEASE / 2)
        await lock.check()
        assert await refused(store, clock, job, YOURS, watch) is Held.ALIVE


async def test_an_owner_that_is_silent_for_a_lease_is_replaced_and_finds_out(
    store: Store, clock: FakeClock, job: Job
) -> None:
    lock, watch = Lock(store, clock, await taken(store, clock, job, MINE), MINE), Watch()
    assert await refused(store, clock, job, YOURS, watch) is Held.UNKNOWN
    clock.advance(LEASE - 1)
    assert await refused(store, clock, job, YOURS, watch) is Held.UNKNOWN
    clock.advance(1)
    state = await taken(store, clock, job, YOURS, watch)
    with pytest.raises(FootfallError, match="taken over"):
        await lock.check()

    await lock.release()
    assert await read_job(store, clock, job.name) == state


async def test_the_clock_of_the_owner_does_not_matter(store: Store, clock: FakeClock, job: Job) -> None:
    ahead = FakeClock(clock.now() + timedelta(days=2))
    await taken(store, ahead, job, MINE)
    watch = Watch()
    await refused(store, clock, job, YOURS, watch)
    clock.advance(LEASE)
    await taken(store, clock, job, YOURS, watch)


async def test_an_owner_that_the_kernel_knows_is_gone_is_replaced_at_once(
    store: Store, clock: FakeClock, job: Job
) -> None:
    here = this_process()
    if not here.place:
        pytest.skip("this system does not tell one process from another")

    await taken(store, clock, job, Worker(replace(here, started="1"), "gone", LEASE))
    await taken(store, clock, job, YOURS)


async def test_a_lock_is_kept_while_work_goes_on(store: Store, clock: FakeClock, job: Job) -> None:
    lock = Lock(store, clock, await taken(store, clock, job, MINE), MINE)
    begun = lock.state.revision

    async def work() -> None:
        await clock.sleep(LEASE * 5)

    await lock.during(work)
    assert lock.state.revision - begun >= 14
    assert lock.lost is None


async def test_work_ends_when_its_lock_is_lost(store: Store, clock: FakeClock, job: Job) -> None:
    lock = Lock(store, clock, await taken(store, clock, job, MINE), MINE)
    ended = []

    async def work() -> None:
        watch = Watch({job.name: (lock.state.revision, lock.state.revision, -LEASE)})
        await taken(store, clock, job, YOURS, watch)
        await clock.sleep(LEASE * 5)
        ended.append("too late")

    await lock.during(work)
    assert lock.lost is not None
    assert ended == []


async def test_what_is_settled_is_not_lost_by_a_renewal_beside_it(
    store: Store, clock: FakeClock, job: Job
) -> None:
    lock = Lock(store, clock, await taken(store, clock, job, MINE), MINE)
    later = clock.now() + timedelta(days=1)

    async def work() -> None:
        await lock.settle(later)

    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(lock.check)

        group.start_soon(work)
        for _ in range(5):
            group.start_soon(lock.check)

    stored = await read_job(store, clock, job.name)
    assert stored is not None
    assert stored.settled_at == later
