"""Any metrics by any dimensions: a query becomes a report.

In reading order: `grain` (what a row can be: a visit, a hit, a line item, an event), `metric` and `dimension` (what
they are), `metrics` and `dimensions` (all of them), `query` (which rows a query is answered from, and its report).
"""

from reports.query.dimensions import DIMENSIONS
from reports.query.metrics import METRICS
from reports.query.query import Query, report_of

__all__ = ["DIMENSIONS", "METRICS", "Query", "report_of"]
