from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from footfall.clock import SystemClock
from ingest.tail.watch import Bell, Watcher, WatchMode, is_on_network
from tests.fakes import FakeClock

pytestmark = pytest.mark.anyio

FOR_EVER = 1e6
LIMIT_SECONDS = 30.0


async def test_a_bell_that_rings_while_nobody_waits_is_heard_by_the_next() -> None:
    bell = Bell(FakeClock())
    bell.ring()
    assert await bell.wait(FOR_EVER)
    assert not await bell.wait(FOR_EVER)


async def test_a_bell_wakes_the_one_who_waits() -> None:
    bell = Bell(SystemClock())
    with anyio.fail_after(LIMIT_SECONDS):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(bell.wait, FOR_EVER)
            await anyio.wait_all_tasks_blocked()
            bell.ring()


@pytest.mark.parametrize("mode", ["auto", "notify"])
async def test_a_change_in_a_folder_rings_and_folders_can_come(tmp_path: Path, mode: WatchMode) -> None:
    clock = SystemClock()
    bell = Bell(clock)
    watcher = Watcher(mode, bell, clock, pytest.fail)
    for name in ("a", "b"):
        (tmp_path / name).mkdir()

    with anyio.fail_after(LIMIT_SECONDS):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(watcher.run)
            for names in (["a"], ["a", "b"]):
                watcher.watch([str(tmp_path / name) for name in names])
                await _touch_until_it_rings(tmp_path / names[-1], bell)

            tasks.cancel_scope.cancel()


async def _touch_until_it_rings(folder: Path, bell: Bell) -> None:
    number = 0
    while not await bell.wait(0.2):
        number += 1
        (folder / str(number)).touch()


HIDDEN = "x" * 5000
"""A name that cannot be looked at, as in a folder without permission, which would not stop the superuser."""


async def test_folders_that_are_gone_are_no_end(tmp_path: Path) -> None:
    clock = SystemClock()
    said: list[str] = []
    watcher = Watcher("notify", Bell(clock), clock, said.append)
    with anyio.fail_after(LIMIT_SECONDS):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(watcher.run)
            watcher.watch([str(tmp_path / "gone"), str(tmp_path / HIDDEN)])
            await anyio.sleep(0.05)
            tasks.cancel_scope.cancel()

    assert said == []


@pytest.mark.parametrize(
    ("folder", "is_so"),
    [
        ("/mnt/share/logs", True),
        ("/mnt/share", True),
        ("/mnt/sharedlogs", False),
        ("/mnt/share/local", False),
        ("/home/me/sshfs", True),
        ("/var/log", False),
    ],
)
def test_network_file_systems_are_known_by_their_mounts(folder: str, is_so: bool) -> None:
    mounts = {
        "/": "ext4",
        "/mnt/share": "nfs4",
        "/mnt/share/local": "tmpfs",
        "/home/me/sshfs": "fuse.sshfs",
    }
    assert is_on_network(folder, mounts) is is_so
