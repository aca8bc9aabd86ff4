"""Read some attributes of the whole events table, its keys above all, strongly consistent.

A Scan costs the same with and without a projection ("Item sizes and formats": what is read counts, not what is
returned), but keys alone are a third of the bytes to carry and to decode.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import polars as pl

from footfall.clock import Clock
from footfall.keys import IDENTITY_DIGITS, IDENTITY_MARK, OFFSET_DIGITS, SEPARATOR, SOURCE_ID_DIGITS
from footfall.layout import PageReply
from footfall.store import Store
from footfall.store.admin import describe
from footfall.store.pages import CONCURRENCY, Manner, Page, read_pages
from footfall.store.partitions import Segment, segments_for

_PLACE_BEGINS: Final = len("2026-01-31T23:59:59.000Z") + len(SEPARATOR)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a scan took; units are read units."""

    items: int = 0
    read_units: float = 0.0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Projection:
    """Which attributes to read (a ProjectionExpression), and what makes a frame of a reply with items."""

    attributes: str
    frame_of: Callable[[PageReply], pl.DataFrame]


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
    started, reading = clock.monotonic(), Reading()

    async def count(page: Page) -> None:
        nonlocal reading
        take(page.frame)
        reading = Reading(reading.items + page.items, reading.read_units + page.read_units)

    pieces = [(index, Segment(index, segments)) for index in range(segments)]
    manner = Manner(projection.attributes, is_consistent=True)
    await read_pages(
        store, clock, pieces, lambda reply: digest(projection.frame_of(reply)), count, manner=manner
    )
    return replace(reading, seconds=round(clock.monotonic() - started, 3))


async def segment_count(store: Store, clock: Clock, likely_items: int) -> int:
    """Return how many pieces to scan the events table in; DescribeTable's figures may be six hours old."""
    facts = await describe(store, clock, store.events_table)
    return segments_for(facts.bytes, max(facts.items, likely_items), CONCURRENCY)


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
