"""Measure how many lines a second of every format and dialect become events: read, and read and enriched.

Read is parsed, with beacons read; enriched is with everything on. Each sample in `sample_logs/` is repeated, odd
lines and all, to an even number of chunks of the size that a run has by default, with 50,000 lines at least. They are
worked on in two threads at once, as one run does, and by two processes, as two runs side by side do, each with half of
the chunks: what Python itself does, threads do in turns. Beside the clock stands the processor time, which alone can be
compared on a machine that others use too: microseconds of it a line, and the ratio of rates to that of `combined` in
the same run. A line that carries several requests counts as so many, since in a log each has a line of its own.

Run from the top of the repository: ``python -m benchmarks.inputs [SAMPLE]...``.
"""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final

import polars as pl

from benchmarks.enrich import BEACONS, enriched, everything_on
from benchmarks.parse import ROOT, Rate, Repeated, content, rate
from ingest.beacons import read_beacons
from ingest.chunks import Chunk, read_chunks
from ingest.enrich import EnrichSettings
from ingest.formats import Format, Parsed, named, parse_chunk
from ingest.formats.detect import detect
from ingest.formats.model import header_after
from ingest.lines import split_lines
from ingest.settings import IngestSettings
from ingest.sources import find_sources, open_source

SAMPLES: Final = ROOT / "sample_logs"
BASELINE: Final = "combined.log"
LINES: Final = 50_000
SLOWEST: Final = 100_000
"""Enriched requests a second on two cores: a fifth of what `combined` is to have."""

ROUNDS: Final = 3

CHUNK_BYTES: Final = IngestSettings().chunk_bytes
Work = tuple[Chunk, str]
"""A chunk, and the directive in force before it."""

_TIMES: Final = {"matomo.log": "&cdt=1768212360", "owa.log": ""}
"""Samples of pixels to be read bare, and what says when it was where no log does."""

_QUERY: Final = r'"GET [^ ?]+\?([^ "]+) HTTP'


