from __future__ import annotations

import bz2
import gzip
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.chunks import Chunk
from ingest.formats import named
from ingest.sources import find_sources, open_source
from ingest.stdin import Manner
from ingest.unfinished import Part, may_grow, readable_parts
from tests.ingest.runs import checkpoint_of, combined_lines, ingest, table, write_log

COMBINED = named("combined")
LINES = combined_lines(3)


def parts(data: bytes, oversized: bool = False) -> list[Part]:
    chunk = Chunk("0123456789abcdef", data, 100, 100 + len(data), 5, data.count(b"\n") + 1, oversized)
    return list(readable_parts(chunk, COMBINED))


def test_a_chunk_that_ends_in_a_newline_is_final() -> None:
    [part] = parts(b"".join(LINES))
    assert (part.is_final, part.chunk.data) == (True, b"".join(LINES))


def test_a_last_line_that_looks_cut_is_left_and_the_lines_before_it_are_final() -> None:
    [part] = parts(b"".join(LINES)[:-5])
    assert part.is_final
    assert part.chunk.data == LINES[0] + LINES[1]
    assert part.chunk.end == 100 + len(part.chunk.data)
    assert part.chunk.line_count == 2


def test_a_last_line_that_is_whole_is_read_but_not_final() -> None:
    lines, last = parts(b"".join(LINES)[:-1])
    assert (lines.is_final, last.is_final) == (True, False)
    assert last.chunk.data == LINES[2][:-1]
    assert (last.chunk.start, last.chunk.first_line_number, last.chunk.line_count) == (lines.chunk.end, 7, 1)


def test_zero_bytes_that_were_passed_over_are_final() -> None:
    [part] = readable_parts(gap := Chunk("0123456789abcdef", b"", 100, 5000, 5, 0), COMBINED)
    assert part == Part(gap)


def test_only_a_cut_line_is_nothing() -> None:
    assert parts(LINES[0][:30]) == []


def test_only_a_whole_line_is_one_part_that_is_not_final() -> None:
    [part] = parts(LINES[0][:-1])
    assert not part.is_final


def test_the_rest_of_an_oversized_line_is_passed_over_for_good() -> None:
    [part] = parts(b"x" * 50, oversized=True)
    assert part.is_final


@given(st.integers(0, len(b"".join(LINES))))
def test_wherever_the_log_is_cut_only_whole_lines_are_read(size: int) -> None:
    data = b"".join(LINES)[:size]
    read = parts(data) if data else []
    text = b"".join(part.chunk.data for part in read)
    assert data.startswith(text)
    assert all(line + b"\n" in LINES for line in text.removesuffix(b"\n").split(b"\n") if line)
    assert b"".join(part.chunk.data for part in read if part.is_final) == data[: data.rfind(b"\n") + 1]


@pytest.mark.parametrize("name", ["access.log", "access.log.1", "access-2026-03-01.log"])
def test_a_plain_file_may_grow_whatever_its_name(tmp_path: Path, name: str) -> None:
    with open_source(find_sources([str(write_log(tmp_path / name, 3))])[0]) as opened:
        assert may_grow(opened)


@pytest.mark.parametrize(
    ("agent", "is_whole"),
    [
        (b'"Mozilla"', True),
        (b'"a \\"quoted\\" name"', True),
        (b'"a \\"', False),
        (b'"Mozil', False),
        (b'"', False),
    ],
)
def test_a_line_is_whole_when_its_last_quotation_mark_is_closed(agent: bytes, is_whole: bool) -> None:
    line = b'192.0.2.1 - - [01/Mar/2026:00:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" ' + agent
    assert bool(parts(line)) is is_whole


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress])
def test_a_compressed_file_does_not_grow_whatever_its_name(tmp_path: Path, compress: type[bytes]) -> None:
    path = tmp_path / "access.log"
    path.write_bytes(compress(LINES[0]))
    with open_source(find_sources([str(path)])[0]) as opened:
        assert not may_grow(opened)


def test_standard_input_does_not_grow_even_when_a_file_stands_behind_it(tmp_path: Path) -> None:
    descriptor = os.open(write_log(tmp_path / "access.log", 3), os.O_RDONLY)
    try:
        [source] = find_sources(["-"], stdin_name="access.log")
        assert not may_grow(open_source(source, stdin=Manner(lambda: False).of(descriptor)))
    finally:
        os.close(descriptor)


