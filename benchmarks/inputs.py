"""Measure how many lines a second of every format and dialect become events: parsed, and their beacons read.

Each sample in `sample_logs/` is repeated, odd lines and all, to an even number of chunks of the size that a run has
by default, with 50,000 lines at least, and read in two threads at once, as a run does. Beside the clock stands the
processor time, which alone can be compared on a machine that others use too: lines a second of it, microseconds of it
a line, and its ratio to `combined` in the same run.

Run from the top of the repository: ``python -m benchmarks.inputs [SAMPLE]...``.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import polars as pl

from benchmarks.parse import ROOT, Rate, Repeated, content, rate
from ingest.beacons import BeaconSettings, read_beacons
from ingest.chunks import Chunk, read_chunks
from ingest.formats import Format, named, parse_chunk
from ingest.formats.detect import detect
from ingest.formats.model import header_after
from ingest.lines import split_lines
from ingest.settings import IngestSettings
from ingest.sources import find_sources, open_source

SAMPLES: Final = ROOT / "sample_logs"
BASELINE: Final = "combined.log"
LINES: Final = 50_000
SLOWEST: Final = 0.09
"""The ratio that is a fifth of the aim: 100,000 lines a second, where `combined` alone has 1,100,000 a core."""

CHUNK_BYTES: Final = IngestSettings().chunk_bytes
_SETTINGS: Final = BeaconSettings()
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
    """What was measured of an input."""

    name: str
    line_bytes: float
    events: int
    lines: int
    rate: Rate


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


def chunks_of(data: bytes) -> list[tuple[Chunk, str]]:
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


def events_of(work: tuple[Chunk, str], form: Format) -> pl.DataFrame:
    """Return the events of a chunk."""
    chunk, header = work
    return read_beacons(parse_chunk(chunk, form, header), _SETTINGS).parsed.events


def measure(given: Input) -> Measured:
    """Return what reading an input takes."""
    chunks = chunks_of(given.data)
    lines = sum(chunk.line_count for chunk, _ in chunks)
    events = sum(len(events_of(work, given.form)) for work in chunks[:1]) * len(chunks)
    taken = rate(lines, partial(_over_all, partial(events_of, form=given.form), chunks))
    return Measured(given.name, len(given.data) / given.data.count(b"\n"), events, lines, taken)


def _over_all(work: partial[pl.DataFrame], chunks: Sequence[tuple[Chunk, str]]) -> None:
    with ThreadPoolExecutor(2) as pool:
        for _ in pool.map(work, chunks):
            pass


def inputs(names: Sequence[str]) -> list[Input]:
    """Return the inputs to measure: the samples that are named, else all, and the bare forms of two of them."""
    found = [sample(path) for path in sorted(SAMPLES.iterdir()) if not names or path.name in names]
    return found + [bare(given) for given in found if given.name in _TIMES]


def main(names: Sequence[str]) -> None:
    """Print the table, slowest last, and which inputs are too slow."""
    baseline = measure(sample(SAMPLES / BASELINE))
    found = [measure(given) for given in inputs(names)]
    print(
        f"{'two threads':32}{'lines/s':>12}{'lines/CPU s':>14}{'us/line':>9}{'MB/CPU s':>10}{'B/line':>8}"
        f"{'events/line':>13}{'ratio':>8}"
    )
    for each in sorted([baseline, *found], key=lambda each: -each.rate.processor):
        _show(each, each.rate.processor / baseline.rate.processor)

    slow = [each.name for each in found if each.rate.processor < SLOWEST * baseline.rate.processor]
    print(f"below a fifth of the aim (ratio {SLOWEST}): {', '.join(slow) or 'none'}")


def _show(each: Measured, ratio: float) -> None:
    megabytes = each.rate.processor * each.line_bytes / 1e6
    print(
        f"{each.name:32}{each.rate.clock:12,.0f}{each.rate.processor:14,.0f}{1e6 / each.rate.processor:9.1f}"
        f"{megabytes:10.1f}{each.line_bytes:8.0f}{each.events / each.lines:13.2f}{ratio:8.2f}"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
