"""Measure the whole catalogue over synthetic events in Parquet: seconds, CPU and memory.

::

    python -m benchmarks.catalogue            # 10,000,000 events, made first: about a minute
    python -m benchmarks.catalogue 1000000 /tmp/events
"""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from benchmarks.events import write_events
from reports.catalogue import CATALOGUE
from reports.run import Questions, collect

EVENTS = 10_000_000


def measure(folder: Path) -> None:
    """Print what all reports of the catalogue take in one run, in a process that has done nothing before."""
    events = pl.scan_parquet(folder / "*.parquet")
    wall, processor = time.perf_counter(), time.process_time()
    frames = collect(events, Questions(tuple(CATALOGUE.values())))
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rows = sum(frame.height for frame in frames)
    print(
        f"{len(frames)} reports, {rows:,} rows: {wall:.1f} s, {processor:.1f} s of CPU, {peak:,.0f} MB resident"
    )


def main(count: int = EVENTS, folder: Path | None = None) -> None:
    """Make the events, unless `folder` has them, and measure."""
    with TemporaryDirectory(prefix="footfall-") as temporary:
        events = folder or Path(temporary)
        if not list(events.glob("*.parquet")):
            print(f"making {count:,} events")
            write_events(events, count)

        measure(events)


if __name__ == "__main__":
    count, folder, *_ = [*sys.argv[1:], "", ""]
    main(int(count or EVENTS), Path(folder) if folder else None)
