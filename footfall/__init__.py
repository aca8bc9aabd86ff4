"""What ingest and reports both stand on.

In reading order: `event` (the columns), `keys` (where an event is stored), `layout` (frame to items and back),
`errors`, `clock`, `backoff` (how long to wait), `text` (hostile text made safe to show); then `store/`, the only code
that talks to a table.
"""

__version__ = "0.1.0"
