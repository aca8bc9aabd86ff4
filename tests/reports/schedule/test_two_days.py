"""Two days of a schedule, with the change to summer time in them, and all that can go wrong in two days."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

from footfall.store.state.runs import read_job, read_runs
from reports.schedule.job import Job, compact
from tests.reports.conftest import MakeEvents
from tests.reports.schedule.conftest import MakeJob
from tests.reports.schedule.world import World, new_world

pytestmark = pytest.mark.anyio

BEGIN = datetime(2026, 3, 27, 23, 30, tzinfo=UTC)
"""Half past midnight in Berlin."""

END = BEGIN + timedelta(days=2)
DAILY_RUNS, HOURLY_RUNS = 2, 48


@pytest.fixture
async def world(tmp_path: Path, make_events: MakeEvents, make_job: MakeJob) -> World:
    """Events at every hour of four days, a daily and an hourly job, and nobody who runs them."""
    hours = [datetime(2026, 3, 26, tzinfo=UTC) + timedelta(hours=hour) for hour in range(96)]
    events = make_events(*({"at": hour.isoformat(), "path": f"/{hour:%d}"} for hour in hours)).collect()
    jobs = (
        make_job(reports=["summary", "pages"], formats=["csv", "parquet"]),
        make_job(name="hourly", cron="0 * * * *", period="today", files="hourly-{report}-{run}.{suffix}"),
    )
    return await new_world(tmp_path / "x.db", events, jobs, BEGIN)


def due_times(job: Job) -> list[datetime]:
    return list(job.cron.between(BEGIN, END))


def files_of(world: World) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (world.path.parent / "out").glob("*")}


def expected_files(world: World) -> set[str]:
    """The names of all files of the two days, each exactly once."""
    names = [name for job in world.jobs for at in due_times(job) for name in job.files_at(at)]
    names += [job.manifest_at(at) for job in world.jobs for at in due_times(job)]
    assert len(names) == len(set(names))
    return set(names)


def asked(world: World) -> Counter[tuple[str, str, str]]:
    """How often each question was asked: reports, first and last day."""
    return Counter(
        (" ".join(one.name for one in asking.reports), str(asking.scope.first_on), str(asking.scope.last_on))
        for _, asking in world.asked
    )


def checked_manifests(world: World) -> int:
    """How many manifests there are; the files of each are there, whole."""
    files = files_of(world)
    manifests = [msgspec.json.decode(content) for name, content in files.items() if name.endswith(".json")]
    for about in manifests:
        for one in about["files"]:
            content = files[Path(one["file"]).name]
            assert (hashlib.sha256(content).hexdigest(), len(content)) == (one["sha256"], one["bytes"])

    return len(manifests)


async def check_each_report_is_there_once(world: World) -> None:
    assert set(files_of(world)) == expected_files(world)
    assert checked_manifests(world) == DAILY_RUNS + HOURLY_RUNS
    await check_the_table_says_so(world)


async def check_the_table_says_so(world: World) -> None:
    async with world.machine() as (_, store):
        for job in world.jobs:
            runs = await read_runs(store, world.clock, job.name, BEGIN - timedelta(days=1))
            assert list(runs) == due_times(job)
            assert {run.state for run in runs.values()} == {"done"}
            state = await read_job(store, world.clock, job.name)
            assert state is not None
            assert job.cron.next_after(state.settled_at) > END  # type: ignore[operator]


async def attempts(world: World) -> Counter[int]:
    """How many runs were tried how often."""
    async with world.machine() as (_, store):
        runs = [
            await read_runs(store, world.clock, job.name, BEGIN - timedelta(days=1)) for job in world.jobs
        ]

    return Counter(run.attempts for found in runs for run in found.values())


def daily_periods(world: World) -> list[dict[str, Any]]:
    return [
        msgspec.json.decode(content)["period"]
        for name, content in sorted(files_of(world).items())
        if name.startswith("daily-") and name.endswith(".manifest.json")
    ]


async def test_a_missed_run_a_crash_and_two_workers_end_with_each_report_exactly_once(world: World) -> None:
    world.asking_seconds = 40.0  # longer than a lease, so that it has to be kept
    async with anyio.create_task_group() as group:
        group.start_soon(world.work, "a", BEGIN + timedelta(hours=5))
        group.start_soon(world.work, "b", BEGIN + timedelta(hours=5))

    world.pass_until(BEGIN + timedelta(hours=11))  # nobody works: runs are missed
    world.dies_asking["c"] = 3
    async with anyio.create_task_group() as group:
        group.start_soon(world.work, "c", END)
        group.start_soon(world.work, "d", END)
        group.start_soon(world.work, "e", END)

    await check_each_report_is_there_once(world)
    assert daily_periods(world) == [
        {"name": "yesterday", "from": "2026-03-27", "to": "2026-03-27"},
        {"name": "yesterday", "from": "2026-03-28", "to": "2026-03-28"},
    ]
    assert [name for name, _ in world.asked].count("c") == 3
    assert len(world.asked) == DAILY_RUNS + HOURLY_RUNS + 1
    assert await attempts(world) == Counter({1: DAILY_RUNS + HOURLY_RUNS - 1, 2: 1})


async def test_what_was_missed_is_made_up_with_the_days_it_would_have_had(world: World) -> None:
    await world.due()
    world.pass_until(END)
    await world.due()
    await check_each_report_is_there_once(world)
    assert asked(world)["summary pages", "2026-03-27", "2026-03-27"] == 1
    assert asked(world)["summary", "2026-03-29", "2026-03-29"] == 23


@pytest.mark.parametrize("dies_at", range(1, 40))
async def test_a_worker_may_die_at_any_call(world: World, dies_at: int) -> None:
    world.jobs = world.jobs[:1]
    await world.due()
    world.pass_until(END)
    async with world.schedule("dies") as (schedule, machine):
        machine.dies_at = dies_at
        with machine.mortal():
            await schedule.due()

    checked_manifests(world)
    await world.due("heir")
    assert set(files_of(world)) == expected_files(world)
    await check_the_table_says_so(world)
    assert len(world.asked) <= DAILY_RUNS + 1
    assert machine.is_dead or machine.calls < dies_at


async def test_made_up_runs_come_in_order(world: World) -> None:
    await world.due()
    world.pass_until(BEGIN + timedelta(hours=6))
    await world.due()
    hourly = [name for name in sorted(files_of(world)) if name.startswith("hourly-2")]
    assert len(hourly) == 6
    made = [msgspec.json.decode(files_of(world)[name])["started_at"] for name in hourly]
    assert made == sorted(made)
    assert hourly[0] == f"hourly-{compact(BEGIN + timedelta(minutes=30))}.manifest.json"
