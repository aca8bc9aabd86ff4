"""What ingest and reports both stand on.

In reading order: `event` (the columns), `keys` (where an event is stored), `layout` (frame to items and back),
`salts` (of visitor ids), `person` (whose an event is), `erasure` (a person's rows out of Parquet files), `errors`,
`clock`, `backoff` (how long to wait), `bucket` (how fast), `paths`, `text` (hostile text made safe to show), `commands`
(loaded when they are run); then `store/`, the only code that talks to a table.
"""

__version__ = "0.1.0"
