"""Samples of beacons: OWA, Matomo, GoatCounter, Snowplow."""

from __future__ import annotations

from typing import Final

from benchmarks.samples.model import Sample

SAMPLES: Final[dict[str, Sample]] = {}
