"""`footfall verify` over whole stores: what is missing is named, and nothing else is."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import anyio
import msgspec
import pytest

import cli
from footfall.clock import SystemClock
from footfall.store.client import command
from footfall.store.engine import Engine, Reply
from ingest.filters import Filters
from ingest.verify import verify
from tests.ingest.runs import (
    FaultyEngine,
    combined_lines,
    embedded_store,
    ingest,
    ingest_into,
    table,
    write_log,
)

ROOT: Final = Path(__file__).parents[2]
LINES: Final = 400

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return write_log(tmp_path / "access.log", LINES)


@pytest.fixture
def verified(
    store: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Run:
    """`footfall verify` of the store, with what it says."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        capsys.readouterr()
        code = cli.run(["verify", "--store", f"embedded:{store}", *map(str, arguments)])
        return code, *capsys.readouterr()

    return run


def ingested(store: Path, *paths: Path, **settings: Any) -> None:
    async def run() -> None:
        await ingest(store, *paths, **settings)

    anyio.run(run)


def removed(store: Path, count: int = 1) -> list[tuple[str, str]]:
    """Delete events as nobody should and return their keys."""

    async def run() -> list[tuple[str, str]]:
        async with embedded_store(store) as (opened, _):
            keys = sorted(await table(store))[:count]
            for pk, sk in keys:
                document = {"TableName": "events", "Key": {"pk": {"S": pk}, "sk": {"S": sk}}}
                await command(opened, SystemClock(), "DeleteItem", document, table="events")

            return keys

    return anyio.run(run)


def with_rubbish(path: Path) -> Path:
    lines = combined_lines(50)
    lines[10:10] = [b"rubbish\n", b"more of it\n"]
    path.write_bytes(b"".join(lines))
    return path


def test_what_was_ingested_is_all_there(verified: Run, store: Path, log: Path) -> None:
    ingested(store, log)
    code, out, err = verified()
    assert code == 0
    assert f"  {LINES} events accounted for, {LINES} stored: all there\n" in out
    assert "GAP" not in out
    assert "Note" not in out
    assert f"Read {LINES} items in " in err
    assert "read units" in err


def test_a_deleted_event_is_named_by_source_and_day(
    verified: Run, store: Path, log: Path, tmp_path: Path
) -> None:
    other = write_log(tmp_path / "other.log", 20, first=10**7)
    ingested(store, log, other)
    removed(store, 2)
    code, out, err = verified()
    assert code == 7
    assert "access.log (id " in out
    assert f"  GAP 2026-03-01: {LINES} accounted for, {LINES - 2} stored, 2 missing\n" in out
    assert out.count("GAP") == 1
    assert "Missing: 2 events that the checkpoints account for." in err
    assert "--replay" in err


def test_a_replay_stores_what_was_missing(verified: Run, store: Path, log: Path) -> None:
    ingested(store, log)
    removed(store, 3)
    assert verified()[0] == 7
    ingested(store, log, replay=True)
    assert verified()[0] == 0


def test_a_throttled_and_faulty_run_verifies(verified: Run, store: Path, log: Path) -> None:
    async def run() -> None:
        async with embedded_store(store) as (opened, meta):
            faulty = replace(opened, engine=FaultyEngine(opened.engine, seed=3))
            await ingest_into(faulty, meta, log, chunk_bytes=4096, checkpoint_seconds=0.1)

    anyio.run(run)
    assert verified()[0] == 0


def test_a_store_verifies_after_each_kill(verified: Run, store: Path, tmp_path: Path) -> None:
    """Even before the next run: what the checkpoint passed is there, what is beyond it is only told."""
    log, out = write_log(tmp_path / "access.log", 5_000), ""
    chance = random.Random(5)
    for calls in (3, 40, 0):
        seconds = str(chance.random() / 50)
        command_line = [
            sys.executable,
            "-m",
            "tests.ingest.killed",
            str(store),
            str(log),
            str(calls),
            seconds,
        ]
        killed = subprocess.run(command_line, cwd=ROOT, capture_output=True, check=False)
        assert killed.returncode == (-9 if calls else 0), killed.stderr
        code, out, _ = verified()
        assert code == 0, out

    assert "5,000 events accounted for, 5,000 stored: all there" in out


def test_a_missing_dead_letter_is_named(verified: Run, store: Path, tmp_path: Path) -> None:
    dead = tmp_path / "dead.ndjson"
    ingested(store, with_rubbish(tmp_path / "access.log"))
    code, out, _ = verified("--dead-letters", dead)
    assert (code, "  2 lines rejected, all of them kept\n" in out) == (0, True)
    dead.write_bytes(dead.read_bytes().splitlines(keepends=True)[0])
    code, out, err = verified("--dead-letters", dead)
    assert code == 7
    assert "  GAP dead letters: 2 lines rejected, 1 kept, 1 missing\n" in out
    assert "Missing: 1 dead letter that the checkpoints account for." in err


def test_letters_of_several_files_are_counted_once_each(verified: Run, store: Path, tmp_path: Path) -> None:
    dead, other = tmp_path / "dead.ndjson", tmp_path / "other.ndjson"
    ingested(store, with_rubbish(tmp_path / "access.log"))
    first, second = dead.read_bytes().splitlines(keepends=True)
    dead.write_bytes(first * 2)
    other.write_bytes(first)
    assert verified("--dead-letters", dead, "--dead-letters", other)[0] == 7
    other.write_bytes(second)
    assert verified("--dead-letters", dead, "--dead-letters", other)[0] == 0


