"""Whole processes: signals, kills, pipes that give nothing."""

from __future__ import annotations

import gzip
import os
import random
import shutil
import signal
import subprocess
import sys
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec
import pytest

from footfall.errors import SourceError
from tests.ingest.runs import checkpoint_of, combined_lines, ingest, table, write_log
from tests.ingest.stubborn import stubborn_server

pytestmark = pytest.mark.anyio

ROOT: Final = Path(__file__).parents[2]
LAST_WAIT_SECONDS: Final = 60.0
"""How long a process may take that ought to end by itself; only a hanging one takes as long."""

MORE_THAN_A_PIPE: Final = 2**20
"""Bytes that cannot be written to a pipe unless somebody reads it."""


@contextmanager
def footfall(
    *arguments: str | Path,
    folder: Path,
    stdin: BinaryIO | int = subprocess.PIPE,
    before: Sequence[str] = (),
) -> Iterator[subprocess.Popen[bytes]]:
    """Start `footfall ingest` with pipes on all ends; kill it at the end if it still runs."""
    process = subprocess.Popen(
        [
            *before,
            sys.executable,
            ROOT / "cli.py",
            "ingest",
            *arguments,
            "--site",
            "example.org",
            "--summary",
            "json",
        ],
        cwd=folder,
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            with suppress(BrokenPipeError):
                pipe and pipe.close()


def ended(process: subprocess.Popen[bytes]) -> tuple[int, dict[str, Any], str]:
    """Wait for the end with standard input left open; return exit code, summary and what was said."""
    code = process.wait(LAST_WAIT_SECONDS)
    assert process.stdout is not None
    assert process.stderr is not None
    out, said = process.stdout.read(), process.stderr.read().decode()
    return code, msgspec.json.decode(out) if out else {}, said


def feed(process: subprocess.Popen[bytes], data: bytes) -> None:
    assert process.stdin is not None
    process.stdin.write(data)
    process.stdin.flush()


def until_it_says(process: subprocess.Popen[bytes], words: bytes) -> None:
    assert process.stderr is not None
    while words not in (line := process.stderr.readline()):
        assert line, "the process ended without saying it"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_a_run_that_waits_for_standard_input_and_what_was_read_is_stored(
    tmp_path: Path, number: signal.Signals
) -> None:
    store = tmp_path / "store.db"
    data = b"".join(combined_lines(20_000))
    assert len(data) > MORE_THAN_A_PIPE
    with footfall("-", "--store", f"embedded:{store}", folder=tmp_path) as process:
        feed(process, data)
        process.send_signal(number)
        code, summary, said = ended(process)

    assert code == 0, said
    assert "Stopping: writing what was read, for 30 seconds at most." in said
    assert "Stopped by a signal" in said
    assert summary["stopped_by_signal"] is True
    # The stop may cut a line in the pipe, which is kept as a dead letter.
    assert 0 < summary["lines_read"] == summary["events_stored"] + summary["lines_rejected"] <= 20_000
    assert set(summary["rejected_by_reason"]) <= {"line-cut"}
    assert len(await table(store)) == summary["events_stored"]


async def test_a_line_that_a_signal_cut_is_read_by_the_next_run(tmp_path: Path) -> None:
    store, lines = tmp_path / "store.db", combined_lines(20_000)
    with footfall("-", "--store", f"embedded:{store}", folder=tmp_path) as process:
        feed(process, b"".join(lines)[:-30])
        process.send_signal(signal.SIGTERM)
        code, summary, said = ended(process)

    # What had come of it is kept as a dead letter: nobody knows whether the line can be read again.
    assert (code, summary["lines_rejected"]) == (0, 1), said
    with footfall("-", "--store", f"embedded:{store}", folder=tmp_path) as process:
        rest = 20_000 - summary["events_stored"]
        assert process.stdin is not None
        feed(process, b"".join(lines))
        process.stdin.close()
        code, summary, said = ended(process)

    assert (code, summary["lines_read"], summary["stopped_by_signal"]) == (0, rest, False), said
    assert len(await table(store)) == 20_000


def test_every_whole_line_that_was_taken_from_standard_input_before_a_signal_is_stored(
    tmp_path: Path,
) -> None:
    """Writing stands still, so that the reader does too, with some of a compressed stream in hand."""
    comments = (b"#" * 1023 + b"\n") * 1024
    lines = [line.replace(b"/page/", os.urandom(30).hex().encode()) for line in combined_lines(3600)]
    log = tmp_path / "log.gz"
    log.write_bytes(
        gzip.compress(b"".join(b"".join(lines[at : at + 60]) + comments for at in range(0, 3600, 60)), 1)
    )
    with (
        stubborn_server("ThrottlingException") as server,
        log.open("rb", buffering=0) as stdin,
        footfall("-", "--writers", "1", *server.options, folder=tmp_path, stdin=stdin) as process,
    ):
        assert server.batch_came.wait(LAST_WAIT_SECONDS)
        process.send_signal(signal.SIGTERM)
        until_it_says(process, b"Stopping")
        server.gives_in = True
        code, summary, said = ended(process)
        taken = os.lseek(stdin.fileno(), 0, os.SEEK_CUR)

    assert code == 0, said
    assert taken < log.stat().st_size
    assert summary["lines_read"] == zlib.decompressobj(31).decompress(log.read_bytes()[:taken]).count(b"\n")


async def test_standard_input_is_read_to_its_end(tmp_path: Path) -> None:
    store = tmp_path / "store.db"
    data = b"".join(combined_lines(300))[:-1]
    for expected in (300, 0):
        with footfall("-", "--store", f"embedded:{store}", folder=tmp_path) as process:
            assert process.stdin is not None
            feed(process, data)
            process.stdin.close()
            code, summary, said = ended(process)

        assert (code, summary["lines_read"]) == (0, expected), said

    assert len(await table(store)) == 300


async def test_a_log_read_from_standard_input_is_the_same_log_as_its_file(tmp_path: Path) -> None:
    store, log = tmp_path / "store.db", write_log(tmp_path / "access.log", 200)
    await ingest(store, log)
    before = await table(store)
    with footfall(
        "-", "--source-name", "access.log", "--store", f"embedded:{store}", "--replay", folder=tmp_path
    ) as process:
        assert process.stdin is not None
        feed(process, log.read_bytes())
        process.stdin.close()
        code, summary, said = ended(process)

    assert (code, summary["events_stored"]) == (0, 200), said
    assert await table(store) == before


def test_without_standard_input_there_is_an_error_and_no_traceback(tmp_path: Path) -> None:
    closed = subprocess.run(
        ["sh", "-c", f'exec "{sys.executable}" "{ROOT / "cli.py"}" ingest - --store embedded:x.db <&-'],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert closed.returncode == SourceError.exit_code
    assert "Standard input is closed" in closed.stderr
    assert "Traceback" not in closed.stderr


async def test_a_second_signal_stops_at_once_and_says_that_nothing_is_lost(tmp_path: Path) -> None:
    log = write_log(tmp_path / "access.log", 2000)
    with (
        stubborn_server("ThrottlingException") as server,
        footfall(log, *server.options, folder=tmp_path) as process,
    ):
        assert server.batch_came.wait(LAST_WAIT_SECONDS)
        process.send_signal(signal.SIGINT)
        until_it_says(process, b"Stopping")
        process.send_signal(signal.SIGINT)
        code, _, said = ended(process)

    assert code == 5, said
    assert "Stopped before everything was written" in said
    assert "everything read is stored" not in said
    assert "Traceback" not in said


async def test_a_drain_that_takes_too_long_is_cut_short_and_nothing_is_lost(tmp_path: Path) -> None:
    log = write_log(tmp_path / "access.log", 2000)
    with (
        stubborn_server("ThrottlingException") as server,
        footfall(log, "--drain-seconds", "0.2", *server.options, folder=tmp_path) as process,
    ):
        assert server.batch_came.wait(LAST_WAIT_SECONDS)
        process.send_signal(signal.SIGTERM)
        code, _, said = ended(process)

    assert code == 5, said
    assert "for 0.2 seconds at most" in said
    assert "Stopped before everything was written" in said


@pytest.mark.skipif(
    shutil.which("unshare") is None
    or subprocess.run(["unshare", "--pid", "--fork", "true"], capture_output=True, check=False).returncode
    != 0,
    reason="process 1 needs a process namespace of its own, which this machine does not give",
)
def test_as_process_1_of_a_container_it_drains_and_ends(tmp_path: Path) -> None:
    command = ["unshare", "--pid", "--fork", "--kill-child", "sh", "-c", 'echo $$ >&2; exec "$@"', "sh"]
    with footfall("-", "--store", "embedded:x.db", folder=tmp_path, before=command) as process:
        feed(process, b"".join(combined_lines(20_000)))
        until_it_says(process, b"1\n")
        [inner] = _children(process.pid)
        os.kill(inner, signal.SIGTERM)
        code, summary, said = ended(process)

    assert code == 0, said
    assert 0 < summary["lines_read"] == summary["events_stored"] + summary["lines_rejected"]
    assert set(summary["rejected_by_reason"]) <= {"line-cut"}


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


async def test_a_store_that_refuses_ends_a_run_that_waits_for_standard_input(tmp_path: Path) -> None:
    with (
        stubborn_server("AccessDeniedException") as server,
        footfall("-", *server.options, folder=tmp_path) as process,
    ):
        # More than a chunk, so that there are batches, and then nothing more: the pipe stays open.
        feed(process, b"".join(combined_lines(50_000)))
        code, _, said = ended(process)

    assert code == 4, said
    assert "Not allowed to BatchWriteItem" in said


async def test_killed_again_and_again_it_ends_with_the_table_of_an_undisturbed_run(tmp_path: Path) -> None:
    lines = combined_lines(20_000)
    refused = set(range(500, 20_000, 1000))
    for place in refused:
        lines[place] = b"rubbish %d\n" % place

    log, store, undisturbed = tmp_path / "access.log", tmp_path / "store.db", tmp_path / "undisturbed.db"
    log.write_bytes(b"".join(lines))
    await ingest(undisturbed, log, dead_letters=tmp_path / "other.ndjson")
    chance = random.Random(2026)
    positions = [0]
    for _ in range(6):
        killed = _run_killed(store, log, chance.randint(5, 130), chance.random() * 0.02)
        assert killed == -signal.SIGKILL
        reached = await checkpoint_of(store, log)
        assert reached.lines == log.read_bytes()[: reached.position].count(b"\n")
        positions.append(reached.position)

    assert positions == sorted(positions)
    assert 0 < positions[-1] < log.stat().st_size
    assert _run_killed(store, log, 0, 0) == 0
    assert await table(store) == await table(undisturbed)
    last = await checkpoint_of(store, log)
    assert (last.lines, last.events, last.rejected) == (20_000, 20_000 - len(refused), len(refused))
    assert set(_dead_lines(tmp_path / "dead.ndjson")) == {place + 1 for place in refused}


def _run_killed(store: Path, log: Path, calls: int, seconds: float) -> int:
    command = [sys.executable, "-m", "tests.ingest.killed", str(store), str(log), str(calls), str(seconds)]
    return subprocess.run(
        command, cwd=ROOT, check=False, timeout=LAST_WAIT_SECONDS, stderr=subprocess.DEVNULL, env=os.environ
    ).returncode


def _dead_lines(path: Path) -> Iterator[int]:
    for line in path.read_bytes().splitlines():
        try:
            yield msgspec.json.decode(line)["line"]
        except msgspec.DecodeError:
            assert not line.endswith(b"}")  # torn by a kill
