"""Measure how many lines a second are split, parsed and enriched, and how that compares to `re` line by line.

Next to the clock stands the processor time: on a machine that others use too, only that can be compared.

Run from the top of the repository: ``python benchmarks/parse.py [LOG] [LINES]``. The log, plain or compressed, is
repeated to that many lines (1,000,000); without one it is the public Apache log if that lies beside the repository,
else the sample. All figures are of one run on one machine: compare within a run, not between runs.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import perf_counter, process_time
from typing import Final

import polars as pl

from ingest.chunks import Chunk, read_chunks
from ingest.enrich import EnrichSettings, enrich
from ingest.formats import FORMATS, Format
from ingest.lines import split_lines
from ingest.sources import find_sources, open_source

ROOT: Final = Path(__file__).resolve().parent.parent
REAL_LOG: Final = ROOT.parent / "shared" / "data" / "apache_access_10k.log.gz"
SETTINGS: Final = EnrichSettings(site="example.com", shards=8, salt=b"benchmark")
BASELINE: Final = re.compile(
    r"(?P<ip>\S+) \S+ (?P<user>\S+) \[(?P<time>[^\]]+)\] "
    r'"(?P<method>\S+) (?P<path>[^ ?]+)(?:\?(?P<query>\S*))? (?P<protocol>\S+)" (?P<status>\d{3}) (?P<bytes>\d+|-) '
    r'"(?P<referrer>[^"]*)" "(?P<user_agent>[^"]*)"?'
)


class Repeated:
    """Some bytes over and over, as a stream."""

    def __init__(self, data: bytes, times: int) -> None:
        self._data = data * max(1, 2**22 // len(data))
        self._left = len(data) * times
        self._place = 0

    def read(self, size: int, /) -> bytes:
        """Return between 1 and `size` bytes, none at the end."""
        piece = self._data[self._place : self._place + min(size, self._left)]
        self._place = (self._place + len(piece)) % len(self._data)
        self._left -= len(piece)
        return piece


def content(path: Path) -> bytes:
    """Return the decompressed lines of a log."""
    with open_source(find_sources([str(path)])[0]) as opened:
        return b"".join(chunk.data for chunk in opened.chunks())


def in_format(events: pl.DataFrame, form: Format) -> bytes:
    """Return lines of a format made from those of the combined log, for instance without headers."""
    vhost = pl.lit("www.example.com:443 " if form.name.endswith("vhost") else "")
    text = (
        pl.col("text") if "combined" in form.name else pl.col("text").str.extract(r'^(.*?" \d{3} (?:\d+|-)) ')
    )
    lines = events.select(vhost + text).to_series().drop_nulls()
    return "".join(f"{line}\n" for line in lines).encode()


@dataclass(frozen=True, slots=True)
class Rate:
    """Lines a second by the clock, and lines per second of processor time."""

    clock: float
    processor: float


def rate(lines: int, work: Callable[[], object]) -> Rate:
    """Return the best of three runs."""
    runs = []
    for _ in range(3):
        clock, processor = perf_counter(), process_time()
        work()
        runs.append((perf_counter() - clock, process_time() - processor))

    clocks, processors = zip(*runs, strict=True)
    return Rate(lines / min(clocks), lines / min(processors))


def over(threads: int, work: Callable[[Chunk], object], chunks: Iterable[Chunk]) -> None:
    """Do `work` for all chunks on some threads."""
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(work, chunks):
            pass


def line_by_line(lines: Iterable[str]) -> list[dict[str, object]]:
    """Read each line with `re` into a dict with its time and numbers: the usual way, without any enrichment."""
    events = []
    for line in lines:
        match = BASELINE.match(line)
        if match is not None:
            event: dict[str, object] = match.groupdict()
            event["time"] = datetime.strptime(match["time"], "%d/%b/%Y:%H:%M:%S %z").astimezone(UTC)
            event["status"], event["bytes"] = int(match["status"]), int(match["bytes"].replace("-", "0"))
            events.append(event)

    return events


def show(name: str, rates: Sequence[Rate], baseline: Rate | None = None) -> None:
    """Print one line of the table."""
    clocks = "".join(f"{rate.clock:12,.0f}" for rate in rates)
    ratio = f"{rates[0].processor / baseline.processor:10.1f}" if baseline else ""
    print(f"{name:32}{clocks:24}{rates[0].processor:16,.0f}{ratio}")


def main(path: Path, lines: int) -> None:
    """Print lines a second for each step, on one thread and on two."""
    data = content(path)
    times = -(-lines // data.count(b"\n"))
    chunks = list(read_chunks(Repeated(data, times), "0123456789abcdef"))
    lines = sum(chunk.line_count for chunk in chunks)
    print(
        f"{path.name} repeated to {lines:,} lines in {len(chunks)} chunks; Polars threads: {pl.thread_pool_size()}"
    )
    print(f"{'lines a second':32}{'1 thread':>12}{'2 threads':>12}{'per CPU second':>16}{'to re':>10}")

    texts = data.decode(errors="replace").splitlines()
    baseline = rate(len(texts), partial(line_by_line, texts))
    show("re, line by line", [baseline])
    show("cut into chunks", [rate(lines, lambda: list(read_chunks(Repeated(data, times), "")))], baseline)
    for name, work in steps(chunks).items():
        show(name, [rate(lines, partial(over, threads, work, chunks)) for threads in (1, 2)], baseline)

    for form in FORMATS.values():
        text = in_format(split_lines(chunks[0]), form)
        own = split_lines(Chunk("", text, 0, len(text), 1, text.count(b"\n")))
        show(f"parse {form.name}", [rate(len(own), partial(form.parse, own))], baseline)


def steps(chunks: Sequence[Chunk]) -> dict[str, Callable[[Chunk], object]]:
    """Return what is measured for each chunk, with what goes into it made ready."""
    combined = FORMATS["combined"]
    frames = {chunk.start: split_lines(chunk) for chunk in chunks}
    parsed = {start: combined.parse(frame).events for start, frame in frames.items()}
    return {
        "split": split_lines,
        "parse": lambda chunk: combined.parse(frames[chunk.start]),
        "enrich": lambda chunk: enrich(parsed[chunk.start], chunk.source_id, SETTINGS),
        "split, parse and enrich": lambda chunk: enrich(
            combined.parse(split_lines(chunk)).events, chunk.source_id, SETTINGS
        ),
    }


if __name__ == "__main__":
    arguments = sys.argv[1:]
    default = REAL_LOG if REAL_LOG.exists() else ROOT / "sample_logs" / "combined.log"
    main(Path(arguments[0]) if arguments else default, int(arguments[1]) if len(arguments) > 1 else 1_000_000)
