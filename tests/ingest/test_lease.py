"""Two runs and one source: who may read it, who waits, who has to stop."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import date
from math import inf
from pathlib import Path
from typing import Final

import pytest

from footfall.errors import SourceTaken
from footfall.store import Store
from footfall.store.admin import open_tables
from footfall.store.embedded import EmbeddedEngine
from footfall.store.engine import NoReply, Reply
from footfall.store.state import Accounts, Process, read_checkpoint
from ingest.checkpoint import CheckpointKeeper
from ingest.chunks import Chunk
from ingest.stdin import StopRequested
from ingest.tally import Counts
from tests.fakes import FakeClock, store_on
from tests.ingest.runs import embedded_store

pytestmark = pytest.mark.anyio

ROOT: Final = Path(__file__).parents[2]
SOURCE: Final = "0123456789abcdef"
ON: Final = date(2026, 3, 1)
LEASE_SECONDS: Final = 30.0
ELSEWHERE: Final = Process("web-2", 1, "another machine", "1")
"""A process that nobody here can look up: only its lease tells."""


class Watched:
    """An engine in front of another that counts writes and loses the reply to the next one when told to.

    `meanwhile` is done before each look at a checkpoint, or behind it when `is_late`, as another process would do it.
    Tasks side by side would not do: virtual time does not wait for the engine's thread.
    """

    def __init__(self, engine: EmbeddedEngine) -> None:
        self._engine = engine
        self.puts = 0
        self.loses = False
        self.meanwhile: Callable[[], Awaitable[None]] | None = None
        self.is_late = False

    async def call(self, operation: str, body: bytes) -> Reply:
        meanwhile = self.meanwhile if operation == "GetItem" else None
        if meanwhile is not None and not self.is_late:
            await meanwhile()

        reply = await self._engine.call(operation, body)
        if meanwhile is not None and self.is_late:
            await meanwhile()

        if operation == "PutItem":
            self.puts += 1
            if self.loses:
                self.loses = False
                raise NoReply("reset", maybe_applied=True)

        return reply

    async def aclose(self) -> None:
        await self._engine.aclose()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def engine(embedded_engine: EmbeddedEngine, clock: FakeClock) -> Watched:
    engine = Watched(embedded_engine)
    await open_tables(store_on(engine), clock, create=True)
    engine.puts = 0
    return engine


@pytest.fixture
def store(engine: Watched) -> Store:
    return store_on(engine)


async def keeper_of(
    store: Store, clock: FakeClock, process: Process = ELSEWHERE, *, from_start: bool = False
) -> CheckpointKeeper:
    saved = await read_checkpoint(store, clock, "group", SOURCE, "access.log")
    return CheckpointKeeper(
        store, clock, "group", saved, lease_seconds=LEASE_SECONDS, process=process, from_start=from_start
    )


async def read(keeper: CheckpointKeeper, lines: int) -> None:
    """Let a chunk of `lines` lines of ten bytes be read and stored."""
    start = keeper.read_position
    chunk = Chunk(SOURCE, b"", start, start + 10 * lines, keeper.next_line_number, lines)
    pending = await keeper.enter(chunk, moves=True)
    pending.counts, pending.days = Counts(lines=lines, events=lines), {("example.org", ON): lines}
    pending.outstanding = 0
    keeper.watermark.advance()


async def heartbeats(keeper: CheckpointKeeper, clock: FakeClock, times: int) -> None:
    """Save every two seconds, as a worker does."""
    for _ in range(times):
        await clock.sleep(2)
        await keeper.save()


async def test_a_source_of_nobody_is_acquired_with_one_write(
    store: Store, engine: Watched, clock: FakeClock
) -> None:
    keeper = await keeper_of(store, clock)
    assert await keeper.acquire()
    assert await keeper.acquire()
    assert engine.puts == 1
    saved = (await keeper_of(store, clock)).saved
    assert saved.owner is not None
    assert (saved.owner.name, saved.owner.since_at, saved.owner.lease_seconds) == (
        "web-2 pid 1",
        clock.now(),
        30,
    )
    assert clock.sleeps == []


async def test_no_chunk_is_read_of_a_source_that_was_not_acquired(store: Store, clock: FakeClock) -> None:
    keeper = await keeper_of(store, clock)
    with pytest.raises(ValueError, match="acquired before"):
        await read(keeper, 1)


async def test_a_source_that_was_released_is_free_at_once(store: Store, clock: FakeClock) -> None:
    first, second = await keeper_of(store, clock), await keeper_of(store, clock)
    await first.acquire()
    await read(first, 3)
    await first.release()
    assert not await second.acquire(), "the position that it knew is not the one that is stored"
    assert (second.read_position, second.next_line_number) == (30, 4)
    await read(second, 2)
    await second.release()
    saved = (await keeper_of(store, clock)).saved
    assert (saved.position, saved.lines, saved.accounts) == (50, 5, Accounts({ON: 5}))
    assert clock.sleeps == []


async def test_of_two_runs_that_know_a_source_as_free_one_waits_for_the_other(
    store: Store, engine: Watched, clock: FakeClock
) -> None:
    first, second = await keeper_of(store, clock), await keeper_of(store, clock)
    await first.acquire()

    async def go_on() -> None:
        if first.is_owned and clock.monotonic() < 15:
            await read(first, 1)
            await first.save()
        elif first.is_owned:
            await first.release()

    engine.meanwhile = go_on
    assert not await second.acquire()
    assert clock.monotonic() == pytest.approx(15, abs=1)
    assert second.read_position == first.read_position > 100


async def test_who_waits_says_for_whom_and_how_long(store: Store, clock: FakeClock) -> None:
    told: list[str] = []
    await (await keeper_of(store, clock)).acquire()
    await (await keeper_of(store, clock)).acquire(say=told.append)
    assert told == [
        "access.log is read by web-2 pid 1 since 2026-03-01 12:00:00 UTC; waiting up to 30 s for it to end or its "
        "lease to run out."
    ]


async def test_a_run_that_is_silent_for_its_lease_loses_the_source(store: Store, clock: FakeClock) -> None:
    silent, other = await keeper_of(store, clock), await keeper_of(store, clock)
    await silent.acquire()
    await read(silent, 3)
    await silent.save()
    clock.advance(3600)  # how old the lease looks says nothing: clocks may differ
    began_at = clock.monotonic()
    assert not await other.acquire()
    assert clock.monotonic() - began_at == pytest.approx(LEASE_SECONDS, abs=1)
    assert other.read_position == 30


async def test_a_run_that_lost_its_source_stops_and_stores_nothing_more(
    store: Store, engine: Watched, clock: FakeClock
) -> None:
    silent, other = await keeper_of(store, clock), await keeper_of(store, clock)
    await silent.acquire()
    await read(silent, 3)
    await other.acquire()
    await read(other, 1)
    await other.save()
    with pytest.raises(
        SourceTaken, match=r"Another run is reading access\.log for group 'group': web-2 pid 1 since"
    ):
        await silent.save()

    engine.puts = 0
    for _ in range(2):
        with pytest.raises(SourceTaken):
            await silent.save()

    with pytest.raises(SourceTaken):
        await silent.release()

    with pytest.raises(SourceTaken):
        await read(silent, 1)

    with pytest.raises(SourceTaken):
        await silent.acquire()

    assert engine.puts == 0
    assert (await keeper_of(store, clock)).saved.position == 10


async def test_an_ingest_gives_up_on_a_source_whose_owner_is_alive(
    store: Store, engine: Watched, clock: FakeClock
) -> None:
    owner, other = await keeper_of(store, clock), await keeper_of(store, clock)
    await owner.acquire()
    engine.meanwhile = owner.save
    with pytest.raises(SourceTaken, match="web-2 pid 1") as caught:
        await other.acquire()

    assert clock.monotonic() == pytest.approx(LEASE_SECONDS, abs=1)
    assert (caught.value.exit_code, "--group" in (caught.value.hint or "")) == (4, True)
    assert not other.is_owned


async def test_a_standby_waits_for_as_long_as_it_takes(
    store: Store, engine: Watched, clock: FakeClock
) -> None:
    owner, standby = await keeper_of(store, clock), await keeper_of(store, clock)
    await owner.acquire()
    told: list[str] = []

    async def live_for_an_hour() -> None:
        if clock.monotonic() < 3600:
            await owner.save()

    engine.meanwhile = live_for_an_hour
    await standby.acquire(patience_seconds=inf, say=told.append)
    assert 3600 + 2 / 3 * LEASE_SECONDS <= clock.monotonic() <= 3601 + LEASE_SECONDS
    assert len(told) == 1
    assert "; waiting for it to end" in told[0]
    with pytest.raises(SourceTaken):
        await owner.release()


@pytest.mark.parametrize("is_late", [False, True])
async def test_a_run_that_asks_twice_does_not_wait_for_itself_nor_go_back(
    store: Store, engine: Watched, clock: FakeClock, is_late: bool
) -> None:
    owner = await keeper_of(store, clock)
    await owner.acquire()
    standby = await keeper_of(store, clock)
    if is_late:
        clock.advance(1)
        await owner.release()

    async def ask_again() -> None:
        engine.meanwhile = None
        await owner.release()
        await standby.acquire()
        await read(standby, 3)
        await standby.save()

    engine.meanwhile, engine.is_late = ask_again, is_late
    await standby.acquire(patience_seconds=inf)
    assert (standby.saved.position, (await keeper_of(store, clock)).saved.position) == (30, 30)
    assert (standby.is_owned, sum(clock.sleeps)) == (True, 0)


async def test_who_waits_hears_a_stop(store: Store, clock: FakeClock) -> None:
    await (await keeper_of(store, clock)).acquire()
    waiting = await keeper_of(store, clock)
    with pytest.raises(StopRequested):
        await waiting.acquire(patience_seconds=inf, is_stopping=lambda: clock.monotonic() > 5)

    assert clock.monotonic() < 10


async def test_a_run_says_that_it_is_alive_while_nothing_moves(
    store: Store, engine: Watched, clock: FakeClock
) -> None:
    keeper = await keeper_of(store, clock)
    await keeper.acquire()
    engine.puts = 0
    await heartbeats(keeper, clock, 60)
    assert engine.puts == 12, "every ten of 120 seconds"


async def test_what_is_left_is_released_when_its_last_chunk_is_done(store: Store, clock: FakeClock) -> None:
    keeper = await keeper_of(store, clock)
    await keeper.acquire()
    pending = await keeper.enter(Chunk(SOURCE, b"", 0, 10, 1, 1), moves=True)
    keeper.leave()
    await keeper.save()
    assert keeper.is_owned
    pending.outstanding = 0
    keeper.watermark.advance()
    await keeper.save()
    assert not keeper.is_owned
    assert (await keeper_of(store, clock)).saved.owner is None
    assert await keeper.acquire(), "a copy of the log is read after it"
    await keeper.save()
    assert keeper.is_owned


async def test_a_pipe_is_read_on_although_another_run_was_quicker(store: Store, clock: FakeClock) -> None:
    """It cannot be opened again; the counts and accounts that are saved are those of one of the two, never a mix."""
    first, piped = await keeper_of(store, clock), await keeper_of(store, clock)
    await first.acquire()
    await read(first, 3)
    await first.release()
    assert await piped.acquire(may_move=False)
    await read(piped, 2)
    await piped.save()
    assert piped.saved.position == 30
    await read(piped, 4)
    await piped.release()
    saved = (await keeper_of(store, clock)).saved
    assert (saved.position, saved.lines, saved.accounts) == (60, 6, Accounts({ON: 6}))


async def test_a_replay_begins_at_the_first_byte_whoever_was_quicker(store: Store, clock: FakeClock) -> None:
    first, replay = await keeper_of(store, clock), await keeper_of(store, clock, from_start=True)
    await first.acquire()
    await read(first, 3)
    await first.release()
    assert await replay.acquire()
    assert replay.read_position == 0


async def test_an_acquisition_whose_reply_was_lost_is_known_to_be_ours(
    store: Store, engine: Watched, clock: FakeClock
) -> None:
    keeper = await keeper_of(store, clock)
    engine.loses = True
    assert await keeper.acquire()
    assert keeper.saved == (await keeper_of(store, clock)).saved


async def test_an_acquisition_nobody_waited_for_does_not_stand_in_our_own_way(
    store: Store, clock: FakeClock
) -> None:
    keeper = await keeper_of(store, clock)
    before = keeper.saved
    await keeper.acquire()
    keeper.saved, keeper.is_owned = before, False  # as a cancelled put leaves them
    assert await keeper.acquire()
    assert sum(clock.sleeps) == 0


@contextmanager
def owning(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Run a process that owns the source for an hour."""
    command = [sys.executable, "-m", "tests.ingest.owning", str(path), SOURCE]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "owned\n"
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are known by /proc")
async def test_a_run_that_was_killed_on_this_machine_is_not_waited_for(
    tmp_path: Path, clock: FakeClock
) -> None:
    path = tmp_path / "store.db"
    async with embedded_store(path) as (store, _):
        with owning(path) as process:
            with pytest.raises(SourceTaken):
                await (await keeper_of(store, clock)).acquire(patience_seconds=10)

            clock.sleeps.clear()
            process.kill()
            process.wait()

        keeper = await keeper_of(store, clock)
        assert keeper.saved.owner is not None
        await keeper.acquire()
        assert (keeper.is_owned, clock.sleeps) == (True, [])
