from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import anyio
import msgspec
import pytest
from rich.cells import cell_len

import cli
from footfall.clock import SystemClock
from footfall.store.state import Checkpoint, Held, Owner, Process, Seen, save_checkpoint
from ingest.status import Standing, duration, status_lines
from tests.ingest.runs import embedded_store, write_log

NOW: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
SOURCE: Final = "0123456789abcdef"
OWNER: Final = Owner(Process("web-1", 4711), "token", NOW - timedelta(hours=2), 30.0)
HOSTILE: Final = "\x1b]0;owned\x07\x1b[2J\u202e" + "long" * 50


def ago(**time: int) -> datetime:
    return NOW - timedelta(**time)


def standing(*, saved_at: datetime = NOW, group: str = "default", **fields: Any) -> Standing:
    return Standing(Held(group, Checkpoint(SOURCE, **({"name": "access.log"} | fields)), saved_at), NOW)


def test_what_was_read_to_its_end_has_no_lag_however_long_ago_that_was() -> None:
    one = standing(position=500, seen=Seen(newest_at=ago(days=9), size_bytes=500, looked_at=ago(days=8)))
    assert (one.lag_bytes, one.lag_seconds) == (0, 0)


def test_lag_is_the_bytes_left_and_the_age_of_the_newest_event() -> None:
    one = standing(
        position=500, seen=Seen(newest_at=ago(seconds=90), size_bytes=800, looked_at=ago(seconds=1))
    )
    assert (one.lag_bytes, one.lag_seconds) == (300, 90)


def test_lag_without_any_event_is_since_the_last_look() -> None:
    assert standing(seen=Seen(size_bytes=800, looked_at=ago(seconds=7))).lag_seconds == 7
    assert standing(seen=Seen(size_bytes=800)).lag_seconds is None


def test_of_a_compressed_source_the_lag_in_bytes_is_not_known() -> None:
    seen = Seen(newest_at=ago(seconds=90))
    assert (standing(seen=seen).lag_bytes, standing(seen=seen).lag_seconds) == (None, None)
    assert standing(seen=seen, owner=OWNER).lag_seconds == 90


def test_a_clock_that_is_ahead_makes_no_negative_times() -> None:
    one = standing(
        position=900,
        saved_at=NOW + timedelta(minutes=5),
        owner=OWNER,
        seen=Seen(NOW + timedelta(minutes=5), 800),
    )
    assert (one.heartbeat_seconds, one.lag_bytes) == (0, 0)


def test_a_line_that_bears_a_time_to_come_does_not_hide_how_far_behind_a_source_is() -> None:
    seen = Seen(NOW + timedelta(days=900), 800, looked_at=ago(seconds=7))
    assert standing(seen=seen).lag_seconds == 7


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (None, "-"),
        (0.0, "0 s"),
        (59.9, "59 s"),
        (60.0, "1 min"),
        (7200.0, "2 h"),
        (86_400.0 * 4000, "4,000 d"),
    ],
)
def test_a_duration_is_shown_in_its_largest_unit(seconds: float | None, shown: str) -> None:
    assert duration(seconds) == shown


def test_a_source_takes_three_lines() -> None:
    seen = Seen(newest_at=ago(minutes=3), size_bytes=2_000, looked_at=NOW, events_per_second=1234.5)
    one = standing(position=1_500, events=20, rejected=3, seen=seen, owner=OWNER, saved_at=ago(seconds=4))
    head, first, second, third = status_lines([one])
    assert head.split() == ["source", "position", "size", "behind", "lag"]
    assert first.split() == ["access.log", "1,500", "2,000", "500", "3", "min"]
    assert second == "  20 events, 3 rejected, 1,234 events/s, group default"
    assert third == "  id 0123456789abcdef, owner web-1 pid 4711, heard of 4 s ago"


def test_of_a_long_name_the_end_is_shown() -> None:
    _, line, *_ = status_lines([standing(name="/var/log/" + "a" * 100 + "/access.log")])
    assert line.startswith("…aaa")
    assert "/access.log  " in line


def test_an_owner_that_was_not_heard_of_for_its_lease_is_told_apart() -> None:
    *_, line = status_lines([standing(owner=OWNER, saved_at=ago(minutes=2))])
    assert line == "  id 0123456789abcdef, owner web-1 pid 4711, heard of 2 min ago, lease run out"
    *_, line = status_lines([standing(saved_at=ago(days=2))])
    assert line == "  id 0123456789abcdef, owner -, saved 2 d ago"


