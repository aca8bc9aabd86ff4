"""Say when to look again: when the kernel tells of a change, and now and then in any case."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import aclosing
from pathlib import Path
from typing import Final, Literal, cast

import anyio
from anyio import from_thread, to_thread
from watchfiles import awatch

from footfall.clock import Clock
from ingest.sources.find import is_folder

WatchMode = Literal["auto", "notify", "poll"]
"""auto: notifications for local folders; notify: for all; poll: for none. Files are looked at now and then anyway."""

GROUP_MILLISECONDS: Final = 200
STEP_MILLISECONDS: Final = 50
RETRY_SECONDS: Final = 30.0
MOUNTS: Final = Path("/proc/mounts")
NETWORK_FILE_SYSTEMS: Final = frozenset(
    {
        "9p", "afs", "beegfs", "ceph", "cifs", "davfs", "drvfs", "fuse", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs",
        "nfs4", "ocfs2", "orangefs", "prl_fs", "smb2", "smb3", "smbfs", "vboxsf", "virtiofs", "vmhgfs",
    }
)  # fmt: skip
"""File systems that others can write to without this machine's kernel knowing."""


class Bell:
    """Wakes the one who waits; a ring that comes while nobody waits is heard by the next."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._nap = anyio.CancelScope()
        self._was_rung = False

    def ring(self) -> None:
        """Wake the one who waits; only from the event loop."""
        self._was_rung = True
        self._nap.cancel()

    async def wait(self, seconds: float) -> bool:
        """Return when it rings, or after `seconds`; tell whether it rang."""
        with anyio.CancelScope() as self._nap:
            if not self._was_rung:
                await self._clock.sleep(seconds)

        was_rung, self._was_rung = self._was_rung, False
        return was_rung


class Watcher:
    """Rings a bell when something changes in some folders; where that cannot be heard, it says so and is silent."""

    def __init__(self, mode: WatchMode, bell: Bell, clock: Clock, say: Callable[[str], None]) -> None:
        self._mode = mode
        self._bell = bell
        self._clock = clock
        self._say = say
        self._folders: frozenset[str] = frozenset()
        self._changed = Bell(clock)
        self._listening = anyio.CancelScope()

    def watch(self, folders: Iterable[str]) -> None:
        """Listen to these folders from now on."""
        wanted = frozenset(folders)
        if self._mode != "poll" and wanted != self._folders:
            self._folders = wanted
            self._listening.cancel()
            self._changed.ring()

    async def run(self) -> None:
        """Listen until cancelled."""
        while True:
            with anyio.CancelScope() as self._listening:
                await self._listen(await to_thread.run_sync(self._audible))

            await self._changed.wait(RETRY_SECONDS)

    async def _listen(self, folders: list[str]) -> None:
        if not folders:
            return

        changes = awatch(
            *folders,
            watch_filter=None,
            debounce=GROUP_MILLISECONDS,
            step=STEP_MILLISECONDS,
            stop_event=cast("anyio.Event", _Cancelled(anyio.get_cancelled_exc_class())),
            recursive=False,
            ignore_permission_denied=True,
        )
        try:
            async with aclosing(changes):
                async for _ in changes:
                    self._bell.ring()
        except (OSError, RuntimeError) as error:  # a folder has gone, or the limit of watches is reached
            self._say(f"Changes are not heard at once but when files are looked at: {error}.")

    def _audible(self) -> list[str]:
        folders = sorted(folder for folder in self._folders if is_folder(folder))
        if self._mode == "notify":
            return folders

        mounts = _mounts()
        return [folder for folder in folders if not is_on_network(folder, mounts)]


class _Cancelled:
    """Tells the thread that waits for changes when nobody waits for it any more; else it would go on for seconds."""

    def __init__(self, error: type[BaseException]) -> None:
        self._error = error
        self._is_set = False

    def is_set(self) -> bool:
        try:
            from_thread.check_cancelled()
        except self._error:
            return True

        return self._is_set

    def set(self) -> None:
        self._is_set = True


def is_on_network(folder: str, mounts: dict[str, str]) -> bool:
    """Tell whether a folder is on a file system that others write to; `mounts` are file systems by mount point."""
    path = Path(os.path.realpath(folder))
    kind = next((mounts[str(each)] for each in (path, *path.parents) if str(each) in mounts), "")
    return kind.partition(".")[0] in NETWORK_FILE_SYSTEMS


def _mounts() -> dict[str, str]:
    """Return the file system by mount point, as Linux lists them (proc(5)); nothing elsewhere."""
    try:
        lines = MOUNTS.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return {}

    fields = (line.split(" ") for line in lines)
    return {_unescaped(words[1]): words[2] for words in fields if len(words) > 2}


def _unescaped(mount_point: str) -> str:
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        mount_point = mount_point.replace(code, character)

    return mount_point
