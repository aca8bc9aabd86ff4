"""Real processes of the real command, killed at random moments while their store throttles and fails."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import anyio
import msgspec
import pytest

from footfall.store.state import read_held
from tests.ingest.runs import HurriedClock, combined_lines, embedded_store, ingest, table, table_of
from tests.ingest.tail.server import ROTATIONS, Server

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(600)]

ROOT: Final = Path(__file__).parents[2]
KILLS: Final = 50
KILLS_OF_A_TAIL: Final = 7
LONGEST_SECONDS: Final = 1.6
"""How long a process lives at most; it takes a third of that to import what it needs."""

TROUBLE: Final = (
    "write_units=2500&partition_write_units=500&burst_seconds=1&faults=unprocessed:0.1,provisioned:0.03,"
    "throttling:0.03,internal_before:0.03,internal_after:0.03,unavailable:0.03,reset_before:0.03,reset_after:0.03"
)
SOME_LINES: Final = 4_000


class GrowingLog:
    """A log that gets more lines, every hundredth of them rubbish; `bad` are the numbers of those."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines = 0
        self.bad: set[int] = set()

    def grow(self, count: int) -> None:
        lines = combined_lines(count, first=self.lines)
        for place in range(50, count, 100):
            lines[place] = b"rubbish %d \xff\n" % (self.lines + place)
            self.bad.add(self.lines + place + 1)

        with self.path.open("ab") as file:
            file.write(b"".join(lines))

        self.lines += count


def footfall(*arguments: str | Path, folder: Path, lives_seconds: float | None = None) -> int:
    """Run the command line, for so many seconds if it is to be killed; return its exit code."""
    command = [sys.executable, ROOT / "cli.py", *arguments]
    said = folder / "said.txt"
    with said.open("ab") as stderr:
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr
        )
        try:
            return process.wait(lives_seconds or 120)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()


def dead_letters(path: Path) -> list[dict[str, Any]]:
    """Return the records of a dead-letter file, without those that a kill has torn."""
    found = []
    for record in path.read_bytes().splitlines():
        try:
            found.append(msgspec.json.decode(record))
        except msgspec.DecodeError:
            assert not record.endswith(b"}")

    return found


def dead_lines(path: Path) -> set[int]:
    return {letter["line"] for letter in dead_letters(path)}


async def test_killed_at_fifty_moments_under_throttling_and_faults_every_event_is_there_exactly_once(
    tmp_path: Path,
) -> None:
    chance = random.Random(2026)
    log, store, dead = GrowingLog(tmp_path / "access.log"), tmp_path / "site.db", tmp_path / "dead.ndjson"
    async with embedded_store(store):
        pass  # made here, it has the salt of the undisturbed one

    killed = runs = 0
    while killed < KILLS:
        runs += 1
        assert runs < 3 * KILLS, "the processes end before they can be killed"
        log.grow(SOME_LINES if runs == 1 or killed < runs - 1 else SOME_LINES // 4)
        code = footfall(
            "ingest", log.path, "--site", "example.org", "--dead-letters", dead, "--writers", "8",
            "--store", f"embedded:{store}?{TROUBLE}&seed={runs}",
            folder=tmp_path, lives_seconds=chance.uniform(0.3, LONGEST_SECONDS),
        )  # fmt: skip
        assert code in {0, -signal.SIGKILL}, (tmp_path / "said.txt").read_text()
        killed += code == -signal.SIGKILL

    last = ("ingest", log.path, "--site", "example.org", "--dead-letters", dead)
    assert footfall(*last, "--store", f"embedded:{store}", folder=tmp_path) == 0

    undisturbed = tmp_path / "undisturbed.db"
    await ingest(undisturbed, log.path, dead_letters=tmp_path / "other.ndjson")
    assert await table(store) == await table(undisturbed)
    assert dead_lines(dead) == log.bad == dead_lines(tmp_path / "other.ndjson")
    assert "Traceback" not in (tmp_path / "said.txt").read_text(errors="replace")


class RotatingServer(Server):
    """A server that writes a line of rubbish now and then."""

    def burst(self, count: int) -> None:
        self.write(count)
        self._put(b"rubbish after %d \xff\n" % self.lines)


def places_of_dead(path: Path) -> set[tuple[str, int]]:
    """Return source and offset of each record, without those that a kill has torn."""
    return {(letter["source_id"], letter["offset"]) for letter in dead_letters(path)}


async def until(is_so: Callable[[], Awaitable[bool]], said: Path) -> None:
    with anyio.move_on_after(60) as limit:
        while not await is_so():  # noqa: ASYNC110 - what is waited for is another process
            await anyio.sleep(0.1)

    assert not limit.cancelled_caught, said.read_text(errors="replace")[-3000:]


@pytest.mark.parametrize("kind", sorted(set(ROTATIONS) - {"move-away"}))
async def test_a_tail_killed_again_and_again_under_rotation_stores_every_event_exactly_once(
    tmp_path: Path, kind: str
) -> None:
    chance = random.Random(kind)
    server, store, dead = (
        RotatingServer(tmp_path / "access.log"),
        tmp_path / "site.db",
        tmp_path / "dead.ndjson",
    )
    said = tmp_path / "said.txt"
    server.burst(50)
    async with embedded_store(store) as (opened, _):

        async def is_all_stored() -> bool:
            return len(await table_of(opened)) == server.lines

        async def is_begun() -> bool:
            return bool(await read_held(opened, HurriedClock()))

        for life in range(KILLS_OF_A_TAIL):
            with tail(server.log, dead, f"embedded:{store}?{TROUBLE}&seed={life}", said) as process:
                await until(is_begun, said)
                dies_at = anyio.current_time() + chance.uniform(0.3, LONGEST_SECONDS)
                while anyio.current_time() < dies_at:
                    server.burst(chance.randint(1, 100))
                    await anyio.sleep(chance.random() * 0.2)
                    if chance.random() < 0.3 and (kind != "delete" or await is_all_stored()):
                        server.rotate(kind)

                process.kill()

            server.burst(chance.randint(1, 50))
            if kind != "delete" and chance.random() < 0.5:
                server.rotate(kind)

        with tail(server.log, dead, f"embedded:{store}", said) as process:
            await until(is_all_stored, said)
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0

    server.close()
    undisturbed, other = tmp_path / "undisturbed.db", tmp_path / "other.ndjson"
    await ingest(undisturbed, *sorted(server.truth.glob("*/*")), dead_letters=other)
    assert await table(store) == await table(undisturbed)
    assert places_of_dead(dead) == places_of_dead(other)
    assert "Traceback" not in said.read_text(errors="replace")


@contextmanager
def tail(log: Path, dead: Path, store: str, said: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run `footfall tail` until the block ends, then kill it if it still runs."""
    command: list[str | Path] = [
        sys.executable, ROOT / "cli.py", "tail", log, "--site", "example.org", "--dead-letters", dead,
        "--linger", "0.05", "--poll-seconds", "0.2", "--store", store,
    ]  # fmt: skip
    with said.open("ab") as stderr:
        process = subprocess.Popen(
            command, cwd=log.parent, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr
        )

    try:
        yield process
    finally:
        process.kill()
        process.wait()
