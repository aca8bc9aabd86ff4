from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.store.state import Accounts
from ingest.positions import Days, Pending, Watermark
from ingest.tally import Counts

DAY = ("example.org", date(2026, 3, 1))
NEXT_DAY = ("example.org", date(2026, 3, 2))
MOMENT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def prepared(pending: Pending, batches: int, lines: int = 1, days: Days | None = None) -> Pending:
    """Cut a chunk into batches, as a preparer does."""
    pending.outstanding = batches
    pending.counts = Counts(lines=lines, events=lines)
    pending.days = days or {}
    return pending


def enter(mark: Watermark, end: int, *, moves: bool = True) -> Pending:
    """Let the chunk that was read next, ten bytes at most, enter."""
    return mark.enter(max(0, end - 10), end, moves=moves)


def test_the_position_waits_for_the_first_chunk() -> None:
    mark = Watermark(100)
    first, second = prepared(enter(mark, 200), 1), prepared(enter(mark, 300), 1)
    second.acknowledge()
    assert not mark.advance()
    assert mark.position == 100
    first.acknowledge()
    assert mark.advance()
    assert mark.position == 300
    assert mark.counts.lines == 2


def test_a_chunk_that_is_not_cut_into_batches_yet_is_not_done() -> None:
    mark = Watermark(0)
    enter(mark, 10)
    prepared(enter(mark, 20), 0)
    assert not mark.advance()
    assert mark.position == 0


def test_a_chunk_without_any_event_is_done_at_once() -> None:
    mark = Watermark(0)
    prepared(enter(mark, 10), 0)
    assert mark.advance()
    assert mark.position == 10


def test_a_chunk_is_done_with_its_last_batch() -> None:
    mark = Watermark(0)
    pending = prepared(enter(mark, 10), 3)
    for _ in range(2):
        pending.acknowledge()
        assert not pending.done
        assert not mark.advance()

    pending.acknowledge()
    assert pending.done
    assert mark.advance()


@pytest.mark.parametrize("outstanding", [None, 0])
def test_an_acknowledgement_too_many_is_an_error(outstanding: int | None) -> None:
    pending = Watermark(0).enter(0, 10)
    pending.outstanding = outstanding
    with pytest.raises(ValueError, match="acknowledged"):
        pending.acknowledge()


def test_an_unfinished_last_line_is_stored_but_the_position_stays_before_it() -> None:
    mark = Watermark(0)
    prepared(enter(mark, 10), 0, days={DAY: 1})
    prepared(enter(mark, 15, moves=False), 0, days={DAY: 2})
    mark.advance()
    assert mark.position == 10
    assert mark.counts.lines == 1
    assert mark.days == {DAY: 3}


def test_days_wait_for_the_position_and_are_forgotten_by_what_was_written() -> None:
    mark = Watermark(0)
    first = prepared(enter(mark, 10), 1, days={DAY: 2, NEXT_DAY: 1})
    prepared(enter(mark, 20), 0, days={NEXT_DAY: 4})
    assert not mark.advance()
    assert not mark.days
    first.acknowledge()
    mark.advance()
    assert mark.days == {DAY: 2, NEXT_DAY: 5}
    mark.forget_days({DAY: 2, NEXT_DAY: 1})
    assert dict(mark.days) == {NEXT_DAY: 4}


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(1, 50)), max_size=12),
    st.integers(0, 2**32),
    st.booleans(),
)
def test_in_any_order_the_position_never_passes_an_unfinished_chunk(
    chunks: list[tuple[int, int]], seed: int, last_moves: bool
) -> None:
    mark = Watermark(7)
    end, pending = 7, []
    for number, (batches, size) in enumerate(chunks, 1):
        end += size
        pending.append((batches, mark.enter(end - size, end, moves=last_moves or number < len(chunks))))

    steps = [(batches, chunk) for batches, chunk in pending for _ in range(batches + 1)]
    random.Random(seed).shuffle(steps)
    for batches, chunk in steps:
        if chunk.outstanding is None:
            prepared(chunk, batches)
        else:
            chunk.acknowledge()

        mark.advance()
        unfinished = [one.end for _, one in pending if not one.done]
        assert mark.position < min(unfinished, default=end + 1)

    passed = chunks if last_moves else chunks[:-1]
    assert mark.position == 7 + sum(size for _, size in passed)
    assert mark.counts.lines == len(passed)


def test_accounts_are_of_events_below_the_position_by_date_over_all_sites() -> None:
    mark = Watermark(0, accounts=Accounts({DAY[1]: 10}))
    prepared(enter(mark, 10), 0, days={DAY: 1, ("other.org", DAY[1]): 2, NEXT_DAY: 4})
    first = prepared(enter(mark, 20), 1, days={DAY: 5})
    prepared(enter(mark, 25, moves=False), 0, days={DAY: 7})
    mark.advance()
    assert mark.accounts == Accounts({DAY[1]: 13, NEXT_DAY[1]: 4})
    first.acknowledge()
    mark.advance()
    assert mark.accounts == Accounts({DAY[1]: 18, NEXT_DAY[1]: 4})


def test_events_with_ids_of_their_own_are_not_accounted_for() -> None:
    mark = Watermark(0)
    chunk = prepared(enter(mark, 10), 0, days={DAY: 5, NEXT_DAY: 2})
    chunk.identified = {DAY[1]: 3, NEXT_DAY[1]: 2}
    mark.advance()
    assert mark.accounts == Accounts({DAY[1]: 2})
    assert mark.days == {DAY: 5, NEXT_DAY: 2}


def test_the_newest_event_is_that_of_all_chunks_below_the_position() -> None:
    mark = Watermark(0, newest_at=MOMENT)
    prepared(enter(mark, 10), 0)
    for end, seconds in ((20, 60), (30, 5)):
        prepared(enter(mark, end), 0).newest_at = MOMENT + timedelta(seconds=seconds)

    prepared(enter(mark, 40), 1).newest_at = MOMENT + timedelta(days=1)
    mark.advance()
    assert mark.newest_at == MOMENT + timedelta(seconds=60)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("start", "end", "waits"),
    [(0, 10, False), (0, 11, True), (10, 20, True), (12, 13, True), (19, 30, True), (20, 30, False)],
)
async def test_a_range_is_free_when_no_chunk_on_its_way_has_a_byte_of_it(
    start: int, end: int, waits: bool
) -> None:
    mark = Watermark(0)
    pending = prepared(mark.enter(10, 20), 2)
    free = anyio.Event()

    async def wait() -> None:
        await mark.until_free(start, end)
        free.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait)
        await anyio.wait_all_tasks_blocked()
        assert free.is_set() is not waits
        for _ in range(2):
            pending.acknowledge()
            mark.advance()


@pytest.mark.anyio
async def test_a_chunk_that_is_done_but_not_passed_yet_is_in_nobodys_way() -> None:
    mark = Watermark(0)
    prepared(mark.enter(0, 10), 1)
    prepared(mark.enter(10, 20), 0)
    mark.advance()
    await mark.until_free(10, 20)
    assert not mark.is_idle
