from __future__ import annotations

import io
from collections import Counter

import anyio
import pytest
from rich.cells import cell_len
from rich.console import Console

from footfall.store.writer.sender import LIMITED_BY, MAXIMUM
from ingest.progress import Speed, Talk, live_line, pace_line, progress_line, show_progress
from ingest.tally import Counts, Tally
from tests.fakes import FakeClock


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")


def test_the_line_has_what_is_written_its_rate_and_what_was_read() -> None:
    tally = Tally(counts=Counts(lines=4_000, events=4_000), bytes_read=2_400_000, written=10_000)
    assert progress_line(tally, 2_500.4) == "10,000 events, 2,500/s, 2.4 MB read"


def test_rejected_lines_and_throttling_are_shown_only_when_there_are_any() -> None:
    tally = Tally(written=1, throttled=1_234, rejected_by_reason=Counter({"no-match": 1, "bad-time": 1}))
    assert progress_line(tally, 1.0) == "1 event, 1/s, 2 rejected, 1,234 throttled, 0 bytes read"


def test_what_limits_the_writing_is_shown_while_it_does() -> None:
    tally = Tally(limited_by="table", write_units_per_second=987.6)
    assert ", limited by the table (988 units/s), " in progress_line(tally, 1.0)
    tally.ceiling_units_per_second = 2000.0
    assert pace_line(tally) == "limited by the table (988 of 2,000 units/s)"
    tally = Tally(limited_by="hot partition example.org#2026-03-01#5\x1b[2J")
    assert ", limited by hot partition example.org#2026-03-01#5\\x1b[2J, " in progress_line(tally, 1.0)
    assert "limited" not in progress_line(Tally(write_units_per_second=4000.0), 1.0)


def test_every_limit_that_a_writer_names_is_a_phrase() -> None:
    phrases = {pace_line(Tally(limited_by=name)) for name in (*LIMITED_BY.values(), "errors", "slow start")}
    assert phrases == {
        "limited by the table",
        "limited by the account's quota",
        f"limited by {MAXIMUM}",
        "limited by errors",
        "limited by a slow start",
    }


@pytest.mark.parametrize("width", [80, 120])
def test_the_live_line_fits_and_keeps_the_limit(width: int) -> None:
    tally = Tally(
        written=1_234_567, bytes_read=10**9, throttled=9, limited_by="table", write_units_per_second=987.6
    )
    line = live_line(progress_line(tally, 988.0), 3_725.0, 0.42, width).plain
    assert cell_len(line) <= width
    assert "1,234,567 events, 988/s, limited by the table (988 units/s)" in line
    assert line.endswith("  42% ETA 1:25:44")


def test_what_is_left_is_not_told_when_nobody_can_know_it() -> None:
    assert live_line("x", 9.0, None, 80).plain == "x  0:00:09"
    assert live_line("x", 9.0, 0.0, 80).plain == "x  0% 0:00:09"
    assert live_line("x", 9.0, 1.0, 80).plain == "x  100% 0:00:09"


def test_the_rate_is_that_of_the_last_seconds() -> None:
    speed = Speed(10.0)
    assert speed.at(0.0, 0) == 0.0
    assert speed.at(5.0, 500) == 100.0
    assert speed.at(1_000.0, 500) == 0.0
    assert speed.at(1_005.0, 1_000) == 100.0
    assert speed.at(1_010.0, 1_000) == 50.0
    assert speed.at(1_015.0, 1_000) == 0.0


@pytest.mark.anyio
async def test_where_there_is_no_terminal_each_report_is_one_line_on_stderr(
    capsys: pytest.CaptureFixture[str], narrow: None
) -> None:
    clock, tally = (
        FakeClock(),
        Tally(
            counts=Counts(lines=2_000_000, events=1_000_000, rejected=1_000_000),
            written=1_000_000,
            throttled=7,
        ),
    )
    with anyio.move_on_after(0.05):
        await show_progress(tally, clock, lambda: 0, None, console=Talk(stderr=True))

    shown = capsys.readouterr()
    assert shown.out == ""
    lines = shown.err.splitlines()
    assert lines[:2] == [progress_line(tally, 0.0)] * 2
    assert set(clock.sleeps) == {30.0}


@pytest.mark.anyio
@pytest.mark.parametrize("total", [None, 4_000])
async def test_on_a_terminal_the_figures_are_kept_on_one_line(total: int | None) -> None:
    screen = io.StringIO()
    tally = Tally(written=1_000, limited_by="hot partition example.org#2026-03-01#5", throttled=1_000)
    console = Console(file=screen, force_terminal=True, width=60, _environ={})
    with anyio.move_on_after(0.25):
        await show_progress(tally, FakeClock(), lambda: 1_000, total, console=console)

    assert "1,000 events, 0/s" in screen.getvalue()
    assert ("ETA" in screen.getvalue()) is (total is not None)
    assert screen.getvalue().count("\n") == 1  # when it ends


@pytest.mark.anyio
async def test_a_terminal_that_cannot_move_its_cursor_gets_quiet_lines() -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, _environ={"TERM": "dumb", "COLUMNS": "200"})
    with anyio.move_on_after(0.05):
        await show_progress(Tally(), FakeClock(), lambda: 0, None, console=console)

    assert screen.getvalue().splitlines()[0] == progress_line(Tally(), 0.0)


class Gone(io.StringIO):
    """A stream whose reader has left."""

    def write(self, _: str, /) -> int:
        raise BrokenPipeError

    def flush(self) -> None:
        raise BrokenPipeError


@pytest.mark.anyio
@pytest.mark.parametrize("is_terminal", [True, False])
async def test_an_ingest_goes_on_when_nobody_reads_its_progress(is_terminal: bool) -> None:
    gone = Talk(file=Gone(), force_terminal=is_terminal)
    with anyio.move_on_after(0.25) as limit:
        await show_progress(Tally(), FakeClock(), lambda: 0, None, console=gone)

    assert limit.cancelled_caught
    assert gone.quiet
