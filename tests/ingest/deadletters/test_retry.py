from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import anyio
import pytest

from footfall.errors import SourceError, StoppedEarly, TableMissing
from footfall.store.engine import Engine, Reply
from footfall.store.state import read_days
from ingest.deadletters import DeadLetter, DeadLetterFile, read_letters
from ingest.deadletters.again import CUT, NO_FORMAT, NO_SITE, Choice
from ingest.enrich import Enrichment
from ingest.filters import Filters
from tests.fakes import FakeClock
from tests.ingest.deadletters.retries import SHIFTED, VHOST, line, refused_log, retry, retry_into
from tests.ingest.runs import (
    BreakingEngine,
    FaultyEngine,
    HurriedClock,
    embedded_store,
    ingest,
    leaves,
    only_leaf,
    table,
    table_of,
)

pytestmark = pytest.mark.anyio

ROOT: Final = Path(__file__).parents[3]
BAD: Final = b"no line of any log"


def odd_lines() -> list[bytes]:
    """Lines whose ends, beginning or bytes are not what they should be, and some that no format reads."""
    return [
        b"\xef\xbb\xbf" + line(1) + b"\r\n",
        line(2) + b"\n",
        line(3).replace(b"Agent", b"A\xff\xc3gent\xe9") + b"\n",
        line(4).replace(b"/p?", "/é?".encode()) + b"\r\n",
        line(5) + b"\r\r\n",
        BAD + b" \x1b[2J\n",
        line(6).replace(b"17/Jan", b"99/Jan") + b"\n",
        b"\n# a comment\n",
        line(7).replace(b"Agent", b'\\xe2\\x82\\xac \\"') + b"\n",
        line(8).replace(b"192.0.2.8", b"2001:db8::1%eth0") + b"\n",
        *(line(number) + b"\n" for number in range(10, 60)),
        line(9) + b"\n",
    ]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "access.log"
    path.write_bytes(b"".join(odd_lines()))
    return path


@pytest.fixture
def dead(tmp_path: Path) -> Path:
    return tmp_path / "dead.ndjson"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"site": None},
        {"site": None, "enrichment": Enrichment(addresses="full"), "host_label": "web-1"},
        {"enrichment": Enrichment(addresses="none"), "chunk_bytes": 300},
        {"filters": Filters(since=datetime(2026, 1, 17, 10, 0, 20, tzinfo=UTC))},
        {"filters": Filters(until=datetime(2026, 1, 17, 10, 0, 20, tzinfo=UTC))},
        {"enrichment": SHIFTED},
    ],
)
async def test_a_retry_in_the_right_format_stores_what_an_ingest_in_it_would_have(
    tmp_path: Path, log: Path, store: Path, dead: Path, settings: dict[str, Any]
) -> None:
    await refused_log(store, log, **settings)
    assert await table(store) == {}
    retried = await retry(store, dead)
    right = await ingest(tmp_path / "right.db", log, format=VHOST, dead_letters=tmp_path / "d", **settings)
    assert await table(store) == await table(tmp_path / "right.db")
    counts = right.tally.counts
    assert (retried.stored, retried.filtered) == (counts.events, counts.filtered)
    assert retried.refused == right.tally.rejected_by_reason
    assert retried.stored > 0


async def test_a_retry_without_a_format_reads_each_line_as_it_was_read(
    log: Path, store: Path, dead: Path
) -> None:
    await refused_log(store, log)
    retried = await retry(store, dead, Choice())
    assert (retried.stored, retried.refused.total()) == (0, retried.chosen)


async def test_a_second_retry_adds_nothing(log: Path, store: Path, dead: Path) -> None:
    await refused_log(store, log)
    first = await retry(store, dead)
    before, size = await table(store), dead.stat().st_size
    second = await retry(store, dead)
    assert (first.stored, second.stored) == (first.chosen - 2, 0)
    assert second.refused == Counter({"no-match": 1, "bad-time": 1})
    assert await table(store) == before
    assert dead.stat().st_size == size


async def test_lines_that_are_refused_again_wait_on_with_their_new_reason(
    log: Path, store: Path, dead: Path
) -> None:
    await refused_log(store, log)
    await retry(store, dead)
    assert read_letters(dead).waiting["reason"].to_list() == ["no-match", "bad-time"]


async def test_a_replay_in_the_right_format_after_a_retry_changes_nothing(
    log: Path, store: Path, dead: Path
) -> None:
    await refused_log(store, log)
    await retry(store, dead)
    before = await table(store)
    await ingest(store, log, format=VHOST, replay=True)
    assert await table(store) == before


