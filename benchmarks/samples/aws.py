"""Samples of the text logs of AWS."""

from __future__ import annotations

from typing import Final

from benchmarks.samples.model import Sample

SAMPLES: Final[dict[str, Sample]] = {}
