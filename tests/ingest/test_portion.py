from __future__ import annotations

from math import inf
from pathlib import Path

import anyio
import pytest

from ingest.flow import Work
from ingest.portion import SMALLEST_BYTES, portion_bytes
from ingest.reader import Reader
from ingest.settings import IngestSettings
from ingest.sources import find_sources
from ingest.tally import Tally
from tests.ingest.runs import SITE, HurriedClock, embedded_store, write_log

pytestmark = pytest.mark.anyio

MEBIBYTE = 2**20


@pytest.mark.parametrize(
    ("units_per_second", "expected"),
    [(None, MEBIBYTE), (10_000.0, MEBIBYTE), (100.0, 250_000), (1.0, SMALLEST_BYTES)],
)
def test_what_is_read_at_once_is_written_in_ten_seconds(
    units_per_second: float | None, expected: int
) -> None:
    assert portion_bytes(Tally(write_units_per_second=units_per_second), MEBIBYTE) == expected


async def test_on_a_slow_table_a_log_is_read_a_little_at_a_time(tmp_path: Path) -> None:
    log = write_log(tmp_path / "access.log", 800)
    sources, settings, clock = find_sources([str(log)]), IngestSettings(site=SITE), HurriedClock()
    chunks_in, chunks_out = anyio.create_memory_object_stream[Work](inf)
    async with embedded_store(tmp_path / "store.db") as (store, meta), chunks_out:
        await Reader(sources, settings, store, meta, clock, Tally(write_units_per_second=5.0)).run(chunks_in)
        sizes = [len(work.chunk.data) async for work in chunks_out]

    assert sum(sizes) == log.stat().st_size
    assert max(sizes) <= SMALLEST_BYTES
