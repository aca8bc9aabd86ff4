"""From a store to answers: plan, extract, ask every report at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import anyio.to_thread
import polars as pl

from footfall.clock import Clock
from footfall.errors import SchemaMismatch
from footfall.layout import LAYOUT
from footfall.store import Store
from footfall.store.admin import describe
from footfall.store.state import read_days, read_meta
from reports.answer import Answer, Provenance, answers_of
from reports.catalogue import Report, View
from reports.extraction.dataset import Dataset, open_dataset
from reports.extraction.extract import CONCURRENCY, OnPage, extract
from reports.extraction.plan import Plan, TableSize, plan_reading
from reports.scope import Scope


@dataclass(frozen=True, slots=True)
class Questions:
    """What a run of reports is to answer, and how.

    `segments` cuts the Scan into so many pieces, None leaves that to the table's size; `dataset` keeps the
    events there.
    """

    reports: tuple[Report, ...]
    scope: Scope = field(default_factory=Scope)
    view: View = field(default_factory=View)
    segments: int | None = None
    dataset: Path | None = None


async def answer(
    store: Store, clock: Clock, questions: Questions, on_page: OnPage | None = None
) -> tuple[Answer, ...]:
    """Read the store once and return an answer to each report, in order.

    `on_page` is called after each page with the reading so far. Raises the errors of the store,
    `SchemaMismatch` for a table this version cannot read, and `SettingsError` for a dataset folder that is
    not free.
    """
    plan = await plan_for(store, clock, questions)
    with open_dataset(questions.dataset) as dataset:
        reading = await extract(store, clock, plan, questions.scope, dataset, on_page=on_page)
        provenance = Provenance(store.location, questions.scope, questions.view, clock.now(), reading)
        if questions.dataset is not None:
            dataset.finish(provenance.document())

        frames = await anyio.to_thread.run_sync(collect, dataset, questions.reports, questions.view)

    return answers_of(questions.reports, frames, provenance)


async def plan_for(store: Store, clock: Clock, questions: Questions) -> Plan:
    """Return how `questions` would have the table read."""
    meta = await read_meta(store, clock)
    if meta.layout != LAYOUT:
        raise SchemaMismatch(
            f"The store's layout is {meta.layout!r}, this footfall reads {LAYOUT!r}.",
            hint="use the footfall version that made the store",
        )

    facts = await describe(store, clock, store.events_table)
    days = await read_days(store, clock)
    size = TableSize(items=facts.items, bytes=facts.bytes, shards=meta.shards, days=days)
    return plan_reading(questions.scope, size, questions.segments, CONCURRENCY)


def collect(dataset: Dataset, reports: Sequence[Report], view: View) -> list[pl.DataFrame]:
    """Return the rows of each report over `dataset`, all worked out side by side."""
    events = dataset.scan()
    queries = [report.build(events, view) for report in reports]
    return pl.collect_all(queries, engine="streaming", optimizations=_EACH_READS_FOR_ITSELF)


_EACH_READS_FOR_ITSELF: Final = pl.QueryOptFlags(comm_subplan_elim=False)
"""A scan that queries share is kept in memory for the slowest of them: 1.9 GB for 8,000,000 events and the whole
catalogue, against 250 MB, and no faster, when each reads the few columns it needs."""