def test_without_a_file_of_dead_letters_that_is_told(verified: Run, store: Path, tmp_path: Path) -> None:
    ingested(store, with_rubbish(tmp_path / "access.log"))
    code, out, _ = verified()
    assert (code, "2 lines rejected; no file of dead letters to hold against that" in out) == (0, True)
    code, _, err = verified("--dead-letters", tmp_path / "nowhere")
    assert (code, "nowhere" in err) == (6, True)


def test_the_usual_file_of_dead_letters_is_found_by_itself(
    verified: Run, store: Path, tmp_path: Path
) -> None:
    usual = tmp_path / "footfall-dead-letters.ndjson"
    ingested(store, with_rubbish(tmp_path / "access.log"), dead_letters=usual)
    assert "all of them kept" in verified()[1]


def test_each_group_is_held_against_its_own_position(verified: Run, store: Path, log: Path) -> None:
    ingested(store, log, group="first")
    with log.open("ab") as file:
        file.writelines(combined_lines(30, first=LINES))

    ingested(store, log, group="second")
    code, out, _ = verified()
    assert (code, "30 behind the position" in out) == (0, True)
    [(pk, sk), *_] = removed(store)
    assert pk
    assert sk
    code, out, _ = verified("--group", "second")
    assert (code, out.count("GAP"), out.count("access.log")) == (7, 1, 1)
    assert verified()[1].count("GAP") == 2


def test_after_a_replay_with_another_filter_its_accounts_hold(verified: Run, store: Path, log: Path) -> None:
    ingested(store, log)
    late = Filters(since=datetime(2026, 3, 1, 0, 0, 20, tzinfo=UTC))
    ingested(store, log, replay=True, filters=late)
    code, out, _ = verified()
    assert code == 0
    assert f"  200 events accounted for, {LINES} stored: all there\n" in out
    assert "Note: 200 more than accounted for" in out


def test_a_source_without_checkpoint_is_named(verified: Run, store: Path, log: Path) -> None:
    ingested(store, log)

    async def forget() -> None:
        async with embedded_store(store) as (opened, _):
            reply = await command(opened, SystemClock(), "Scan", {"TableName": "state"}, table="state")
            [key] = [
                {name: item[name] for name in ("pk", "sk")}
                for item in reply["Items"]
                if item["pk"]["S"].startswith("source#")
            ]
            await command(
                opened, SystemClock(), "DeleteItem", {"TableName": "state", "Key": key}, table="state"
            )

    anyio.run(forget)
    code, out, _ = verified()
    assert code == 0
    assert "No checkpoint accounts for anything yet." in out
    assert f"has {LINES} events (2026-03-01) and no checkpoint" in out


def test_the_findings_are_one_json_object(verified: Run, store: Path, log: Path) -> None:
    ingested(store, log)
    removed(store)
    code, out, _ = verified("--format", "json", "--segments", "3")
    found = msgspec.json.decode(out)
    assert (code, found["missing_events"], found["items_read"]) == (7, 1, LINES - 1)
    [source] = found["sources"]
    assert source["days"] == [{"day": "2026-03-01", "accounted": LINES, "stored": LINES - 1, "missing": 1}]
    assert (source["name"], source["missing"], source["dead_letters"]) == (str(log), 1, None)


def test_an_empty_store_verifies_and_a_missing_one_is_an_error(verified: Run, store: Path) -> None:
    code, _, err = verified()
    assert (code, "There is no store" in err, store.exists()) == (4, True, False)
    cli.run(["table", "create", "--store", f"embedded:{store}"])
    code, out, _ = verified()
    assert (code, out) == (0, "No checkpoint accounts for anything yet.\n")


class Meanwhile:
    """An engine in front of another that has a run go on before the first page of a scan."""

    def __init__(self, engine: Engine, run: Callable[[], Any]) -> None:
        self._engine = engine
        self._run: Callable[[], Any] | None = run

    async def call(self, operation: str, body: bytes) -> Reply:
        if b'"events"' in body and operation == "Scan" and self._run is not None:
            run, self._run = self._run, None
            await run()

        return await self._engine.call(operation, body)

    async def aclose(self) -> None:
        await self._engine.aclose()


@pytest.mark.anyio
async def test_a_run_that_goes_on_meanwhile_makes_no_gap(store: Path, log: Path) -> None:
    await ingest(store, log)
    with log.open("ab") as file:
        file.writelines(combined_lines(30, first=LINES))

    async with embedded_store(store) as (opened, meta):

        async def go_on() -> None:
            await ingest_into(opened, meta, log)

        findings, reading = await verify(
            replace(opened, engine=Meanwhile(opened.engine, go_on)), SystemClock()
        )

    [source] = findings.sources
    assert (source.missing, source.stored, source.beyond, reading.items) == (0, LINES, 30, LINES + 30)


def test_hostile_names_do_not_reach_the_terminal(verified: Run, store: Path, tmp_path: Path) -> None:
    log = write_log(tmp_path / "a\x1b[2Jb\u202e.log", 5)
    ingested(store, log)
    code, out, _ = verified()
    assert code == 0
    assert all(line.isprintable() for line in out.splitlines())
