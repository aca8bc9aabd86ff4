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
from footfall.store.state import Accounts, Checkpoint, read_checkpoint, read_days
from ingest.checkpoint import CheckpointKeeper
from ingest.chunks import Chunk
from ingest.formats.model import LONGEST_HEADER, Headers, header_after
from ingest.positions import Days, Pending
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
    """Return the keeper of a new run that has not acquired the source yet."""
    saved = await read_checkpoint(store, CLOCK, "group", SOURCE, "access.log")
    return CheckpointKeeper(store, CLOCK, "group", saved, from_start=from_start)


async def owner_on(store: Store, *, from_start: bool = False) -> CheckpointKeeper:
    """Return the keeper of a new run that owns the source."""
    keeper = await keeper_on(store, from_start=from_start)
    assert await keeper.acquire()
    return keeper


def next_chunk(keeper: CheckpointKeeper, lines: int) -> Chunk:
    """Return a chunk of `lines` lines of ten bytes."""
    start = keeper.read_position
    return Chunk(SOURCE, b"", start, start + 10 * lines, keeper.next_line_number, lines)


def store_all(keeper: CheckpointKeeper, pending: Pending, lines: int, days: Days | None = None) -> None:
    pending.counts = Counts(lines=lines, events=lines)
    pending.days = {DAY: lines} if days is None else days
    pending.outstanding = 0
    keeper.watermark.advance()


async def read(keeper: CheckpointKeeper, lines: int, *, moves: bool = True, days: Days | None = None) -> None:
    """Let a chunk be read and stored."""
    store_all(keeper, await keeper.enter(next_chunk(keeper, lines), moves=moves), lines, days)


async def written(store: Store) -> int:
    return sum(day.written for day in await read_days(store, CLOCK))


async def test_what_is_done_is_saved_and_the_next_run_goes_on_behind_it(engine: Watching) -> None:
    store = store_on(engine)
    keeper = await owner_on(store)
    await read(keeper, 3)
    await read(keeper, 2)
    await keeper.release()
    again = await keeper_on(store)
    expected = Checkpoint(
        SOURCE, "access.log", 50, fingerprint(b""), 5, 5, revision=2, accounts=Accounts({DAY[1]: 5})
    )
    assert again.saved == keeper.saved == expected
    assert (again.read_position, again.next_line_number, again.watermark.position) == (50, 6, 50)


async def test_the_day_ledger_is_written_before_the_checkpoint(engine: Watching) -> None:
    keeper = await owner_on(store_on(engine))
    engine.writes.clear()
    await read(keeper, 3)
    await keeper.save()
    assert engine.writes == ["UpdateItem", "PutItem"]


async def test_nothing_new_is_nothing_to_write(engine: Watching) -> None:
    keeper = await owner_on(store_on(engine))
    await keeper.save()
    await read(keeper, 3)
    await keeper.save()
    engine.writes.clear()
    await keeper.save()
    assert engine.writes == []


async def test_a_source_without_anything_new_costs_no_write(engine: Watching) -> None:
    keeper = await keeper_on(store_on(engine))
    keeper.look(0)
    keeper.leave()
    await keeper.save()
    await keeper.release()
    assert engine.writes == []


async def test_counts_go_on_from_the_run_before(engine: Watching) -> None:
    store = store_on(engine)
    for number in range(3):
        keeper = await owner_on(store)
        await read(keeper, 4, days={(DAY[0], date(2026, 3, 1 + number % 2)): 3, ("other.org", DAY[1]): 1})
        await keeper.release()

    saved = (await keeper_on(store)).saved
    assert (saved.lines, saved.events, saved.position) == (12, 12, 120)
    assert saved.accounts == Accounts({DAY[1]: 9, date(2026, 3, 2): 3})


async def test_a_replay_saves_nothing_until_it_has_reached_what_was_saved(engine: Watching) -> None:
    store = store_on(engine)
    first = await owner_on(store)
    await read(first, 5)
    await first.release()
    replay = await owner_on(store, from_start=True)
    assert (replay.read_position, replay.next_line_number) == (0, 1)
    await read(replay, 4, days={})
    await replay.save()
    assert replay.saved.says_what(first.saved)
    await read(replay, 2, days={})
    await replay.save()
    assert (replay.saved.position, replay.saved.lines) == (60, 6)
    assert replay.saved.accounts == Accounts()


async def test_a_replay_that_is_cut_short_leaves_the_accounts_of_the_run_before(engine: Watching) -> None:
    store = store_on(engine)
    first = await owner_on(store)
    await read(first, 5)
    await first.release()
    replay = await owner_on(store, from_start=True)
    await read(replay, 4, days={})
    await replay.release()
    after = (await keeper_on(store)).saved
    assert after.says_what(first.saved)
    assert after.owner is None


