"""What one ingest run does."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ingest.beacons import BeaconSettings
from ingest.chunks import CHUNK_BYTES
from ingest.enrich import Enrichment
from ingest.filters import Filters
from ingest.formats import Format
from ingest.sources.inflation import MAX_INFLATION

MOST_PREPARERS: Final = 4
"""Polars spreads one chunk over all cores by itself, so more preparers mostly take memory: 1,000,000 lines took 342
MB with two, 464 MB with four and 615 MB with eight, and were no faster (on two cores).
"""


@dataclass(frozen=True, slots=True)
class IngestSettings:
    """Settings of a run; `format` is None to detect it for each source, `site` to take the virtual host.

    `max_write_units` is in units a second, None for what the table bears.
    """

    format: Format | None = None
    site: str | None = None
    enrichment: Enrichment = field(default_factory=Enrichment)
    beacons: BeaconSettings = field(default_factory=BeaconSettings)
    filters: Filters = field(default_factory=Filters)
    group: str = "default"
    host_label: str = ""
    replay: bool = False
    dead_letters: Path = Path("footfall-dead-letters.ndjson")
    writers: int = 16
    preparers: int = field(default_factory=lambda: min(os.cpu_count() or 1, MOST_PREPARERS))
    chunk_bytes: int = CHUNK_BYTES
    max_line_bytes: int = 1024 * 1024
    max_inflation: float = MAX_INFLATION
    max_rejected: float = 0.5
    max_rejected_in_a_row: int = 10_000
    max_write_units: float | None = None
    give_up_after_seconds: float = 600.0
    checkpoint_seconds: float = 2.0
    linger_seconds: float = 1.0
    drain_seconds: float = 30.0
    lease_seconds: float = 30.0
