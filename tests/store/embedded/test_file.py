"""Opening a store, and what is said when it cannot be opened."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from footfall.clock import SystemClock
from footfall.errors import SchemaMismatch, StoreError
from footfall.store.embedded import EmbeddedEngine
from footfall.store.embedded.file import APPLICATION_ID, FILE_VERSION, open_file, store_error
from tests.store.conformance.harness import SCHEMA, Subject, item, key

pytestmark = pytest.mark.anyio


def names(folder: Path) -> list[str]:
    return [file.name for file in folder.iterdir()] if folder.exists() else []


def refusal(path: Path) -> StoreError:
    with pytest.raises(StoreError) as caught:
        EmbeddedEngine.open(path, SystemClock())

    return caught.value


async def test_a_store_is_there_when_it_is_opened_again(tmp_path: Path) -> None:
    for turn in range(3):
        engine = EmbeddedEngine.open(tmp_path / "a.db", SystemClock())
        subject = Subject(engine, "events")
        if turn == 0:
            await subject.on_table("CreateTable", **SCHEMA)
        await subject.fill([item("p", str(turn))])
        assert len(await subject.all()) == turn + 1
        await engine.aclose()

    assert names(tmp_path) == ["a.db"]


async def test_memory_leaves_nothing_behind() -> None:
    engine = EmbeddedEngine.open(":memory:", SystemClock())
    subject = Subject(engine, "events")
    await subject.on_table("CreateTable", **SCHEMA)
    assert engine._folder is not None
    folder = Path(engine._folder.name)
    assert "memory.db" in names(folder)
    await engine.aclose()

    assert names(folder) == []


async def test_an_empty_file_becomes_a_store(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    engine = EmbeddedEngine.open(tmp_path / "empty.db", SystemClock())
    await Subject(engine, "events").on_table("CreateTable", **SCHEMA)
    await engine.aclose()


def test_a_folder_is_refused(tmp_path: Path) -> None:
    error = refusal(tmp_path)

    assert "is a folder" in str(error)
    assert error.exit_code == 4


def test_a_missing_folder_is_named_with_the_command_that_makes_it(tmp_path: Path) -> None:
    error = refusal(tmp_path / "none" / "a.db")

    assert error.hint == f"mkdir -p {tmp_path / 'none'}"


def test_a_file_that_is_no_sqlite_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    path.write_bytes(b"127.0.0.1 - - [17/May/2015:10:05:03 +0000] " * 100)
    before = path.read_bytes()

    assert "is not a footfall store" in str(refusal(path))
    assert path.read_bytes() == before


def test_another_programs_sqlite_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE theirs (x)")
    other.commit()
    other.close()
    before = path.read_bytes()

    assert "not a footfall store" in str(refusal(path))
    assert path.read_bytes() == before


def test_a_newer_store_is_refused(tmp_path: Path) -> None:
    connection = open_file(tmp_path / "new.db")
    connection.execute(f"PRAGMA user_version = {FILE_VERSION + 1}")
    connection.close()

    error = refusal(tmp_path / "new.db")
    assert isinstance(error, SchemaMismatch)
    assert error.hint == "pip install --upgrade footfall"


def test_the_file_says_whose_it_is(tmp_path: Path) -> None:
    open_file(tmp_path / "a.db").close()

    header = (tmp_path / "a.db").read_bytes()[:100]
    assert int.from_bytes(header[68:72], "big") == APPLICATION_ID


@pytest.fixture
def generous_umask() -> Iterator[None]:
    """Let new files be readable for everybody, unless their maker says otherwise."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("generous_umask")
@pytest.mark.parametrize("is_link", [False, True], ids=["file", "link to a file to be"])
async def test_a_new_store_and_its_log_are_the_owners_alone(tmp_path: Path, is_link: bool) -> None:
    if is_link:
        (tmp_path / "a.db").symlink_to("target.db")

    engine = EmbeddedEngine.open(tmp_path / "a.db", SystemClock())
    await Subject(engine, "events").on_table("CreateTable", **SCHEMA)
    name = "target.db" if is_link else "a.db"
    modes = {
        path.name: oct(path.stat().st_mode & 0o777) for path in tmp_path.iterdir() if not path.is_symlink()
    }
    await engine.aclose()

    assert modes == dict.fromkeys((name, f"{name}-wal", f"{name}-shm"), "0o600")


@pytest.mark.usefixtures("generous_umask")
def test_the_mode_of_a_file_that_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "shared.db").touch(0o660)
    open_file(tmp_path / "shared.db").close()

    assert (tmp_path / "shared.db").stat().st_mode & 0o777 == 0o660


def test_links_that_go_round_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.db").symlink_to("b.db")
    (tmp_path / "b.db").symlink_to("a.db")

    assert refusal(tmp_path / "a.db").hint


