from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

import cli
from tests.ingest.runs import combined_lines, write_log

ROOT = Path(__file__).parents[3]
LIMIT_SECONDS = 60.0


def wait_for(path: Path) -> None:
    """Return when a file is there; fails the test when that takes too long."""
    give_up_at = time.monotonic() + LIMIT_SECONDS
    while not path.exists():
        assert time.monotonic() < give_up_at
        time.sleep(0.02)


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_followed_log_is_stored_and_a_signal_ends_the_run_in_good_order(
    tmp_path: Path, stop: signal.Signals
) -> None:
    log, letters = write_log(tmp_path / "access.log", 10), tmp_path / "dead.ndjson"
    arguments = [str(log), str(tmp_path / "later.log"), "--store", f"embedded:{tmp_path / 'x.db'}"]
    manner = [
        "--dead-letters",
        str(letters),
        "--linger",
        "0.01",
        "--poll-seconds",
        "0.02",
        "--summary",
        "json",
    ]
    process = subprocess.Popen(
        [sys.executable, ROOT / "cli.py", "tail", *arguments, *manner],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
    )
    with process:
        # A line that is refused shows in a file how far the run has come.
        with log.open("ab") as file:
            file.write(b"refused\n" + combined_lines(1, first=10)[0])

        wait_for(letters)

        process.send_signal(stop)
        out, err = process.communicate(timeout=LIMIT_SECONDS)

    assert process.returncode == 0, err.decode()
    summary = msgspec.json.decode(out)
    assert (summary["lines_read"], summary["events_stored"], summary["stopped_by_signal"]) == (12, 11, True)
    assert b"There is no file" in err


def test_a_pipe_is_not_followed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["tail", "-"]) == 2
    assert "footfall ingest -" in capsys.readouterr().err
