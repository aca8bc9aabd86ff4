"""What a worker does about failures, standing orders and jobs of others."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import boto3
import msgspec
import pytest

from footfall.store.engine import Engine, Reply
from footfall.store.state.runs import last_runs
from reports.schedule.attempt import expected
from reports.schedule.settle import Manner
from tests.reports.conftest import MakeEvents
from tests.reports.schedule.conftest import MakeJob
from tests.reports.schedule.world import HeldClock, World, new_world
from tests.reports.store import fill

pytestmark = pytest.mark.anyio

BEGIN = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
async def world(tmp_path: Path, make_events: MakeEvents, make_job: MakeJob) -> World:
    events = make_events({"at": "2026-03-02T20:00:00+00:00"}, {"at": "2026-03-02T23:30:00+00:00"}).collect()
    return await new_world(tmp_path / "x.db", events, (make_job(),), BEGIN)


async def states(world: World, job: str = "daily") -> list[tuple[str, int]]:
    """The runs of a job, the latest first: state and attempts."""
    async with world.machine() as (_, store):
        return [(run.state, run.attempts) for run in await last_runs(store, world.clock, job, 10)]


def manifests(world: World) -> list[dict[str, Any]]:
    folder = world.path.parent / "out"
    return [msgspec.json.decode(path.read_bytes()) for path in sorted(folder.glob("*.manifest.json"))]


async def test_nothing_is_made_up_for_a_job_that_is_new(world: World) -> None:
    await world.due()
    assert world.said == ["daily: new here; nothing is made up for the time before."]
    assert await states(world) == []


async def test_a_manifest_tells_what_a_run_was_asked_read_wrote_and_cost(world: World) -> None:
    await world.due()
    world.clock.advance(86_400)
    await world.due()
    [about] = manifests(world)
    assert (about["job"], about["scheduled_at"], about["attempt"]) == (
        "daily",
        "2026-03-03T01:15:00+00:00",
        1,
    )
    assert about["period"] == {"name": "yesterday", "from": "2026-03-02", "to": "2026-03-02"}
    assert about["inputs"]["days"] == [{"site": "example.org", "date": "2026-03-02", "revision": 1}]
    assert about["inputs"]["reading"]["events"] == 1, "the other one is of the next day in Berlin"
    assert about["cost"]["read_units"] > 0
    assert about["reports"][0]["definition"]
    assert about["files"][0]["rows"] == {"summary": 1}
    assert about["versions"].keys() == {"footfall", "python", "polars", "tzdata"}


async def test_a_run_that_fails_is_told_and_tried_again_and_others_go_on(
    world: World, make_job: MakeJob
) -> None:
    taken = world.path.parent / "taken"
    taken.write_text("no folder")
    world.jobs = (make_job(name="broken", out=str(taken / "out")), make_job())
    await world.due()
    world.clock.advance(86_400)
    schedule = await world.due()
    assert await states(world) == [("done", 1)]
    assert await states(world, "broken") == [("failed", 1)]
    assert [error.exit_code for error in schedule.tally.errors] == [2]
    assert any(
        said.startswith("broken, due 2026-03-03 02:15 CET: failed, attempt 1: Cannot write")
        for said in world.said
    )

    taken.unlink()
    schedule = await world.due()
    assert schedule.tally.errors == []
    assert await states(world, "broken") == [("done", 2)]


async def test_a_worker_waits_longer_after_each_failure(world: World, make_job: MakeJob) -> None:
    taken = world.path.parent / "taken"
    taken.write_text("no folder")
    world.jobs = (make_job(out=str(taken / "out")),)
    await world.due()
    world.clock.advance(86_400)
    await world.work("worker", world.clock.now() + timedelta(minutes=20))
    assert await states(world) == [("failed", 5)], "at 0, 1, 3, 7 and 15 minutes"


async def test_a_worker_that_is_stopped_leaves_what_is_not_begun(world: World) -> None:
    await world.due()
    world.clock.advance(86_400 * 3)
    async with world.schedule("worker", Manner(is_stopping=lambda: True)) as (schedule, _):
        schedule.stop.set()
        await schedule.run()

    assert await states(world) == []
    await world.due()
    assert await states(world) == [("done", 1)] * 3


async def test_a_run_that_is_given_up_is_due_again_at_once(world: World) -> None:
    await world.due()
    world.clock.advance(86_400)
    world.asking_seconds = 3_600
    async with world.schedule("worker") as (schedule, _):
        with anyio.move_on_after(0.5):
            await schedule.run()

    assert await states(world) in ([("stopped", 1)], [("done", 1)])
    world.asking_seconds = 0
    await world.due()
    assert (await states(world))[0][0] == "done"
    assert len(manifests(world)) == 1


async def test_a_job_may_read_another_store(world: World, make_job: MakeJob, make_events: MakeEvents) -> None:
    other = world.path.parent / "other.db"
    await fill(other, make_events(*[{"at": "2026-03-02T20:00:00+00:00"}] * 7).collect())
    world.jobs = (make_job(store=f"embedded:{other}"),)
    await world.due()
    world.clock.advance(86_400)
    await world.due()
    [about] = manifests(world)
    assert about["inputs"]["reading"]["events"] == 7
    assert about["inputs"]["store"] == f"embedded:{other}"


async def test_what_a_killed_worker_left_beside_its_files_is_swept_away(world: World) -> None:
    await world.due()
    world.clock.advance(86_400)
    world.dies_asking["first"] = 1
    async with world.schedule("first") as (schedule, machine):
        with machine.mortal():
            await schedule.due()

    out = world.path.parent / "out"
    out.mkdir(exist_ok=True)
    (out / ".summary-2026-03-02.csv.4711.part").write_text("half")
    (out / ".other.4711.part").write_text("of somebody else")
    await world.due("heir")
    assert await states(world) == [("done", 2)]
    assert sorted(path.name for path in out.glob(".*")) == [".other.4711.part"]


async def test_runs_of_long_ago_are_forgotten(world: World) -> None:
    await world.due()
    world.clock.advance(86_400)
    await world.due()
    world.clock.advance(86_400 * 401)
    await world.due("later", Manner(timedelta(days=2)))
    assert await states(world) == [("done", 1)] * 2


async def test_files_and_manifest_go_to_s3(
    world: World, make_job: MakeJob, moto_endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = f"footfall-{os.urandom(8).hex()}"
    client = boto3.client("s3", endpoint_url=moto_endpoint, region_name="us-east-1")
    client.create_bucket(Bucket=bucket)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", moto_endpoint)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    world.jobs = (make_job(out=f"s3://{bucket}/web/", files="{date}/{report}.{suffix}"),)
    await world.due()
    world.clock.advance(86_400)
    await world.due()
    assert await states(world) == [("done", 1)]
    keys = [one["Key"] for one in client.list_objects_v2(Bucket=bucket)["Contents"]]
    assert keys == ["web/2026-03-02/summary.csv", "web/daily-20260303T011500Z.manifest.json"]
    body = client.get_object(Bucket=bucket, Key=keys[1])["Body"].read()
    assert [one["file"] for one in msgspec.json.decode(body)["files"]] == [f"s3://{bucket}/{keys[0]}"]


async def test_a_worker_goes_on_when_a_disk_is_full(world: World, make_job: MakeJob) -> None:
    assert [str(one) for one in expected(OSError(28, "No space left on device", "/tmp/x"))] == [
        "The system refuses: No space left on device: /tmp/x."
    ]
    assert expected(ExceptionGroup("x", [OSError(28, "full"), ValueError("a fault")])) == ()
    world.jobs = (make_job(out="/dev/full/out"), make_job(name="other"))
    await world.due()
    world.clock.advance(86_400)
    schedule = await world.due()
    assert (await states(world), await states(world, "other")) == ([("failed", 1)], [("done", 1)])
    assert len(schedule.tally.errors) == 1


async def test_a_worker_that_was_suspended_leaves_the_run_to_its_heir(world: World) -> None:
    await world.due()
    world.clock.advance(86_400)
    async with world.schedule("slow") as (slow, machine):
        real = machine.engine
        machine.engine = Suspended(machine.engine, world)
        await slow.due()
        machine.engine = real

    assert world.said[-1] == "Job daily was taken over by another worker, which goes on with it."
    assert await states(world) == [("done", 2)]
    assert len(manifests(world)) == 1


class Suspended:
    """An engine whose machine sleeps while it reads events, for as long as another worker takes to make the run."""

    def __init__(self, engine: Engine, world: World) -> None:
        self._engine = engine
        self._world = world
        self._is_over = False

    async def call(self, operation: str, body: bytes) -> Reply:
        if operation == "DescribeTable" and not self._is_over:
            self._is_over = True
            heir = World(self._world.path, self._world.jobs, HeldClock(self._world.clock.now()))
            await heir.due("heir")

        return await self._engine.call(operation, body)

    async def aclose(self) -> None:
        await self._engine.aclose()