async def test_the_accounts_of_a_full_replay_are_those_of_the_replay(engine: Watching) -> None:
    """Read with another format or filter, the same bytes may become other events on other days."""
    store = store_on(engine)
    first = await owner_on(store)
    await read(first, 5)
    await first.release()
    replay = await owner_on(store, from_start=True)
    pending = await replay.enter(next_chunk(replay, 5), moves=True)
    pending.counts = Counts(lines=5, events=2, rejected=3)
    pending.days, pending.outstanding = {("example.org", date(2026, 3, 9)): 2}, 0
    replay.watermark.advance()
    await replay.release()
    saved = (await keeper_on(store)).saved
    assert (saved.position, saved.lines, saved.events, saved.rejected) == (50, 5, 2, 3)
    assert saved.accounts == Accounts({date(2026, 3, 9): 2})


async def test_a_log_that_turns_out_to_be_another_one_is_begun_again_and_its_days_are_not_forgotten(
    engine: Watching,
) -> None:
    store = store_on(engine)
    keeper = await owner_on(store)
    await read(keeper, 5)
    keeper.rewind()
    assert (keeper.read_position, keeper.next_line_number) == (0, 1)
    await read(keeper, 2)
    await keeper.release()
    assert await written(store) == 7


async def test_a_replay_is_in_the_day_ledger_too(engine: Watching) -> None:
    store = store_on(engine)
    for from_start in (False, True):
        keeper = await owner_on(store, from_start=from_start)
        await read(keeper, 5)
        await keeper.release()

    assert await written(store) == 10


async def test_an_unfinished_last_line_is_in_the_day_ledger_and_not_in_the_checkpoint(
    engine: Watching,
) -> None:
    store = store_on(engine)
    keeper = await owner_on(store)
    await read(keeper, 5)
    await read(keeper, 1, moves=False)
    await keeper.save()
    assert (keeper.saved.position, keeper.saved.lines) == (50, 5)
    assert keeper.saved.accounts.total == 5
    assert (keeper.read_position, keeper.next_line_number) == (50, 6)
    assert await written(store) == 6


async def test_days_are_not_forgotten_when_the_ledger_cannot_be_written(engine: Watching) -> None:
    store = store_on(engine)
    keeper = await owner_on(store)
    await read(keeper, 5)
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
    keeper = await owner_on(store)
    await read(keeper, 5)
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
    keeper = await owner_on(store)
    await read(keeper, 5)
    late = await keeper.enter(next_chunk(keeper, 2), moves=True)
    engine.meanwhile = lambda: store_all(keeper, late, 2)
    await keeper.save()
    assert (keeper.saved.position, await written(store)) == (50, 5)
    engine.meanwhile = lambda: None
    await keeper.save()
    assert (keeper.saved.position, await written(store)) == (70, 7)


async def test_a_save_whose_reply_was_lost_is_known_to_be_ours(engine: Watching) -> None:
    keeper = await owner_on(store_on(engine))
    engine.writes.clear()
    await read(keeper, 5)
    engine.failing["PutItem"] = NoReply("reset", maybe_applied=True)
    await keeper.save()
    assert (keeper.saved.position, keeper.saved.revision) == (50, 2)
    assert engine.writes == ["UpdateItem", "PutItem", "PutItem"]


async def test_two_saves_at_once_are_one_after_the_other(engine: Watching) -> None:
    keeper = await owner_on(store_on(engine))
    engine.writes.clear()
    await read(keeper, 5)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(keeper.save)
        tasks.start_soon(keeper.save)

    assert engine.writes == ["UpdateItem", "PutItem"]


async def test_a_line_that_is_on_its_way_is_not_read_again_until_it_is_stored(engine: Watching) -> None:
    """An unfinished last line: were it under way twice, a late retry could overwrite the newer put."""
    keeper = await owner_on(store_on(engine))
    order: list[str] = []
    unfinished = await keeper.enter(next_chunk(keeper, 1), moves=False)
    unfinished.outstanding = 1

    async def again() -> None:
        await keeper.enter(next_chunk(keeper, 3), moves=True)
        order.append("entered again")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(again)
        await anyio.wait_all_tasks_blocked()
        order.append("stored")
        unfinished.acknowledge()
        keeper.watermark.advance()

    assert order == ["stored", "entered again"]


def chunk_of(keeper: CheckpointKeeper, data: bytes, *, oversized: bool = False) -> Chunk:
    start, lines = keeper.read_position, data.count(b"\n")
    return Chunk(SOURCE, data, start, start + len(data), keeper.next_line_number, lines, oversized)


