"""The way in: bytes of logs to items in the table.

In reading order, the way the data runs: `sources/` (what to read), `chunks` and `lines` (bytes to lines), `formats/`
(lines to events), `filters`, `enrich`, `prepare` (a chunk to batches: all of the above in one pure step), `writer/`
(batches to the table), `deadletters`, `positions` and `checkpoint` (how far everything is done). `worker` puts them
together: its `run` is the picture of the system. `reader` is its first task, `unfinished` and `stdin` are its special
cases; `settings`, `flow`, `tally`, `progress`, `run` and `commands` stand around it.
"""
