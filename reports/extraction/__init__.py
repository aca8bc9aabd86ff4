"""The table's events as a dataset of Parquet files, read once for all reports of a run.

In reading order: `plan` (Scan or Query, and in how many pieces), `reading` (what reading took), `extract` (pages to
frames), `dataset` (frames to Parquet and back), `progress` (how reading gets on).
"""
