from __future__ import annotations

from collections.abc import Callable
from datetime import date

import anyio
import pytest

from footfall.errors import SourceError, StoreError
from footfall.keys import fingerprint
from footfall.store import Store
from footfall.store.admin import open_tables
from footfall.store.embedded import EmbeddedEngine
from footfall.store.engine import NoReply, Reply
from footfall.store.state import Checkpoint, read_checkpoint, read_days
from ingest.checkpoint import CheckpointKeeper
from ingest.chunks import Chunk
from ingest.positions import Days
from ingest.tally import Counts
from tests.fakes import FakeClock, refused, store_on

pytestmark = pytest.mark.anyio

SOURCE = "0123456789abcdef"
CLOCK = FakeClock()
DAY = ("example.org", date(2026, 3, 1))


class Watching:
    """An engine in front of another that notes the writes, and fails one kind of them when told to."""

    def __init__(self, engine: EmbeddedEngine) -> None:
        self._engine = engine
        self.writes: list[str] = []
        self.failing: dict[str, Reply | NoReply] = {}
        self.meanwhile: Callable[[], None] = lambda: None

    async def call(self, operation: str, body: bytes) -> Reply:
        if operation in {"PutItem", "UpdateItem"}:
            self.writes.append(operation)

        answer = self.failing.get(operation)
        if isinstance(answer, Reply):
            return answer

        reply = await self._engine.call(operation, body)
        if operation == "UpdateItem":
            self.meanwhile()

        if answer is not None:
            del self.failing[operation]
            raise answer

        return reply

    async def aclose(self) -> None:
        await self._engine.aclose()


@pytest.fixture
async def engine(embedded_engine: EmbeddedEngine) -> Watching:
    watching = Watching(embedded_engine)
    await open_tables(store_on(watching), CLOCK, create=True)
    watching.writes.clear()
    return watching


async def keeper_on(store: Store, *, from_start: bool = False) -> CheckpointKeeper:
    saved = await read_checkpoint(store, CLOCK, "group", SOURCE, "access.log")
    return CheckpointKeeper(store, CLOCK, "group", saved, from_start=from_start)


def read(keeper: CheckpointKeeper, lines: int, *, moves: bool = True, days: Days | None = None) -> None:
    """Let a chunk of `lines` lines of ten bytes be read and stored."""
    start = keeper.read_position
    chunk = Chunk(SOURCE, b"", start, start + 10 * lines, keeper.next_line_number, lines)
    pending = keeper.enter(chunk, moves=moves)
    pending.counts = Counts(lines=lines, events=lines)
    pending.days = {DAY: lines} if days is None else days
    pending.outstanding = 0
    keeper.watermark.advance()


async def written(store: Store) -> int:
    return sum(day.written for day in await read_days(store, CLOCK))


async def test_what_is_done_is_saved_and_the_next_run_goes_on_behind_it(engine: Watching) -> None:
    store = store_on(engine)
    keeper = await keeper_on(store)
    read(keeper, 3)
    read(keeper, 2)
    await keeper.save()
    again = await keeper_on(store)
    expected = Checkpoint(SOURCE, "access.log", 50, fingerprint(b""), 5, 5, revision=1)
    assert again.saved == keeper.saved == expected
    assert (again.read_position, again.next_line_number, again.watermark.position) == (50, 6, 50)


async def test_the_day_ledger_is_written_before_the_checkpoint(engine: Watching) -> None:
    keeper = await keeper_on(store_on(engine))
    read(keeper, 3)
    await keeper.save()
    assert engine.writes == ["UpdateItem", "PutItem"]


async def test_nothing_new_is_nothing_to_write(engine: Watching) -> None:
    keeper = await keeper_on(store_on(engine))
    await keeper.save()
    read(keeper, 3)
    await keeper.save()
    engine.writes.clear()
    await keeper.save()
    assert engine.writes == []


async def test_counts_go_on_from_the_run_before(engine: Watching) -> None:
    store = store_on(engine)
    for _ in range(3):
        keeper = await keeper_on(store)
        read(keeper, 4)
        await keeper.save()

    saved = (await keeper_on(store)).saved
    assert (saved.lines, saved.events, saved.revision) == (12, 12, 3)


async def test_a_replay_saves_nothing_until_it_has_passed_what_was_saved(engine: Watching) -> None:
    store = store_on(engine)
    first = await keeper_on(store)
    read(first, 5)
    await first.save()
    replay = await keeper_on(store, from_start=True)
    assert (replay.read_position, replay.next_line_number) == (0, 1)
    read(replay, 5)
    await replay.save()
    assert replay.saved == first.saved
    read(replay, 1)
    await replay.save()
    assert (replay.saved.position, replay.saved.lines, replay.saved.revision) == (60, 6, 2)


async def test_a_replay_is_in_the_day_ledger_too(engine: Watching) -> None:
    store = store_on(engine)
    for from_start in (False, True):
        keeper = await keeper_on(store, from_start=from_start)
        read(keeper, 5)
        await keeper.save()

    assert await written(store) == 10


