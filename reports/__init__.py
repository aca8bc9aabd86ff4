"""Answers out: what is in the table becomes reports.

In reading order, the way data runs: `scope` (which site and days), `temporary` (what is written on the way, and full
disks), `extraction/` (the table's events as Parquet), `export/` (the same out of DynamoDB's exports), `lake/` (for
other tools, and on S3), `visits/` (what a visit is, and events cut into visits), `partials/` (what the visitors of
one partition contribute, and how that adds up), `report` (what a report is), `query/` (any metrics by any
dimensions), `catalogue/` (the questions that have a name), `toml/` (files that people write, read strictly),
`definitions/` (goals, funnels and reports of a site's own), `answer` (a report's result with where it came from),
`outputs/` (tables, files and pages), `run` (all of it in order), `schedule/` (the same by the clock), `materialize/`
(visits, visitors and daily figures kept in tables), `commands/` (`footfall report` and its neighbours).
"""
