"""Say who sent each event, and in which shard of its day it is stored."""

from __future__ import annotations

from typing import Final

import polars as pl

from footfall.keys import event_bucket, is_crawler, visitor_bucket, visitor_id
from ingest.enrich.settings import EnrichSettings

_WHO: Final = ("ip", "user_agent")


def identify_visitor(events: pl.DataFrame, settings: EnrichSettings) -> pl.DataFrame:
    """Add visitor and shard, from the full address and the user agent."""
    pairs = events.select(_WHO).unique()
    rows = list(pairs.iter_rows())
    visitors = pairs.with_columns(
        pl.Series("visitor", [visitor_id(ip, agent, settings.salt) for ip, agent in rows], dtype=pl.String),
        pl.Series("bucket", [visitor_bucket(ip, agent) for ip, agent in rows], dtype=pl.Int64),
        is_crawler(pl.col("user_agent")).alias("is_crawler"),
    )
    bucket = pl.when("is_crawler").then(event_bucket(pl.col("offset"))).otherwise("bucket")
    return (
        events.join(visitors, on=_WHO, how="left", nulls_equal=True, maintain_order="left")
        .with_columns((bucket % settings.shards).cast(pl.Int32).alias("shard"))
        .drop("bucket", "is_crawler")
    )
