from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Callable, Iterator
from pathlib import Path

import anyio
import click
import pytest
import zstandard

import cli
from footfall.errors import SourceError
from ingest.commands import options
from ingest.settings import IngestSettings
from ingest.sources import OpenSource, Source, open_source
from ingest.sources.inflation import UNCHECKED_BYTES, InflatedTooFarError, Inflation, within
from tests.ingest.runs import combined_lines, ingest, table

LINES = b"".join(combined_lines(2000))
BOMB = LINES + b"\0" * 30_000_000
SMALL = Inflation(most=50, unchecked_bytes=1_000_000)
COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "zstd": zstandard.ZstdCompressor().compress,
    "xz": lambda data: lzma.compress(data, preset=0),
}
EVERY_CODEC = pytest.mark.parametrize("codec", COMPRESS)


def source_of(path: Path) -> Source:
    return Source(str(path), path.name, path)


def read_all(opened: OpenSource) -> tuple[bytes, SourceError | None]:
    """Return the whole lines that come out and the error that ended them."""
    data = b""
    try:
        for chunk in opened.chunks(chunk_bytes=100_000):
            data += b"" if chunk.oversized else chunk.data
    except SourceError as error:
        return data, error

    return data, None


def pieces(count: int, size: int = 10) -> Iterator[bytes]:
    for _ in range(count):
        yield b"x" * size


def test_a_stream_may_inflate_up_to_the_limit() -> None:
    assert len(list(within(pieces(100), Inflation(10, 0), lambda: 100))) == 100


def test_a_stream_that_inflates_further_is_stopped_before_the_piece_that_does() -> None:
    stream = within(pieces(200), Inflation(10, 0), lambda: 100)
    assert [len(next(stream)) for _ in range(100)] == [10] * 100
    with pytest.raises(InflatedTooFarError, match=r"10 times: 1,010 bytes out of 100"):
        next(stream)


def test_what_is_small_is_not_looked_at() -> None:
    assert len(list(within(pieces(100), Inflation(1, 1000), lambda: 1))) == 100


@EVERY_CODEC
def test_a_bomb_is_refused_behind_the_lines_before_it(tmp_path: Path, codec: str) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(COMPRESS[codec](BOMB))
    with open_source(source_of(path), inflation=SMALL) as opened:
        read, error = read_all(opened)

    assert read == LINES
    assert error is not None
    assert "a.log cannot be read: it inflates more than 50 times" in str(error)
    assert "--max-inflation" in (error.hint or "")


@EVERY_CODEC
def test_a_bomb_of_nothing_but_zeros_is_refused_at_once(tmp_path: Path, codec: str) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(COMPRESS[codec](b"\0" * 30_000_000))
    with pytest.raises(SourceError, match="inflates more than"):
        open_source(source_of(path), inflation=SMALL)


@EVERY_CODEC
def test_a_log_of_nothing_but_a_probe_every_second_is_no_bomb(tmp_path: Path, codec: str) -> None:
    probe = '192.0.2.7 - - [01/Mar/2026:%02d:%02d:%02d +0000] "GET /health HTTP/1.1" 200 2 "-" "probe"\n'
    lines = [probe % (n // 3600, n // 60 % 60, n % 60) for n in range(86_400)]
    path = tmp_path / "a.log"
    path.write_bytes(COMPRESS[codec]("".join(lines).encode()))
    with open_source(source_of(path), inflation=Inflation(unchecked_bytes=0)) as opened:
        assert sum(chunk.line_count for chunk in opened.chunks()) == 86_400


def test_what_is_packed_within_what_is_packed_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(gzip.compress(gzip.compress(LINES)))
    with open_source(source_of(path)) as opened:
        data = b"".join(chunk.data for chunk in opened.chunks())

    assert data.startswith(b"\x1f\x8b")


def test_a_run_stores_the_lines_before_a_bomb_and_says_so(tmp_path: Path) -> None:
    path, pack = tmp_path / "a.log.zst", COMPRESS["zstd"]
    # Beyond what is not looked at, so this takes a second or two.
    path.write_bytes(pack(LINES) + pack(b"\0" * 2**22) * (UNCHECKED_BYTES // 2**22 + 8))
    store = tmp_path / "store.db"

    async def run() -> tuple[list[str], int]:
        outcome = await ingest(store, path)
        return [str(problem) for problem in outcome.problems], len(await table(store))

    problems, count = anyio.run(run)
    assert count == 2000
    assert len(problems) == 1
    assert "inflates more than 1,000 times" in problems[0]


@pytest.mark.parametrize("bad", ["1023", str(2**26 + 1), "x"])
def test_the_longest_line_is_between_a_kib_and_64_mib(capsys: pytest.CaptureFixture[str], bad: str) -> None:
    assert cli.run(["ingest", "x", "--max-line-bytes", bad]) == 2
    assert "--max-line-bytes" in capsys.readouterr().err


def test_the_options_reach_the_settings() -> None:
    seen = []

    @click.command()
    @options.settings_options(options.MAX_LINE_BYTES, options.MAX_INFLATION)
    def show(settings: IngestSettings) -> None:
        seen.append((settings.max_line_bytes, settings.max_inflation))

    show.main(["--max-line-bytes", "2048", "--max-inflation", "7"], standalone_mode=False)
    show.main([], standalone_mode=False)
    assert seen == [(2048, 7.0), (2**20, 1000.0)]


def test_longer_lines_are_refused_and_kept_up_to_a_mib(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = combined_lines(3)
    log, dead = tmp_path / "a.log", tmp_path / "dead.ndjson"
    log.write_bytes(lines[0] + lines[1][:-1] + b"x" * 3000 + b"\n" + lines[2])
    arguments = ["ingest", str(log), "--store", f"embedded:{tmp_path / 's.db'}", "--dead-letters", str(dead)]
    assert cli.run([*arguments, "--max-line-bytes", "2000", "--format", "combined"]) == 0
    assert "2 events stored" in capsys.readouterr().err
    assert b'"reason":"line-too-long"' in dead.read_bytes()