async def test_letters_of_two_sites_and_sources_in_one_file_go_each_to_their_own(
    tmp_path: Path, store: Path, dead: Path
) -> None:
    right = tmp_path / "right.db"
    for name, site in (("one.log", "one.example"), ("two.log", "two.example"), ("three.log", None)):
        log = tmp_path / name
        log.write_bytes(b"".join(line(number, name.encode()) + b"\n" for number in range(40)))
        await refused_log(store, log, site=site)
        await ingest(right, log, site=site, format=VHOST)

    retried = await retry(store, dead)
    assert retried.stored == 120
    assert await table(store) == await table(right)
    assert {pk.partition("#")[0] for pk, _ in await table(store)} == {
        "one.example",
        "two.example",
        "three.log",
    }


async def test_a_site_and_address_policy_may_be_named_anew(log: Path, store: Path, dead: Path) -> None:
    await refused_log(store, log)
    await retry(store, dead, Choice(format=VHOST, site="other.example", addresses="none"))
    items = await table(store)
    assert {pk.partition("#")[0] for pk, _ in items} == {"other.example"}
    assert not any("192.0.2" in str(item) for item in items.values())


async def test_only_chosen_letters_are_tried(tmp_path: Path, store: Path, dead: Path) -> None:
    for name in ("one.log", "two.log"):
        (tmp_path / name).write_bytes(line(1) + b"\n")
        await refused_log(store, tmp_path / name)

    retried = await retry(store, dead, Choice(sources=(str(tmp_path / "two.log"), "two.log"), format=VHOST))
    assert (retried.chosen, retried.stored, len(read_letters(dead).waiting)) == (1, 1, 1)


def odd_letter(**fields: Any) -> DeadLetter:
    usual: dict[str, Any] = {
        "source": "a.log", "source_id": "0" * 16, "line": 1, "offset": 0, "reason": "no-match", "sentence": "why",
        "raw_bytes": len(line(1)), "raw": line(1).decode(), "format": "combined_vhost", "addresses": "masked",
    }  # fmt: skip
    return DeadLetter(**(usual | fields))


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        (CUT, {"raw_bytes": 5_000_000}),
        (CUT, {"reason": "line-cut"}),
        (NO_FORMAT, {"format": None}),
        (NO_FORMAT, {"format": "of-a-later-version"}),
        (NO_SITE, {"site": "NO#SITE"}),
    ],
)
async def test_what_cannot_be_read_again_is_counted_and_waits(
    store: Path, dead: Path, code: str, fields: dict[str, Any]
) -> None:
    DeadLetterFile(dead, FakeClock()).append([odd_letter(**fields), odd_letter(offset=500)])
    retried = await retry(store, dead, Choice())
    assert (retried.unreadable, retried.stored) == (Counter({code: 1}), 1)
    assert read_letters(dead).waiting["offset"].to_list() == [0]
    assert retried.still_waits is (code != CUT)


async def test_a_line_too_long_for_an_item_is_refused_with_that_reason(store: Path, dead: Path) -> None:
    raw = line(1).replace(b"Agent", b"A" * 500_000)
    DeadLetterFile(dead, FakeClock()).append([odd_letter(raw=raw.decode(), raw_bytes=len(raw))])
    retried = await retry(store, dead, Choice())
    assert retried.refused == Counter({"item-too-large": 1})
    assert read_letters(dead).waiting["reason"].to_list() == ["item-too-large"]


async def test_the_days_of_stored_letters_are_in_the_ledger_and_change(
    log: Path, store: Path, dead: Path
) -> None:
    await refused_log(store, log)
    retried = await retry(store, dead)
    async with embedded_store(store) as (opened, _):
        [day] = await read_days(opened, HurriedClock())

    assert (day.on, day.written) == (date(2026, 1, 17), retried.stored)
    assert day.revision == 2


@pytest.mark.parametrize("seed", range(3))
async def test_throttling_and_lost_replies_leave_the_same_table(
    tmp_path: Path, log: Path, store: Path, dead: Path, seed: int
) -> None:
    await refused_log(store, log)
    async with embedded_store(store) as (opened, meta):
        engine = FaultyEngine(opened.engine, seed)
        retried = await retry_into(replace(opened, engine=engine), meta, dead, clock=FakeClock())

    await ingest(tmp_path / "right.db", log, format=VHOST, dead_letters=tmp_path / "other")
    assert await table(store) == await table(tmp_path / "right.db")
    assert len(read_letters(dead).waiting) == retried.refused.total() == 2


async def test_a_store_that_breaks_leaves_letters_waiting_and_days_to_be_read_again(
    log: Path, store: Path, dead: Path
) -> None:
    await refused_log(store, log)
    before = dead.read_bytes()
    async with embedded_store(store) as (opened, meta):
        engine = BreakingEngine(opened.engine, good=1)
        with pytest.raises(ExceptionGroup) as caught:
            await retry_into(replace(opened, engine=engine), meta, dead, writers=1)

        only_leaf(caught.value, [TableMissing])
        [day] = await read_days(opened, HurriedClock())

    assert (day.revision, day.written) == (2, 0)
    assert dead.read_bytes() == before
    assert (await retry(store, dead)).stored > 0


