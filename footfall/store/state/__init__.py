"""The state table: table meta, checkpoints with their owners, the day ledger, and runs of scheduled jobs.

=============  =======================  ======================================================================
pk             sk                       attributes
=============  =======================  ======================================================================
``meta``       ``table``                schema_version, layout, shards, salt, created_at: written once
``source#G``   source id                position, fingerprint, line counts, days, name, revision, owner,
                                        saved_at, saved_by, and what a run saw of the source last: how far
                                        worker group G has read a source, and which run is reading it
``day``        ``{site}#{date}``        revision, written, touched_at: how often and how much was written to
                                        a day, and when last
``schedule``   job name                 line, settled_at, revision, owner, saved_by: up to when the runs of a
                                        scheduled job are settled, and which worker has it
``schedule#J`` moment due, UTC          state, attempts, worker, started_at, ended_at, manifest, error, files,
                                        rows, revision, saved_by: what became of a run of job J
``derived``    table                    rule, made_by, words: by which rule a derived table is made
``derived#T``  ``{site}#{date}``        seen, rows, kinds, expires_at: from what a day of it was made
``forgotten``  ``{source id}#{date}``   erased: how many events were erased on request
=============  =======================  ======================================================================

Meta, checkpoints, jobs and their runs are written under a condition, so that nobody silently overwrites what somebody
else has written. The ledger
only counts up. `written` counts puts, replays included: good for planning a read, not an answer to a question.

In reading order: `items` (one item, one query), `meta`, `days`, `forgotten`, `accounts` (stored events per date),
`owner` (which run, and whether it is still there), `checkpoints`, `runs` (of scheduled jobs), `derived` (what was
made of events).
"""

from footfall.store.state.accounts import Accounts
from footfall.store.state.checkpoints import (
    Checkpoint,
    Held,
    Seen,
    new_token,
    owner_since,
    read_checkpoint,
    read_held,
    save_checkpoint,
    taken,
)
from footfall.store.state.days import Day, read_days, touch_days
from footfall.store.state.forgotten import Forgotten, add_forgotten, read_forgotten
from footfall.store.state.meta import SALT_BYTES, TableMeta, create_meta, find_meta, read_meta
from footfall.store.state.owner import Owner, Process, has_ended, this_process

__all__ = [
    "SALT_BYTES",
    "Accounts",
    "Checkpoint",
    "Day",
    "Forgotten",
    "Held",
    "Owner",
    "Process",
    "Seen",
    "TableMeta",
    "add_forgotten",
    "create_meta",
    "find_meta",
    "has_ended",
    "new_token",
    "owner_since",
    "read_checkpoint",
    "read_days",
    "read_forgotten",
    "read_held",
    "read_meta",
    "save_checkpoint",
    "taken",
    "this_process",
    "touch_days",
]
