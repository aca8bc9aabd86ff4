"""The command line of the way out.

In reading order: `sections` (help of commands with many options), `extraction_options` (how the table is read),
`source_options` (of what: a store, exports, a dataset), `visit_options` and `scope_options` (which events are looked
at, and what a visit is), `query_options` (metrics by dimensions), `definition_options` (reports of one's own),
`worker_options` (who works on partitions), `output_options` (where answers go, and how), `asking` (what commands that
ask have in common), `rollups` (the same out of daily rollups), `report` (`footfall report`), `sql` (`footfall sql`),
`extract` (`footfall extract`), `catalogue` (`footfall reports`), `materialize` (`footfall materialize`), `sessions`
(`footfall sessions`), `schedule` (`footfall schedule`).
"""
