from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from math import inf
from typing import BinaryIO

import anyio
import pytest
from anyio import from_thread, to_thread

from ingest.chunks import read_chunks
from ingest.stdin import Manner
from tests.fakes import FakeClock

LIMIT_SECONDS = 30.0
"""Far more than a thread may take that has been told to stop; only one that hangs takes as long."""


@pytest.fixture
def pipe() -> Iterator[tuple[int, BinaryIO]]:
    """The descriptor to read from, and the file to write to."""
    read_end, write_end = os.pipe()
    with os.fdopen(write_end, "wb", buffering=0) as writer:
        yield read_end, writer

    os.close(read_end)


def stopping_after(*answers: bool) -> Callable[[], bool]:
    """Return what says `answers`, one after the other, and then stop."""
    left = iter(answers)
    return lambda: next(left, True)


def reading(
    descriptor: int,
    is_stopping: Callable[[], bool] = lambda: False,
    clock: FakeClock | None = None,
    linger_seconds: float = inf,
) -> BinaryIO:
    return Manner(is_stopping, (clock or FakeClock()).monotonic, linger_seconds).of(descriptor)


def test_bytes_are_given_as_they_come_and_none_at_the_end(pipe: tuple[int, BinaryIO]) -> None:
    descriptor, writer = pipe
    stream = reading(descriptor)
    writer.write(b"abcdef")
    assert stream.read(4) == b"abcd"
    assert stream.read(100) == b"ef"
    writer.close()
    assert stream.read(100) == b""


def test_told_to_stop_it_ends_even_when_there_is_something(pipe: tuple[int, BinaryIO]) -> None:
    descriptor, writer = pipe
    writer.write(b"abc")
    assert reading(descriptor, lambda: True).read(100) == b""


def test_a_wait_for_something_to_read_ends_when_told_to_stop(pipe: tuple[int, BinaryIO]) -> None:
    assert reading(pipe[0], stopping_after(False, False)).read(100) == b""


def test_what_came_before_the_stop_is_chunks_of_which_the_last_says_that_it_is_cut(
    pipe: tuple[int, BinaryIO],
) -> None:
    descriptor, writer = pipe
    writer.write(b"one\ntwo\nthr")
    [chunk] = read_chunks(reading(descriptor, stopping_after(False)), "id")
    assert (chunk.data, chunk.is_open) == (b"one\ntwo\nthr", True)


def test_a_pause_comes_once_the_first_byte_has_waited_long_enough(pipe: tuple[int, BinaryIO]) -> None:
    descriptor, writer = pipe
    clock = FakeClock()
    stream = reading(descriptor, clock=clock, linger_seconds=2.0)
    clock.advance(10)
    writer.write(b"abc")
    assert stream.read(1) == b"a"
    clock.advance(1)
    assert stream.read(1) == b"b"
    clock.advance(1)
    assert stream.read(1) is None
    assert stream.read(1) == b"c"


def test_a_pause_gives_out_whole_lines_and_keeps_the_rest(pipe: tuple[int, BinaryIO]) -> None:
    descriptor, writer = pipe
    clock = FakeClock()
    chunks = read_chunks(TellingTime(reading(descriptor, clock=clock, linger_seconds=1.0), clock), "id")
    writer.write(b"one\ntwo\nthr")
    assert next(chunks).data == b"one\ntwo\n"
    writer.write(b"ee\nfour")
    assert next(chunks).data == b"three\n"
    writer.close()
    [last] = chunks
    assert (last.data, last.start, last.first_line_number) == (b"four", 14, 4)


class TellingTime:
    """A stream that takes a second for each read."""

    def __init__(self, stream: BinaryIO, clock: FakeClock) -> None:
        self._stream = stream
        self._clock = clock

    def read(self, size: int, /) -> bytes | None:
        piece = self._stream.read(size)
        self._clock.advance(1)
        return piece


def test_it_does_not_say_what_stands_behind_it(pipe: tuple[int, BinaryIO]) -> None:
    with pytest.raises(OSError, match="fileno"):
        reading(pipe[0]).fileno()


@pytest.mark.anyio
async def test_a_cancelled_run_does_not_wait_for_a_quiet_pipe(pipe: tuple[int, BinaryIO]) -> None:
    def is_stopping() -> bool:
        from_thread.check_cancelled()
        return False

    stream = reading(pipe[0], is_stopping)
    with anyio.fail_after(LIMIT_SECONDS):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(to_thread.run_sync, stream.read, 100)
            await anyio.wait_all_tasks_blocked()
            tasks.cancel_scope.cancel()