async def test_an_unfinished_last_line_is_in_the_day_ledger_and_not_in_the_checkpoint(
    engine: Watching,
) -> None:
    store = store_on(engine)
    keeper = await keeper_on(store)
    read(keeper, 5)
    read(keeper, 1, moves=False)
    await keeper.save()
    assert (keeper.saved.position, keeper.saved.lines) == (50, 5)
    assert (keeper.read_position, keeper.next_line_number) == (50, 6)
    assert await written(store) == 6


async def test_days_are_not_forgotten_when_the_ledger_cannot_be_written(engine: Watching) -> None:
    store = store_on(engine)
    keeper = await keeper_on(store)
    read(keeper, 5)
    engine.failing["UpdateItem"] = refused("AccessDeniedException")
    with pytest.raises(StoreError):
        await keeper.save()

    assert keeper.saved.position == 0
    engine.failing.clear()
    await keeper.save()
    assert keeper.saved.position == 50
    assert await written(store) == 5


async def test_days_are_not_forgotten_when_a_save_is_cancelled(engine: Watching) -> None:
    store = store_on(engine)
    keeper = await keeper_on(store)
    read(keeper, 5)
    with anyio.CancelScope() as scope:
        scope.cancel()
        await keeper.save()

    assert keeper.saved.position == 0
    await keeper.save()
    assert keeper.saved.position == 50
    assert await written(store) == 5


async def test_a_chunk_that_is_done_while_the_ledger_is_written_waits_for_the_next_save(
    engine: Watching,
) -> None:
    """Else its day would be missing in the ledger, for good, after a crash behind the checkpoint."""
    store = store_on(engine)
    keeper = await keeper_on(store)
    read(keeper, 5)
    engine.meanwhile = lambda: read(keeper, 2)
    await keeper.save()
    assert (keeper.saved.position, await written(store)) == (50, 5)
    engine.meanwhile = lambda: None
    await keeper.save()
    assert (keeper.saved.position, await written(store)) == (70, 7)


async def test_a_save_whose_reply_was_lost_is_known_to_be_ours(engine: Watching) -> None:
    keeper = await keeper_on(store_on(engine))
    read(keeper, 5)
    engine.failing["PutItem"] = NoReply("reset", maybe_applied=True)
    await keeper.save()
    assert (keeper.saved.position, keeper.saved.revision) == (50, 1)
    assert engine.writes == ["UpdateItem", "PutItem", "PutItem"]


async def test_two_runs_cannot_both_move_one_checkpoint(engine: Watching) -> None:
    store = store_on(engine)
    mine, other = await keeper_on(store), await keeper_on(store)
    read(other, 9)
    await other.save()
    read(mine, 5)
    with pytest.raises(StoreError, match="Another run is reading") as caught:
        await mine.save()

    assert "--group" in (caught.value.hint or "")
    assert (await keeper_on(store)).saved.position == 90


async def test_two_saves_at_once_are_one_after_the_other(engine: Watching) -> None:
    keeper = await keeper_on(store_on(engine))
    read(keeper, 5)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(keeper.save)
        tasks.start_soon(keeper.save)

    assert engine.writes == ["UpdateItem", "PutItem"]


def chunk_of(keeper: CheckpointKeeper, data: bytes, *, oversized: bool = False) -> Chunk:
    start, lines = keeper.read_position, data.count(b"\n")
    return Chunk(SOURCE, data, start, start + len(data), keeper.next_line_number, lines, oversized)


async def saved_after(store: Store, chunks: list[bytes], *, oversized: bool = False) -> Checkpoint:
    keeper = await keeper_on(store)
    for data in chunks:
        keeper.enter(chunk_of(keeper, data, oversized=oversized), moves=True).outstanding = 0

    keeper.watermark.advance()
    await keeper.save()
    return keeper.saved


async def test_the_fingerprint_does_not_depend_on_how_the_log_was_cut(engine: Watching) -> None:
    data = b"".join(b"line %d\n" % number for number in range(400))
    saved = await saved_after(store_on(engine), data.splitlines(keepends=True))
    assert saved.fingerprint == fingerprint(data)


async def test_the_log_that_was_read_is_recognised_and_another_is_not(engine: Watching) -> None:
    await saved_after(store_on(engine), [b"first\n", b"second\n"])
    keeper = await keeper_on(store_on(engine))
    keeper.recognise(b"first\nsecond\n", 13)
    with pytest.raises(SourceError, match="goes on differently"):
        keeper.recognise(b"first\nSECOND\n", 13)

    with pytest.raises(SourceError, match="has 6 bytes, but 13 of it were read"):
        keeper.recognise(b"first\n", 6)


async def test_behind_an_oversized_line_a_log_is_taken_as_it_is(engine: Watching) -> None:
    await saved_after(store_on(engine), [b"first\n"], oversized=True)
    keeper = await keeper_on(store_on(engine))
    keeper.recognise(b"whatever", 6)
    assert keeper.saved.fingerprint == ""
