"""Where log lines come from.

In reading order: `find` (arguments to sources), `foreign` (what is no log), `codecs` (decompression), `parquet` (rows
as lines), `inflation` (how far unpacking may go), `beginning` (what a source is known by), `opened` (a source that is
being read).
"""

from __future__ import annotations

from ingest.sources.find import Source, find_sources
from ingest.sources.opened import OpenSource, open_source

__all__ = ["OpenSource", "Source", "find_sources", "open_source"]
