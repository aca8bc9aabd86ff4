"""Real processes, killed at chosen file operations while they read a table into a kept dataset."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from reports.extraction.dataset import Dataset
from reports.extraction.journal import STAGING, read_journal
from tests.reports.conftest import MakeEvents
from tests.reports.store import fill

ROOT = Path(__file__).parents[3]
START = datetime(2026, 3, 1, tzinfo=UTC)
MOST_RUNS = 20

pytestmark = pytest.mark.timeout(300)


def run(store: Path, folder: Path, operations: int) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "tests.reports.extraction.stopping",
        str(store),
        str(folder),
        str(operations),
    ]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.fixture
def events(make_events: MakeEvents) -> pl.DataFrame:
    """300 events of two sites over two days."""
    return make_events(
        *(
            {
                "at": (START + timedelta(minutes=9 * number)).isoformat(),
                "site": ("a.example", "b.example")[number % 2],
                "path": f"/{number}",
            }
            for number in range(300)
        )
    ).collect()


def test_every_event_is_there_once_however_often_a_reading_was_killed(
    tmp_path: Path, events: pl.DataFrame
) -> None:
    store, folder = tmp_path / "x.db", tmp_path / "kept"
    anyio.run(fill, store, events)
    chance = random.Random(1)
    deaths, begun, phases = 0, 0, set()
    for _ in range(MOST_RUNS):
        done = run(store, folder, chance.randrange(6, 10) + 4 * deaths)
        if done.returncode == 0:
            break

        assert done.returncode == -signal.SIGKILL, done.stderr
        deaths += 1
        journal = read_journal(folder)
        begun = max(begun, len(journal.positions) + len(journal.done) if journal else 0)
        phases.add("published" if any(folder.glob("site=*")) else "reading")

    kept = Dataset(folder).scan().sort("offset").collect()
    assert_frame_equal(kept.drop("shard"), events.drop("shard"))
    assert deaths > 3
    assert begun > 0, "no kill left anything to go on with"
    assert phases == {"reading", "published"}
    assert not (folder / STAGING).exists()
    assert "read nothing; 4 days" in run(store, folder, 0).stdout
    assert pl.scan_parquet(folder / "**/*.parquet").collect().height == 300, "for other tools, too"


def test_a_killed_reading_does_not_read_again_what_it_has(tmp_path: Path, events: pl.DataFrame) -> None:
    store, folder = tmp_path / "x.db", tmp_path / "kept"
    anyio.run(fill, store, events)
    killed = run(store, folder, 20)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert read_journal(folder) is not None

    said = run(store, folder, 0).stdout
    assert "went on where an earlier run stopped" in said
    assert 0 < int(said.split()[1]) < 300, said
