from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from ingest.settings import IngestSettings
from ingest.tail import Follower
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
from tests.ingest.tail.following import A_WHILE_SECONDS, assert_exactly_once, following
from tests.ingest.tail.server import Server

pytestmark = pytest.mark.anyio

FOR_EVER = 1e9


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "logs"
    folder.mkdir()
    return folder


@pytest.fixture
def log(folder: Path) -> Path:
    return folder / "access.log"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def server(log: Path) -> Iterator[Server]:
    server = Server(log)
    yield server
    server.close()


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def numbers(count: int, first: int = 0) -> bytes:
    return b"".join(combined_lines(count, first=first))


async def pages(store: Path) -> set[int]:
    """Return the numbers of the lines that a store holds."""
    return {int(item["p"]["S"].removeprefix("/page/")) for item in (await table(store)).values()}


# Lines


async def test_half_a_line_waits_for_its_newline(store: Path, server: Server) -> None:
    server.write(3)
    async with following(store, server.log) as run:
        await run.until_read(3)
        server.write_half()
        await anyio.sleep(2 * A_WHILE_SECONDS)
        assert run.tally.counts.lines == 3
        server.write(1)
        await run.until_read(5)

    await assert_exactly_once(store, server)


async def test_a_first_line_that_is_not_whole_waits_too(store: Path, server: Server) -> None:
    server.write_half()
    async with following(store, server.log) as run:
        await anyio.sleep(A_WHILE_SECONDS)
        assert run.feed.keepers == []
        server.write(1)
        await run.until_read(2)

    await assert_exactly_once(store, server)


async def test_lines_wait_for_others_until_a_chunk_is_full(store: Path, log: Path) -> None:
    write_log(log, 10)
    async with following(store, log, linger_seconds=FOR_EVER, chunk_bytes=10_000) as run:
        await anyio.sleep(A_WHILE_SECONDS)
        assert run.tally.counts.lines == 0
        append(log, numbers(200, first=10))
        await run.until_read(150)


async def test_an_oversized_line_that_still_grows_is_refused_once_and_whole(store: Path, log: Path) -> None:
    write_log(log, 3)
    async with following(store, log, max_line_bytes=1000) as run:
        await run.until_read(3)
        for _ in range(5):
            append(log, b"x" * 700)
            await anyio.sleep(0.02)

        assert run.tally.counts.lines == 3
        append(log, b"\n" + numbers(2, first=3))
        await run.until_read(6)

    assert (run.tally.counts.events, run.tally.counts.rejected) == (5, 1)
    [letter] = (log.parent / "dead.ndjson").read_bytes().splitlines()
    assert b'"raw_bytes":3501' in letter


async def test_the_last_line_of_a_rotated_log_needs_no_newline_once_it_is_quiet(
    store: Path, log: Path
) -> None:
    log.write_bytes(numbers(3).removesuffix(b"\n"))
    async with following(store, log) as run:
        await run.until_read(2)
        log.rename(log.with_name("access.log.1"))
        write_log(log, 2, first=3)
        await run.until_read(5)

    assert await pages(store) == set(range(5))


# Files


async def test_a_log_that_appears_later_is_read_from_its_beginning(store: Path, log: Path) -> None:
    async with following(store, log) as run:
        await run.until(lambda: bool(run.notices))
        write_log(log, 5)
        await run.until_read(5)

    assert run.notices == [f"There is no file {log}. It is waited for. Try: ls -l {log.parent}"]


@pytest.mark.parametrize("argument", ["*.log", "**/*.log", "."])
async def test_files_that_come_to_a_glob_or_a_directory_are_followed(
    store: Path, folder: Path, argument: str
) -> None:
    async with following(store, folder / argument) as run:
        for number in range(4):
            write_log(folder / f"{'abcd'[number]}.log", 5, first=10 * number)
            await run.until_read(5 * number + 5)

    assert len(await table(store)) == 20


