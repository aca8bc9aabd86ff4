"""The table's events as a dataset of Parquet files, read once for all reports of a run, and kept for the next.

In reading order: `request` (what is asked for), `plan` (Scan or Query, and in how many pieces), `explain` (what that
takes), `reading` (what it took), `extract` (pages to frames, in pieces that fit into memory), `dataset` (frames to
Parquet and back), `manifest` (which days a kept dataset has, and whether they are fresh), `journal` (how far a reading
into it is), `publish` (what was read becomes days of it), `kept` (its folder is ours alone), `run` (all of it in
order), `progress` (how reading gets on).
"""

from reports.extraction.request import Request
from reports.extraction.run import explained, extracted

__all__ = ["Request", "explained", "extracted"]
