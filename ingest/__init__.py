"""The way in: bytes of logs to items in the table.

In reading order, the way the data runs:

* `settings`: what a run is asked to do; `tally`: what it counts; `flow`: what travels through its streams
* `sources/` (what to read), `stdin` (pipes), `portion` (how much at once), `chunks` and `lines` (bytes to lines),
  `unfinished` (a last line without a newline)
* `formats/` (lines to events), `beacons/` (requests that tell of events), `filters`, `enrich/`, `prepare` (a chunk to
  batches: all of these in one pure step)
* `refusals` (lines to dead letters), `deadletters/` (dead letters on the disk and back)
* `writing` (the writer of batches, `footfall/store/writer/`, as a run is set to)
* `positions` (how far everything is done), `trace` (a log known again), `lease` (whose a log is), `checkpoint` (both of
  it kept in the table), `register` (the checkpoints of a run)
* `reader` (the feed of logs that end), `tail/` (the feed of logs that do not), `worker` (puts all of it together: its
  `run` is the picture of the system), `progress`, `run` (signals and time around the worker)
* `status`, `accounting` and `verify` (what was done, held against what is there), `forget` (a person erased)
* `commands/` (`footfall ingest`, `tail`, `deadletters`, `status`, `verify`, `formats`)
"""
