"""Measure how many lines a second are parsed and enriched with everything on, and what each step costs of that.

Run from the top of the repository: ``python -m benchmarks.enrich [LOG] [LINES]``; see `benchmarks.parse` for the log.
The ratio is that to parsing alone, of one run; the steps are measured on one thread, by processor time.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from time import process_time

import polars as pl

from benchmarks.logs import SAMPLE_LOG
from benchmarks.parse import REAL_LOG, Repeated, content, over, rate
from ingest.chunks import Chunk, read_chunks
from ingest.enrich import EnrichSettings, enrich
from ingest.enrich.pipeline import CONCEAL, NEEDED_TEXTS, UNDERSTAND
from ingest.formats import FORMATS, parse_chunk

SETTINGS = EnrichSettings(site="example.com", shards=8, salt=b"benchmark")


def parsed(chunk: Chunk) -> pl.DataFrame:
    """Return the events of a chunk as they were logged."""
    return parse_chunk(chunk, FORMATS["combined"]).events


def enriched(chunk: Chunk) -> pl.DataFrame:
    """Return the events of a chunk with everything."""
    return enrich(parsed(chunk), chunk.source_id, SETTINGS)


def costs(chunks: Sequence[Chunk]) -> dict[str, float]:
    """Return nanoseconds of processor time a line for each step."""
    spent: Counter[str] = Counter()
    for chunk in chunks:
        events = parsed(chunk)
        missing = [name for name in NEEDED_TEXTS if name not in events.columns]
        events = events.with_columns(
            *(pl.lit(None, dtype=pl.String).alias(name) for name in missing), pl.lit("s").alias("source_id")
        )
        for step in (*UNDERSTAND, *CONCEAL):
            before = process_time()
            events = step(events, SETTINGS)
            spent[step.__name__] += round((process_time() - before) * 1e9)

    lines = sum(chunk.line_count for chunk in chunks)
    return {name: nanoseconds / lines for name, nanoseconds in spent.items()}


def main(path: Path, lines: int) -> None:
    """Print lines a second of parsing, of parsing and enriching, their ratio, and the cost of each step."""
    data = content(path)
    chunks = list(read_chunks(Repeated(data, -(-lines // data.count(b"\n"))), "0123456789abcdef"))
    lines = sum(chunk.line_count for chunk in chunks)
    enriched(chunks[0])
    print(f"{path.name} repeated to {lines:,} lines; Polars threads: {pl.thread_pool_size()}")
    alone = rate(lines, partial(over, 2, parsed, chunks))
    both = rate(lines, partial(over, 2, enriched, chunks))
    print(f"{'':32}{'2 threads':>12}{'per CPU second':>16}")
    print(f"{'parse':32}{alone.clock:12,.0f}{alone.processor:16,.0f}")
    print(f"{'parse and enrich, everything on':32}{both.clock:12,.0f}{both.processor:16,.0f}")
    print(f"{'ratio':32}{both.clock / alone.clock:12.2f}{both.processor / alone.processor:16.2f}")
    for name, nanoseconds in costs(chunks[: max(1, len(chunks) // 4)]).items():
        print(f"  {name:30}{nanoseconds:12,.0f} ns a line")


if __name__ == "__main__":
    arguments = sys.argv[1:]
    default = REAL_LOG if REAL_LOG.exists() else SAMPLE_LOG
    main(Path(arguments[0]) if arguments else default, int(arguments[1]) if len(arguments) > 1 else 1_000_000)
