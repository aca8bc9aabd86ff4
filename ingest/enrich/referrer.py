"""Tell where visitors came from, by the referrer."""

from __future__ import annotations

from typing import Final

import polars as pl

from ingest.enrich.settings import EnrichSettings

_REFERRER_HOST: Final = (
    r"^[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#]*@)?"
    r"""(\[[0-9A-Fa-f:.]+\]|[^\s\x00-\x1f\x7f/?#:@\[\]\\<>"^`{|}]+)(?::[0-9]*)?(?:[/?#]|$)"""
)
"""The host of an absolute URL (RFC 3986, 3.2), which may be an internationalised name as it was typed."""


def classify_referrer(events: pl.DataFrame, settings: EnrichSettings) -> pl.DataFrame:
    """Add referrer_host, in lower case, without port and user; null where there is no URL with a host."""
    referrers = events.select("referrer").unique().drop_nulls()
    host = pl.col("referrer").str.extract(_REFERRER_HOST).str.to_lowercase().alias("referrer_host")
    return events.join(
        referrers.with_columns(host), on="referrer", how="left", nulls_equal=True, maintain_order="left"
    )
