"""Many callers at once: nothing is lost, nothing is half done, cancelling is harmless."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from footfall.clock import SystemClock
from footfall.store.embedded import EmbeddedEngine
from tests.store.conformance.harness import SCHEMA, Subject, item, key, pairs, put

pytestmark = pytest.mark.anyio


@pytest.fixture
async def subject(embedded_engine: EmbeddedEngine) -> Subject:
    made = Subject(embedded_engine, "events")
    await made.on_table("CreateTable", **SCHEMA)
    return made


async def test_concurrent_writers_lose_nothing(subject: Subject) -> None:
    async def write(writer: int) -> None:
        for number in range(10):
            await subject.batch(*(put(item(f"w{writer}", f"{number:02}{row:02}")) for row in range(25)))

    async with anyio.create_task_group() as tasks:
        for writer in range(20):
            tasks.start_soon(write, writer)

    found = await subject.all()
    assert len(set(pairs(found))) == len(found) == 20 * 10 * 25


async def test_concurrent_additions_are_all_counted(subject: Subject) -> None:
    async def add() -> None:
        await subject.on_table(
            "UpdateItem",
            Key=key("p"),
            UpdateExpression="ADD n :one",
            ExpressionAttributeValues={":one": {"N": "1"}},
        )

    async with anyio.create_task_group() as tasks:
        for _ in range(100):
            tasks.start_soon(add)

    assert await subject.get(key("p")) == item("p", n={"N": "100"})


async def test_one_of_many_wins_a_condition(subject: Subject) -> None:
    outcomes: list[str] = []

    async def take(owner: int) -> None:
        reply = await subject.call(
            "PutItem",
            TableName=subject.table,
            Item=item("lock", who={"N": str(owner)}),
            ConditionExpression="attribute_not_exists(pk)",
        )
        outcomes.append(reply.error_code)

    async with anyio.create_task_group() as tasks:
        for owner in range(20):
            tasks.start_soon(take, owner)

    assert sorted(outcomes) == ["", *["ConditionalCheckFailedException"] * 19]


async def test_a_bad_request_does_not_spoil_its_neighbours(subject: Subject) -> None:
    async def bad() -> None:
        assert (await subject.try_batch(put(item("")))).status == 400

    async with anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(subject.batch, put(item(f"p{number}")))
            tasks.start_soon(bad)

    assert len(await subject.all()) == 20


async def test_cancelled_writers_leave_whole_batches(subject: Subject) -> None:
    async def write(writer: int) -> None:
        for number in range(1000):
            await subject.batch(*(put(item(f"w{writer}-{number}", str(row))) for row in range(25)))

    with anyio.move_on_after(0.3):
        async with anyio.create_task_group() as tasks:
            for writer in range(8):
                tasks.start_soon(write, writer)

    counts: dict[str, int] = {}
    for stored in await subject.all():
        counts[stored["pk"]["S"]] = counts.get(stored["pk"]["S"], 0) + 1
    assert set(counts.values()) <= {25}

    await subject.fill([item("after")])
    assert await subject.get(key("after")) == item("after")


async def test_closing_waits_for_the_writes_under_way(tmp_path: Path) -> None:
    engine = EmbeddedEngine.open(tmp_path / "a.db", SystemClock())
    subject = Subject(engine, "events")
    await subject.on_table("CreateTable", **SCHEMA)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(subject.fill, [item("p")])
        await anyio.lowlevel.checkpoint()
        await engine.aclose()

    engine = EmbeddedEngine.open(tmp_path / "a.db", SystemClock())
    assert len(await Subject(engine, "events").all()) == 1
    await engine.aclose()


async def test_scans_read_while_writers_write(subject: Subject) -> None:
    await subject.fill([item(f"p{number:03}") for number in range(200)])

    async def write() -> None:
        for number in range(40):
            await subject.fill([item(f"q{number}", str(row)) for row in range(25)])

    async def read() -> None:
        for _ in range(10):
            found = [stored["pk"]["S"] for stored in await subject.all()]
            assert sum(name.startswith("p") for name in found) == 200

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(write)
        for _ in range(4):
            tasks.start_soon(read)
