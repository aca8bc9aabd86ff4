"""Where log lines come from.

In reading order: `find` (arguments to sources), `codecs` (decompression), `beginning` (what a source is
known by), `opened` (a source that is being
read).
"""

from __future__ import annotations

from ingest.sources.find import Source, find_sources
from ingest.sources.opened import OpenSource, open_source

__all__ = ["OpenSource", "Source", "find_sources", "open_source"]
