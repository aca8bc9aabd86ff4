"""Answers out: what is in the table becomes reports.

In reading order, the way data runs: `scope` (which site and days), `plan` (Scan or Query, and in how many
pieces), `extract` (pages to frames), `dataset` (frames to Parquet and back), `catalogue/` (the questions, as
lazy queries), `answer` (a report's result with where it came from), `outputs/` (tables and files), `run` (all
of it in order), `progress` (how reading gets on), `commands` (`footfall report` and `footfall reports`).
"""
