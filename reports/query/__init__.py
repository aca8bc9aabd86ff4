"""Any metrics by any dimensions: a query becomes a report.

In reading order: `grain` (what a row can be: a visit, a hit, a line item, an event), `metric` and `dimension` (what
they are), `metrics` and `dimensions` (all of them), `cannot` (what OWA has and events cannot carry), `asked` (a
query), `planning` (which rows it is answered from), `query` (its report), `conditions` (what `--where` takes), `probe`
(events that a query is tried on), `typed` (queries from what a user typed), `tables` and `sql` (SQL over events, hits
and visits), `failures` (what users wrote that fails over a value).
"""

from reports.query.asked import Query
from reports.query.dimensions import DIMENSIONS
from reports.query.metrics import METRICS
from reports.query.query import report_of

__all__ = ["DIMENSIONS", "METRICS", "Query", "report_of"]
