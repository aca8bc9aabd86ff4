from __future__ import annotations

import gzip
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

from footfall.errors import FormatError, SourceError, SourceTaken, StoppedEarly, TableMissing, TooManyRejected
from footfall.store import Store
from footfall.store.engine import Engine, NoReply, Reply
from footfall.store.simulator import SimulatedEngine
from footfall.store.simulator.conditions import parse_conditions
from footfall.store.state import TableMeta, read_checkpoint, read_days
from ingest.checkpoint import CheckpointKeeper
from ingest.enrich import Enrichment
from ingest.reader import Reader
from ingest.run import Outcome
from ingest.settings import IngestSettings
from ingest.sources import find_sources, open_source
from ingest.tally import Tally
from ingest.worker import TASKS_PER_WRITER, Worker
from tests.ingest.runs import (
    SITE,
    BreakingEngine,
    FaultyEngine,
    HurriedClock,
    Table,
    checkpoint_of,
    combined_lines,
    embedded_store,
    ingest,
    ingest_into,
    only_leaf,
    packed_copy,
    rotate,
    size_of,
    table,
    table_of,
    write_log,
)

pytestmark = pytest.mark.anyio

SMALL = 4096
"""Bytes of a chunk when a small log is to be many chunks."""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return write_log(tmp_path / "access.log", 1000)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
async def undisturbed(log: Path, tmp_path: Path) -> Table:
    """The table that one run over `log` makes when nothing happens."""
    await ingest(tmp_path / "undisturbed.db", log)
    return await table(tmp_path / "undisturbed.db")


class Between:
    """An engine in front of another, with something done before and after each call."""

    def __init__(
        self,
        engine: Engine,
        before: Callable[[str, bytes], Any] = lambda *_: None,
        after: Callable[[str, bytes, Reply], Any] = lambda *_: None,
        slowest_seconds: float = 0.0,
    ) -> None:
        self._engine = engine
        self._before = before
        self._after = after
        self._slowest_seconds = slowest_seconds
        self._random = random.Random(1)

    async def call(self, operation: str, body: bytes) -> Reply:
        self._before(operation, body)
        reply = await self._engine.call(operation, body)
        await anyio.sleep(self._random.random() * self._slowest_seconds)
        self._after(operation, body, reply)
        return reply

    async def aclose(self) -> None:
        await self._engine.aclose()


async def test_each_line_is_an_event_and_a_second_run_adds_nothing(log: Path, store: Path) -> None:
    first = await ingest(store, log)
    assert (first.tally.counts.events, first.tally.sources, first.tally.sources_unchanged) == (1000, 1, 0)
    before = await table(store)
    second = await ingest(store, log)
    assert (second.tally.counts.lines, second.tally.sources_unchanged, second.tally.batches) == (0, 1, 0)
    assert await table(store) == before
    assert len(before) == 1000


async def test_a_replay_reads_all_again_and_adds_nothing(log: Path, store: Path) -> None:
    await ingest(store, log)
    before, saved = await table(store), await checkpoint_of(store, log)
    replay = await ingest(store, log, replay=True)
    assert replay.tally.counts.events == 1000
    assert await table(store) == before
    assert (await checkpoint_of(store, log)).says_what(saved)


async def test_a_replay_overwrites_what_was_stored(log: Path, store: Path) -> None:
    await ingest(store, log, enrichment=Enrichment(addresses="none"))
    assert not any("ip" in item for item in (await table(store)).values())
    await ingest(store, log, replay=True)
    stored = await table(store)
    assert len(stored) == 1000
    assert {item["ip"]["S"] for item in stored.values()} == {"192.0.2.0"}


async def test_replay_after_rotation_adds_nothing(log: Path, store: Path) -> None:
    await ingest(store, log)
    before = await table(store)
    rotated = rotate(log, "access.log.1")
    second = await ingest(store, rotated)
    assert second.tally.counts.lines == 0
    packed = packed_copy(rotated, "access.log.2.gz")
    for replay in (False, True):
        await ingest(store, packed, replay=replay)
        assert await table(store) == before


