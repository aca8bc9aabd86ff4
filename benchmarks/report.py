"""Measure the way out over a store that is there: pages, extraction, each report, memory.

::

    footfall ingest access.log --site example.org --store embedded:bench.db
    python benchmarks/report.py embedded:bench.db
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from typing import TypeVar

import anyio
import msgspec
import polars as pl

from footfall.clock import SystemClock
from footfall.layout import decode_page
from footfall.store import Store
from footfall.store.address import StoreSettings, open_store
from footfall.store.pages import request_for
from footfall.store.partitions import Segment
from reports.catalogue import CATALOGUE
from reports.extraction import Request, extracted
from reports.extraction.dataset import Dataset
from reports.run import Questions, collect

ROUNDS = 7
Result = TypeVar("Result")


def best_of(work: Callable[[], Result]) -> tuple[float, Result]:
    """Return the seconds of the fastest of `ROUNDS` runs, and the last result."""
    seconds = []
    result = work()
    for _ in range(ROUNDS):
        started = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - started)

    return min(seconds), result


async def measure(address: str) -> None:
    """Print one line per step."""
    clock = SystemClock()
    async with open_store(StoreSettings(address), clock) as store:
        await measure_page(store)
        async with extracted(store, clock, Request()) as (dataset, reading):
            rate = reading.items / max(reading.seconds, 1e-9)
            print(f"extraction         {rate:8,.0f} items/s: {reading.sentence()}")
            measure_reports(dataset)

    print(f"peak memory        {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:8,.0f} MB resident")


async def measure_page(store: Store) -> None:
    """Print what the first page takes, from request to reply and from reply to frame."""
    operation, document = request_for(Segment(0, 1), store.events_table)
    body = msgspec.json.encode(document)
    started = time.perf_counter()
    reply = await store.engine.call(operation, body)
    fetched = time.perf_counter() - started
    seconds, page = best_of(lambda: decode_page(reply.body))
    print(
        f"page               {1000 * fetched:8,.1f} ms to get, {len(reply.body):,} bytes, {page.frame.height:,} items"
    )
    print(f"page to frame      {1000 * seconds:8,.1f} ms, {page.frame.height / seconds:,.0f} items/s")


def measure_reports(dataset: Dataset) -> None:
    """Print what each report takes, and all together."""
    for name, report in CATALOGUE.items():
        questions = Questions((report,))
        seconds, [frame] = best_of(lambda questions=questions: collect(dataset.scan(), questions))  # type: ignore[misc]
        print(f"report {name:<12}{1000 * seconds:8,.1f} ms, {frame.height:,} rows")

    seconds, frames = best_of(lambda: collect(dataset.scan(), Questions(tuple(CATALOGUE.values()))))
    rows = pl.Series([frame.height for frame in frames]).sum()
    print(f"all reports        {1000 * seconds:8,.1f} ms, {rows:,} rows")


if __name__ == "__main__":
    anyio.run(measure, sys.argv[1])
