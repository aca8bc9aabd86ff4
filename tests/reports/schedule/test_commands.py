from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from pathlib import Path

import anyio
import pytest
from click.testing import CliRunner, Result

from footfall.errors import SettingsError, StoppedEarly
from footfall.store import Store
from footfall.store.address import open_store
from footfall.store.commands import App
from reports.commands.schedule import schedule_group, until_stopped
from reports.schedule.attempt import Tools
from reports.schedule.lock import new_worker
from reports.schedule.settle import Manner
from reports.schedule.worker import Schedule, Tally
from tests.fakes import FakeClock, ScriptedEngine, store_on
from tests.reports.conftest import MakeEvents
from tests.reports.store import fill

ROOT = Path(__file__).parents[3]
BEGIN = datetime(2026, 3, 2, 12, tzinfo=UTC)
JOBS = """
[[job]]
name = "daily"
cron = "15 2 * * *"
timezone = "Europe/Berlin"
period = "yesterday"
reports = ["summary", "pages"]
formats = ["csv"]
out = "out"

[[job]]
name = "monthly"
cron = "0 3 1 * *"
period = "last-month"
reports = ["summary"]
formats = ["html"]
out = "out"
"""

Run = Callable[..., Result]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(BEGIN)


@pytest.fixture
def run(tmp_path: Path, make_events: MakeEvents, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `footfall schedule` in a folder with jobs and a store."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "footfall.toml").write_text(JOBS)
    anyio.run(fill, tmp_path / "x.db", make_events({"at": "2026-03-02T20:00:00+00:00"}).collect())

    def command(*arguments: str, **environment: str) -> Result:
        app = App(clock=clock, open_store=lambda settings: open_store(settings, clock))
        store = () if arguments[0] == "check" else ("--store", "embedded:x.db")
        return CliRunner().invoke(
            schedule_group, [*arguments, *store], obj=app, env=environment, standalone_mode=False
        )

    return command


def test_check_tells_what_each_job_will_do(run: Run) -> None:
    lines = run("check").stdout.splitlines()
    assert lines[:2] == [
        "daily: 15 2 * * * Europe/Berlin, yesterday",
        "  2026-03-03 02:15 CET  2026-03-02  out/summary-2026-03-02.csv",
    ]
    assert "  2026-04-01 03:00 UTC  from 2026-03-01 to 2026-03-31  out/report-2026-03-31.html" in lines
    assert len(lines) == 8


def test_due_makes_what_is_due_and_list_shows_it(run: Run, clock: FakeClock, tmp_path: Path) -> None:
    assert run("due").return_value == 0
    assert run("list").stdout.splitlines() == [
        "job      state    next run              about                          last run  result",
        "daily    waiting  2026-03-03 02:15 CET  2026-03-02                     -         -",
        "monthly  waiting  2026-04-01 03:00 UTC  from 2026-03-01 to 2026-03-31  -         -",
    ]
    clock.advance(86_400)
    done = run("due")
    assert done.return_value == 0
    assert "footfall: daily, due 2026-03-03 02:15 CET: 2 files, 2 rows, out/daily-2026" in done.stderr
    assert done.stdout == ""
    assert "daily    done     2026-03-04 02:15 CET" in run("list").stdout
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "summary-2026-03-02.csv", "pages-2026-03-02.csv", "daily-20260303T011500Z.manifest.json",
    }  # fmt: skip


def test_list_as_json_has_runs_with_their_manifests(run: Run, clock: FakeClock) -> None:
    run("due")
    clock.advance(86_400)
    run("due")
    daily, monthly = json.loads(run("list", "--format", "json").stdout)
    assert daily["next"] == {"due_at": "2026-03-04T01:15:00+00:00", "from": "2026-03-03", "to": "2026-03-03"}
    assert [one["manifest"] for one in daily["runs"]] == ["out/daily-20260303T011500Z.manifest.json"]
    assert (daily["runs"][0]["state"], daily["runs"][0]["scheduled_at"]) == (
        "done",
        "2026-03-03T01:15:00+00:00",
    )
    assert (monthly["state"], monthly["runs"]) == ("waiting", [])


def test_list_says_new_of_a_job_that_no_worker_has_seen(run: Run) -> None:
    assert [line.split()[1] for line in run("list").stdout.splitlines()] == ["state", "new", "new"]


def test_due_ends_with_the_exit_code_of_what_went_wrong(run: Run, clock: FakeClock, tmp_path: Path) -> None:
    run("due")
    clock.advance(86_400)
    (tmp_path / "out").write_text("no folder")
    done = run("due")
    assert done.return_value == SettingsError.exit_code
    assert "daily, due 2026-03-03 02:15 CET: failed, attempt 1: Cannot write" in done.stderr
    assert "failed, attempt 1: Cannot write" in run("list").stdout


def test_one_job_can_be_chosen(run: Run, clock: FakeClock) -> None:
    assert len(run("check", "--job", "monthly").stdout.splitlines()) == 4
    unknown = run("check", "--job", "dayly").exception
    assert isinstance(unknown, SettingsError)
    assert unknown.hint == "--job takes daily, monthly"


def test_a_file_can_be_named_by_the_environment(run: Run, tmp_path: Path) -> None:
    (tmp_path / "footfall.toml").rename(tmp_path / "other.toml")
    assert isinstance(run("check").exception, SettingsError)
    assert run("check", FOOTFALL_SCHEDULE_JOBS="other.toml").exit_code == 0


def test_no_store_is_made_by_looking(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x.db").unlink()
    assert "There is no store" in str(run("due").exception)
    assert not (tmp_path / "x.db").exists()


@pytest.mark.skipif(not shutil.which("unshare") or os.geteuid() != 0, reason="needs a namespace of processes")
def test_it_hears_a_signal_as_process_1(run: Run, tmp_path: Path) -> None:
    footfall = [sys.executable, str(ROOT / "cli.py"), "schedule", "run", "--store", "embedded:x.db"]
    command = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child", *footfall]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as outer:
        assert outer.stderr
        first = outer.stderr.readline()
        if "unshare" in first:
            pytest.skip(first)

        while "new here" not in outer.stderr.readline():
            time.sleep(0.01)

        [inner] = Path(f"/proc/{outer.pid}/task/{outer.pid}/children").read_text().split()
        os.kill(int(inner), signal.SIGTERM)
        assert outer.wait(timeout=30) == 0


@pytest.mark.parametrize(("signals", "drain_seconds"), [(1, 0.05), (2, 60.0)])
def test_a_run_that_does_not_end_is_given_up(signals: int, drain_seconds: float) -> None:
    async def for_ever(schedule: Schedule) -> Tally:
        # Before somebody listens, the signal would end the tests.
        while signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:  # noqa: ASYNC110
            await anyio.sleep(0.001)

        for _ in range(signals):
            os.kill(os.getpid(), signal.SIGTERM)
            await anyio.sleep(0.02)

        await anyio.sleep_forever()
        return schedule.tally

    async def work() -> Tally:
        tools = Tools(store_on(ScriptedEngine([])), FakeClock(), new_worker(FakeClock()), open_nothing, print)
        return await until_stopped(Schedule((), tools, Manner()), for_ever, drain_seconds)

    if signals == 1:
        assert anyio.run(work).runs == []
        return

    with pytest.raises(StoppedEarly, match="Stopped at once"):
        anyio.run(work)


def open_nothing(address: str) -> AbstractAsyncContextManager[Store]:
    raise AssertionError(address)