@pytest.mark.parametrize("position", [0, 10**12])
def test_no_line_is_wider_than_the_terminal_and_none_is_hostile(position: int) -> None:
    owner = Owner(Process(HOSTILE, 1), "token", NOW, 30.0)
    seen = Seen(size_bytes=position, newest_at=NOW)
    standings = [
        standing(name=HOSTILE, group=HOSTILE, position=position, events=position, seen=seen, owner=owner),
        standing(name="日本語のログ" * 9, position=5),
    ]
    lines = list(status_lines(standings))
    assert len(lines) == 7
    assert max(map(cell_len, lines)) <= 80
    assert all(line.isprintable() for line in lines)


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run_command(*arguments: str | Path) -> tuple[int, str, str]:
        code = cli.run([str(argument) for argument in arguments])
        return code, *capsys.readouterr()

    return run_command


def test_status_tells_what_ingest_has_done(run: Run, tmp_path: Path) -> None:
    log, store = write_log(tmp_path / "access.log", 100), f"embedded:{tmp_path / 'store.db'}"
    assert run("ingest", log, "--site", "example.org", "--store", store)[0] == 0
    code, out, _ = run("status", "--store", store)
    assert (code, len(out.splitlines())) == (0, 4)
    assert "100 events, 0 rejected" in out
    assert "owner -" in out
    code, out, _ = run("status", "--store", store, "--format", "json")
    [document] = msgspec.json.decode(out)
    size = log.stat().st_size
    assert (document["position"], document["size_bytes"], document["lag_bytes"]) == (size, size, 0)
    assert (document["lag_seconds"], document["owner"], document["events"]) == (0, None, 100)
    assert document["events_per_second"] > 0
    assert document["newest_event_at"] == "2026-03-01T00:00:09+00:00"


def test_status_of_one_group_is_of_that_only(run: Run, tmp_path: Path) -> None:
    log, store = write_log(tmp_path / "access.log", 10), f"embedded:{tmp_path / 'store.db'}"
    for group in ("one", "two"):
        run("ingest", log, "--site", "example.org", "--store", store, "--group", group)

    documents = msgspec.json.decode(run("status", "--store", store, "--format", "json")[1])
    assert [one["group"] for one in documents] == ["one", "two"]
    documents = msgspec.json.decode(run("status", "--store", store, "--format", "json", "--group", "two")[1])
    assert [one["group"] for one in documents] == ["two"]
    code, out, _ = run("status", "--store", store, "--group", "three")
    assert (code, out) == (0, f"No source was read into group three of {store} yet.\n")
    assert "group a\\x1b[2Jb of" in run("status", "--store", store, "--group", "a\x1b[2Jb")[1]


def test_the_json_of_a_hostile_name_is_ascii(run: Run, tmp_path: Path) -> None:
    log, store = write_log(tmp_path / "\u202egol\x9b.log", 10), f"embedded:{tmp_path / 'store.db'}"
    run("ingest", log, "--site", "example.org", "--store", store)
    for command in ("status", "verify"):
        out = run(command, "--store", store, "--format", "json")[1]
        assert out.isascii()
        assert r"/\u202egol\u009b.log" in out


def test_an_owner_is_shown_with_its_lease(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "store.db"

    async def own() -> None:
        async with embedded_store(path) as (store, _):
            owned = Checkpoint(SOURCE, "access.log", owner=OWNER)
            await save_checkpoint(store, SystemClock(), "default", owned)

    anyio.run(own)
    [document] = msgspec.json.decode(run("status", "--store", f"embedded:{path}", "--format", "json")[1])
    assert document["owner"] == {
        "name": "web-1 pid 4711",
        "host": "web-1",
        "pid": 4711,
        "since_at": "2026-03-01T10:00:00+00:00",
        "lease_seconds": 30.0,
    }
    assert document["heartbeat_seconds"] < 60


def test_an_empty_store_is_a_sentence_and_a_missing_one_an_error(run: Run, tmp_path: Path) -> None:
    store = f"embedded:{tmp_path / 'store.db'}"
    code, out, err = run("status", "--store", store)
    assert (code, out) == (4, "")
    assert "There is no store" in err
    assert not (tmp_path / "store.db").exists()
    run("table", "create", "--store", store)
    code, out, err = run("status", "--store", store)
    assert (code, out, err) == (0, f"No source was read into {store} yet.\n", "")
    assert run("status", "--store", store, "--format", "json")[1] == "[]\n"
