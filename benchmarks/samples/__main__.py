"""Write the samples; see the package."""

from __future__ import annotations

import sys

from benchmarks.samples import FOLDER, SAMPLES, content_of

for name in sys.argv[1:] or SAMPLES:
    (FOLDER / name).write_bytes(content_of(name))
