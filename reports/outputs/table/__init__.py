"""The output for people: tables in the terminal, or plain aligned text when it goes elsewhere.

In reading order: `bars` (numbers as blocks), `grid` (columns and how they fit), `ink` (what a terminal can show),
`whole` (the output: heading, lines or bars, grid, what it counts).
"""

from reports.outputs.table.whole import TableOutput

__all__ = ["TableOutput"]
