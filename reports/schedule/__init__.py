"""Reports by the clock: jobs in TOML, made when they are due, each exactly once.

In reading order: `cron` (when), `periods` (about which days), `job` (what, and where to), `keys` and `file` (jobs
in TOML), `plan` (which runs are to be made now), `lock` (one worker for a job), `manifest` (what a run leaves
beside its files), `delivery` (files and manifest put in their places), `attempt` (one run), `settle` (one job),
`worker` (all jobs, once or for ever), `listing` (how jobs stand, for people and programs).

The order in which a run is made is what makes it safe to kill: the job is taken, the run noted, the files put one
by one, the manifest put, the run noted as done, the job's `settled_at` moved. Whoever takes over begins the run again,
and replaces what is there.
"""
