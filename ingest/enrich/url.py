"""Decode and normalise the URL of each event."""

from __future__ import annotations

import polars as pl

from ingest.enrich.settings import EnrichSettings


def normalise_url(events: pl.DataFrame, settings: EnrichSettings) -> pl.DataFrame:
    """Return `events` as they are, for now."""
    return events
