"""Show how an ingest gets on: a live line on a terminal, a quiet line now and then elsewhere. All of it on stderr."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import anyio
from rich.console import Console
from rich.filesize import decimal
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from footfall.clock import Clock
from footfall.text import printable
from ingest.tally import Tally

LIVE_SECONDS: Final = 0.1
QUIET_SECONDS: Final = 30.0


class Talk(Console):
    """What an ingest talks to: when nobody listens any more it falls silent, and the ingest goes on."""

    def say(self, sentence: str) -> None:
        """Say something beside the progress line."""
        self.print(f"footfall: {printable(sentence)}", highlight=False, markup=False, soft_wrap=True)

    def on_broken_pipe(self) -> None:
        """Say nothing more; rich would end the process."""
        self.quiet = True


async def show_progress(
    tally: Tally,
    clock: Clock,
    raw_bytes: Callable[[], int],
    total_bytes: int | None,
    *,
    console: Console,
) -> None:
    """Show `tally` on `console` until cancelled.

    `raw_bytes` is how much of `total_bytes`, both as they lie on the disk, was read; a total of None is unknown.
    """
    if console.is_terminal:
        await _live(console, tally, clock, total_bytes, raw_bytes)
    else:
        await _quiet(console, tally, clock)


def progress_line(tally: Tally, seconds: float) -> str:
    """Return the figures of a run so far as one line of text; `seconds` is how long it has taken."""
    rate = tally.counts.events / seconds if seconds > 0 else 0.0
    line = (
        f"{decimal(tally.bytes_read)} read, {tally.counts.lines:,} lines, "
        f"{tally.counts.events:,} events stored, {rate:,.0f} events/s"
    )
    if tally.counts.rejected:
        line += f", {tally.counts.rejected:,} rejected"

    if tally.throttled:
        line += f", {tally.throttled:,} requests throttled"

    return f"{line}, {pace_line(tally)}" if tally.limited_by else line


def pace_line(tally: Tally) -> str:
    """Return what limits the writing, and to which rate when that is one of the whole table."""
    rate = tally.write_units_per_second
    limited_by = f"limited by {printable(tally.limited_by, 300)}"
    return limited_by if rate is None else f"{limited_by}, {rate:,.0f} write units/s"


async def _live(
    console: Console, tally: Tally, clock: Clock, total_bytes: int | None, raw_bytes: Callable[[], int]
) -> None:
    started = clock.monotonic()
    columns: list[ProgressColumn] = [
        BarColumn(bar_width=20),
        _Figures(tally, clock, started),
        TimeElapsedColumn(),
    ]
    if total_bytes is not None:
        columns += [TextColumn("ETA"), TimeRemainingColumn()]

    with Progress(*columns, console=console, transient=True, auto_refresh=False) as progress:
        task = progress.add_task("", total=total_bytes)
        while True:
            progress.update(task, completed=raw_bytes(), refresh=True)
            await anyio.sleep(LIVE_SECONDS)


async def _quiet(console: Console, tally: Tally, clock: Clock) -> None:
    started = clock.monotonic()
    while True:
        await clock.sleep(QUIET_SECONDS)
        console.print(
            progress_line(tally, clock.monotonic() - started), highlight=False, markup=False, soft_wrap=True
        )


class _Figures(ProgressColumn):
    def __init__(self, tally: Tally, clock: Clock, started: float) -> None:
        super().__init__()
        self._tally = tally
        self._clock = clock
        self._started = started

    def render(self, task: Task) -> Text:
        del task
        return Text(progress_line(self._tally, self._clock.monotonic() - self._started))