async def test_a_growing_log_is_gone_on_with_through_its_rotation(tmp_path: Path, store: Path) -> None:
    log = write_log(tmp_path / "access.log", 300)
    await ingest(store, log, chunk_bytes=SMALL)
    write_log(log, 500)
    second = await ingest(store, log, chunk_bytes=SMALL)
    assert second.tally.counts.lines == 200
    write_log(log, 600)
    rotated = rotate(log, "access.log.1")
    write_log(log, 50, first=600)
    third = await ingest(store, log, rotated)
    assert (third.tally.counts.lines, third.tally.sources) == (150, 2)
    assert len(await table(store)) == 650


async def test_a_log_and_its_compressed_copy_in_one_run_are_one_log(
    log: Path, store: Path, undisturbed: Table
) -> None:
    copy = packed_copy(log, "access.log.1.gz")
    for replay in (False, True):
        outcome = await ingest(store, log, copy, replay=replay, checkpoint_seconds=0.1)
        assert (outcome.tally.counts.lines, outcome.tally.sources_unchanged) == (1000, 1)
        assert await table(store) == undisturbed


async def test_a_longer_copy_of_a_log_goes_on_where_the_shorter_ended(log: Path, store: Path) -> None:
    copy = log.with_name("access.log.1.gz")
    copy.write_bytes(gzip.compress(b"".join(combined_lines(400))))
    outcome = await ingest(store, copy, log, chunk_bytes=SMALL)
    assert outcome.tally.counts.lines == 1000
    assert (await checkpoint_of(store, log)).lines == 1000


async def test_logs_of_two_hosts_that_are_alike_are_told_apart_by_their_label(log: Path, store: Path) -> None:
    await ingest(store, log, host_label="one")
    await ingest(store, log, host_label="two")
    assert len(await table(store)) == 2000


async def test_a_group_has_checkpoints_of_its_own(log: Path, store: Path) -> None:
    await ingest(store, log)
    other = await ingest(store, log, group="other")
    assert other.tally.counts.events == 1000
    assert len(await table(store)) == 1000


async def test_one_bad_file_does_not_keep_the_others_out(tmp_path: Path, store: Path) -> None:
    good = write_log(tmp_path / "a.log", 100)
    unknown, torn, last = (
        tmp_path / "b.log",
        tmp_path / "c.log.gz",
        write_log(tmp_path / "d.log", 100, first=200),
    )
    unknown.write_bytes(b"once upon a time\n" * 50)
    torn.write_bytes(gzip.compress(b"".join(combined_lines(5000, first=1000)))[:-2000])
    outcome = await ingest(store, good, unknown, torn, last)
    assert [type(problem) for problem in outcome.problems] == [FormatError, SourceError]
    assert outcome.problems[0].details
    assert (outcome.tally.sources, outcome.tally.sources_failed) == (2, 2)
    stored = len(await table(store))
    assert stored == outcome.tally.counts.events
    assert 200 < stored < 5200


async def test_an_empty_file_is_nothing_new(tmp_path: Path, store: Path) -> None:
    (tmp_path / "access.log").write_bytes(b"")
    outcome = await ingest(store, tmp_path / "access.log")
    assert (outcome.tally.sources, outcome.tally.sources_unchanged, outcome.problems) == (1, 1, [])


@pytest.mark.parametrize(
    "settings",
    [
        {"chunk_bytes": 1000},
        {"chunk_bytes": 1000, "preparers": 4, "writers": 1},
        {"chunk_bytes": SMALL, "preparers": 3, "writers": 7},
        {"writers": 64, "preparers": 1},
    ],
    ids=str,
)
async def test_the_table_does_not_depend_on_how_the_work_is_cut_and_shared(
    log: Path, store: Path, undisturbed: Table, settings: dict[str, Any]
) -> None:
    outcome = await ingest(store, log, **settings)
    assert outcome.tally.counts.events == 1000
    assert await table(store) == undisturbed
    saved = await checkpoint_of(store, log)
    assert (saved.position, saved.lines, saved.events) == (size_of(log), 1000, 1000)


async def test_a_chunk_may_be_a_line_or_two(tmp_path: Path, store: Path) -> None:
    log = write_log(tmp_path / "access.log", 100)
    await ingest(tmp_path / "undisturbed.db", log)
    await ingest(store, log, chunk_bytes=256)
    assert await table(store) == await table(tmp_path / "undisturbed.db")