async def test_many_logs_are_followed_at_once(store: Path, folder: Path) -> None:
    for number in range(30):
        write_log(folder / f"site-{number}.log", 2, first=10 * number)

    async with following(store, folder) as run:
        await run.until_read(60)
        append(folder / "site-17.log", numbers(1, first=5000))
        await run.until_read(61)


async def test_what_cannot_be_read_is_said_once_and_stops_no_other(
    store: Path, log: Path, folder: Path
) -> None:
    (folder / "a.log").write_bytes(b"PK\x03\x04" + bytes(100))
    (folder / "b.log").write_bytes(gzip.compress(numbers(500))[:2000])
    os.mkfifo(folder / "c.log")
    write_log(log, 5)
    async with following(store, folder / "*.log") as run:
        await run.until(lambda: len(run.notices) >= 3)
        await run.until_read(5)
        await anyio.sleep(A_WHILE_SECONDS)

    assert sorted(sentence.partition(" is ")[0].partition(" cannot ")[0] for sentence in run.notices) == [
        str(folder / name) for name in ("a.log", "b.log", "c.log")
    ]


async def test_rotated_files_that_are_older_than_anything_known_are_left_alone(
    store: Path, log: Path
) -> None:
    write_log(log.with_name("access.log.2"), 5, first=100)
    write_log(log.with_name("access.log.1"), 5, first=200)
    write_log(log, 5, first=300)
    async with following(store, log) as run:
        await run.until_read(5)
        # Compressed late, it is still what was left alone.
        packed = log.with_name("access.log.1.gz")
        packed.write_bytes(gzip.compress(log.with_name("access.log.1").read_bytes()))
        log.with_name("access.log.1").unlink()
        await anyio.sleep(3 * A_WHILE_SECONDS)

    assert await pages(store) == set(range(300, 305))


async def test_rotated_files_that_are_named_are_read(store: Path, log: Path) -> None:
    write_log(log.with_name("access.log.1"), 5, first=200)
    write_log(log, 5, first=300)
    async with following(store, f"{log}*") as run:
        await run.until_read(10)


