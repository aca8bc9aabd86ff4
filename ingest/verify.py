"""Verify a store: read checkpoints, then dead letters, then every key of the table, and compare."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl
from anyio import to_thread

from footfall.clock import Clock
from footfall.store import Store
from footfall.store.scan import KEYS, Reading, scan, segment_count
from footfall.store.state import read_forgotten, read_held, read_meta
from ingest.accounting import Count, Findings, compare
from ingest.deadletters import read_letters


async def verify(
    store: Store,
    clock: Clock,
    *,
    group: str | None = None,
    letter_files: Sequence[Path] = (),
    segments: int | None = None,
) -> tuple[Findings, Reading]:
    """Return what the table holds of what the checkpoints of `group`, or of all, account for, and what that took.

    Checkpoints go first: what they account for is durable by then, and what runs meanwhile only adds to it. Raises
    `SourceError` for a file of dead letters that is not there.
    """
    await read_meta(store, clock)
    held = await read_held(store, clock)
    letters = await to_thread.run_sync(_letters, letter_files) if letter_files else None
    count = Count(held)
    likely_items = sum(one.checkpoint.events for one in held)
    reading = await scan(
        store,
        clock,
        KEYS,
        segments=segments or await segment_count(store, clock, likely_items),
        digest=count.digest,
        take=count.take,
    )
    asked = [one for one in held if group in {None, one.group}]
    return compare(asked, count.frame(), letters, await read_forgotten(store, clock)), reading


def _letters(files: Sequence[Path]) -> pl.DataFrame:
    """Return source and offset of every line that has a dead letter, whatever became of it since."""
    frames = [
        read_letters(path).frame.select(pl.col("source_id").cast(pl.String), "offset") for path in files
    ]
    return pl.concat(frames).unique()
