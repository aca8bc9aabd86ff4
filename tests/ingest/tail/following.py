"""What the tests of following share: a worker that follows, and what an undisturbed ingest makes of the same lines."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import anyio

from footfall.store import Store
from footfall.store.state import TableMeta
from ingest.settings import IngestSettings
from ingest.tail import Follower
from ingest.tally import Tally
from ingest.worker import Worker
from tests.ingest.runs import HURRY, SITE, HurriedClock, Table, embedded_store, ingest, table, table_of
from tests.ingest.tail.server import Server

A_WHILE_SECONDS = 0.15
"""By the clock on the wall: for what would happen meanwhile if it happened at all."""

GRACE_SECONDS = A_WHILE_SECONDS * HURRY
LEASE_SECONDS = 0.3 * HURRY
LIMIT_SECONDS = 60.0
"""Far more than anything here takes."""


class LeapingClock(HurriedClock):
    """A hurried clock that can be put forward."""

    def __init__(self) -> None:
        super().__init__()
        self._leapt_seconds = 0.0

    def leap(self, seconds: float) -> None:
        """Let so many seconds pass at once."""
        self._leapt_seconds += seconds

    def now(self) -> datetime:
        return super().now() + timedelta(seconds=self._leapt_seconds)

    def monotonic(self) -> float:
        return super().monotonic() + self._leapt_seconds


@dataclass(slots=True)
class Following:
    """A run that follows; `notices` is what it has said."""

    feed: Follower
    tally: Tally
    store: Store
    clock: LeapingClock
    notices: list[str]

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Return when something is so; fails the test when that takes too long."""
        with anyio.move_on_after(LIMIT_SECONDS) as limit:
            while not is_so():  # noqa: ASYNC110 - what is waited for are files and a table
                await anyio.sleep(0.002)

        assert not limit.cancelled_caught, f"{self.tally.counts}, {self.notices}"

    async def until_read(self, lines: int) -> None:
        """Return when so many lines are stored, rejected or skipped."""
        await self.until(lambda: self.tally.counts.lines >= lines)

    async def until_held(self, path: Path) -> None:
        """Return when a file is held open: whatever becomes of its name then, it is read."""
        found = path.stat()
        await self.until(lambda: self.feed._holdings.member((found.st_dev, found.st_ino)) is not None)

    async def until_known(self) -> None:
        """Return when some log has a checkpoint: what was rotated before that is not known to belong to it."""
        await self.until(lambda: any(keeper.saved.revision for keeper in self.feed.keepers))

    async def until_stored(self, events: int) -> None:
        """Return when the table has so many events, whichever run has stored them."""
        with anyio.move_on_after(LIMIT_SECONDS) as limit:
            while len(await table_of(self.store)) < events:  # noqa: ASYNC110 - as above
                await anyio.sleep(0.02)

        assert not limit.cancelled_caught, f"{self.tally.counts}, {self.notices}"


@asynccontextmanager
async def following(store_path: Path, *paths: Path | str, **options: Any) -> AsyncIterator[Following]:
    """Follow `paths` into a store until the block ends; what was read then is stored."""
    async with (
        embedded_store(store_path) as (store, meta),
        following_into(store, meta, *paths, **options) as run,
    ):
        yield run


@asynccontextmanager
async def following_into(
    store: Store, meta: TableMeta, *paths: Path | str, **options: Any
) -> AsyncIterator[Following]:
    """Follow `paths` into an open store; `options` are settings, or what a `Follower` takes.

    With `is_cancelled` the end comes at once: what was read but is not stored is not stored.
    """
    is_cancelled = options.pop("is_cancelled", False)
    manner = {
        name: options.pop(name) for name in ("watch", "grace_seconds", "poll_seconds") if name in options
    }
    dead_letters = Path(paths[0]).parent / "dead.ndjson"
    usual: dict[str, Any] = {
        "site": SITE,
        "dead_letters": dead_letters,
        "linger_seconds": 0.01 * HURRY,
        "checkpoint_seconds": 1.0,
        "lease_seconds": LEASE_SECONDS,
    }
    usual_manner: dict[str, Any] = {"watch": "poll", "grace_seconds": GRACE_SECONDS}
    settings = IngestSettings(**(usual | options))
    tally, clock = Tally(), LeapingClock()
    notices: list[str] = []
    arguments = [str(path) for path in paths]
    feed = Follower(
        arguments, settings, store, meta, clock, tally, say=notices.append, **(usual_manner | manner)
    )
    worker = Worker(feed, settings, store, clock, tally)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(worker.run)
        try:
            yield Following(feed, tally, store, clock, notices)
        finally:
            if is_cancelled:
                tasks.cancel_scope.cancel()
            else:
                feed.stop()


async def assert_exactly_once(store: Path, server: Server) -> Table:
    """Check that a store holds what an undisturbed ingest of all generations of a log makes."""
    undisturbed = store.with_name("undisturbed.db")
    logs = sorted(server.truth.glob(f"*/{server.log.name}"))
    await ingest(undisturbed, *logs)
    found, wanted = await table(store), await table(undisturbed)
    assert sorted(wanted.keys() - found.keys()) == [], "missing"
    assert sorted(found.keys() - wanted.keys()) == [], "too many"
    assert found == wanted
    assert len(found) == server.lines
    return found