@dataclass(frozen=True, slots=True)
class Input:
    """Some lines to read, and the format they are in."""

    name: str
    form: Format
    data: bytes


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured of an input: requests are events of chunks, lines where there are fewer of those."""

    name: str
    line_bytes: float
    requests: int
    lines: int
    read: Rate
    enriched: Rate

    @property
    def processor(self) -> float:
        """Return the requests that are read and enriched in a second of processor time."""
        return self.enriched.processor * self.requests / self.lines


def sample(path: Path) -> Input:
    """Return a sample as an input, in the format that is detected."""
    with open_source(find_sources([str(path)])[0]) as opened:
        form = detect(opened.head()).format

    assert form is not None, path
    return Input(path.name, form, content(path))


def bare(requests: Input) -> Input:
    """Return the query strings of a sample of pixels as lines of their own."""
    lines = split_lines(Chunk("", requests.data, 0, len(requests.data), 1, requests.data.count(b"\n")))
    queries = lines["text"].str.extract(_QUERY).drop_nulls()
    data = "".join(f"{query}{_TIMES[requests.name]}\n" for query in queries).encode()
    return Input(f"{requests.name}, bare", named("beacons"), data)


def chunks_of(data: bytes) -> list[Work]:
    """Return an even number of whole chunks of `data` over and over, each with the directive in force before it."""
    pairs = -(-LINES * len(data) // data.count(b"\n") // (2 * CHUNK_BYTES))
    stream = Repeated(data, 2 * pairs * CHUNK_BYTES // len(data) + 2)
    chunks = [
        chunk
        for chunk, _ in zip(
            read_chunks(stream, "0123456789abcdef", chunk_bytes=CHUNK_BYTES), range(2 * pairs), strict=False
        )
    ]
    header = header_after(data, "")
    return [(chunk, "" if chunk.start == 0 else header) for chunk in chunks]


def parsed(work: Work, form: Format) -> Parsed:
    """Return what a format reads of a chunk."""
    chunk, header = work
    return parse_chunk(chunk, form, header)


def read(work: Work, form: Format) -> pl.DataFrame:
    """Return the events of a chunk."""
    return read_beacons(parsed(work, form), BEACONS).parsed.events


def read_and_enriched(work: Work, form: Format, settings: EnrichSettings) -> pl.DataFrame:
    """Return the events of a chunk with all that is known of them."""
    return enriched(work[0], settings, lambda _: parsed(work, form))


def measure(given: Input, settings: EnrichSettings) -> Measured:
    """Return what an input takes."""
    chunks = chunks_of(given.data)
    lines = sum(chunk.line_count for chunk, _ in chunks)
    requests = sum(len(read(work, given.form)) for work in chunks)
    whole = partial(read_and_enriched, form=given.form, settings=settings)
    return Measured(
        given.name,
        len(given.data) / given.data.count(b"\n"),
        max(requests, lines),
        lines,
        rate(lines, partial(_over_all, partial(read, form=given.form), chunks)),
        rate(lines, partial(_over_all, whole, chunks)),
    )


def _over_all(work: partial[pl.DataFrame], chunks: Sequence[Work]) -> None:
    with ThreadPoolExecutor(2) as pool:
        for _ in pool.map(work, chunks):
            pass


def inputs(names: Sequence[str]) -> list[Input]:
    """Return the inputs to measure: the samples that are named, else all, and the bare forms of two of them."""
    found = [sample(path) for path in sorted(SAMPLES.iterdir()) if not names or path.name in names]
    return found + [bare(given) for given in found if given.name in _TIMES]


def side_by_side(names: Sequence[str]) -> dict[str, float]:
    """Return for each input how many requests a second two processes read and enrich together."""
    context = multiprocessing.get_context("spawn")
    barrier, answers = context.Barrier(2), context.SimpleQueue()
    both = [context.Process(target=_run_beside, args=(names, barrier, answers)) for _ in range(2)]
    for each in both:
        each.start()

    rates = [answers.get() for _ in both]
    return {name: sum(found[name] for found in rates) for name in rates[0]}


def _run_beside(names: Sequence[str], barrier: Barrier, answers: SimpleQueue[dict[str, float]]) -> None:
    with TemporaryDirectory() as folder:
        settings = everything_on(Path(folder))
        answers.put({given.name: _beside(given, settings, barrier) for given in inputs(names)})


def _beside(given: Input, settings: EnrichSettings, barrier: Barrier) -> float:
    chunks = chunks_of(given.data)[::2]
    requests = [max(chunk.line_count, len(read((chunk, header), given.form))) for chunk, header in chunks]
    taken = []
    for _ in range(ROUNDS):
        barrier.wait()
        began = perf_counter()
        for work in chunks:
            read_and_enriched(work, given.form, settings)

        taken.append(perf_counter() - began)

    return sum(requests) / min(taken)


def main(names: Sequence[str]) -> None:
    """Print the table, slowest last, and which inputs are too slow."""
    beside = side_by_side(names)
    with TemporaryDirectory() as folder:
        settings = everything_on(Path(folder))
        baseline = measure(sample(SAMPLES / BASELINE), settings)
        found = [measure(given, settings) for given in inputs(names)]

    print(
        f"{'':28}{'------- read -------':>23} {'--------- and enriched ---------':>34}{'two processes':>15}"
    )
    print(
        f"{'':28}{'lines/s':>10}{'us/line':>8}{'ratio':>6}{'requests/s':>11}{'us/request':>11}{'ratio':>6}"
        f"{'enriched, requests/s':>22}{'B/line':>7}"
    )
    for each in sorted([baseline, *found], key=lambda each: -each.processor):
        _show(each, baseline, beside.get(each.name))

    slow = [name for name, requests in beside.items() if requests < SLOWEST]
    print(f"below {SLOWEST:,} requests/s on two cores: {', '.join(slow) or 'none'}")


def _show(each: Measured, baseline: Measured, beside: float | None) -> None:
    print(
        f"{each.name:28}{each.read.clock:10,.0f}{1e6 / each.read.processor:8.1f}"
        f"{each.read.processor / baseline.read.processor:6.2f}"
        f"{each.enriched.clock * each.requests / each.lines:11,.0f}{1e6 / each.processor:11.1f}"
        f"{each.processor / baseline.processor:6.2f}{beside or 0:22,.0f}{each.line_bytes:7.0f}"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
