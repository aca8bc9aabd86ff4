"""From exports to a dataset, as `reports.extraction.run.extracted` does it from a store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from hashlib import blake2b

import anyio.to_thread
import polars as pl

from footfall.clock import Clock
from reports.export.manifest import Export
from reports.export.places import ExportPlace
from reports.export.read import OnPage, read_chain, read_exports
from reports.extraction.dataset import Dataset, temporary_dataset
from reports.extraction.journal import Journal, Staging
from reports.extraction.kept import opened
from reports.extraction.manifest import mark_incomplete
from reports.extraction.publish import publish
from reports.extraction.reading import Reading
from reports.extraction.request import Request
from reports.scope import Scope


@dataclass(frozen=True, slots=True)
class _IntoStaging:
    """What gathers events until all of them are there, and only then are put into the days of a kept dataset."""

    staging: Staging

    def write(self, events: pl.DataFrame, name: str) -> None:
        """Keep `events`; the staging numbers its parts itself."""
        del name
        self.staging.commit(events, {})


@asynccontextmanager
async def extracted_from_exports(
    places: Sequence[ExportPlace], clock: Clock, request: Request, on_page: OnPage | None = None
) -> AsyncIterator[tuple[Dataset, Reading]]:
    """Read what `request` asks for out of exports; give the dataset that has it, and what reading took.

    Without a folder the dataset is temporary. In a folder whole UTC days are kept: those in scope are replaced when
    all is read, none before. Raises what `read_chain` and `read_exports` do, and `SettingsError` for a folder that
    is not free.
    """
    exports = await read_chain(places)
    scope = request.scope
    if request.folder is None:
        keep = None if scope.is_everything else scope.predicate()
        with temporary_dataset(clock.now()) as dataset:
            yield dataset, await read_exports(exports, clock, keep, dataset, on_page=on_page)

        return

    with opened(request.folder, table_id(exports), location_of(places)):
        staging, journal = Staging(request.folder), journal_of(scope)
        mark_incomplete(request.folder)
        staging.begin(journal)
        reading = await read_exports(
            exports, clock, journal.predicate(), _IntoStaging(staging), on_page=on_page
        )
        await anyio.to_thread.run_sync(publish, request.folder, staging, asdict(reading))
        yield Dataset(request.folder, scope, now=clock.now()), reading


def journal_of(scope: Scope) -> Journal:
    """Return the journal of a reading of all whole UTC days in `scope`, which no day ledger names."""
    return Journal(scope.site, scope.first_on, scope.last_on, scope.time_zone, fresh=(), days=())


def table_id(exports: Sequence[Export]) -> str:
    """Return what tells datasets of this table's exports from others."""
    return blake2b(exports[0].table.encode(), digest_size=8, person=b"export").hexdigest()


def location_of(places: Sequence[ExportPlace]) -> str:
    """Return the exports as an answer names them."""
    return " + ".join(place.title for place in places)
