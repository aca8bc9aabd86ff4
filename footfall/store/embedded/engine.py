"""The engine that is a file: operations by name, each a pure decoding and a function of a transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import msgspec

from footfall.clock import Clock
from footfall.store.embedded import admin, batch, items, pages, requests
from footfall.store.embedded.database import Database
from footfall.store.embedded.file import BUSY_SECONDS
from footfall.store.embedded.problem import UNKNOWN_OPERATION, Problem, invalid
from footfall.store.embedded.session import Session
from footfall.store.engine import Reply

MEMORY: Final = ":memory:"
MAX_REQUEST_BYTES: Final = 16 * 2**20


@dataclass(frozen=True, slots=True)
class Operation:
    """How a body becomes a request (pure), how a request is answered in a transaction, and whether that writes."""

    prepare: Callable[[bytes], Any]
    answer: Callable[[Session, Any], bytes]
    writes: bool = False


def _reads(request: type[requests.Wire], answer: Callable[[Session, Any], bytes]) -> Operation:
    return Operation(partial(requests.decode, msgspec.json.Decoder(request)), answer)


def _writes(request: type[requests.Wire], answer: Callable[[Session, Any], bytes]) -> Operation:
    return Operation(partial(requests.decode, msgspec.json.Decoder(request)), answer, writes=True)


OPERATIONS: Final[dict[str, Operation]] = {
    "BatchWriteItem": Operation(batch.prepare, batch.batch_write_item, writes=True),
    "CreateTable": _writes(requests.CreateTable, admin.create_table),
    "DeleteItem": _writes(requests.DeleteItem, items.delete_item),
    "DeleteTable": _writes(requests.TableRequest, admin.delete_table),
    "DescribeTable": _reads(requests.TableRequest, admin.describe_table),
    "DescribeTimeToLive": _reads(requests.TableRequest, admin.describe_time_to_live),
    "GetItem": _reads(requests.GetItem, items.get_item),
    "ListTables": _reads(requests.ListTables, admin.list_tables),
    "PutItem": _writes(requests.PutItem, items.put_item),
    "Query": _reads(requests.Query, pages.query),
    "Scan": _reads(requests.Scan, pages.scan),
    "UpdateItem": _writes(requests.UpdateItem, items.update_item),
    "UpdateTimeToLive": _writes(requests.UpdateTimeToLive, admin.update_time_to_live),
}


class EmbeddedEngine:
    """A SQLite file that answers as DynamoDB does: same limits, errors and units; one machine, any number of processes.

    It differs where a file must: reads are always consistent, tables are active at once, counts are exact, items do
    not expire, and nothing is throttled.
    """

    def __init__(
        self, database: Database, clock: Clock, folder: TemporaryDirectory[str] | None = None
    ) -> None:
        self._database = database
        self._clock = clock
        self._folder = folder

    @classmethod
    def open(cls, path: Path | str, clock: Clock, *, busy_seconds: float = BUSY_SECONDS) -> EmbeddedEngine:
        """Open the file at `path`, or make it; ``:memory:`` is a file that is gone after `aclose`.

        A write waits up to `busy_seconds` for another process, then it is answered with an InternalServerError.

        Raises `StoreError` when it cannot be opened, is no SQLite file or not one of ours, `SchemaMismatch` when a
        newer footfall made it.
        """
        if str(path) != MEMORY:
            return cls(Database(Path(path), busy_seconds), clock)

        # SQLite's own :memory: has one connection only: no reads beside a write, and nothing like the real thing.
        folder = TemporaryDirectory(prefix="footfall-")
        return cls(Database(Path(folder.name) / "memory.db", busy_seconds), clock, folder)

    async def call(self, operation: str, body: bytes) -> Reply:
        """Carry out `operation`. Raises `StoreError` when the file cannot be read or written."""
        known = OPERATIONS.get(operation)
        if known is None:
            return Problem(UNKNOWN_OPERATION, f"The embedded store has no operation {operation}").reply()

        if len(body) > MAX_REQUEST_BYTES:
            return invalid("Request size exceeded: the limit is 16777216 bytes").reply()

        try:
            work = partial(self._answer, known, body)
            content = await (self._database.write(work) if known.writes else self._database.read(work))
        except Problem as problem:
            return problem.reply()

        return Reply(200, content)

    async def aclose(self) -> None:
        """Finish the writes under way and close the file."""
        await self._database.close()
        if self._folder is not None:
            self._folder.cleanup()

    # Decoding, too, happens in the thread: with the event loop doing it, the thread would wait for the interpreter
    # lock, up to 5 ms at each SQL step. Writes were 1.5 times as fast this way.
    def _answer(self, operation: Operation, body: bytes, connection: sqlite3.Connection) -> bytes:
        return operation.answer(Session(connection, self._clock.now()), operation.prepare(body))
