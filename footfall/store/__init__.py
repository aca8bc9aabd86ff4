"""The only code that talks to a table.

In reading order: `engine` (the protocol: DynamoDB's wire as bytes), `aws/` and `embedded/` (its two implementations),
`simulator/` (one with limits and faults in front of another), `wire` (typed values), `outcome` and `throttling` (what
a reply means), `client` (calls that are not hot, with their errors translated), `admin` (create and describe tables),
`state/` (table meta, checkpoints with their owners, day ledger), `partitions` (the pieces a table is read in),
`read_pace` (how fast), `prices` (what it costs), `pages` (read them in parallel), `scan` (all keys of the events
table), `erase` (a person's events), `derived` (tables that are worked out of events), `writer/` (batches until they
are stored), `secrets` (where the secret of visitor ids is kept), `objects` (S3 objects, for what is not a table),
`address` (what `--store` takes), `commands` (`footfall table`).
"""

from __future__ import annotations

from dataclasses import dataclass

from footfall.store.engine import Engine


@dataclass(frozen=True, slots=True)
class Store:
    """An open store: an engine and the names of the tables in it.

    `location` is what the user would type after ``--store``.
    """

    engine: Engine
    events_table: str
    state_table: str
    location: str

    def table(self, name: str) -> str:
        """Return what the table `name` is called in this store, as ``owa_sessions``."""
        return f"{self.events_table.removesuffix('events')}{name}"

    @property
    def is_embedded(self) -> bool:
        """Whether it is a file of this machine, which costs nothing and is always consistent."""
        return self.location.startswith(("embedded:", "'embedded:"))
