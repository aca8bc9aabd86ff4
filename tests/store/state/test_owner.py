from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from footfall.store.state import Owner, Process, has_ended, this_process

ROOT: Final = Path(__file__).parents[3]
SLEEPER: Final = """
import time
from footfall.store.state import this_process
process = this_process()
print(process.host, process.pid, process.place, process.started, sep="\\n", flush=True)
time.sleep(600)
"""

needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are known by /proc")


@pytest.fixture
def sleeper() -> Iterator[tuple[subprocess.Popen[str], Process]]:
    """A process of its own, and how it knows itself."""
    running = subprocess.Popen([sys.executable, "-c", SLEEPER], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert running.stdout is not None
    try:
        host, pid, place, started = (running.stdout.readline().rstrip("\n") for _ in range(4))
        yield running, Process(host, int(pid), place, started)
    finally:
        running.kill()
        running.wait()
        running.stdout.close()


def fake_proc(
    folder: Path, pid: int, stat: str | None, *, boot: str = "boot", shown_pid: int | None = None
) -> Path:
    """Make what is asked of /proc, in which the process that asks is called `shown_pid`, and `pid` has `stat`."""
    own = folder / str(shown_pid or os.getpid())
    for each in {own, folder / str(pid)}:
        (each / "ns").mkdir(parents=True)
        (each / "ns" / "pid").symlink_to("pid:[1]")
        (each / "ns" / "time").symlink_to("time:[2]")

    (folder / "self").symlink_to(own.name)
    (folder / "sys/kernel/random").mkdir(parents=True)
    (folder / "sys/kernel/random/boot_id").write_text(f"{boot}\n")
    if stat is not None:
        (folder / str(pid) / "stat").write_text(stat)

    return folder


def stat_of(pid: int, *, state: str = "S", started: int = 77, name: str = "footfall") -> str:
    return f"{pid} ({name}) {state} " + "0 " * 18 + f"{started} 0 0\n"


def here(pid: int) -> Process:
    return Process("web-1", pid, "boot pid:[1] time:[2]", "77")


@needs_proc
def test_this_very_process_has_not_ended() -> None:
    assert this_process().pid == os.getpid()
    assert this_process().place
    assert not has_ended(this_process())


@needs_proc
def test_a_killed_process_has_ended_before_and_after_its_parent_looks(
    sleeper: tuple[subprocess.Popen[str], Process],
) -> None:
    running, process = sleeper
    assert not has_ended(process)
    running.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, running.pid, os.WEXITED | os.WNOWAIT)
    assert has_ended(process), "a zombie"
    running.wait()
    assert has_ended(process)


@needs_proc
def test_a_pid_that_another_process_has_now_is_not_the_owner() -> None:
    assert has_ended(replace(this_process(), started="1"))


@pytest.mark.parametrize("place", ["", "another boot pid:[1] time:[2]", "boot pid:[9] time:[2]"])
def test_a_process_of_another_machine_or_container_is_never_taken_for_dead(
    tmp_path: Path, place: str
) -> None:
    """Two containers may both be ``web pid 1``; and pid 1 is always there, or never, for who looks from elsewhere."""
    proc = fake_proc(tmp_path, 1, None)
    assert not has_ended(replace(here(2**22 + 1), place=place), proc)


def test_a_process_of_this_machine_is_looked_up(tmp_path: Path) -> None:
    pid = os.getppid()
    proc = fake_proc(tmp_path, pid, stat_of(pid, name="a) S 1 (b"))
    assert not has_ended(here(pid), proc)
    assert has_ended(replace(here(pid), started="78"), proc)
    assert has_ended(here(2**22 + 1), proc), "no process can have that pid"


@pytest.mark.parametrize(("state", "is_dead"), [("R", False), ("D", False), ("Z", True), ("X", True)])
def test_a_zombie_counts_as_dead(tmp_path: Path, state: str, is_dead: bool) -> None:
    pid = os.getppid()
    assert has_ended(here(pid), fake_proc(tmp_path, pid, stat_of(pid, state=state))) is is_dead


@pytest.mark.parametrize("stat", [None, "", "1 (cut"])
def test_a_process_that_is_hidden_is_not_taken_for_dead(tmp_path: Path, stat: str | None) -> None:
    assert not has_ended(here(os.getppid()), fake_proc(tmp_path, os.getppid(), stat))


def test_the_proc_of_the_host_in_a_container_says_nothing(tmp_path: Path) -> None:
    proc = fake_proc(tmp_path, os.getpid(), stat_of(os.getpid()), shown_pid=2**22 + 1)
    assert this_process(proc).place == ""
    assert not has_ended(here(2**22 + 2), proc)


def test_without_proc_only_the_lease_decides(tmp_path: Path) -> None:
    process = this_process(tmp_path)
    assert (process.place, process.started) == ("", "")
    assert not has_ended(process, tmp_path)
    assert process.host


def test_an_owner_comes_back_as_it_was_stored() -> None:
    owner = Owner(here(4711), "token", datetime(2026, 3, 1, 12, 0, 0, 5, tzinfo=UTC), 30.0)
    assert Owner.of_wire(owner.wire()) == owner
    assert Owner.of_wire(None) is None
    assert owner.name == "web-1 pid 4711"
