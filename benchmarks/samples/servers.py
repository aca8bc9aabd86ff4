"""Samples of proxies, caches and media servers, and of custom formats."""

from __future__ import annotations

from typing import Final

from benchmarks.samples.model import Sample

SAMPLES: Final[dict[str, Sample]] = {}
