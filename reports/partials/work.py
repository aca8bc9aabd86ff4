"""Work on partitions one after another, or side by side on any `concurrent.futures.Executor`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, replace

import polars as pl

from footfall.errors import FootfallError
from footfall.text import printable
from reports.partials.contribution import Contribution, contribute
from reports.report import Report, View
from reports.scope import Scope
from reports.visits import Facts


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be worked out of one partition. It can be pickled, and called anywhere that `events` can be read."""

    events: pl.LazyFrame
    reports: tuple[Report, ...]
    view: View
    scope: Scope
    lookback_days: int = 0

    def __call__(self) -> Contribution:
        """Return what the partition contributes."""
        facts = Facts(self.events, self.view.rule, self.scope, self.lookback_days, self.view.goals)
        return contribute(facts, self.reports, self.view)

    def packed(self) -> Work:
        """Return the work with its events in itself, for a worker that sees none of our files."""
        return replace(self, events=self.events.collect(engine="streaming").lazy())


@dataclass(frozen=True, slots=True)
class Workers:
    """Who does the work: `executor`, at most `at_once` partitions at a time; packed where files are not shared.

    With fewer than `least` partitions some would have nothing to do. `lost` is what the executor raises when a worker
    is gone.
    """

    executor: Executor
    at_once: int
    shares_files: bool = True
    least: int = 1
    lost: tuple[type[BaseException], ...] = ()

    def contributions(self, work: Iterable[Work]) -> Iterator[Contribution]:
        """Give the contribution of each partition as it comes; raises what a worker raised.

        Raises `FootfallError` when a worker is gone.
        """
        try:
            yield from self._contributions(work)
        except self.lost as error:
            raise FootfallError(
                "A worker ended in the middle of its work; most likely its machine was out of memory.",
                hint="fewer --workers, or a cluster with more memory for each worker",
                details=[printable(f"{type(error).__name__}: {error}", 200)],
            ) from error

    def _contributions(self, work: Iterable[Work]) -> Iterator[Contribution]:
        running: set[Future[Contribution]] = set()
        for one in work:
            running.add(self.executor.submit(one if self.shares_files else one.packed()))
            if len(running) >= self.at_once:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in done)

        yield from (future.result() for future in running)


def contributions(work: Iterable[Work], workers: Workers | None) -> Iterator[Contribution]:
    """Give the contribution of each partition, here one after another unless there are `workers`."""
    return workers.contributions(work) if workers else (one() for one in work)
