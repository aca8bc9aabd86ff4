"""Keep of what a client says about languages the one it would rather have."""

from __future__ import annotations

from typing import Final

import polars as pl

from ingest.enrich.distinct import join_back
from ingest.enrich.settings import EnrichSettings

_SCRIPT: Final = r"(?:[-_](?P<script>[A-Za-z]{4}))?"
_REGION: Final = r"(?:[-_](?P<region>[A-Za-z]{2}|[0-9]{3}))?"
_TAG: Final = rf"^\s*(?P<language>[A-Za-z]{{2,8}}){_SCRIPT}{_REGION}\b"


def prefer_language(events: pl.DataFrame, settings: EnrichSettings) -> pl.DataFrame:
    """Replace language by its first tag, as ``en-GB`` or ``zh-Hans-CN``: language, script and region.

    Accept-Language (RFC 9110, 12.5.4) lists what a client takes, the best first as all browsers write it; the whole
    of it would tell people apart (RFC 9110, 17.13). Beacons say one tag, in any case. Null for what is none
    (RFC 5646, 2.1).
    """
    del settings
    if "language" not in events.columns or events["language"].null_count() == len(events):
        return events

    said = events["language"].unique()
    tag = pl.col("language").str.extract_groups(_TAG).struct
    parts = (
        tag.field("language").str.to_lowercase(),
        tag.field("script").str.to_titlecase(),
        tag.field("region").str.to_uppercase(),
    )
    joined = pl.concat_str(parts, separator="-", ignore_nulls=True)
    kept = said.to_frame().select("language", pl.when(parts[0].is_not_null()).then(joined).alias("kept"))
    return join_back(events, kept, ["language"]).drop("language").rename({"kept": "language"})
