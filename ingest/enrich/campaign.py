"""Read the campaign that brought a visitor."""

from __future__ import annotations

import polars as pl

from ingest.enrich.settings import EnrichSettings


def read_campaign(events: pl.DataFrame, settings: EnrichSettings) -> pl.DataFrame:
    """Return `events` as they are, for now."""
    return events
