"""Tell which run a source belongs to, and whether that run is known to have ended.

A run that was killed leaves its lease behind. Another one on the same machine need not wait for that to run out: the
kernel knows that the process is gone. Everywhere else, and wherever there is doubt, only the lease decides.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from footfall.store.wire import number, text

_PROC: Final = Path("/proc")
_ENDED_STATES: Final = frozenset("ZX")
"""Zombies were killed already; their parents only have not looked yet (proc(5), /proc/pid/stat, field 3)."""


@dataclass(frozen=True, slots=True)
class Process:
    """A process as it can be known again.

    `place` is where `pid` means anything: the boot of a kernel, a namespace of processes and one of time; `started` is
    when the process began, in the kernel's ticks. Both are empty where that cannot be known, as outside Linux.
    """

    host: str
    pid: int
    place: str = ""
    started: str = ""


@dataclass(frozen=True, slots=True)
class Owner:
    """The run that reads a source; `token` is its own, `lease_seconds` how long it may be silent."""

    process: Process
    token: str
    since_at: datetime
    lease_seconds: float

    @property
    def name(self) -> str:
        """Return what a person calls the run, as ``web-1 pid 4711``."""
        return f"{self.process.host} pid {self.process.pid}"

    def wire(self) -> dict[str, Any]:
        """Return the map attribute."""
        return {
            "M": {
                "host": text(self.process.host),
                "pid": number(self.process.pid),
                "place": text(self.process.place),
                "started": text(self.process.started),
                "token": text(self.token),
                "since_at": text(self.since_at.isoformat()),
                "lease_seconds": number(self.lease_seconds),
            }
        }

    @classmethod
    def of_wire(cls, attribute: Mapping[str, Any] | None) -> Owner | None:
        """Return the owner in a map attribute, None without one."""
        if attribute is None:
            return None

        told = attribute["M"]
        place, started = told["place"]["S"], told["started"]["S"]
        return cls(
            process=Process(told["host"]["S"], int(told["pid"]["N"]), place, started),
            token=told["token"]["S"],
            since_at=datetime.fromisoformat(told["since_at"]["S"]),
            lease_seconds=float(told["lease_seconds"]["N"]),
        )


def this_process(proc: Path = _PROC) -> Process:
    """Return the process that asks."""
    pid = os.getpid()
    place, stat = _place(proc), _stat(proc, pid)
    started = stat[1] if stat else ""
    return Process(platform.node() or "unknown", pid, place if started else "", started)


def has_ended(process: Process, proc: Path = _PROC) -> bool:
    """Tell whether `process` is known to be gone; False is also what is said in doubt.

    Two containers may both be ``web pid 1``, so host and pid prove nothing: only a process of this very boot and these
    namespaces can be looked up. There, its pid is free, or belongs to a process that began at another moment.
    """
    if not process.place or process.place != _place(proc):
        return False

    if not _exists(process.pid):
        return True

    # What cannot be read, because /proc hides the processes of other users, is there all the same.
    stat = _stat(proc, process.pid)
    return stat is not None and (stat[0] in _ENDED_STATES or stat[1] != process.started)


def _place(proc: Path) -> str:
    try:
        # A container may have been given the /proc of its host, in which its own pids are those of others.
        if (proc / "self").readlink() != Path(str(os.getpid())):
            return ""

        boot = (proc / "sys/kernel/random/boot_id").read_text().strip()
        return " ".join([boot, *(str((proc / "self/ns" / kind).readlink()) for kind in ("pid", "time"))])
    except OSError:
        return ""


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True

    return True


def _stat(proc: Path, pid: int) -> tuple[str, str] | None:
    """Return state and start time of a process (proc(5), fields 3 and 22), None when they cannot be read."""
    try:
        stat = (proc / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return None

    # The second field is the command's name in parentheses, and may hold blanks and parentheses itself.
    fields = stat.rpartition(")")[2].split()
    return (fields[0], fields[19]) if len(fields) > 19 else None
