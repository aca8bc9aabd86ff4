"""What travels through the streams of the worker, and where it comes from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from anyio.streams.memory import MemoryObjectSendStream

from footfall.errors import FootfallError
from footfall.store.writer.batches import Batch
from ingest.checkpoint import CheckpointKeeper
from ingest.chunks import Chunk
from ingest.positions import Pending
from ingest.prepare import Recipe


@dataclass(frozen=True, slots=True)
class Running:
    """A source that is being read."""

    recipe: Recipe
    keeper: CheckpointKeeper


@dataclass(frozen=True, slots=True)
class Work:
    """A chunk to prepare; its position travels with it."""

    chunk: Chunk
    pending: Pending
    running: Running


@dataclass(frozen=True, slots=True)
class Parcel:
    """A batch to write; its chunk is done when the last batch that was cut from it is acknowledged."""

    batch: Batch
    work: Work


class Feed(Protocol):
    """Where the chunks of a run come from: `ingest.reader` reads sources to their ends, `ingest.tail` follows them.

    `problems` are the errors of sources that the others went on without, `notices` what the user should know of others.
    """

    problems: list[FootfallError]
    notices: list[str]
    stopping: bool

    @property
    def keepers(self) -> Iterable[CheckpointKeeper]:
        """Return the checkpoints of the sources that were begun so far."""
        ...

    async def run(self, chunks: MemoryObjectSendStream[Work]) -> None:
        """Send chunks until there are no more or `stop` was called, then close the stream."""
        ...

    def stop(self) -> None:
        """Read no further."""
        ...

    def raw_bytes(self) -> int:
        """Return how much was read so far, as it lies on the disk."""
        ...