async def saved_after(store: Store, chunks: list[bytes], *, oversized: bool = False) -> Checkpoint:
    keeper = await owner_on(store)
    for data in chunks:
        pending = await keeper.enter(chunk_of(keeper, data, oversized=oversized), moves=True)
        pending.outstanding = 0

    keeper.watermark.advance()
    await keeper.release()
    return keeper.saved


async def test_the_fingerprint_does_not_depend_on_how_the_log_was_cut(engine: Watching) -> None:
    data = b"".join(b"line %d\n" % number for number in range(400))
    saved = await saved_after(store_on(engine), data.splitlines(keepends=True))
    assert saved.fingerprint == fingerprint(data)


async def test_the_log_that_was_read_is_recognised_and_another_is_not(engine: Watching) -> None:
    await saved_after(store_on(engine), [b"first\n", b"second\n"])
    keeper = await owner_on(store_on(engine))
    keeper.recognise(b"first\nsecond\n", 13)
    with pytest.raises(SourceError, match="goes on differently"):
        keeper.recognise(b"first\nSECOND\n", 13)

    with pytest.raises(SourceError, match="has 6 bytes, but 13 of it were read"):
        keeper.recognise(b"first\n", 6)


async def test_behind_an_oversized_line_a_log_is_taken_as_it_is(engine: Watching) -> None:
    await saved_after(store_on(engine), [b"first\n"], oversized=True)
    keeper = await owner_on(store_on(engine))
    keeper.recognise(b"whatever", 6)
    assert keeper.saved.fingerprint == ""


async def test_the_directive_in_force_goes_on_with_the_run_after(engine: Watching) -> None:
    store = store_on(engine)
    keeper = await owner_on(store)
    headers = []
    for data in (b"#Fields: date\nx\n", b"y\n", b"z\n#Fields: time\r\nz\n", b"z\n"):
        start = keeper.read_position
        chunk = Chunk(SOURCE, data, start, start + len(data), keeper.next_line_number, data.count(b"\n"))
        pending = await keeper.enter(chunk, moves=True)
        headers.append(pending.header)
        store_all(keeper, pending, 1)

    await keeper.release()
    assert headers == ["", "#Fields: date", "#Fields: date", "#Fields: time"]
    again = await owner_on(store)
    assert (await again.enter(next_chunk(again, 1), moves=True)).header == "#Fields: time"


async def test_a_replay_begins_without_a_directive(engine: Watching) -> None:
    store = store_on(engine)
    keeper = await owner_on(store)
    data = b"#Fields: date\n"
    store_all(keeper, await keeper.enter(Chunk(SOURCE, data, 0, len(data), 1, 1), moves=True), 1)
    await keeper.release()
    replay = await owner_on(store, from_start=True)
    assert (await replay.enter(next_chunk(replay, 1), moves=True)).header == ""


@pytest.mark.parametrize(
    ("data", "header"),
    [
        (b"", "before"),
        (b"line\n", "before"),
        (b"x #Fields: no\n", "before"),
        (b"#Fields: a b\nline\n", "#Fields: a b"),
        (b"#Fields: a\n#Fields: b\nx#Fields: c\n", "#Fields: b"),
        (b"\xef\xbb\xbf#Fields: a\r\n", "#Fields: a"),
        (b"\0\0#Fields: \xff\n", "#Fields: \\xff"),
        (b"x\0#Fields: a\n", "before"),
        (b"\xc2\xbf#Fields: a\n", "before"),
        (b"line \xc2\xbf#Fields: a\n", "before"),
        (b"line\n\0#Fields: a\n", "#Fields: a"),
        (b"#Fields: " + b"x" * 20_000, "#Fields: " + "x" * (LONGEST_HEADER - 9)),
    ],
)
def test_the_directive_behind_some_lines_is_the_last_one_that_begins_a_line(data: bytes, header: str) -> None:
    assert header_after(data, "before") == header


def test_the_directive_at_a_line_is_the_last_one_before_it() -> None:
    data = b"a\n#Fields: one\nb #Fields: no\n#Fields: two\nc\n"
    headers = Headers.of(data, "before")
    places = {line: data.index(line) for line in (b"a\n", b"#Fields: one", b"b ", b"#Fields: two", b"c\n")}
    assert {line: headers.at(place) for line, place in places.items()} == {
        b"a\n": "before",
        b"#Fields: one": "before",
        b"b ": "#Fields: one",
        b"#Fields: two": "#Fields: one",
        b"c\n": "#Fields: two",
    }
    assert headers.at(len(data)) == header_after(data, "before")
