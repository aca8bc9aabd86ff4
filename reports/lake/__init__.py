"""The dataset for other tools: kept on S3, read again without a store, described in SQL.

In reading order: `manifest` (what a dataset on S3 says of itself), `target` (its folder there), `mirror` (days of a
folder to S3), `into_s3` (from a store or exports to S3, only what changed), `kept` (a dataset as a source), `ddl` (the
SQL that Athena, Spark and DuckDB see it by).

A dataset in a folder is what `reports.extraction` keeps; here is what becomes of it.
"""

from reports.lake.ddl import DIALECTS, ddl
from reports.lake.into_s3 import Extract, extract_to_s3
from reports.lake.kept import extracted_from_dataset
from reports.lake.mirror import Mirrored

__all__ = ["DIALECTS", "Extract", "Mirrored", "ddl", "extract_to_s3", "extracted_from_dataset"]
