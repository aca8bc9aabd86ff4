"""Carry out one ingest with everything around the worker: signals, progress, time."""

from __future__ import annotations

import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import anyio

from footfall.clock import Clock
from footfall.errors import FootfallError, StoppedEarly
from footfall.store import Store
from footfall.store.state import TableMeta
from ingest.flow import Feed
from ingest.progress import Talk, show_progress
from ingest.reader import Reader
from ingest.settings import IngestSettings
from ingest.sources import Source
from ingest.tally import Tally
from ingest.worker import Worker


@dataclass(slots=True)
class Outcome:
    """How a run ended: `problems` are the sources that could not be read, `stopped` whether a signal ended it.

    `is_drained` tells whether everything that was read is done.
    """

    tally: Tally
    seconds: float = 0.0
    stopped: bool = False
    problems: list[FootfallError] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    is_drained: bool = True

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
    notices: Sequence[str] = (),
) -> Outcome:
    """Read `sources` into `store` to their ends; `on_end` is told how far that came, also when it ends by an error.

    `notices` are what is to be told beside those of the run.

    The first SIGINT or SIGTERM stops reading and drains; a second one, or the end of the time for draining, cancels
    and raises `StoppedEarly`. Neither loses anything: what is not acknowledged is read again by the next run.
    """
    tally = Tally()
    talk = Talk(stderr=True)
    feed = Reader(sources, settings, store, meta, clock, tally, say=talk.say)
    feed.notices += notices
    run = Run(feed, settings, store, clock, tally, talk=talk, total_bytes=_size_on_disk(sources))
    return await run.to_the_end(on_end)


class Run:
    """A feed's run with everything around it; `total_bytes` is what there is to read on the disk, if that is known."""

    def __init__(
        self,
        feed: Feed,
        settings: IngestSettings,
        store: Store,
        clock: Clock,
        tally: Tally,
        *,
        talk: Talk,
        total_bytes: int | None = None,
    ) -> None:
        self._feed = feed
        self._settings = settings
        self._clock = clock
        self._tally = tally
        self._total_bytes = total_bytes
        self._worker = Worker(feed, settings, store, clock, tally)
        self._console = talk
        self._scope = anyio.CancelScope()

    async def to_the_end(self, on_end: OnEnd | None) -> Outcome:
        """Run until the feed has no more or a signal ends it; return how it went."""
        started, is_drained = self._clock.monotonic(), False
        try:
            await self._watched()
            is_drained = not self._scope.cancelled_caught
        finally:
            seconds = self._clock.monotonic() - started
            feed = self._feed
            outcome = Outcome(
                self._tally, seconds, feed.stopping, feed.problems, feed.notices, is_drained=is_drained
            )
            if on_end is not None:
                on_end(outcome)

        if self._scope.cancelled_caught:
            raise StoppedEarly(
                f"Stopped before everything was written. {self._tally.counts.lines:,} lines are done, nothing is lost.",
                hint="run the same command again: it goes on behind what is done",
            )

        return outcome

    async def _watched(self) -> None:
        with self._scope:
            async with anyio.create_task_group() as around:
                around.start_soon(self._stop_on_signals)
                around.start_soon(self._show_progress)
                await self._worker.run()
                around.cancel_scope.cancel()

    async def _show_progress(self) -> None:
        raw_bytes = self._feed.raw_bytes
        await show_progress(self._tally, self._clock, raw_bytes, self._total_bytes, console=self._console)

    async def _stop_on_signals(self) -> None:
        with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            async for _ in signals:
                if self._feed.stopping:
                    self._scope.cancel()
                    return

                self._feed.stop()
                drain_seconds = self._settings.drain_seconds
                self._scope.deadline = anyio.current_time() + drain_seconds
                self._console.print(
                    f"Stopping: writing what was read, for {drain_seconds:g} seconds at most. "
                    "A second signal stops at once.",
                    highlight=False,
                    soft_wrap=True,
                )


def _size_on_disk(sources: list[Source]) -> int | None:
    """Return how many bytes the sources have on the disk, None when that is not known."""
    paths = [source.path for source in sources]
    if not all(path and path.is_file() for path in paths):
        return None

    return sum(path.stat().st_size for path in paths if path)
