"""Say which site each event belongs to."""

from __future__ import annotations

from typing import Final

import polars as pl

from footfall.keys import is_site
from ingest.enrich.distinct import join_back
from ingest.enrich.settings import EnrichSettings

DEFAULT_SITE: Final = "default"


def assign_site(events: pl.DataFrame, settings: EnrichSettings) -> pl.DataFrame:
    """Add site: that of the settings, or the virtual host in lower case without port where that can name one, else
    ``default``.
    """
    if settings.site is not None:
        return events.with_columns(pl.lit(settings.site).alias("site"))

    hosts = events["host"].unique()
    names = pl.Series("site", [_site(host) for host in hosts], dtype=pl.String)
    return join_back(events, pl.DataFrame({"host": hosts, "site": names}), ["host"])


def _site(host: str | None) -> str:
    name = (host or "").lower()
    name = name if name.endswith("]") else name.partition(":")[0]
    return name if is_site(name) else DEFAULT_SITE
