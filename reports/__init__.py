"""Answers out: what is in the table becomes reports.

In reading order, the way data runs: `scope` (which site and days), `extraction/` (the table's events as Parquet),
`export/` (the same out of DynamoDB's exports), `lake/` (for other tools, and on S3),
`catalogue/` (the questions, as lazy queries), `answer` (a report's result with where it came from), `outputs/`
(tables and files), `run` (all of it in order), `schedule/` (the same by the clock), `commands/`
(`footfall report` and its neighbours).
"""
