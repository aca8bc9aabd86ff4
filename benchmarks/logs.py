"""The lines that benchmarks read: the public Apache log beside the repository, else our own samples, repeated."""

from __future__ import annotations

import gzip
from itertools import cycle, islice
from pathlib import Path

ROOT = Path(__file__).parent.parent
REAL_LOG = ROOT.parent / "shared" / "data" / "apache_access_10k.log.gz"
SAMPLE_LOG = ROOT / "sample_logs" / "combined.log"


def log_lines(count: int) -> list[bytes]:
    """Return `count` lines in the combined format, newlines included."""
    data = gzip.decompress(REAL_LOG.read_bytes()) if REAL_LOG.exists() else SAMPLE_LOG.read_bytes()
    return list(islice(cycle(data.splitlines(keepends=True)), count))
