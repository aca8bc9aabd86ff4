"""Samples of logs in JSON, of wrapped lines, and of Parquet."""

from __future__ import annotations

from typing import Final

from benchmarks.samples.model import Sample

SAMPLES: Final[dict[str, Sample]] = {}
