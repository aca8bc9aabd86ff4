"""Carry out one ingest with everything around the worker: signals, progress, time."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import anyio
from rich.console import Console

from footfall.clock import Clock
from footfall.errors import InputError, StoppedEarly
from footfall.store import Store
from footfall.store.state import TableMeta
from ingest.progress import Talk, show_progress
from ingest.reader import Reader
from ingest.settings import IngestSettings
from ingest.sources import Source
from ingest.tally import Tally
from ingest.worker import Worker


@dataclass(slots=True)
class Outcome:
    """How a run ended: `problems` are the sources that could not be read, `stopped` whether a signal ended it."""

    tally: Tally
    seconds: float = 0.0
    stopped: bool = False
    problems: list[InputError] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    def summary(self) -> dict[str, Any]:
        """Return the run as one JSON object."""
        return self.tally.summary(seconds=self.seconds, stopped=self.stopped)


OnEnd = Callable[[Outcome], None]


async def run_ingest(
    sources: list[Source],
    settings: IngestSettings,
    store: Store,
    meta: TableMeta,
    clock: Clock,
    *,
    on_end: OnEnd | None = None,
) -> Outcome:
    """Ingest `sources` into `store`; `on_end` is told how far that came, also when it ends by an error.

    The first SIGINT or SIGTERM stops reading and drains; a second one cancels and raises `StoppedEarly`. Neither loses
    anything: what is not acknowledged is read again by the next run.
    """
    started = clock.monotonic()
    tally = Tally()
    feed = Reader(sources, settings, store, meta, clock, tally)
    worker = Worker(feed, settings, store, clock, tally)
    try:
        was_cancelled = await _run_watched(worker, sources, tally, clock)
    finally:
        seconds = clock.monotonic() - started
        outcome = Outcome(tally, seconds, worker.stopping, worker.problems, worker.notices)
        if on_end is not None:
            on_end(outcome)

    if was_cancelled:
        raise StoppedEarly(
            f"Stopped before everything was written. {tally.counts.lines:,} lines are done, nothing is lost.",
            hint="run the same command again: it goes on behind what is done",
        )

    return outcome


async def _run_watched(worker: Worker, sources: list[Source], tally: Tally, clock: Clock) -> bool:
    """Run `worker` with signals heard and progress shown; return whether a second signal cancelled it."""
    console = Talk(stderr=True)
    show = partial(show_progress, console=console)
    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as around:
            around.start_soon(_stop_on_signals, worker, scope, console)
            around.start_soon(show, tally, clock, worker.raw_bytes, _size_on_disk(sources))
            await worker.run()
            around.cancel_scope.cancel()

    return scope.cancelled_caught


async def _stop_on_signals(worker: Worker, scope: anyio.CancelScope, console: Console) -> None:
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for _ in signals:
            if worker.stopping:
                scope.cancel()
                return

            worker.stop()
            console.print("Stopping: writing what was read. Once more to stop at once.", highlight=False)


def _size_on_disk(sources: list[Source]) -> int | None:
    """Return how many bytes the sources have on the disk, None when that is not known."""
    paths = [source.path for source in sources]
    if not all(path and path.is_file() for path in paths):
        return None

    return sum(path.stat().st_size for path in paths if path)
