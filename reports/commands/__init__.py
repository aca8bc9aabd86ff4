"""The command line of the way out.

In reading order: `report` (`footfall report`), `catalogue` (`footfall reports`).
"""

from reports.commands.catalogue import reports_command
from reports.commands.report import chosen_outputs, report_command, terminal_width

__all__ = ["chosen_outputs", "report_command", "reports_command", "terminal_width"]
