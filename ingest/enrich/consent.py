"""Honour DNT and Sec-GPC: people who ask not to be tracked.

Sources: Tracking Preference Expression (W3C note of 2019-01-17), 5.2: ``DNT: 1`` asks not to be tracked. Global
Privacy Control (W3C working draft), 3.2: ``Sec-GPC: 1`` asks that data are neither sold nor shared. Any other value
asks for nothing.
"""

from __future__ import annotations

from typing import Final

import polars as pl

from ingest.enrich.distinct import ENCODED, encode_again
from ingest.enrich.settings import EnrichSettings

DO_NOT_TRACK: Final = "do-not-track"
REQUESTS: Final = ("dnt", "gpc")
"""Columns with the headers that people ask by."""

FORGOTTEN: Final = (
    "visitor",
    "session",
    "user",
    "ip",
    "user_agent",
    "browser_version",
    "os_version",
    "region",
    "city",
    "query",
    "click_id",
    "campaign",
    "campaign_term",
    "campaign_content",
    "language",
    "screen",
    "order",
    "props",
)
"""What tells one person from another, or is about nobody else: nothing of it is kept of people who object.

What was asked for and how it was answered is kept, with country, browser, system, device and, for bots, who they are;
so are medium and source, and what was bought for how much, without the number of the order.
"""

WITHOUT_QUERY: Final = ("referrer", "target")
"""URLs of which scheme, host and path are kept."""

_WITHOUT_QUERY: Final = r"^[^?#]*"


def leave_out_objectors(
    events: pl.DataFrame, settings: EnrichSettings
) -> tuple[pl.DataFrame, dict[str, int]]:
    """Return `events` without those of people who object, where the policy is to drop them, and how many by reason."""
    objects = _objectors(events)
    if settings.options.do_not_track != "drop" or objects is None:
        return events, {}

    kept = events.filter(~objects)
    return kept, {DO_NOT_TRACK: len(events) - len(kept)}


def honour_consent(events: pl.DataFrame, settings: EnrichSettings) -> pl.DataFrame:
    """Return `events`, of those who object without anything that tells them apart, where the policy is to
    anonymise.
    """
    objects = _objectors(events)
    if settings.options.do_not_track != "anonymise" or objects is None:
        return events

    emptied = [pl.when(~objects).then(name).alias(name) for name in FORGOTTEN if name in events.columns]
    shortened = [
        pl.when(objects).then(pl.col(name).str.extract(_WITHOUT_QUERY, 0)).otherwise(name).alias(name)
        for name in WITHOUT_QUERY
        if name in events.columns
    ]
    # Of one text, some events keep all and others less.
    return encode_again(events.with_columns(*emptied, *shortened), *ENCODED)


def _objectors(events: pl.DataFrame) -> pl.Series | None:
    """Return for each event whether its sender objects, None when nobody does."""
    asked = [
        (events[name].str.strip_chars() == "1").fill_null(value=False)
        for name in REQUESTS
        if name in events.columns and events[name].null_count() < len(events)
    ]
    if not asked:
        return None

    objects = asked[0] | asked[-1]
    return objects if objects.any() else None
