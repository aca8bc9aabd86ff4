"""Measure how many lines a second are parsed and enriched, as a run does it up to layout, and what each step costs.

Two ways: with the defaults, and with everything on, which is a database of places, trusted proxies and daily visitor
ids besides. Run from the top of the repository: ``python -m benchmarks.enrich [LOG] [LINES]``; see `benchmarks.parse`
for the log. The ratio is that to parsing alone, of one run, in turns; the steps are measured by processor time, on
one thread.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Final

import polars as pl

from benchmarks.logs import SAMPLE_LOG
from benchmarks.parse import REAL_LOG, Rate, Repeated, content, over
from ingest import filters
from ingest.beacons import BeaconSettings, read_beacons
from ingest.chunks import Chunk, read_chunks
from ingest.enrich import Enrichment, EnrichSettings, conceal, understand
from ingest.enrich.consent import leave_out_objectors
from ingest.enrich.pipeline import CONCEAL, NEEDED_TEXTS, UNDERSTAND
from ingest.enrich.rewrite import rewrite, strip_query
from ingest.filters import Filters
from ingest.formats import FORMATS, Parsed, parse_chunk
from ingest.settings import IngestSettings
from tests.ingest.enrich.mmdb import database, place

ROUNDS: Final = 5
THREADS: Final = IngestSettings().preparers
"""As many as a run has."""

BEACONS: Final = BeaconSettings()
FILTERS: Final = Filters()
PLACES: Final = {
    "64.0.0.0/3": place("US", "CA", "Oakland"),
    "128.0.0.0/2": place("DE", "BE", "Berlin"),
    "2001:db8::/32": place("FR"),
}
"""Networks of the database: some addresses are somewhere, others nowhere."""

Work = Callable[[pl.DataFrame], pl.DataFrame]
"""A step, of events."""


def parsed(chunk: Chunk) -> Parsed:
    """Return what a format reads of a chunk."""
    return parse_chunk(chunk, FORMATS["combined"])


def enriched(
    chunk: Chunk, settings: EnrichSettings, read: Callable[[Chunk], Parsed] = parsed
) -> pl.DataFrame:
    """Return the events of a chunk as `ingest.prepare` has them when it lays them out; `read` is its format."""
    events = read_beacons(read(chunk), BEACONS).parsed.events
    kept, _ = filters.early(rewrite(events, settings.options.rewriting), FILTERS)
    understood, _ = filters.late(understand(kept, chunk.source_id, settings), FILTERS)
    understood, _ = leave_out_objectors(understood, settings)
    return conceal(understood, settings)


def everything_on(folder: Path) -> EnrichSettings:
    """Return settings with all that enrichment can do, its database of places written to `folder`."""
    geography = folder / "places.mmdb"
    geography.write_bytes(database(PLACES))
    options = Enrichment(trusted_proxies=("private",), visitor_ids="daily", geography=geography)
    return EnrichSettings("example.com", 8, b"benchmark", options)


def steps(settings: EnrichSettings) -> Iterator[tuple[str, Work]]:
    """Yield the steps that `enriched` goes through after parsing, with their names."""
    options = settings.options
    yield (
        "read_beacons",
        lambda events: read_beacons(Parsed(events, events.head(0), 0), BEACONS).parsed.events,
    )
    yield "rewrite", lambda events: rewrite(events, options.rewriting)
    yield "filters.early", lambda events: filters.early(events, FILTERS)[0]
    yield "(columns that steps need)", _with_needed
    for step in UNDERSTAND:
        yield step.__name__, partial(step, settings=settings)

    yield "filters.late", lambda events: filters.late(events, FILTERS)[0]
    yield "leave_out_objectors", lambda events: leave_out_objectors(events, settings)[0]
    yield "strip_query", lambda events: strip_query(events, options.rewriting)
    for step in CONCEAL:
        yield step.__name__, partial(step, settings=settings)


def _with_needed(events: pl.DataFrame) -> pl.DataFrame:
    missing = [name for name in NEEDED_TEXTS if name not in events.columns]
    nulls = (pl.lit(None, dtype=pl.String).alias(name) for name in missing)
    return events.with_columns(*nulls, pl.lit("s").alias("source_id"))


def costs(chunks: Sequence[Chunk], settings: EnrichSettings) -> dict[str, float]:
    """Return nanoseconds of processor time a line for each step: the least of all chunks."""
    spent: dict[str, float] = {}
    for chunk in chunks:
        events = parsed(chunk).events
        for name, step in steps(settings):
            before = process_time()
            events = step(events)
            cost = (process_time() - before) * 1e9 / chunk.line_count
            spent[name] = min(cost, spent.get(name, cost))

    return spent


def main(path: Path, lines: int) -> None:
    """Print lines a second of parsing, of parsing and enriching, their ratio, and the cost of each step."""
    data = content(path)
    chunks = list(read_chunks(Repeated(data, -(-lines // data.count(b"\n"))), "0123456789abcdef"))
    print(f"{path.name} repeated to {lines:,} lines; Polars threads: {pl.thread_pool_size()}")
    with TemporaryDirectory() as folder:
        everything = everything_on(Path(folder))
        usual = EnrichSettings("example.com", 8, b"benchmark")
        show(measured(chunks, {"defaults": usual, "everything on": everything}))
        for name, nanoseconds in costs(chunks[: max(1, len(chunks) // 4)], everything).items():
            print(f"  {name:30}{nanoseconds:12,.0f} ns a line")


def measured(chunks: Sequence[Chunk], settings: dict[str, EnrichSettings]) -> dict[str, Rate]:
    """Return the best rates of several rounds, in each of which all take turns."""
    lines = sum(chunk.line_count for chunk in chunks)
    works: dict[str, Callable[[Chunk], object]] = {"parse": parsed}
    works |= {
        f"parse and enrich, {name}": partial(enriched, settings=each) for name, each in settings.items()
    }
    best = dict.fromkeys(works, Rate(0, 0))
    for _ in range(ROUNDS):
        for name, work in works.items():
            now = once(lines, partial(over, THREADS, work, chunks))
            best[name] = Rate(max(best[name].clock, now.clock), max(best[name].processor, now.processor))

    return best


def once(lines: int, work: Callable[[], object]) -> Rate:
    """Return the rate of one run."""
    clock, processor = perf_counter(), process_time()
    work()
    return Rate(lines / (perf_counter() - clock), lines / (process_time() - processor))


def show(rates: dict[str, Rate]) -> None:
    """Print the rates, each with its ratio to parsing."""
    alone = rates["parse"]
    print(f"{'':32}{f'{THREADS} threads':>12}{'ratio':>8}{'per CPU second':>16}{'ratio':>8}")
    for name, each in rates.items():
        clock, processor = each.clock / alone.clock, each.processor / alone.processor
        print(f"{name:32}{each.clock:12,.0f}{clock:8.2f}{each.processor:16,.0f}{processor:8.2f}")


if __name__ == "__main__":
    arguments = sys.argv[1:]
    default = REAL_LOG if REAL_LOG.exists() else SAMPLE_LOG
    main(Path(arguments[0]) if arguments else default, int(arguments[1]) if len(arguments) > 1 else 1_000_000)
