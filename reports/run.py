"""From a store to answers: plan, extract, ask every report at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

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
from reports.extraction.dataset import open_dataset
from reports.extraction.extract import CONCURRENCY, OnPage, extract
from reports.extraction.plan import Plan, TableSize, plan_reading
from reports.partials.contribution import combine, contribute, finish
from reports.partials.partitions import spread
from reports.scope import Scope
from reports.visits import Facts


@dataclass(frozen=True, slots=True)
class Questions:
    """What a run of reports is to answer, and how.

    `lookback_days` before the range are read, too, to know who came before; nothing of them is counted. `segments`
    cuts the Scan into so many pieces, None leaves that to the table's size; `dataset` keeps the events there.
    """

    reports: tuple[Report, ...]
    scope: Scope = field(default_factory=Scope)
    view: View = field(default_factory=View)
    lookback_days: int = 0
    segments: int | None = None
    dataset: Path | None = None

    @property
    def to_read(self) -> Scope:
        """Return the range of which events are read."""
        return self.scope.since(self.lookback_days)


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
        reading = await extract(store, clock, plan, questions.to_read, dataset, on_page=on_page)
        provenance = Provenance(store.location, questions.scope, questions.view, clock.now(), reading)
        if questions.dataset is not None:
            dataset.finish(provenance.document())

        frames = await anyio.to_thread.run_sync(collect, dataset.scan(), questions)

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
    return plan_reading(questions.to_read, size, questions.segments, CONCURRENCY)


def collect(events: pl.LazyFrame, questions: Questions) -> list[pl.DataFrame]:
    """Return the rows of each report over `events`, which are those to be read and perhaps more."""
    view, reports = questions.view, questions.reports
    read = events.filter(questions.to_read.predicate())
    with spread(read, view.rule) as partitions:
        facts = (Facts(part, view.rule, questions.scope) for part in partitions)
        whole = combine(contribute(one, reports, view) for one in facts)
        return finish(whole, reports, view)