async def test_refused_lines_are_dead_letters_before_the_checkpoint_passes_them(
    tmp_path: Path, store: Path
) -> None:
    lines = combined_lines(200)
    for place in range(0, 200, 20):
        lines[place] = b"rubbish %d\n" % place

    log = tmp_path / "access.log"
    log.write_bytes(b"# a comment\n" + b"".join(lines) + b"x" * 5000 + b"\n")
    dead = tmp_path / "dead.ndjson"

    def check(operation: str, body: bytes) -> None:
        if operation == "PutItem":
            rejected = int(msgspec.json.decode(body)["Item"]["rejected"]["N"])
            assert not rejected or dead.read_bytes().count(b"\n") >= rejected

    async with embedded_store(store) as (opened, meta):
        checked = replace(opened, engine=Between(opened.engine, check))
        outcome = await ingest_into(
            checked, meta, log, chunk_bytes=512, max_line_bytes=4096, checkpoint_seconds=0.1
        )

    assert (outcome.tally.counts.rejected, outcome.tally.counts.skipped) == (11, 1)
    assert outcome.tally.rejected_by_reason == {"no-match": 10, "line-too-long": 1}
    records = [msgspec.json.decode(line) for line in dead.read_bytes().splitlines()]
    assert sorted(record["line"] for record in records) == [*range(2, 202, 20), 202]
    assert {log.read_bytes()[record["offset"] :].partition(b"\n")[0].decode()[: len(record["raw"])] == record["raw"]
            for record in records} == {True}  # fmt: skip


async def test_dead_letters_that_cannot_be_kept_end_the_run_and_the_next_one_completes(
    tmp_path: Path, store: Path
) -> None:
    log = tmp_path / "access.log"
    log.write_bytes(b"".join([*combined_lines(100), b"rubbish\n", *combined_lines(100, first=100)]))
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(BaseExceptionGroup) as caught:
        await ingest(store, log, dead_letters=tmp_path / "file" / "dead", chunk_bytes=1024)

    assert isinstance(only_leaf(caught.value), SourceError)
    assert (await checkpoint_of(store, log)).position <= log.read_bytes().index(b"rubbish")
    await ingest(store, log)
    assert len(await table(store)) == 200
    assert (await checkpoint_of(store, log)).rejected == 1


@pytest.mark.parametrize("good", [0, 1, 7, 20, 39])
async def test_a_store_that_fails_for_good_leaves_a_checkpoint_the_next_run_completes_from(
    log: Path, store: Path, undisturbed: Table, good: int
) -> None:
    async with embedded_store(store) as (opened, meta):
        breaking = replace(opened, engine=BreakingEngine(opened.engine, good))
        with pytest.raises(BaseExceptionGroup) as caught:
            await ingest_into(breaking, meta, log, chunk_bytes=SMALL)

    assert isinstance(only_leaf(caught.value), TableMissing)
    reached = await checkpoint_of(store, log)
    half_way = await table(store)
    assert reached.events <= len(half_way) <= 25 * good
    assert half_way.items() <= undisturbed.items()
    second = await ingest(store, log)
    assert second.tally.counts.lines == 1000 - reached.lines
    assert await table(store) == undisturbed


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_fails_in_passing_the_table_is_as_if_nothing_had(
    log: Path, store: Path, undisturbed: Table, seed: int
) -> None:
    """Throttling, partial batches, errors and lost replies before and after the write, on 40 % of the calls."""
    async with embedded_store(store) as (opened, meta):
        engine = FaultyEngine(opened.engine, seed)
        outcome = await ingest_into(
            replace(opened, engine=engine), meta, log, chunk_bytes=SMALL, writers=1 + 5 * seed
        )
        assert await table_of(opened) == undisturbed

    tally = outcome.tally
    assert tally.counts.events == 1000
    assert (tally.requests, tally.throttled, tally.unprocessed) == (
        engine.requests,
        engine.throttled,
        engine.unprocessed,
    )
    assert tally.requests > tally.batches
    assert tally.retried > 0
    assert 1000 <= tally.consumed_write_units <= 25 * tally.requests
    assert (await checkpoint_of(store, log)).events == 1000


