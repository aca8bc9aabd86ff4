"""A server that writes a log of numbered lines and has it rotated now and then, in each of the usual ways.

It runs as a process of its own, too: ``python -m tests.ingest.tail.server LOG KIND LINES`` writes `LINES` lines to
`LOG`, some at a time, rotates now and then, and ends. Beside the log it keeps the truth: in the folder `LOG.truth` each
generation of the log in a folder of its own, under the name of the log, so that an undisturbed ingest of that folder
makes the table that following the log has to make.
"""

from __future__ import annotations

import gzip
import os
import random
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final

from tests.ingest.runs import combined_lines

KEPT: Final = 50
"""How many rotated files are kept; more than any test makes."""


class Server:
    """Writes numbered lines to `log`; `lines` is how many so far."""

    def __init__(self, log: Path, *, first: int = 0) -> None:
        self.log = log
        self.truth = log.with_name(f"{log.name}.truth")
        self.lines = first
        self._generation = len(list(self.truth.glob("*"))) if self.truth.is_dir() else 0
        self._stream: BinaryIO | None = None
        self._half = b""

    def write(self, count: int) -> None:
        """Write whole lines; what was half a line becomes whole first."""
        lines = self._half + b"".join(combined_lines(count, first=self.lines))
        self._put(lines)
        self.lines += count
        self._half = b""

    def write_half(self) -> None:
        """Write the beginning of a line; the next `write` gives the rest."""
        line = combined_lines(1, first=self.lines)[0]
        self._put(line[: len(line) // 2])
        self._half = line[len(line) // 2 :]
        self.lines += 1

    def rotate(self, kind: str) -> None:
        """Rotate the log, which has whole lines only and at least one."""
        ROTATIONS[kind](self)

    def rename(self) -> None:
        self._shift()
        self.log.rename(self._rotated(1))
        self._reopen()

    def rename_and_write_on(self) -> None:
        """Rename the log, write to it a while longer, and only then begin a new one."""
        self._shift()
        self.log.rename(self._rotated(1))
        self.write(7)
        self._reopen()

    def copy_and_truncate(self) -> None:
        self._shift()
        shutil.copyfile(self.log, self._rotated(1))
        os.truncate(self.log, 0)
        self._reopen()

    def delete(self) -> None:
        self.log.unlink()
        self._reopen()

    def move_away(self) -> None:
        archive = self.log.parent / "archive"
        archive.mkdir(exist_ok=True)
        self.log.rename(archive / f"{len(list(archive.iterdir()))}.log")
        self._reopen()

    def compress(self) -> None:
        self.rename()
        self._pack(self._rotated(1))

    def compress_late(self) -> None:
        """Rename the log, and compress the one that was renamed before."""
        self.rename()
        if self._rotated(2).exists():
            self._pack(self._rotated(2))

    def switch_link(self) -> None:
        """Let the log's name lead to a new file."""
        day = 1 + self._generation
        target = self.log.with_name(f"real-2026{1 + day // 28:02}{1 + day % 28:02}.log")
        target.touch()
        link = self.log.with_name("new-link")
        link.symlink_to(target.name)
        if not self.log.is_symlink() and self.log.exists():
            self.log.rename(target.with_name("real-20260101.log"))

        link.rename(self.log)
        self._reopen()

    def close(self) -> None:
        """Close the log."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _put(self, data: bytes) -> None:
        if self._stream is None:
            self._stream = self.log.open("ab", buffering=0)

        self._stream.write(data)
        folder = self.truth / f"{self._generation:04}"
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / self.log.name).open("ab") as truth:
            truth.write(data)

    def _reopen(self) -> None:
        self.close()
        self._generation += 1

    def _shift(self) -> None:
        for number in range(KEPT, 0, -1):
            for suffix in ("", ".gz"):
                old = self._rotated(number, suffix)
                if old.exists():
                    old.rename(self._rotated(number + 1, suffix))

    def _rotated(self, number: int, suffix: str = "") -> Path:
        return self.log.with_name(f"{self.log.name}.{number}{suffix}")

    def _pack(self, path: Path) -> None:
        """Compress as gzip does: beside the file, in pieces, with the time of the file at the end."""
        found = path.stat()
        packed = path.with_name(f"{path.name}.gz")
        with path.open("rb") as plain, gzip.open(packed, "wb") as out:
            while piece := plain.read(4096):
                out.write(piece)
                out.flush()

        os.utime(packed, ns=(found.st_atime_ns, found.st_mtime_ns))
        path.unlink()


ROTATIONS: Final[dict[str, Callable[[Server], None]]] = {
    "rename": Server.rename,
    "rename-and-write-on": Server.rename_and_write_on,
    "copytruncate": Server.copy_and_truncate,
    "delete": Server.delete,
    "move-away": Server.move_away,
    "compress": Server.compress,
    "compress-late": Server.compress_late,
    "symlink": Server.switch_link,
}


def main(log: Path, kind: str, lines: int) -> None:
    """Write `lines` lines in bursts of up to 200, and rotate after about every thousand."""
    chance = random.Random(lines)
    server = Server(log)
    while server.lines < lines:
        server.write(min(chance.randint(1, 200), lines - server.lines))
        time.sleep(chance.random() * 0.02)
        if chance.random() < 0.1 and server.lines < lines:
            server.rotate(kind)

    server.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
