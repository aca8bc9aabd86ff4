"""Two real workers on one store, one of them killed: each report is there exactly once."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import msgspec
import pytest

from footfall.clock import SystemClock
from footfall.store.state.runs import JobState, read_runs, save_job
from reports.schedule.file import load_jobs
from tests.reports.conftest import MakeEvents
from tests.reports.store import fill, opened

ROOT = Path(__file__).parents[3]
CLOCK = SystemClock()
JOBS = """
[defaults]
timezone = "Europe/Berlin"
formats = ["csv", "json"]
out = "out"

[[job]]
name = "daily"
cron = "15 2 * * *"
period = "yesterday"
reports = ["summary", "pages"]

[[job]]
name = "hourly"
cron = "0 */3 * * *"
period = "today"
reports = ["summary"]
files = "{report}-{run}.{suffix}"
"""


@pytest.fixture
def missed(tmp_path: Path, make_events: MakeEvents) -> tuple[str, set[str]]:
    """A store and jobs nothing of which was made for two days; returns the store and the files that are due."""
    (tmp_path / "footfall.toml").write_text(JOBS)
    now, store = CLOCK.now(), tmp_path / "x.db"
    jobs, settled_at = load_jobs(tmp_path / "footfall.toml"), now - timedelta(days=2)

    async def prepare() -> None:
        await fill(store, make_events({"at": (now - timedelta(days=1)).isoformat()}).collect())
        async with opened(store) as ready:
            for job in jobs:
                await save_job(ready, CLOCK, JobState(job.name, job.cron.line, settled_at), "the past")

    anyio.run(prepare)
    # A full hour may strike while the test runs: what is due then is no concern of it.
    due = [(job, at) for job in jobs for at in job.cron.between(settled_at, now)]
    files = {name for job, at in due for name in job.files_at(at)}
    return f"embedded:{store}", files | {job.manifest_at(at) for job, at in due}


@contextmanager
def footfall(folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A process of its own, which does not outlive the test."""
    command = [sys.executable, str(ROOT / "cli.py"), *arguments]
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def until_there_are(folder: Path, pattern: str, count: int) -> None:
    for _ in range(3_000):
        if len(list(folder.glob(pattern))) >= count:
            return

        time.sleep(0.01)

    raise AssertionError(f"{pattern} did not appear")


def check_files(tmp: Path, expected: set[str]) -> None:
    out = tmp / "out"
    found = {path.name for path in out.iterdir()}
    assert expected <= found
    assert [name for name in found if name.startswith(".")] == []
    for manifest in out.glob("*.manifest.json"):
        for file in msgspec.json.decode(manifest.read_bytes())["files"]:
            assert hashlib.sha256((tmp / file["file"]).read_bytes()).hexdigest() == file["sha256"]


def attempts(store: str) -> list[int]:
    async def read() -> list[int]:
        async with opened(Path(store.removeprefix("embedded:"))) as ready:
            past = datetime(2000, 1, 1, tzinfo=UTC)
            found = [await read_runs(ready, CLOCK, name, past) for name in ("daily", "hourly")]
            assert {run.state for runs in found for run in runs.values()} == {"done"}
            return [run.attempts for runs in found for run in runs.values()]

    return anyio.run(read)


@pytest.mark.parametrize("manifests", [0, 1, 7])
def test_a_killed_worker_is_followed_by_the_other_one(
    missed: tuple[str, set[str]], tmp_path: Path, manifests: int
) -> None:
    store, expected = missed
    due = ("schedule", "due", "--store", store)
    with footfall(tmp_path, *due) as first:
        until_there_are(tmp_path, "out/*.manifest.json" if manifests else "out/.*.part", max(manifests, 1))
        with footfall(tmp_path, *due) as second:
            os.kill(first.pid, signal.SIGKILL)
            _, said = second.communicate(timeout=60)

        assert second.returncode == 0, said
        assert first.wait() == -signal.SIGKILL

    check_files(tmp_path, expected)
    tries = attempts(store)
    assert sum(tries) - len(tries) <= 1


def test_a_worker_stops_when_told_and_leaves_nothing_half_done(
    missed: tuple[str, set[str]], tmp_path: Path
) -> None:
    store, expected = missed
    with footfall(tmp_path, "schedule", "run", "--store", store) as worker:
        until_there_are(tmp_path, "out/*.manifest.json", 3)
        worker.send_signal(signal.SIGTERM)
        _, said = worker.communicate(timeout=60)

    assert worker.returncode == 0, said
    assert attempts(store) == [1] * len(attempts(store))
    with footfall(tmp_path, "schedule", "due", "--store", store) as heir:
        _, said = heir.communicate(timeout=60)

    assert heir.returncode == 0, said
    check_files(tmp_path, expected)
    assert set(attempts(store)) == {1}
