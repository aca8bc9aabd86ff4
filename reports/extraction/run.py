"""From a store to a dataset: look at the table, choose how to read it, read it, keep it.

The order is what makes a kept dataset right: the day ledger is read before the days are, so what is written meanwhile
makes a day stale, never fresh.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

import anyio.to_thread

from footfall.clock import Clock
from footfall.errors import SchemaMismatch, SettingsError
from footfall.layout import LAYOUT
from footfall.store import Store
from footfall.store.admin import describe
from footfall.store.pages import CONCURRENCY
from footfall.store.prices import shown_dollars
from footfall.store.read_pace import ReadPace
from footfall.store.state import read_days, read_meta
from reports.extraction.dataset import Dataset, temporary_dataset
from reports.extraction.explain import Explanation, Terms, explanation_of, explanation_of_rest, terms_of
from reports.extraction.extract import COMMIT_SECONDS, Extraction, Limits, OnPage, Parts, extract
from reports.extraction.journal import Journal, Staging, begun, read_journal
from reports.extraction.kept import check_folder, opened
from reports.extraction.manifest import (
    Freshness,
    day_to_keep,
    freshness,
    mark_incomplete,
    read_manifest,
    store_id,
)
from reports.extraction.plan import Choice, TableSize, Wanted, choose, wanted_in
from reports.extraction.publish import publish, sweep
from reports.extraction.reading import NOTHING, Reading
from reports.extraction.request import Request


@dataclass(frozen=True, slots=True)
class Survey:
    """What is known of a store before it is read; `asked_at` is a moment before the day ledger was read."""

    size: TableSize
    terms: Terms
    store_id: str
    asked_at: datetime


async def look(store: Store, clock: Clock, request: Request) -> Survey:
    """Return what is known of the store; raises `SchemaMismatch` for a layout this version cannot read."""
    meta = await read_meta(store, clock)
    if meta.layout != LAYOUT:
        raise SchemaMismatch(
            f"The store's layout is {meta.layout!r}, this footfall reads {LAYOUT!r}.",
            hint="use the footfall version that made the store",
        )

    asked_at = clock.now()
    days = await read_days(store, clock)
    facts = await describe(store, clock, store.events_table)
    size = TableSize(items=facts.items, bytes=facts.bytes, shards=meta.shards, days=days)
    terms = terms_of(request, facts.read_units, is_free=store.is_embedded)
    return Survey(size, terms, store_id(store, meta), asked_at)


async def explained(store: Store, clock: Clock, request: Request) -> Explanation:
    """Return what `request` takes; no event is read, and no folder is made.

    Raises what `extracted` raises before it reads.
    """
    survey = await look(store, clock, request)
    fresh_days = 0
    if request.folder is not None:
        check_folder(request.folder, survey.store_id)
        fresh_days = len(_freshness(request.folder, survey, request).fresh)
        journal = read_journal(request.folder)
        if journal is not None and journal.is_for(request.scope):
            return explanation_of_rest(
                survey.terms, journal, survey.size, location=store.location, table=store.events_table
            )

    choice = _choice(survey, request)
    return explanation_of(
        survey.terms, choice, location=store.location, table=store.events_table, fresh_days=fresh_days
    )


@asynccontextmanager
async def extracted(
    store: Store,
    clock: Clock,
    request: Request,
    on_page: OnPage | None = None,
    *,
    limits: Limits | None = None,
) -> AsyncIterator[tuple[Dataset, Reading]]:
    """Read what `request` asks for; give the dataset that has it, and what reading took.

    Without a folder the dataset is temporary. In a folder whole UTC days are kept, of which only those are read whose
    revision in the day ledger is another; a reading that was stopped is gone on with. `on_page` is called after each
    page with the reading so far; `limits` say how much is held in memory. Raises the errors of the store,
    `SchemaMismatch` for a table this version cannot read, and `SettingsError` for a folder that is not free and for a
    Scan that nobody agreed to.
    """
    survey = await look(store, clock, request)
    work = _Work(store, clock, request, on_page, limits or Limits())
    if request.folder is None:
        with temporary_dataset(clock.now()) as dataset:
            reading = await _into_temporary(work, survey, dataset)
            yield dataset, reading

        return

    with opened(request.folder, survey.store_id, store.location):
        reading = await _into_kept(work, request.folder, survey)
        yield Dataset(request.folder, request.scope, now=clock.now()), reading


@dataclass(frozen=True, slots=True)
class _Work:
    """What it takes to read."""

    store: Store
    clock: Clock
    request: Request
    on_page: OnPage | None
    limits: Limits


async def _into_temporary(work: _Work, survey: Survey, dataset: Dataset) -> Reading:
    clock, request = work.clock, work.request
    plan = _agreed(_choice(survey, request), survey.terms, request, work.store).chosen
    keep = None if request.scope.is_everything else request.scope.predicate()
    started = clock.monotonic()
    reading = Reading(plan.method, len(plan.partitions))
    extraction = Extraction(clock, reading, Parts(dataset), on_page=work.on_page, limits=work.limits)
    pace = ReadPace(request.max_read_units, clock)
    await extract(work.store, clock, list(enumerate(plan.partitions)), keep, extraction, pace=pace)
    return _finished(extraction.reading, survey.terms, clock.monotonic() - started)


async def _into_kept(work: _Work, folder: Path, survey: Survey) -> Reading:
    """Finish what an earlier run began, then read what is stale."""
    request, started = work.request, work.clock.monotonic()
    staging, fresh_days = Staging(folder), len(_freshness(folder, survey, request).fresh)
    reading = Reading(NOTHING, 0, fresh_days=fresh_days)
    if staging.journal is not None and staging.journal.is_for(request.scope):
        reading = await _read(work, folder, staging, staging.journal, replace(reading, went_on=True))
        # The ledger as it was then is old by now.
        survey = await look(work.store, work.clock, request)

    state = _freshness(folder, survey, request)
    choice = _choice(survey, request)
    if choice.chosen.partitions:
        _agreed(choice, survey.terms, request, work.store)
        await anyio.to_thread.run_sync(sweep, folder)
        journal = _journal(choice, survey, state, work)
        staging.begin(journal)
        reading = await _read(work, folder, staging, journal, reading)

    return _finished(reading, survey.terms, work.clock.monotonic() - started)


async def _read(work: _Work, folder: Path, staging: Staging, journal: Journal, reading: Reading) -> Reading:
    """Read what `journal` says is left, and put it in the place of what the dataset had; return what it took."""
    mark_incomplete(folder)
    reading = replace(reading, method=journal.method, partitions=reading.partitions + len(journal.partitions))
    clock, pace = work.clock, ReadPace(work.request.max_read_units, work.clock)
    limits = replace(work.limits, commit_seconds=COMMIT_SECONDS)
    extraction = Extraction(clock, reading, staging, on_page=work.on_page, limits=limits)
    await extract(
        work.store,
        clock,
        journal.left,
        journal.predicate() if journal.segments else None,
        extraction,
        pace=pace,
        started=journal.started,
    )
    done = extraction.reading
    await anyio.to_thread.run_sync(publish, folder, staging, asdict(done))
    return done


def _journal(choice: Choice, survey: Survey, state: Freshness, work: _Work) -> Journal:
    is_consistent = work.store.is_embedded
    days = tuple(day_to_keep(day, survey.asked_at, is_consistent=is_consistent) for day in state.stale)
    return begun(choice.chosen, work.request.scope, state.fresh, days)


def _freshness(folder: Path, survey: Survey, request: Request) -> Freshness:
    return freshness(read_manifest(folder), survey.size.days, request.scope)


def _choice(survey: Survey, request: Request) -> Choice:
    wanted = wanted_in(request.scope, survey.size)
    if request.folder is not None:
        wanted = _wanted_in_folder(wanted, survey, request, request.folder)

    return choose(wanted, survey.size, request.segments, CONCURRENCY)


def _wanted_in_folder(wanted: Wanted, survey: Survey, request: Request, folder: Path) -> Wanted:
    """Return what a kept dataset lacks of `wanted`."""
    state = _freshness(folder, survey, request)
    needs_scan = "" if state.fresh else wanted.needs_scan
    if state.has_unnamed:
        needs_scan = "the dataset has days that the day ledger does not name"

    return replace(wanted, days=state.stale, whole_days=True, needs_scan=needs_scan)


def _agreed(choice: Choice, terms: Terms, request: Request, store: Store) -> Choice:
    """Return `choice`; raises `SettingsError` for a Scan that costs much and that nobody said yes to."""
    units, dollars = choice.chosen.estimated_units, terms.dollars(choice.chosen.estimated_units)
    if request.yes or dollars is None or choice.chosen.method != "scan" or units <= request.ask_above_units:
        return choice

    raise SettingsError(
        f"A Scan of {store.events_table} takes about {units:,.0f} read units, {shown_dollars(dollars)}.",
        hint="--yes, in a job yes = true, reads it; --explain says more, --from and --to or another period read less",
    )


def _finished(reading: Reading, terms: Terms, seconds: float) -> Reading:
    return replace(reading, seconds=round(seconds, 3), dollars=terms.dollars(reading.read_units))
