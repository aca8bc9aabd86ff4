"""Real processes of the real command, killed at random moments while their store throttles and fails."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
import pytest

from tests.ingest.runs import combined_lines, embedded_store, ingest, table

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(600)]

ROOT: Final = Path(__file__).parents[2]
KILLS: Final = 50
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


def dead_lines(path: Path) -> Sequence[int]:
    """Return the line numbers of a dead-letter file, without those of records that a kill has torn."""
    found = []
    for record in path.read_bytes().splitlines():
        try:
            found.append(msgspec.json.decode(record)["line"])
        except msgspec.DecodeError:
            assert not record.endswith(b"}")

    return found


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
    assert set(dead_lines(dead)) == log.bad == set(dead_lines(tmp_path / "other.ndjson"))
    assert "Traceback" not in (tmp_path / "said.txt").read_text(errors="replace")
