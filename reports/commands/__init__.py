"""The command line of the way out.

In reading order: `sections` (help of commands with many options), `extraction_options` (how the table is read),
`source_options` (of what: a store, exports, a dataset), `visit_options` and `scope_options` (which events are looked
at, and what a visit is), `query_options` (metrics by dimensions), `definition_options` (reports of one's own),
`worker_options` (who works on partitions), `output_options` (where answers go, and how), `asking` (what commands that
ask have in common), `rollups` (the same out of daily rollups), `report` (`footfall report`), `sql` (`footfall sql`),
`extract` (`footfall extract`), `catalogue` (`footfall reports`), `materialize` (`footfall materialize`), `sessions`
(`footfall sessions`), `schedule` (`footfall schedule`).
"""

from reports.commands.catalogue import reports_command
from reports.commands.extract import extract_command
from reports.commands.materialize import materialize_command
from reports.commands.output_options import screen_of
from reports.commands.report import report_command
from reports.commands.schedule import schedule_group
from reports.commands.sessions import sessions_command
from reports.commands.sql import sql_command

__all__ = [
    "extract_command",
    "materialize_command",
    "report_command",
    "reports_command",
    "schedule_group",
    "screen_of",
    "sessions_command",
    "sql_command",
]
