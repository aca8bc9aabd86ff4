"""Make `sample_logs/`: `traffic` (the requests), `model` (what a sample is), `rendered` (parts of requests), then
the files by family.

`ncsa`, `servers`, `aws`, `w3c`, `json_logs`, `platforms`, `beacons`, `beacon_parts`, `json_beacons`, `more_beacons`.
Run from the root: ``python -m benchmarks.samples [NAME]...`` writes all files, or those named. The same files come
out every time; a test holds this.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from benchmarks.samples import aws, beacons, json_logs, more_beacons, ncsa, platforms, servers, w3c
from benchmarks.samples.model import Sample

FOLDER: Final = Path(__file__).resolve().parents[2] / "sample_logs"
SAMPLES: Final[dict[str, Sample]] = {
    **ncsa.SAMPLES,
    **servers.SAMPLES,
    **aws.SAMPLES,
    **w3c.SAMPLES,
    **json_logs.SAMPLES,
    **platforms.SAMPLES,
    **beacons.SAMPLES,
    **more_beacons.SAMPLES,
}


def content_of(name: str) -> bytes:
    """Return the bytes of the sample called `name`."""
    made = SAMPLES[name]()
    return made if isinstance(made, bytes) else "".join(f"{line}\n" for line in made).encode()
