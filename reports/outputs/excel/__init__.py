"""The output for spreadsheets: one workbook of all answers, a sheet for each.

In reading order: `cells` (values as Excel has them), `names` (of sheets), `sheets` (an answer on a sheet), `about` (the
first sheet: where the figures come from and what they mean), `workbook` (the output).
"""

from reports.outputs.excel.workbook import ExcelOutput

__all__ = ["ExcelOutput"]