@pytest.mark.anyio
async def test_a_cut_last_line_waits_is_announced_and_is_read_by_the_run_after_it_is_whole(
    tmp_path: Path,
) -> None:
    log, store = tmp_path / "access.log", tmp_path / "store.db"
    whole = b"".join(combined_lines(10))
    cut = len(whole) - 12
    log.write_bytes(whole[:cut])
    first = await ingest(store, log)
    assert first.tally.counts.events == len(await table(store)) == 9
    [notice] = first.notices
    assert "unfinished line of" in notice
    assert "access.log" in notice
    log.write_bytes(whole)
    second = await ingest(store, log)
    assert (second.tally.counts.lines, second.notices) == (1, [])
    undisturbed = tmp_path / "other.db"
    await ingest(undisturbed, log)
    assert await table(store) == await table(undisturbed)


@pytest.mark.anyio
async def test_a_whole_last_line_is_stored_again_under_its_key_when_its_newline_has_come(
    tmp_path: Path,
) -> None:
    log, store = tmp_path / "access.log", tmp_path / "store.db"
    whole = b"".join(combined_lines(10))
    log.write_bytes(whole[:-1])
    first = await ingest(store, log)
    assert (first.tally.counts.events, first.notices) == (10, [])
    before = await table(store)
    saved = await checkpoint_of(store, log)
    assert (saved.position, saved.lines) == (whole[:-1].rfind(b"\n") + 1, 9)
    log.write_bytes(whole + combined_lines(1, first=10)[0])
    second = await ingest(store, log)
    assert second.tally.counts.events == 2
    after = await table(store)
    assert len(after) == 11
    assert {key: after[key] for key in before} == before
    assert (await checkpoint_of(store, log)).lines == 11


@pytest.mark.anyio
@pytest.mark.parametrize("name", ["access.log.1.gz", "access.log.gz"])
async def test_a_last_line_without_newline_is_final_where_nothing_can_follow(
    tmp_path: Path, name: str
) -> None:
    store, log = tmp_path / "store.db", tmp_path / name
    data = b"".join(combined_lines(10))[:-12]
    log.write_bytes(gzip.compress(data))
    outcome = await ingest(store, log)
    assert (outcome.tally.counts.events, outcome.notices) == (10, [])
    saved = await checkpoint_of(store, log)
    assert (saved.position, saved.lines) == (len(data), 10)
    assert (await ingest(store, log)).tally.sources_unchanged == 1


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("early", "late"),
    [
        (b'"GET /shop HTTP/1.1" 200 53', b"16\n"),
        (b'"GET /shop HTTP/1.1" 200 5316', b' "-" "Mozilla"\n'),
        (b'"GET /shop HTTP/1.1" 200 5316 "-" "Mozi', b'lla"\n'),
    ],
)
async def test_a_first_line_that_was_cut_is_not_doubled_when_it_is_whole(
    tmp_path: Path, early: bytes, late: bytes
) -> None:
    log, store = tmp_path / "access.log", tmp_path / "store.db"
    begin = b"192.0.2.1 - - [01/Mar/2026:00:00:00 +0000] "
    log.write_bytes(begin + early)
    first = await ingest(store, log)
    assert (first.tally.counts.lines, len(first.notices)) == (0, 1)
    log.write_bytes(begin + early + late)
    second = await ingest(store, log)
    assert (second.tally.counts.events, len(await table(store))) == (1, 1)


@pytest.mark.anyio
async def test_a_single_line_that_is_closed_needs_no_newline(tmp_path: Path) -> None:
    log, store = tmp_path / "access.log", tmp_path / "store.db"
    log.write_bytes(combined_lines(1)[0].removesuffix(b"\n"))
    assert (await ingest(store, log)).tally.counts.events == len(await table(store)) == 1


@pytest.mark.anyio
async def test_a_last_line_that_would_be_refused_is_not_refused_by_every_run(tmp_path: Path) -> None:
    log, store = tmp_path / "access.log", tmp_path / "store.db"
    bad = combined_lines(1)[0].removesuffix(b"\n").replace(b"01/Mar", b"99/Mar")
    log.write_bytes(b"".join(combined_lines(3)) + bad)
    for _ in range(2):
        outcome = await ingest(store, log)
        assert (outcome.tally.counts.rejected, len(outcome.notices)) == (0, 1)

    log.write_bytes(b"".join(combined_lines(3)) + bad + b"\n")
    assert (await ingest(store, log)).tally.counts.rejected == 1
    assert (tmp_path / "dead.ndjson").read_bytes().count(b"\n") == 1