async def test_a_compressed_file_is_read_when_it_is_whole(store: Path, log: Path) -> None:
    write_log(log, 500)
    async with following(store, log) as run:
        await run.until_read(500)

    append(log, numbers(500, first=500))
    packed = gzip.compress(log.read_bytes())
    log.unlink()
    write_log(log, 1, first=2000)
    half = log.with_name("access.log.1.gz")
    half.write_bytes(packed[: len(packed) // 2])
    async with following(store, log, grace_seconds=1e6) as run:
        await run.until_read(1)
        append(half, packed[len(packed) // 2 :])
        await run.until_held(half)
        await anyio.sleep(0.05)
        run.clock.leap(2e6)
        await run.until_read(501)

    assert run.notices == []
    assert await pages(store) == {*range(1000), 2000}


async def test_a_compressed_copy_of_what_was_read_is_not_unpacked_again(store: Path, log: Path) -> None:
    write_log(log, 50)
    async with following(store, log) as run:
        await run.until_read(50)
        packed = bytearray(gzip.compress(log.read_bytes()))
        log.unlink()
        write_log(log, 1, first=60)
        packed[-8:-4] = bytes(4)  # a wrong checksum, which only unpacking finds
        log.with_name("access.log.1.gz").write_bytes(packed)
        await run.until_read(51)
        await anyio.sleep(3 * A_WHILE_SECONDS)

    assert run.notices == []


# The same first line


async def test_a_log_that_is_written_again_from_its_beginning_adds_nothing(store: Path, log: Path) -> None:
    write_log(log, 100)
    async with following(store, log, grace_seconds=FOR_EVER) as run:
        await run.until_read(100)
        data = log.read_bytes()
        log.write_bytes(data[:3000])
        await anyio.sleep(0.05)
        append(log, data[3000:] + numbers(10, first=100))
        await run.until_read(110)

    assert (run.tally.counts.lines, len(await table(store))) == (110, 110)


async def test_a_log_that_was_cut_for_good_is_read_again(store: Path, log: Path) -> None:
    write_log(log, 100)
    async with following(store, log) as run:
        await run.until_read(100)
        log.write_bytes(numbers(50) + numbers(10, first=200))
        await run.until_read(160)

    assert any("read from its beginning" in sentence for sentence in run.notices)
    assert await pages(store) == {*range(100), *range(200, 210)}


@pytest.mark.parametrize("generations", [1, 3])
async def test_a_server_that_does_not_append_loses_nothing_by_copytruncate(
    store: Path, log: Path, generations: int
) -> None:
    """It goes on at its old offset, so that its log begins with zero bytes: here with more than a line may have."""
    at, lines = 1_500_000, 20
    write_log(log, lines)
    async with following(store, log) as run:
        await run.until_stored(lines)

    for number in range(generations):
        log.rename(log.with_name(f"access.log.{generations - number}"))
        log.write_bytes(bytes(at * (number + 1)) + b"".join(combined_lines(20, first=lines)))
        lines += 20

    async with following(store, log) as run:
        await run.until_stored(lines)

    assert len(await table(store)) == lines
    assert run.tally.counts.rejected == 0


async def test_a_log_that_begins_with_a_giant_line_of_no_format_is_said_to_be_unreadable(
    store: Path, log: Path
) -> None:
    log.write_bytes(b"x" * 2**21 + b"\n" + b"".join(combined_lines(20)))
    async with following(store, log) as run:
        await run.until(lambda: any("in no known format" in notice for notice in run.notices))


async def test_a_new_log_that_begins_with_the_same_line_is_read_after_the_old_one(
    store: Path, log: Path
) -> None:
    first, *rest = combined_lines(200)
    log.write_bytes(first + b"".join(rest[:99]))
    async with following(store, log) as run:
        await run.until_read(100)
        append(log, rest[99])
        log.with_name("access.log.1").write_bytes(log.read_bytes())
        log.write_bytes(first + b"".join(rest[100:150]))
        await run.until_read(152)

    assert await pages(store) == set(range(151))


async def test_of_two_logs_that_begin_alike_the_one_that_was_read_before_goes_on_first(
    store: Path, log: Path
) -> None:
    write_log(log, 5)
    async with following(store, log) as run:
        await run.until_read(5)

    moved = log.with_name("archive") / log.name
    moved.parent.mkdir()
    log.rename(moved)
    append(moved, b"".join(combined_lines(5, first=5)))
    log.write_bytes(b"".join([*combined_lines(1), *combined_lines(20, first=100)]))
    async with following(store, log, moved) as run:
        await run.until_read(5)
        await run.until(lambda: any("waits until that one is over" in notice for notice in run.notices))

    assert run.tally.counts.lines == 5
    assert await pages(store) == set(range(10))


async def test_two_logs_that_begin_with_the_same_line_are_told_apart_by_the_user(
    store: Path, folder: Path
) -> None:
    for name in ("a", "b"):
        (folder / name).mkdir()
        write_log(folder / name / "access.log", 5)

    async with following(store, folder / "a", folder / "b") as run:
        await run.until(lambda: bool(run.notices))

    [notice] = run.notices
    assert "--host-label" in notice


# Formats


async def test_a_log_whose_first_lines_are_odd_waits_for_others(store: Path, log: Path) -> None:
    log.write_bytes(b"odd\n")
    async with following(store, log) as run:
        await anyio.sleep(0.1)
        assert (run.tally.counts.lines, run.notices) == (0, [])
        append(log, numbers(5))
        await run.until_read(6)

    assert (run.tally.counts.events, run.tally.counts.rejected) == (5, 1)


async def test_a_log_of_odd_lines_only_is_read_as_the_one_before_it_when_it_is_over(
    store: Path, log: Path
) -> None:
    write_log(log, 5)
    async with following(store, log) as run:
        await run.until_read(5)
        log.rename(log.with_name("access.log.1"))
        log.write_bytes(b"odd\nodder\n")
        await anyio.sleep(0.1)
        log.rename(log.with_name("access.log.0"))
        write_log(log, 5, first=10)
        await run.until_read(12)

    assert (run.tally.counts.events, run.tally.counts.rejected) == (10, 2)


async def test_a_file_in_no_format_is_said_to_be_and_stops_no_other(store: Path, log: Path) -> None:
    log.with_name("error.log").write_bytes(b"what a day\n" * 2000)
    write_log(log, 5)
    async with following(store, log.parent) as run:
        await run.until_read(5)
        await run.until(lambda: bool(run.notices))

    [notice] = run.notices
    assert "error.log is in no known format" in notice


# Runs


async def test_a_second_run_waits_and_takes_over_when_the_first_one_ends(store: Path, log: Path) -> None:
    write_log(log, 10)
    async with following(store, log, lease_seconds=FOR_EVER) as first:
        await first.until_read(10)
        append(log, numbers(5, first=10))
        await first.until_read(15)
        async with following(store, log) as second:
            await second.until(lambda: bool(second.feed.keepers))
            first.feed.stop()
            await first.until(lambda: first.feed.keepers[0].saved.owner is None)
            append(log, numbers(5, first=15))
            await second.until_read(5)

    assert await pages(store) == set(range(20))


async def test_a_following_run_and_an_ingest_go_on_from_each_other(store: Path, log: Path) -> None:
    write_log(log, 10)
    async with following(store, log) as run:
        await run.until_read(10)

    write_log(log, 20)
    assert (await ingest(store, log)).tally.counts.lines == 10
    write_log(log, 25)
    async with following(store, log) as run:
        await run.until_read(5)

    saved = await checkpoint_of(store, log)
    assert (saved.lines, saved.position) == (25, len(log.read_bytes()))


@pytest.mark.parametrize("watch", ["poll", "notify"])
async def test_a_stop_is_heard_while_it_waits(store: Path, log: Path, watch: str) -> None:
    write_log(log, 1)
    async with following(store, log, watch=watch, poll_seconds=FOR_EVER) as run:
        await run.until_read(1)


async def test_a_change_is_heard_without_looking_for_it(store: Path, log: Path) -> None:
    write_log(log, 1)
    async with following(store, log, watch="notify", poll_seconds=FOR_EVER) as run:
        await run.until_read(1)
        await anyio.sleep(0.3)  # until it listens
        append(log, numbers(1, first=1))
        await run.until_read(2)


async def test_a_source_that_has_been_quiet_is_left_to_others(store: Path, log: Path) -> None:
    write_log(log, 1)
    async with following(store, log) as run:
        await run.until_read(1)
        await run.until(lambda: not run.feed.keepers[0].is_owned)
        append(log, numbers(1, first=1))
        await run.until_read(2)


async def test_a_file_that_is_over_is_let_go_and_its_checkpoint_dropped(store: Path, server: Server) -> None:
    async with following(store, server.log) as run:
        for _ in range(3):
            server.write(5)
            await run.until_read(server.lines)
            server.rename()

        server.write(5)
        await run.until_read(server.lines)
        await run.until(lambda: len(run.feed.keepers) == 1)


async def test_notices_are_kept_when_nobody_is_told(store: Path, log: Path) -> None:
    settings = IngestSettings(site=SITE, dead_letters=log.with_name("dead.ndjson"))
    async with embedded_store(store) as (opened, meta):
        clock, tally = HurriedClock(), Tally()
        feed = Follower([str(log)], settings, opened, meta, clock, tally, watch="poll")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(Worker(feed, settings, opened, clock, tally).run)
            while not feed.notices:  # noqa: ASYNC110 - it is a file that is not there
                await anyio.sleep(0.01)

            feed.stop()
