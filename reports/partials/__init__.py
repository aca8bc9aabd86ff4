"""Partial aggregates: what the visitors of one partition contribute to reports, and how contributions become answers.

In reading order: `sketches` (of distinct things), `part` (rows and how they merge), `approximate` (parts that are
sketches), `partitions` (events spread over partitions by visitor), `contribution` (all parts of one partition, merging,
and the answers), `work` (partitions side by side), `executors` (who does it: processes here, a Dask cluster).
"""
