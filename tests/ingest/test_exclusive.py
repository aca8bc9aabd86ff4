"""No key is ever under way twice: an older put that is retried late would overwrite a newer one."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from footfall.store.engine import Engine, Reply
from tests.ingest.runs import combined_lines, embedded_store, ingest_into, table

pytestmark = pytest.mark.anyio

_SORT_KEY = re.compile(rb'"sk":\{"S":"([^"]*)"')


class Slow:
    """An engine in front of another that holds batches of one put for a while, and notes what was under way."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._under_way: Counter[bytes] = Counter()
        self.sent: Counter[bytes] = Counter()
        self.most_at_once = 0

    async def call(self, operation: str, body: bytes) -> Reply:
        keys = _SORT_KEY.findall(body) if operation == "BatchWriteItem" else []
        self._under_way.update(keys)
        self.sent.update(keys)
        self.most_at_once = max([self.most_at_once, *self._under_way.values()])
        try:
            await anyio.sleep(0.3 if len(keys) == 1 else 0)
            return await self._engine.call(operation, body)
        finally:
            self._under_way.subtract(keys)

    async def aclose(self) -> None:
        await self._engine.aclose()


async def test_an_unfinished_last_line_and_its_copies_are_written_one_after_the_other(tmp_path: Path) -> None:
    """The position stays before such a line, so every copy of the log that is named has it read again."""
    logs = [tmp_path / name for name in ("access.log", "access.log.1", "access.log.2")]
    for log in logs:
        log.write_bytes(b"".join(combined_lines(60))[:-1])

    async with embedded_store(tmp_path / "store.db") as (store, meta):
        slow = Slow(store.engine)
        await ingest_into(replace(store, engine=slow), meta, *logs, chunk_bytes=1024)

    assert max(slow.sent.values()) == 3, "the last line, by each of the three"
    assert slow.most_at_once == 1
    assert len(await table(tmp_path / "store.db")) == 60
