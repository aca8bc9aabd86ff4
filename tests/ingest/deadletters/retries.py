"""What the tests of retries share."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from footfall.clock import Clock
from footfall.store import Store
from footfall.store.state import TableMeta
from ingest.deadletters import read_letters
from ingest.deadletters.again import Choice
from ingest.deadletters.retry import Retried, Retry
from ingest.deadletters.run import run_retry
from ingest.enrich import Enrichment
from ingest.enrich.rewrite import Rewriting
from ingest.formats import Format, named
from ingest.settings import IngestSettings
from ingest.tally import Tally
from tests.ingest.runs import HurriedClock, embedded_store, ingest

VHOST: Final[Format] = named("combined_vhost")
COMMON: Final[Format] = named("common")
SHIFTED: Final = Enrichment(rewriting=Rewriting(time_shift_seconds=-3600))
LINE: Final = (
    b'%s:443 192.0.2.%d - - [17/Jan/2026:10:%02d:%02d +0000] "GET /p?%d HTTP/1.1" 200 53 "-" "Agent/%d"'
)


def line(number: int, host: bytes = b"www.example.org") -> bytes:
    return LINE % (host, number % 200, number // 60 % 60, number % 60, number, number % 5)


async def refused_log(store: Path, log: Path, **settings: Any) -> None:
    """Ingest a log with the wrong format."""
    await ingest(store, log, format=COMMON, max_rejected=1.0, **settings)


async def retry(store_path: Path, file: Path, choice: Choice | None = None, **settings: Any) -> Retried:
    """Carry out one retry of a file, as `combined_vhost` unless `choice` says otherwise."""
    async with embedded_store(store_path) as (store, meta):
        return await retry_into(store, meta, file, choice, **settings)


async def retry_into(
    store: Store,
    meta: TableMeta,
    file: Path,
    choice: Choice | None = None,
    *,
    clock: Clock | None = None,
    **settings: Any,
) -> Retried:
    """Carry out one retry into an open store; see `retry`."""
    clock, retried, chosen = clock or HurriedClock(), Retried(), IngestSettings(**settings)
    choice = choice or Choice(format=VHOST)
    one = Retry(read_letters(file), choice, chosen, store, meta, clock, Tally(), retried)
    await run_retry(one, clock, chosen.drain_seconds)
    assert retried.left == 0 or retried.stopped
    return retried
