"""What travels through the streams of the worker."""

from __future__ import annotations

from dataclasses import dataclass

from ingest.checkpoint import CheckpointKeeper
from ingest.chunks import Chunk
from ingest.positions import Pending
from ingest.prepare import Recipe
from ingest.writer.batches import Batch


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
    """A batch to write; the chunk it was cut from is done when its last parcel is acknowledged."""

    batch: Batch
    pending: Pending
    running: Running