async def test_a_store_out_of_reach_is_given_up_on_and_the_next_run_completes(
    log: Path, store: Path, undisturbed: Table
) -> None:
    def lost(operation: str, body: bytes) -> None:
        if operation == "BatchWriteItem":
            raise NoReply("no route to host", maybe_applied=False)

    async with embedded_store(store) as (opened, meta):
        cut_off = replace(opened, engine=Between(opened.engine, lost))
        with pytest.raises(BaseExceptionGroup) as caught:
            await ingest_into(cut_off, meta, log, give_up_after_seconds=0.1)

    error = only_leaf(caught.value, [StoppedEarly])
    assert isinstance(error, StoppedEarly)
    assert error.details == ("last: no route to host",)
    await ingest(store, log)
    assert await table(store) == undisturbed


@pytest.mark.parametrize("seed", range(3))
async def test_a_checkpoint_never_passes_a_line_that_is_not_stored(log: Path, store: Path, seed: int) -> None:
    offsets = {0}
    for line in combined_lines(999):
        offsets.add(max(offsets) + len(line))

    stored: set[int] = set()
    positions: list[int] = []

    def note(operation: str, body: bytes, reply: Reply) -> None:
        if operation == "BatchWriteItem" and reply.ok:
            [puts] = msgspec.json.decode(body)["RequestItems"].values()
            stored.update(int(put["PutRequest"]["Item"]["sk"]["S"][-13:]) for put in puts)

    def check(operation: str, body: bytes) -> None:
        if operation == "PutItem":
            position = int(msgspec.json.decode(body)["Item"]["position"]["N"])
            positions.append(position)
            assert {offset for offset in offsets if offset < position} <= stored

    async with embedded_store(store) as (opened, meta):
        watched = Between(opened.engine, check, note, slowest_seconds=0.01)
        engine = FaultyEngine(watched, seed, share=0.2)
        await ingest_into(replace(opened, engine=engine), meta, log, chunk_bytes=1024, checkpoint_seconds=0.1)

    assert positions[-1] == size_of(log)
    assert sorted(set(positions)) == list(dict.fromkeys(positions))
    assert len(set(positions)) > 2


async def test_of_two_runs_over_one_log_one_waits_and_nothing_is_doubled_or_lost(
    log: Path, store: Path, undisturbed: Table, capsys: pytest.CaptureFixture[str]
) -> None:
    outcomes: list[Outcome] = []

    async def run() -> None:
        async with embedded_store(store) as (opened, meta):
            slow = replace(opened, engine=Between(opened.engine, slowest_seconds=0.01))
            outcomes.append(
                await ingest_into(
                    slow, meta, log, chunk_bytes=1024, checkpoint_seconds=0.1, lease_seconds=36_000.0
                )
            )

    async with embedded_store(store), anyio.create_task_group() as tasks:
        tasks.start_soon(run)
        tasks.start_soon(run)

    first, second = outcomes
    assert (first.tally.counts.lines, second.tally.counts.lines) == (1000, 0)
    assert second.tally.sources_unchanged == 1
    assert "access.log is read by" in capsys.readouterr().err
    assert await table(store) == undisturbed
    assert (await checkpoint_of(store, log)).lines == 1000


async def test_a_log_that_another_run_reads_keeps_nobody_from_the_others(tmp_path: Path, store: Path) -> None:
    logs = [
        write_log(tmp_path / name, 50, first=place) for place, name in enumerate(("a.log", "b.log", "c.log"))
    ]
    with open_source(find_sources([str(logs[1])])[0]) as opened:
        taken_id = opened.id or ""

    async with embedded_store(store) as (opened_store, meta), anyio.create_task_group() as tasks:
        clock = HurriedClock()
        saved = await read_checkpoint(opened_store, clock, "default", taken_id, "b.log")
        other = CheckpointKeeper(opened_store, clock, "default", saved, lease_seconds=60.0)
        await other.acquire()

        async def live() -> None:
            while True:
                await clock.sleep(10)
                await other.save()

        tasks.start_soon(live)
        outcome = await ingest_into(opened_store, meta, *logs, lease_seconds=60.0)
        [problem] = outcome.problems
        assert isinstance(problem, SourceTaken)
        assert "b.log" in str(problem)
        assert len(await table_of(opened_store)) == 100
        await other.release()
        tasks.cancel_scope.cancel()

    assert (await ingest(store, *logs)).tally.counts.events == 50


