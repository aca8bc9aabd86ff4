"""The fixed order of enrichment: first understand events, with all that was logged, then conceal what is not kept."""

from __future__ import annotations

from typing import Final

import polars as pl

from footfall.event import SCHEMA
from ingest.enrich.agent import AGENT_LOGGED, classify_agent
from ingest.enrich.campaign import read_campaign
from ingest.enrich.client import resolve_client
from ingest.enrich.consent import honour_consent
from ingest.enrich.distinct import encode_texts
from ingest.enrich.expire import set_expiry
from ingest.enrich.geography import locate_client
from ingest.enrich.language import prefer_language
from ingest.enrich.mask import mask_address
from ingest.enrich.referrer import classify_referrer
from ingest.enrich.resource import classify_resource
from ingest.enrich.rewrite import rewrite, strip_query
from ingest.enrich.scrub import scrub_urls
from ingest.enrich.settings import EnrichSettings
from ingest.enrich.site import assign_site
from ingest.enrich.url import normalise_url
from ingest.enrich.visitor import identify_visitor

UNDERSTAND: Final = (
    resolve_client,
    encode_texts,
    normalise_url,
    assign_site,
    read_campaign,
    classify_referrer,
    classify_agent,
    classify_resource,
    prefer_language,
    locate_client,
    identify_visitor,
)
CONCEAL: Final = (honour_consent, scrub_urls, mask_address, set_expiry)

NEEDED_TEXTS: Final = ("host", "ip", "user_agent", "referrer", "path", "query", "method", "kind")
"""Columns that steps may read although a format does not carry them: null then."""


def understand(events: pl.DataFrame, source_id: str, settings: EnrichSettings) -> pl.DataFrame:
    """Return `events`, in their order, with everything that can be worked out of them, addresses whole."""
    missing = [name for name in NEEDED_TEXTS if name not in events.columns]
    known = {"source_id": pl.lit(source_id)}
    if "user_agent" in missing:
        known[AGENT_LOGGED] = pl.lit(value=False)

    understood = events.with_columns(
        *(pl.lit(None, dtype=pl.String).alias(name) for name in missing),
        **known,
    )
    for step in UNDERSTAND:
        understood = step(understood, settings)

    return understood


def conceal(events: pl.DataFrame, settings: EnrichSettings) -> pl.DataFrame:
    """Return understood `events` ready to be stored: without what is not kept, with columns of `SCHEMA` only."""
    events = strip_query(events, settings.options.rewriting)
    for step in CONCEAL:
        events = step(events, settings)

    return events.select(name for name in (*SCHEMA, "identity") if name in events.columns)


def enrich(events: pl.DataFrame, source_id: str, settings: EnrichSettings) -> pl.DataFrame:
    """Return `events` ready to be stored, in their order."""
    rewritten = rewrite(events, settings.options.rewriting)
    return conceal(understand(rewritten, source_id, settings), settings)
