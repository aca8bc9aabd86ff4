"""Samples of the W3C Extended Log File Format."""

from __future__ import annotations

from typing import Final

from benchmarks.samples.model import Sample

SAMPLES: Final[dict[str, Sample]] = {}
