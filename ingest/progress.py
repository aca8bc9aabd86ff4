"""Show how an ingest gets on: a live line on a terminal, a quiet line now and then elsewhere. All of it on stderr."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Final

import anyio
from rich.console import Console
from rich.filesize import decimal
from rich.live import Live
from rich.text import Text

from footfall.clock import Clock
from footfall.text import counted, printable
from ingest.tally import Tally

LIVE_SECONDS: Final = 0.1
QUIET_SECONDS: Final = 30.0
RATE_SECONDS: Final = 10.0
"""How far back the rate of the live line looks: a tail of three days is not as fast as it was on average."""

LIMITS: Final[Mapping[str, str]] = MappingProxyType(
    {"table": "the table", "account": "the account's quota", "errors": "errors", "slow start": "a slow start"}
)
"""What limits the writing, in words, where the tally's name for it is not a phrase."""


class Talk(Console):
    """What an ingest talks to: when nobody listens any more it falls silent, and the ingest goes on."""

    def say(self, sentence: str) -> None:
        """Say something beside the progress line."""
        self.print(f"footfall: {printable(sentence)}", highlight=False, markup=False, soft_wrap=True)

    def on_broken_pipe(self) -> None:
        """Say nothing more; rich would end the process."""
        self.quiet = True


@dataclass(slots=True)
class Speed:
    """How fast a count has grown within the last `window_seconds`; looked at too seldom, since the look before."""

    window_seconds: float
    _looks: deque[tuple[float, int]] = field(default_factory=deque)

    def at(self, now: float, count: int) -> float:
        """Return the growth per second at `now`, when the count is `count`."""
        looks = self._looks
        looks.append((now, count))
        while len(looks) > 2 and now - looks[0][0] > self.window_seconds:
            looks.popleft()

        before, fewer = looks[0]
        return (count - fewer) / (now - before) if now > before else 0.0


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
    if console.is_terminal and not console.is_dumb_terminal:
        await _live(console, tally, clock, total_bytes, raw_bytes)
    else:
        await _quiet(console, tally, clock)


def progress_line(tally: Tally, rate: float) -> str:
    """Return the figures of a run so far as one line of text, the most important first; `rate` is events per second.

    Events count when the table has them; those of the summary, when all of their chunk is done.
    """
    parts = [counted(tally.written, "event"), f"{rate:,.0f}/s"]
    if tally.limited_by:
        parts.append(pace_line(tally))

    if tally.rejected_by_reason:
        parts.append(f"{tally.rejected_by_reason.total():,} rejected")

    if tally.throttled:
        parts.append(f"{tally.throttled:,} throttled")

    return ", ".join([*parts, f"{decimal(tally.bytes_read)} read"])


def pace_line(tally: Tally) -> str:
    """Return what limits the writing, and to which rate when that is one of the whole table."""
    limit = LIMITS.get(tally.limited_by) or printable(tally.limited_by, 300)
    rate, ceiling = tally.write_units_per_second, tally.ceiling_units_per_second
    if rate is None:
        return f"limited by {limit}"

    most = f" of {ceiling:,.0f}" if ceiling is not None and rate < ceiling else ""
    return f"limited by {limit} ({rate:,.0f}{most} units/s)"


def live_line(figures: str, seconds: float, share: float | None, width: int) -> Text:
    """Return `figures` with the time that is left, else the time a run has taken, in at most `width` columns.

    `share` is how much of the bytes was read, 0 to 1; None when nobody knows how many there are.
    """
    times = _time(seconds)
    if share is not None:
        left = f"ETA {_time(seconds * (1 - share) / share)}" if 0 < share < 1 else times
        times = f"{share:.0%} {left}"

    line = Text(figures, no_wrap=True)
    line.truncate(max(1, width - len(times) - 2), overflow="ellipsis")
    return line.append("  " + times)


def _time(seconds: float) -> str:
    return str(timedelta(seconds=int(seconds)))


async def _live(
    console: Console, tally: Tally, clock: Clock, total_bytes: int | None, raw_bytes: Callable[[], int]
) -> None:
    started, speed = clock.monotonic(), Speed(RATE_SECONDS)
    with Live(console=console, transient=True, auto_refresh=False) as live:
        while True:
            now = clock.monotonic()
            figures = progress_line(tally, speed.at(now, tally.written))
            share = min(1.0, raw_bytes() / total_bytes) if total_bytes else None
            live.update(live_line(figures, now - started, share, console.width), refresh=True)
            await anyio.sleep(LIVE_SECONDS)


async def _quiet(console: Console, tally: Tally, clock: Clock) -> None:
    speed = Speed(QUIET_SECONDS)
    speed.at(clock.monotonic(), tally.written)
    while True:
        await clock.sleep(QUIET_SECONDS)
        line = progress_line(tally, speed.at(clock.monotonic(), tally.written))
        console.print(line, highlight=False, markup=False, soft_wrap=True)
