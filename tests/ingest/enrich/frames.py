"""Events as a format gives them, for the tests of the steps of enrichment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import polars as pl

from ingest.enrich import Enrichment, EnrichSettings
from ingest.enrich.pipeline import NEEDED_TEXTS
from ingest.enrich.rules import Rules

Step = Callable[[pl.DataFrame, EnrichSettings], pl.DataFrame]
Row = Mapping[str, str | None]


def settings_of(rules: Rules | None = None, site: str | None = None) -> EnrichSettings:
    """Return settings with rules."""
    return EnrichSettings(site, 8, b"salt", Enrichment(rules=rules or Rules()))


def events_of(*rows: Row) -> pl.DataFrame:
    """Return events with the columns that steps may read, and those of `rows`, null where a row has none."""
    names = dict.fromkeys((*NEEDED_TEXTS, *(name for row in rows for name in row)))
    columns = {name: [row.get(name) for row in rows] for name in names}
    frame = pl.DataFrame(columns, schema=dict.fromkeys(names, pl.String))
    return frame.with_columns(pl.Series("place", range(len(rows)), dtype=pl.Int64))


def after(step: Step, settings: EnrichSettings | None = None, **values: str | None) -> dict[str, Any]:
    """Return what `step` makes of one event."""
    return after_row(step, values, settings)


def after_row(step: Step, row: Row, settings: EnrichSettings | None = None) -> dict[str, Any]:
    """Return what `step` makes of the event `row`."""
    [done] = step(events_of(row), settings or settings_of()).to_dicts()
    return done
