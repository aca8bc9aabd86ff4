"""Tables that are worked out of events and kept: sessions, visitors, and daily rollups.

In reading order: `days` (which days are to be made), `sessions` (visits as rows, visitors as what they come to),
`rollups` (daily figures and sketches), `keys` and `layouts` (rows to items and back), `prepare` (a day's items in
files), `write` (a day's items into the tables, and what is stale out of them), `run` (all of it in order), `answer`
(reports out of rollups), `history` (a visitor's sessions).
"""

from reports.materialize.run import WHAT, Outcome, Wish, materialize

__all__ = ["WHAT", "Outcome", "Wish", "materialize"]