async def test_a_file_that_takes_no_more_is_a_sentence_and_the_retry_can_be_repeated(
    log: Path, store: Path, dead: Path
) -> None:
    await refused_log(store, log)
    letters = dead.read_bytes()
    async with embedded_store(store) as (opened, meta):
        engine = ReplacingEngine(opened.engine, dead)
        with pytest.raises(ExceptionGroup) as caught:
            await retry_into(replace(opened, engine=engine), meta, dead)

    [problem] = leaves(caught.value)
    assert isinstance(problem, SourceError)
    assert "Cannot keep refused lines" in str(problem)
    assert "run the same command again" in (problem.hint or "")
    before = await table(store)
    dead.rmdir()
    dead.write_bytes(letters)
    await retry(store, dead)
    assert await table(store) == before


class ReplacingEngine:
    """An engine in front of another that makes a directory of a file before the first batch."""

    def __init__(self, engine: Engine, file: Path) -> None:
        self._engine = engine
        self._file = file

    async def call(self, operation: str, body: bytes) -> Reply:
        if operation == "BatchWriteItem" and self._file.is_file():
            self._file.unlink()
            self._file.mkdir()

        return await self._engine.call(operation, body)

    async def aclose(self) -> None:
        await self._engine.aclose()


class SignallingEngine:
    """An engine in front of another that sends the process SIGTERM at the first batches, and waits when told to."""

    def __init__(self, engine: Engine, signals: int) -> None:
        self._engine = engine
        self._left = signals

    async def call(self, operation: str, body: bytes) -> Reply:
        while operation == "BatchWriteItem" and self._left:
            self._left -= 1
            os.kill(os.getpid(), signal.SIGTERM)
            await anyio.sleep(0.05)
            if not self._left and self._hangs:
                await anyio.sleep_forever()

        return await self._engine.call(operation, body)

    async def aclose(self) -> None:
        await self._engine.aclose()

    _hangs = False


class HangingEngine(SignallingEngine):
    _hangs = True


def write_two_slices(dead: Path) -> None:
    filling = [odd_letter(offset=10**6 * number, raw="x" * 2**20, raw_bytes=2**20) for number in range(1, 6)]
    DeadLetterFile(dead, FakeClock()).append([odd_letter(), *filling, odd_letter(offset=10**7)])


async def test_the_first_signal_finishes_what_is_under_way_and_the_next_retry_goes_on(
    store: Path, dead: Path
) -> None:
    write_two_slices(dead)
    async with embedded_store(store) as (opened, meta):
        engine = SignallingEngine(opened.engine, 1)
        retried = await retry_into(replace(opened, engine=engine), meta, dead, Choice(), drain_seconds=1e9)
        assert (retried.stopped, retried.stored) == (True, 1)
        assert retried.left > 0
        assert len(await table_of(opened)) == 1

    assert (await retry(store, dead, Choice())).stored == 1


async def test_a_second_signal_or_the_end_of_the_drain_stops_at_once(store: Path, dead: Path) -> None:
    write_two_slices(dead)
    async with embedded_store(store) as (opened, meta):
        for signals, drain_seconds in ((2, 1e9), (1, 1.0)):
            engine = HangingEngine(opened.engine, signals)
            with pytest.raises(StoppedEarly, match="Nothing is lost"):
                await retry_into(
                    replace(opened, engine=engine), meta, dead, Choice(), drain_seconds=drain_seconds
                )

    assert (await retry(store, dead, Choice())).stored == 2


def killed(store: Path, dead: Path, call: int) -> list[str]:
    """Retry in a process that kills itself at a call; return the operations that were carried out before."""
    command = [
        sys.executable,
        "-m",
        "tests.ingest.deadletters.killed_retry",
        str(store),
        str(dead),
        str(call),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == (-signal.SIGKILL if call else 0), done.stderr
    return done.stdout.split()


async def test_a_kill_between_acknowledgement_and_outcome_leaves_a_retry_that_can_be_repeated(
    tmp_path: Path, log: Path, store: Path, dead: Path
) -> None:
    await refused_log(store, log)
    letters = dead.read_bytes()
    calls = killed(store, dead, 0)
    whole, after = await table(store), dead.read_bytes()
    last_batch = max(place for place, name in enumerate(calls) if name == "BatchWriteItem")
    assert calls[last_batch + 1 :] == ["UpdateItem"]
    for call in (last_batch, last_batch + 1, last_batch + 2):
        store.unlink()
        dead.write_bytes(letters)
        assert killed(store, dead, call) == calls[: call - 1]
        assert dead.read_bytes() == letters
        await retry(store, dead)
        assert await table(store) == whole
        assert len(dead.read_bytes()) == len(after)
