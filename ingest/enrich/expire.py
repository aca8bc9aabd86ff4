"""Say of each event when it may be deleted, which DynamoDB does by itself where the table is told to (TTL)."""

from __future__ import annotations

from typing import Final

import polars as pl

from ingest.enrich.settings import EnrichSettings

DAY_SECONDS: Final = 86_400


def set_expiry(events: pl.DataFrame, settings: EnrichSettings) -> pl.DataFrame:
    """Add `expires_at`, the epoch second that lies `keep_days` after `time`; without those events stay for good.

    It follows from the event alone, so a replay writes the same item.
    """
    keep_days = settings.options.keep_days
    if keep_days is None:
        return events

    return events.with_columns((pl.col("time").dt.epoch("s") + keep_days * DAY_SECONDS).alias("expires_at"))
