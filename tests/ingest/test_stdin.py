from __future__ import annotations

import os
from collections.abc import Iterator
from typing import BinaryIO

import anyio
import pytest
from anyio import from_thread, to_thread

from ingest.chunks import read_chunks
from ingest.stdin import StoppableInput, StopRequested

LIMIT_SECONDS = 30.0
"""Far more than a thread may take that has been told to stop; only one that hangs takes as long."""


@pytest.fixture
def pipe() -> Iterator[tuple[int, BinaryIO]]:
    """The descriptor to read from, and the file to write to."""
    read_end, write_end = os.pipe()
    with os.fdopen(write_end, "wb", buffering=0) as writer:
        yield read_end, writer

    os.close(read_end)


def test_bytes_are_given_as_they_come_and_none_at_the_end(pipe: tuple[int, BinaryIO]) -> None:
    descriptor, writer = pipe
    stream = StoppableInput.of(descriptor, lambda: False)
    writer.write(b"abcdef")
    assert stream.read(4) == b"abcd"
    assert stream.read(100) == b"ef"
    writer.close()
    assert stream.read(100) == b""


def test_told_to_stop_it_reads_no_more_even_when_there_is_something(pipe: tuple[int, BinaryIO]) -> None:
    descriptor, writer = pipe
    writer.write(b"abc")
    with pytest.raises(StopRequested):
        StoppableInput.of(descriptor, lambda: True).read(100)


def test_a_wait_for_something_to_read_ends_when_told_to_stop(pipe: tuple[int, BinaryIO]) -> None:
    answers = iter([False, False, True])
    with pytest.raises(StopRequested):
        StoppableInput.of(pipe[0], lambda: next(answers)).read(100)


def test_whole_lines_before_the_stop_are_chunks_and_a_cut_one_is_not(pipe: tuple[int, BinaryIO]) -> None:
    descriptor, writer = pipe
    writer.write(b"one\ntwo\nthr")
    answers = iter([False, True])
    chunks = read_chunks(StoppableInput.of(descriptor, lambda: next(answers)), "id")
    assert next(chunks).data == b"one\ntwo\n"
    with pytest.raises(StopRequested):
        next(chunks)


def test_it_does_not_say_what_stands_behind_it(pipe: tuple[int, BinaryIO]) -> None:
    with pytest.raises(OSError, match="fileno"):
        StoppableInput.of(pipe[0], lambda: False).fileno()


@pytest.mark.anyio
async def test_a_cancelled_run_does_not_wait_for_a_quiet_pipe(pipe: tuple[int, BinaryIO]) -> None:
    def is_stopping() -> bool:
        from_thread.check_cancelled()
        return False

    stream = StoppableInput.of(pipe[0], is_stopping)
    with anyio.fail_after(LIMIT_SECONDS):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(to_thread.run_sync, stream.read, 100)
            await anyio.wait_all_tasks_blocked()
            tasks.cancel_scope.cancel()
