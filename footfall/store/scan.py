"""Read some attributes of the whole events table, its keys above all: a parallel Scan whose pages become frames.

A Scan costs the same with and without a projection ("Item sizes and formats": what is read counts, not what is
returned), but keys alone are a third of the bytes to carry and to decode.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import anyio
import anyio.to_thread
import msgspec
import polars as pl

from footfall.clock import Clock
from footfall.keys import IDENTITY_DIGITS, IDENTITY_MARK, OFFSET_DIGITS, SEPARATOR, SOURCE_ID_DIGITS
from footfall.layout import PageReply, read_page
from footfall.store import Store
from footfall.store.admin import describe
from footfall.store.client import Progress, request
from footfall.store.outcome import error_for

CONCURRENCY: Final = min(16, max(4, 2 * (os.cpu_count() or 1)))
"""Pages at a time: two for each core, so that one is on its way while another is decoded."""

LARGEST_SEGMENTS: Final = 256
SEGMENT_BYTES: Final = 2 * 1024**3
"""One segment per 2 GB ("Best practices for querying and scanning data")."""

_ITEMS_PER_SEGMENT: Final = 2_000
_PLACE_BEGINS: Final = len("2026-01-31T23:59:59.000Z") + len(SEPARATOR)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a scan took; units are read units."""

    items: int = 0
    read_units: float = 0.0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class ScanPage:
    """A page as a frame, a row for each item, and where the next page begins (raw JSON), if any."""

    frame: pl.DataFrame
    last_key: bytes | None
    consumed_units: float


@dataclass(frozen=True, slots=True)
class Projection:
    """Which attributes to read (a ProjectionExpression), and what makes a frame of a reply with items."""

    attributes: str
    frame_of: Callable[[PageReply], pl.DataFrame]


@dataclass(slots=True)
class _Run:
    """What the readers of one scan share; only the event loop's thread changes it."""

    store: Store
    clock: Clock
    projection: Projection
    digest: Callable[[pl.DataFrame], pl.DataFrame]
    take: Callable[[pl.DataFrame], None]
    segments: Iterator[int]
    total: int
    reading: Reading
    progress: Progress
    processors: anyio.CapacityLimiter


async def scan(
    store: Store,
    clock: Clock,
    projection: Projection,
    *,
    segments: int,
    digest: Callable[[pl.DataFrame], pl.DataFrame],
    take: Callable[[pl.DataFrame], None],
) -> Reading:
    """Read all items in `segments` pieces, strongly consistent; return what it took.

    Of each page's frame a worker thread makes a `digest`, which `take` is given in the event loop: what
    is held in memory is up to them. Raises what `footfall.store.client.request` does, in an ExceptionGroup.
    """
    started = clock.monotonic()
    hint = "raise the table's read units or lower --segments, or run again later"
    run = _Run(
        store,
        clock,
        projection,
        digest,
        take,
        iter(range(segments)),
        segments,
        Reading(),
        Progress(capacity_hint=hint),
        anyio.CapacityLimiter(os.cpu_count() or 1),
    )
    async with anyio.create_task_group() as group:
        for _ in range(min(CONCURRENCY, segments)):
            group.start_soon(_read, run)

    return replace(run.reading, seconds=round(clock.monotonic() - started, 3))


async def segment_count(store: Store, clock: Clock, likely_items: int) -> int:
    """Return how many pieces to scan the events table in; DescribeTable's figures may be six hours old."""
    facts = await describe(store, clock, store.events_table)
    worthwhile = -(-max(facts.items, likely_items) // _ITEMS_PER_SEGMENT)
    for_size = -(-facts.bytes // SEGMENT_BYTES)
    return max(1, min(LARGEST_SEGMENTS, max(for_size, min(CONCURRENCY, worthwhile))))


def decode(body: bytes, projection: Projection) -> ScanPage:
    """Return the page in a Scan's reply."""
    reply = read_page(body)
    return ScanPage(projection.frame_of(reply), reply.last_key, reply.consumed_units)


async def _read(run: _Run) -> None:
    """Take segments until none is left."""
    for segment in run.segments:
        await _read_segment(run, segment)


async def _read_segment(run: _Run, segment: int) -> None:
    document: dict[str, Any] = {
        "TableName": run.store.events_table,
        "Segment": segment,
        "TotalSegments": run.total,
        "ProjectionExpression": run.projection.attributes,
        "ConsistentRead": True,
        "ReturnConsumedCapacity": "TOTAL",
    }
    while True:
        body = await _page(run, document)
        page, digested = await anyio.to_thread.run_sync(
            _digest, body, run.projection, run.digest, limiter=run.processors
        )
        run.take(digested)
        run.reading = Reading(
            run.reading.items + page.frame.height, run.reading.read_units + page.consumed_units
        )
        if page.last_key is None:
            return

        document = document | {"ExclusiveStartKey": msgspec.Raw(page.last_key)}


async def _page(run: _Run, document: dict[str, Any]) -> bytes:
    table, content = run.store.events_table, msgspec.json.encode(document)
    reply = await request(run.store, run.clock, "Scan", content, table=table, progress=run.progress)
    if not reply.ok:
        raise error_for("Scan", table, reply, run.store.location)

    return reply.body


def _digest(
    body: bytes, projection: Projection, digest: Callable[[pl.DataFrame], pl.DataFrame]
) -> tuple[ScanPage, pl.DataFrame]:
    page = decode(body, projection)
    return page, digest(page.frame)


def place_columns(pk: pl.Expr, sk: pl.Expr) -> tuple[pl.Expr, pl.Expr, pl.Expr]:
    """Return `source_id`, `on` (ISO date) and `offset` of items by their keys.

    `source_id` is `IDENTITY_MARK` for an event with an id of its own, whose line the key does not tell; it is null,
    as `offset` is there, where the key is none of footfall's.
    """
    place = sk.str.slice(_PLACE_BEGINS)
    is_ours = place.str.contains(f"^[0-9a-f]{{{SOURCE_ID_DIGITS}}}[0-9]{{{OFFSET_DIGITS}}}$")
    is_known = place.str.contains(f"^{IDENTITY_MARK}[0-9a-f]{{{IDENTITY_DIGITS}}}$")
    source_id = pl.when(is_ours).then(place.str.head(SOURCE_ID_DIGITS))
    return (
        source_id.when(is_known).then(pl.lit(IDENTITY_MARK)).alias("source_id"),
        pk.str.splitn(SEPARATOR, 3).struct.field("field_1").alias("on"),
        pl.when(is_ours).then(place.str.tail(OFFSET_DIGITS)).cast(pl.Int64).alias("offset"),
    )


_WIRE_SCHEMA: Final = pl.Schema({"pk": pl.Struct({"S": pl.String}), "sk": pl.Struct({"S": pl.String})})
_SCHEMA: Final = pl.Schema({"source_id": pl.String, "on": pl.String, "offset": pl.Int64})


def _keys(reply: PageReply) -> pl.DataFrame:
    if not reply.count:
        return pl.DataFrame(schema=_SCHEMA)

    raw = pl.read_json(io.BytesIO(reply.items), schema=_WIRE_SCHEMA)
    return raw.select(place_columns(pl.col("pk").struct.field("S"), pl.col("sk").struct.field("S")))


KEYS: Final = Projection("pk, sk", _keys)
"""Only the keys: `source_id`, `on` and `offset` of each item (see `place_columns`)."""