async def test_stopped_it_reads_no_further_and_all_it_read_is_stored_and_saved(
    log: Path, store: Path, undisturbed: Table
) -> None:
    async with embedded_store(store) as (opened, meta):
        feed, tally = await _stopped_after_the_first_batch(opened, meta, log)
        assert feed.stopping
        assert 0 < tally.counts.lines < 1000
        assert len(await table_of(opened)) == tally.counts.events

    assert (await checkpoint_of(store, log)).lines == tally.counts.lines
    second = await ingest(store, log)
    assert second.tally.counts.lines == 1000 - tally.counts.lines
    assert await table(store) == undisturbed


async def _stopped_after_the_first_batch(opened: Store, meta: TableMeta, log: Path) -> tuple[Reader, Tally]:
    tally = Tally()
    settings = IngestSettings(site=SITE, chunk_bytes=SMALL, dead_letters=log.with_name("dead"))

    def stop(operation: str, body: bytes) -> None:
        if operation == "BatchWriteItem":
            feed.stop()

    stopping = replace(opened, engine=Between(opened.engine, stop))
    clock = HurriedClock()
    feed = Reader(find_sources([str(log)]), settings, stopping, meta, clock, tally)
    await Worker(feed, settings, stopping, clock, tally).run()
    return feed, tally


async def test_cancelled_in_the_middle_it_saves_what_is_done(
    log: Path, store: Path, undisturbed: Table
) -> None:
    done = 0

    def cancel(operation: str, body: bytes, reply: Reply) -> None:
        nonlocal done
        done += operation == "BatchWriteItem"
        if done == 20:
            scope.cancel()

    async with embedded_store(store) as (opened, meta):
        cancelling = replace(opened, engine=Between(opened.engine, after=cancel))
        with anyio.CancelScope() as scope:
            await ingest_into(
                cancelling, meta, log, chunk_bytes=1024, writers=2, preparers=1, checkpoint_seconds=1e6
            )

    assert scope.cancelled_caught
    reached = await checkpoint_of(store, log)
    assert 0 < reached.events <= len(await table(store)) < 1000
    await ingest(store, log)
    assert await table(store) == undisturbed


async def test_every_event_is_in_the_day_ledger(tmp_path: Path, store: Path) -> None:
    late = [line.replace(b"01/Mar", b"02/Mar") for line in combined_lines(40)]
    (tmp_path / "access.log").write_bytes(b"".join([*combined_lines(60), *late]))
    await ingest(store, tmp_path / "access.log", chunk_bytes=SMALL)
    async with embedded_store(store) as (opened, _):
        days = await read_days(opened, HurriedClock())

    assert [(day.site, day.on.day, day.written) for day in days] == [(SITE, 1, 60), (SITE, 2, 40)]


@pytest.mark.parametrize("is_packed", [False, True])
async def test_another_log_with_the_same_name_and_first_line_is_not_skipped_in_silence(
    tmp_path: Path, store: Path, is_packed: bool
) -> None:
    lines = combined_lines(60)
    one = _log_in(tmp_path / "one", lines[:30], is_packed=is_packed)
    two = _log_in(tmp_path / "two", [lines[0], *lines[30:]], is_packed=is_packed)
    outcome = await ingest(store, one, two)
    [problem] = outcome.problems
    assert outcome.tally.counts.events == 30
    assert "goes on differently" in str(problem)
    assert "--host-label" in (problem.hint or "")
    assert (await ingest(store, two, host_label="two")).tally.counts.events == 31


async def test_a_log_that_has_become_shorter_is_told(log: Path, store: Path) -> None:
    await ingest(store, log)
    log.write_bytes(b"".join(combined_lines(400)))
    outcome = await ingest(store, log)
    [problem] = outcome.problems
    assert "of it were read before" in str(problem)
    assert len(await table(store)) == 1000