def test_an_error_that_has_no_words_of_its_own_comes_with_a_hint(tmp_path: Path) -> None:
    error = store_error(sqlite3.ProgrammingError("odd"), tmp_path / "a.db")

    assert str(error) == f"SQLite cannot go on: {tmp_path / 'a.db'} (odd)."
    assert "--store embedded:PATH" in (error.hint or "")


def test_many_threads_may_make_the_file_at_once(tmp_path: Path) -> None:
    errors: list[Exception] = []
    start = threading.Barrier(8)

    def make() -> None:
        start.wait()
        try:
            open_file(tmp_path / "race.db").close()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_file_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    open_file(tmp_path / "a.db").close()
    (tmp_path / "a.db").chmod(0o400)
    tmp_path.chmod(0o500)

    assert refusal(tmp_path / "a.db").hint


async def test_a_closed_store_says_so(tmp_path: Path) -> None:
    engine = EmbeddedEngine.open(tmp_path / "a.db", SystemClock())
    await engine.aclose()

    for operation, body in (("ListTables", b"{}"), ("DeleteTable", b'{"TableName": "abc"}')):
        with pytest.raises(StoreError, match="closed"):
            await engine.call(operation, body)


async def test_a_damaged_file_is_reported_in_words(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    engine = EmbeddedEngine.open(path, SystemClock())
    subject = Subject(engine, "events")
    await subject.on_table("CreateTable", **SCHEMA)
    await subject.fill([item(f"p{number}", x={"S": "x" * 1000}) for number in range(100)])
    await engine.aclose()
    data = bytearray(path.read_bytes())
    data[8192:] = b"\xff" * (len(data) - 8192)
    path.write_bytes(data)

    engine = EmbeddedEngine.open(path, SystemClock())
    with pytest.raises(StoreError, match="damaged"):
        await Subject(engine, "events").all()
    await engine.aclose()


WRITER = """
import json, sys, anyio
from footfall.clock import SystemClock
from footfall.store.embedded import EmbeddedEngine

async def main():
    engine = EmbeddedEngine.open(sys.argv[1], SystemClock())
    number = 0
    while True:
        batch = [
            {"PutRequest": {"Item": {"pk": {"S": f"b{number:06}"}, "sk": {"S": f"{row:02}"}, "x": {"S": "x" * 900}}}}
            for row in range(25)
        ]
        reply = await engine.call("BatchWriteItem", json.dumps({"RequestItems": {"events": batch}}).encode())
        assert reply.ok, reply.body
        print(number, flush=True)
        number += 1

anyio.run(main)
"""


def write_and_kill(path: Path, batches: int) -> list[int]:
    """Kill a writing process after some batches; return the numbers of those it said are stored."""
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        seen = [int(writer.stdout.readline()) for _ in range(batches)]
        writer.send_signal(signal.SIGKILL)
        return seen + [int(line) for line in writer.stdout.read().split()]


@pytest.mark.parametrize("acknowledged", [1, 30, 200])
async def test_a_killed_writer_leaves_whole_batches_and_all_it_acknowledged(
    tmp_path: Path, acknowledged: int
) -> None:
    path = tmp_path / "a.db"
    engine = EmbeddedEngine.open(path, SystemClock())
    await Subject(engine, "events").on_table("CreateTable", **SCHEMA)
    await engine.aclose()
    seen = write_and_kill(path, acknowledged)

    engine = EmbeddedEngine.open(path, SystemClock())
    subject = Subject(engine, "events")
    found = await subject.all(ProjectionExpression="pk")
    described = (await subject.on_table("DescribeTable"))["Table"]
    await engine.aclose()

    counts = {stored["pk"]["S"]: 0 for stored in found}
    for stored in found:
        counts[stored["pk"]["S"]] += 1
    assert set(counts.values()) == {25}
    assert {f"b{number:06}" for number in seen} <= set(counts)
    assert described["ItemCount"] == len(found)


async def test_another_process_in_the_way_is_waited_for(tmp_path: Path) -> None:
    engine = EmbeddedEngine.open(tmp_path / "a.db", SystemClock())
    subject = Subject(engine, "events")
    await subject.on_table("CreateTable", **SCHEMA)
    other = sqlite3.connect(tmp_path / "a.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(subject.fill, [item("p")])
        await anyio.sleep(0.05)
        # Reads go on while somebody writes.
        assert await subject.all() == []
        other.execute("COMMIT")

    assert await subject.get(key("p")) == item("p")
    other.close()
    await engine.aclose()


async def test_a_process_that_never_lets_go_is_an_error_worth_a_retry(tmp_path: Path) -> None:
    engine = EmbeddedEngine.open(tmp_path / "a.db", SystemClock(), busy_seconds=0.05)
    subject = Subject(engine, "events")
    await subject.on_table("CreateTable", **SCHEMA)
    other = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    reply = await subject.call("PutItem", TableName="events", Item=item("p"))
    other.close()
    await subject.fill([item("p")])
    await engine.aclose()

    assert reply.status == 500
    assert reply.error_code == "InternalServerError"
    assert "busy" in json.loads(reply.body)["message"]
