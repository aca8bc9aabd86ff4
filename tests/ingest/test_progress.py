from __future__ import annotations

import io

import anyio
import pytest
from rich.console import Console

from ingest.progress import Talk, progress_line, show_progress
from ingest.tally import Counts, Tally
from tests.fakes import FakeClock


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")


def test_the_line_has_lines_events_and_their_rate() -> None:
    tally = Tally(Counts(lines=12_000, events=10_000, skipped=2_000), bytes_read=2_400_000)
    assert progress_line(tally, 4.0) == "2.4 MB read, 12,000 lines, 10,000 events stored, 2,500 events/s"


def test_rejected_lines_and_throttling_are_shown_only_when_there_are_any() -> None:
    tally = Tally(Counts(lines=3, events=1, rejected=2), throttled=1_234)
    assert progress_line(tally, 1.0) == (
        "0 bytes read, 3 lines, 1 events stored, 1 events/s, 2 rejected, 1,234 requests throttled"
    )


def test_what_limits_the_writing_is_shown_while_it_does() -> None:
    tally = Tally(limited_by="table", write_units_per_second=987.6)
    assert progress_line(tally, 1.0).endswith(", limited by table, 988 write units/s")
    tally = Tally(limited_by="hot partition example.org#2026-03-01#5\x1b[2J")
    assert progress_line(tally, 1.0).endswith(", limited by hot partition example.org#2026-03-01#5\\x1b[2J")
    assert "limited" not in progress_line(Tally(write_units_per_second=4000.0), 1.0)


def test_no_time_has_no_rate() -> None:
    assert progress_line(Tally(Counts(lines=1, events=1)), 0.0).endswith("0 events/s")


@pytest.mark.anyio
async def test_where_there_is_no_terminal_each_report_is_one_line_on_stderr(
    capsys: pytest.CaptureFixture[str], narrow: None
) -> None:
    clock, tally = (
        FakeClock(),
        Tally(Counts(lines=2_000_000, events=1_000_000, rejected=1_000_000), throttled=7),
    )
    with anyio.move_on_after(0.05):
        await show_progress(tally, clock, lambda: 0, None, console=Talk(stderr=True))

    shown = capsys.readouterr()
    assert shown.out == ""
    lines = shown.err.splitlines()
    assert lines[0] == progress_line(tally, 30.0)
    assert lines[1] == progress_line(tally, 60.0)
    assert set(clock.sleeps) == {30.0}


@pytest.mark.anyio
@pytest.mark.parametrize("total", [None, 4_000])
async def test_on_a_terminal_the_figures_are_kept_on_one_line(total: int | None) -> None:
    screen = io.StringIO()
    tally = Tally(Counts(lines=1_000, events=1_000))
    console = Console(file=screen, force_terminal=True, width=120)
    with anyio.move_on_after(0.25):
        await show_progress(tally, FakeClock(), lambda: 1_000, total, console=console)

    assert "1,000 lines, 1,000 events stored" in screen.getvalue()
    assert ("ETA" in screen.getvalue()) is (total is not None)


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
