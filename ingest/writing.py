"""The writer that a run of ingest is set to."""

from __future__ import annotations

from footfall.clock import Clock
from footfall.store import Store
from footfall.store.writer.pool import Writer
from ingest.settings import IngestSettings
from ingest.tally import Tally


def writer_for(settings: IngestSettings, store: Store, clock: Clock, tally: Tally) -> Writer:
    """Return the writer of events that `settings` ask for; it tells `tally` how it gets on."""
    return Writer(
        store,
        clock,
        tally,
        give_up_after_seconds=settings.give_up_after_seconds,
        writers=settings.writers,
        max_write_units=settings.max_write_units,
    )