async def test_a_day_is_in_the_ledger_before_its_first_event_is_stored(log: Path, store: Path) -> None:
    order: list[str] = []
    async with embedded_store(store) as (opened, meta):
        noting = Between(opened.engine, before=lambda operation, _: order.append(operation))
        await ingest_into(replace(opened, engine=noting), meta, log)

    assert order.index("UpdateItem") < order.index("BatchWriteItem")
    assert order.index("BatchWriteItem") < len(order) - 1 - order[::-1].index("UpdateItem")


def _log_in(folder: Path, lines: list[bytes], *, is_packed: bool) -> Path:
    folder.mkdir()
    data = b"".join(lines)
    path = folder / "access.log"
    path.write_bytes(gzip.compress(data) if is_packed else data)
    return path


async def test_a_run_that_refuses_most_lines_stops_and_keeps_them(tmp_path: Path, store: Path) -> None:
    log = tmp_path / "access.log"
    garbage = [b"not a line of any log %d\n" % number for number in range(2000)]
    _write(log, [*combined_lines(1500), *garbage])
    with pytest.raises(ExceptionGroup) as raised:
        await ingest(store, log, chunk_bytes=SMALL)

    only_leaf(raised.value, [TooManyRejected])
    kept = (tmp_path / "dead.ndjson").read_bytes().splitlines()
    saved = await checkpoint_of(store, log)
    # How far the run got past the limit is chance: chunks are done in any order.
    assert saved.rejected <= len(kept) < 2000
    assert len(kept) > 1500
    assert (await ingest(tmp_path / "other.db", log, max_rejected=1.0)).tally.counts.rejected == 2000


async def test_a_run_that_refuses_too_many_lines_in_a_row_stops(tmp_path: Path, store: Path) -> None:
    log = tmp_path / "access.log"
    garbage = [b"not a line of any log %d\n" % number for number in range(300)]
    _write(log, [*combined_lines(1000), *garbage, *combined_lines(700, first=1000)])
    with pytest.raises(ExceptionGroup) as raised:
        await ingest(store, log, chunk_bytes=SMALL, max_rejected_in_a_row=299)

    assert "lines of access.log were refused one after the other" in str(
        only_leaf(raised.value, [TooManyRejected])
    ).replace(str(log), log.name)
    allowed = await ingest(tmp_path / "other.db", log, chunk_bytes=SMALL, max_rejected_in_a_row=300)
    assert allowed.tally.counts.rejected == 300


def _write(path: Path, lines: list[bytes]) -> None:
    path.write_bytes(b"".join(lines))


@pytest.mark.parametrize("behind", [1, 30])
async def test_a_log_is_recognised_again_behind_an_oversized_line(
    tmp_path: Path, store: Path, behind: int
) -> None:
    log, lines = tmp_path / "access.log", combined_lines(60)
    early = [*lines[:5], b"x" * 5000 + b"\n", *lines[5 : 5 + behind]]
    _write(log, early)
    first = await ingest(store, log, max_line_bytes=4096)
    assert (first.tally.counts.events, first.tally.counts.rejected) == (5 + behind, 1)
    _write(log, [*early, *lines[40:]])
    second = await ingest(store, log, max_line_bytes=4096)
    assert (second.problems, second.tally.counts.events) == ([], 20)


async def test_while_a_partition_is_hot_more_batches_are_in_hand(tmp_path: Path, store: Path) -> None:
    log, clock = tmp_path / "access.log", HurriedClock()
    crowd = combined_lines(4000)
    log.write_bytes(b"".join(crowd[0] if place % 5 < 2 else line for place, line in enumerate(crowd)))
    settings = IngestSettings(site=SITE, dead_letters=tmp_path / "dead", writers=2)
    async with embedded_store(store) as (opened, meta):
        conditions = parse_conditions("write_units=100000&partition_write_units=10&burst_seconds=1")
        simulated = replace(opened, engine=SimulatedEngine(opened.engine, conditions, clock))
        tally = Tally()
        feed = Reader(find_sources([str(log)]), settings, simulated, meta, clock, tally)
        worker = Worker(feed, settings, simulated, clock, tally)
        await worker.run()
        assert settings.writers < worker._writing <= settings.writers * TASKS_PER_WRITER
        assert len(await table_of(opened)) == 4000
