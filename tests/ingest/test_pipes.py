"""Runs that read a pipe which is written to while they read."""

from __future__ import annotations

import gzip
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import anyio
import msgspec
import pytest
from anyio import to_thread

from ingest.reader import Reader
from ingest.settings import IngestSettings
from ingest.sources import find_sources
from ingest.tally import Tally
from ingest.worker import Worker
from tests.ingest.runs import (
    SITE,
    HurriedClock,
    checkpoint_of,
    combined_lines,
    embedded_store,
    ingest,
    table,
    write_log,
)

pytestmark = pytest.mark.anyio

LIMIT_SECONDS = 30.0
"""Far more than anything here takes."""

FOR_EVER = 1e9


@dataclass(slots=True)
class Piping:
    """A run over a named pipe."""

    path: Path
    feed: Reader
    tally: Tally

    async def until_read(self, lines: int) -> None:
        """Return when so many lines are done; fails the test when that takes too long."""
        with anyio.fail_after(LIMIT_SECONDS):
            while self.tally.counts.lines < lines:  # noqa: ASYNC110 - it is figures that are waited for
                await anyio.sleep(0.002)


@asynccontextmanager
async def piping(folder: Path, name: str = "access.log", **options: Any) -> AsyncIterator[Piping]:
    """Ingest a named pipe until it ends, or is told to stop."""
    path = folder / name
    os.mkfifo(path)
    usual: dict[str, Any] = {
        "site": SITE,
        "dead_letters": folder / "dead.ndjson",
        "linger_seconds": 0.01,
    }
    settings = IngestSettings(**(usual | options))
    async with embedded_store(folder / "store.db") as (store, meta):
        tally, clock = Tally(), HurriedClock()
        feed = Reader(find_sources([str(path)]), settings, store, meta, clock, tally)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(Worker(feed, settings, store, clock, tally).run)
            yield Piping(path, feed, tally)


@pytest.fixture
def opened() -> Iterator[Callable[[Path], BinaryIO]]:
    """Open pipes to write to; they are closed at the end."""
    streams: list[BinaryIO] = []

    def open_pipe(path: Path) -> BinaryIO:
        stream = path.open("wb", buffering=0)
        streams.append(stream)
        return stream

    yield open_pipe
    for stream in streams:
        stream.close()


Open = Callable[[Path], BinaryIO]


def numbers(count: int, first: int = 0) -> bytes:
    return b"".join(combined_lines(count, first=first))


def letters(folder: Path) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in (folder / "dead.ndjson").read_bytes().splitlines()]


async def test_lines_of_a_live_pipe_are_stored_while_it_is_open(tmp_path: Path, opened: Open) -> None:
    async with piping(tmp_path) as run:
        pipe = await to_thread.run_sync(opened, run.path)
        for number in range(3):
            pipe.write(numbers(2, first=2 * number) + b"half a ")
            await run.until_read(3 * number + 2)
            pipe.write(b"line\n")
            await run.until_read(3 * number + 3)

        pipe.close()

    assert (run.tally.counts.events, run.tally.counts.rejected) == (6, 3)


async def test_a_pipe_that_nobody_writes_to_yet_hears_a_stop(tmp_path: Path) -> None:
    async with piping(tmp_path) as run:
        await anyio.sleep(0.05)
        run.feed.stop()

    assert (run.tally.counts.lines, run.feed.problems, run.feed.notices) == (0, [], [])


async def test_odd_first_lines_of_a_pipe_wait_until_its_format_is_clear(tmp_path: Path, opened: Open) -> None:
    async with piping(tmp_path) as run:
        pipe = await to_thread.run_sync(opened, run.path)
        pipe.write(b"odd\n")
        await anyio.sleep(0.1)
        pipe.write(numbers(3))
        await run.until_read(4)
        pipe.close()

    assert (run.tally.counts.events, run.tally.counts.rejected, run.feed.problems) == (3, 1, [])


