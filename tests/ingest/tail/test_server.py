"""A server in a process of its own, whose log is followed while it writes and rotates."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import anyio
import pytest

from tests.ingest.tail.following import assert_exactly_once, following
from tests.ingest.tail.server import ROTATIONS, Server

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[3]
LINES = 2000


KINDS = [kind for kind in ROTATIONS if kind not in {"delete", "move-away"}]
"""Kinds that leave the lines of a log that was there too short a time to be seen."""


@pytest.mark.parametrize("kind", KINDS)
async def test_the_log_of_a_living_server_is_stored_line_by_line(tmp_path: Path, kind: str) -> None:
    (tmp_path / "logs").mkdir()
    log = tmp_path / "logs" / "access.log"
    command = [sys.executable, "-m", "tests.ingest.tail.server", str(log), kind, str(LINES)]
    async with following(tmp_path / "store.db", log, watch="auto", poll_seconds=0.05) as run:
        process = await anyio.run_process(command, cwd=ROOT, stdout=subprocess.DEVNULL)
        await run.until_read(LINES)

    assert process.returncode == 0
    server = Server(log)
    server.lines = LINES
    await assert_exactly_once(tmp_path / "store.db", server)
