"""The commands of the way in.

`options` (what they have in common, with `filter_options`, `rewrite_options`, `beacon_options`, `enrich_options`
and `privacy_options`; `group_option` for those that ingest nothing), `ingest`, `tail`, `deadletters` with `retry`,
`status`, `verify`, `forget`, `formats` with `explain`, `salts`, `summary` (how a run went).
"""