@pytest.mark.parametrize("linger_seconds", [0.0, 0.01, FOR_EVER])
async def test_the_table_does_not_depend_on_how_a_pipe_is_written_to(
    tmp_path: Path, opened: Open, linger_seconds: float
) -> None:
    log = write_log(tmp_path / "logs.log", 300)
    data = log.read_bytes()
    async with piping(tmp_path, "logs.log.1", linger_seconds=linger_seconds) as run:
        pipe = await to_thread.run_sync(opened, run.path)
        for at in range(0, len(data), 997):
            pipe.write(data[at : at + 997])
            await anyio.sleep(0.001)

        pipe.close()

    await ingest(tmp_path / "undisturbed.db", log)
    assert await table(tmp_path / "store.db") == await table(tmp_path / "undisturbed.db")


async def test_half_a_line_at_a_stop_is_a_dead_letter_and_the_position_stays_before_it(
    tmp_path: Path, opened: Open
) -> None:
    data = numbers(10)
    async with piping(tmp_path, "a.log.1") as run:
        pipe = await to_thread.run_sync(opened, run.path)
        pipe.write(data[:-20])
        await run.until_read(9)
        run.feed.stop()

    counts = run.tally.counts
    assert (counts.lines, counts.events, counts.rejected) == (10, 9, 1)
    [letter] = letters(tmp_path)
    last = data[: data.rfind(b"\n", 0, -1) + 1]
    assert (letter["reason"], letter["line"], letter["offset"]) == ("line-cut", 10, len(last))
    assert letter["raw"].encode() == data[len(last) : -20]

    # Whoever pipes the same log in again gets the line whole.
    log = write_log(tmp_path / "a.log", 10)
    assert (await checkpoint_of(tmp_path / "store.db", log)).position == len(last)
    assert (await ingest(tmp_path / "store.db", log)).tally.counts.events == 1
    assert len(await table(tmp_path / "store.db")) == 10


async def test_a_line_that_is_whole_but_for_its_newline_is_stored_at_a_stop(
    tmp_path: Path, opened: Open
) -> None:
    async with piping(tmp_path) as run:
        pipe = await to_thread.run_sync(opened, run.path)
        pipe.write(numbers(3).removesuffix(b"\n"))
        await run.until_read(2)
        run.feed.stop()

    assert run.tally.counts.events == 3


async def test_a_stop_within_the_first_line_is_said(tmp_path: Path, opened: Open) -> None:
    async with piping(tmp_path) as run:
        pipe = await to_thread.run_sync(opened, run.path)
        pipe.write(numbers(1)[:30])
        await anyio.sleep(0.1)
        run.feed.stop()

    assert run.tally.counts.lines == 0
    [notice] = run.feed.notices
    assert "Stopped in the middle of the first line" in notice


async def test_a_compressed_pipe_is_read_to_its_end(tmp_path: Path, opened: Open) -> None:
    packed = gzip.compress(numbers(500))
    async with piping(tmp_path) as run:
        pipe = await to_thread.run_sync(opened, run.path)
        for at in range(0, len(packed), 500):
            pipe.write(packed[at : at + 500])
            await anyio.sleep(0.005)

        pipe.close()

    assert (run.tally.counts.events, run.feed.problems) == (500, [])


async def test_a_stop_in_a_compressed_pipe_is_no_damage(tmp_path: Path, opened: Open) -> None:
    packed = gzip.compress(numbers(2000))
    async with piping(tmp_path) as run:
        pipe = await to_thread.run_sync(opened, run.path)
        pipe.write(packed[: len(packed) // 2])
        await anyio.sleep(0.1)
        run.feed.stop()

    assert run.feed.problems == []


async def test_an_oversized_last_line_of_a_log_waits_for_its_newline(tmp_path: Path) -> None:
    log = write_log(tmp_path / "access.log", 3)
    with log.open("ab") as file:
        file.write(b"x" * 5000)

    store = tmp_path / "store.db"
    first = await ingest(store, log, max_line_bytes=1000)
    assert (first.tally.counts.lines, len(first.notices)) == (3, 1)
    with log.open("ab") as file:
        file.write(b"x" * 500 + b"\n" + numbers(1, first=3))

    second = await ingest(store, log, max_line_bytes=1000)
    assert (second.tally.counts.events, second.tally.counts.rejected) == (1, 1)
    [letter] = letters(tmp_path)
    assert letter["raw_bytes"] == 5501
