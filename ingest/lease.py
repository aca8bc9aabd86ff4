"""Wait until nobody else reads a source.

A run that reads a source raises the revision of its checkpoint at least every third of its lease. Whoever else wants
the source watches the revision for one whole lease by a clock of its own: machines need not agree on the time. Who
wrote last is decided by the conditional put that follows, not here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from math import inf
from typing import Final, TypeGuard

from footfall.clock import Clock
from footfall.store.state import Checkpoint, Owner, has_ended, owner_since, taken
from ingest.stdin import StopRequested

POLL_SECONDS: Final = 1.0

Say = Callable[[str], None]
"""Is told a sentence for the person who waits."""

Read = Callable[[], Awaitable[Checkpoint]]
"""Returns the checkpoint as it is stored now."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Who waits and how.

    `token` is that of the run that waits. `patience_seconds` is how long it waits for an owner that is alive: None for
    one lease of that owner, infinity for ever, as a standby. `is_stopping` is asked now and then.
    """

    group: str
    token: str
    patience_seconds: float | None
    say: Say
    is_stopping: Callable[[], bool]


async def until_free(read: Read, clock: Clock, waiting: Waiting) -> Checkpoint:
    """Return the checkpoint of a source once no other run reads it: released, silent for its lease, or known dead.

    Raises `SourceTaken` when its owner outlives the patience, `StopRequested` when the run is to stop.
    """
    began_at = seen_at = clock.monotonic()
    stored = seen = await read()
    if _is_held(stored.owner, waiting.token):
        waiting.say(_sentence(stored.name, stored.owner, waiting.patience_seconds))

    while _is_held(stored.owner, waiting.token):
        now, lease_seconds = clock.monotonic(), stored.owner.lease_seconds
        if stored.revision != seen.revision:
            seen, seen_at = stored, now

        if now - seen_at >= lease_seconds:
            return stored

        if now - began_at >= _patience(stored.owner, waiting.patience_seconds):
            raise taken(waiting.group, stored.name, stored)

        if waiting.is_stopping():
            raise StopRequested(f"{stored.name} is still read by another run.")

        await clock.sleep(min(POLL_SECONDS, lease_seconds / 3))
        stored = await read()

    return stored


def _is_held(owner: Owner | None, token: str) -> TypeGuard[Owner]:
    return owner is not None and owner.token != token and not has_ended(owner.process)


def _patience(owner: Owner, patience_seconds: float | None) -> float:
    return owner.lease_seconds if patience_seconds is None else patience_seconds


def _sentence(name: str, owner: Owner, patience_seconds: float | None) -> str:
    limit_seconds = _patience(owner, patience_seconds)
    how_long = "waiting" if limit_seconds == inf else f"waiting up to {limit_seconds:.0f} s"
    return f"{name} is read by {owner_since(owner)}; {how_long} for it to end or its lease to run out."
