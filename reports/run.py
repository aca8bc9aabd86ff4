"""From a store to answers: plan, extract, ask every report at once."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import anyio.to_thread
import polars as pl

from footfall.clock import Clock
from footfall.store import Store
from reports.answer import Answer, Provenance, answers_of
from reports.catalogue import Report, View
from reports.extraction import Request, extracted
from reports.extraction.extract import OnPage
from reports.lake import Extract
from reports.partials.contribution import combine, finish
from reports.partials.partitions import spread
from reports.partials.work import Work, Workers, contributions
from reports.query.failures import told
from reports.query.query import bounded
from reports.query.sql import has_statements, with_statements
from reports.scope import Scope
from reports.visits import Facts


@dataclass(frozen=True, slots=True)
class Questions:
    """What a run of reports is to answer, and how.

    `lookback_days` before the range are read, too, to know who came before; nothing of them is counted. `request`
    says how the table is read, whatever its scope.
    """

    reports: tuple[Report, ...]
    scope: Scope = field(default_factory=Scope)
    view: View = field(default_factory=View)
    lookback_days: int = 0
    request: Request = field(default_factory=Request)

    @property
    def asked(self) -> tuple[Report, ...]:
        """Return the reports as they are answered: approximate ones have bounds beside what they estimate."""
        return tuple(map(bounded, self.reports)) if self.view.is_approximate else self.reports

    @property
    def to_read(self) -> Scope:
        """Return the range of which events are read."""
        looks_back = any(report.looks_back for report in self.reports)
        return self.scope.since(self.lookback_days + (self.scope.days if looks_back else 0))


async def answer(
    store: Store, clock: Clock, questions: Questions, on_page: OnPage | None = None
) -> tuple[Answer, ...]:
    """Read the store once and return an answer to each report, in order.

    `on_page` is called after each page with the reading so far. Raises the errors of the store,
    `SchemaMismatch` for a table this version cannot read, and `SettingsError` for a dataset folder that is
    not free.
    """
    return await answer_from(
        lambda request: extracted(store, clock, request, on_page), store.location, clock, questions
    )


async def answer_from(
    extract: Extract, location: str, clock: Clock, questions: Questions, workers: Workers | None = None
) -> tuple[Answer, ...]:
    """Return an answer to each report, in order, from what `extract` reads at `location`; raises what that raises.

    When it is cancelled it does not wait for `workers`: whoever opened them ends them.
    """
    request = replace(questions.request, scope=questions.to_read)
    async with extract(request) as (dataset, reading):
        provenance = Provenance(location, questions.scope, questions.view, clock.now(), reading)
        frames = await anyio.to_thread.run_sync(
            collect, dataset.scan(), questions, workers, abandon_on_cancel=workers is not None
        )

    return answers_of(questions.asked, frames, provenance)


def collect(events: pl.LazyFrame, questions: Questions, workers: Workers | None = None) -> list[pl.DataFrame]:
    """Return the rows of each report over `events`, which are those to be read and perhaps more.

    `workers` do it side by side; None does it here.
    """
    view, reports = questions.view, questions.asked
    scope = questions.scope.seen_from(view.time_zone)
    read = events.filter(questions.to_read.predicate())
    with spread(read, view.rule, least=workers.least if workers else 1) as partitions:
        work = (Work(part, reports, view, scope, questions.lookback_days) for part in partitions)
        with told(reports):
            frames = finish(combine(contributions(work, workers)), reports, view)

    if not has_statements(reports):
        return frames

    with spread(read, view.rule) as partitions:
        known = (scope, questions.lookback_days, view.goals)
        facts = (Facts(part, view.rule, *known) for part in partitions)
        return with_statements(frames, reports, facts, view)
