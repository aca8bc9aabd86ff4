"""A DynamoDB export to S3 as a source of the same events: no read units, whatever the table's size.

In reading order, the way data runs: `places` (a folder or S3), `manifest` (what an export says of itself), `chain` (a
full export and the incremental ones after it), `lines` (a file of lines to frames), `merge` (the newest image of each
item), `read` (all of it in order, into a sink), `extracted` (into a dataset, temporary or kept).

Source: "DynamoDB table export output format", Amazon DynamoDB Developer Guide.
"""

from reports.export.extracted import extracted_from_exports, location_of
from reports.export.places import ExportPlace, opened_places

__all__ = ["ExportPlace", "extracted_from_exports", "location_of", "opened_places"]
