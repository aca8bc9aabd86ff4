"""Files of beacons themselves: request bodies and query strings, one a line, and OWA's queue files."""

from __future__ import annotations

from typing import Final

from ingest.formats.model import Format

BODIES: Final[tuple[Format, ...]] = ()
