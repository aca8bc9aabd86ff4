"""Find a person's events in the events table, and erase them."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

import anyio
import msgspec
import polars as pl

from footfall.clock import Clock
from footfall.event import ATTRIBUTES
from footfall.keys import IDENTITY_MARK, day_of
from footfall.layout import PageReply
from footfall.person import TRACES, Person, is_person
from footfall.salts import Salts
from footfall.store import Store
from footfall.store.client import Progress, request
from footfall.store.outcome import error_for
from footfall.store.scan import Projection, Reading, place_columns, scan
from footfall.store.state import add_forgotten, touch_days

CONCURRENCY: Final = 16
"""DeleteItem requests under way at once."""

STEP_ITEMS: Final = 400
"""Items that are erased before that is noted: a crash in between leaves so many that `verify` misses."""

FOUND: Final = pl.Schema({"pk": pl.String, "sk": pl.String, "source_id": pl.String})
"""What is known of an item that was found: its keys, and the source its line stood in."""

_NAMES: Final = {column.name: str(column.attribute) for column in ATTRIBUTES if column.name in TRACES}
_WIRE_SCHEMA: Final = pl.Schema(
    {name: pl.Struct({"S": pl.String}) for name in ("pk", "sk", *_NAMES.values())}
)


async def find_events(
    store: Store, clock: Clock, person: Person, salts: Sequence[Salts], *, segments: int
) -> tuple[pl.DataFrame, Reading]:
    """Return the person's items (see `FOUND`) and what reading the whole table took."""
    found = [pl.DataFrame(schema=FOUND)]

    def digest(items: pl.DataFrame) -> pl.DataFrame:
        return items.filter(is_person(items, person, salts)).select(FOUND.names())

    reading = await scan(store, clock, PEOPLE, segments=segments, digest=digest, take=found.append)
    return pl.concat(found), reading


async def erase_events(store: Store, clock: Clock, found: pl.DataFrame) -> None:
    """Delete the items of `found`; erasing twice is erasing once.

    The days are touched, so that nobody takes a copy of them for fresh: before, since a crash may leave them erased
    and not touched, and after, since somebody may make a copy meanwhile. What was erased is counted by source, so that
    `verify` does not miss it.
    """
    progress = Progress(capacity_hint="raise the table's write units or run again later")
    for step in found.iter_slices(STEP_ITEMS):
        limiter = anyio.CapacityLimiter(CONCURRENCY)
        days = dict.fromkeys((day_of(pk) for pk in step["pk"].unique()), 0)
        await touch_days(store, clock, days)
        async with anyio.create_task_group() as group:
            for pk, sk in step.select("pk", "sk").iter_rows():
                group.start_soon(_delete, store, clock, store.events_table, pk, sk, progress, limiter)

        await add_forgotten(store, clock, _by_source(step))
        await touch_days(store, clock, days)


async def delete_items(store: Store, clock: Clock, table: str, keys: pl.DataFrame) -> None:
    """Delete the items of `table` with the keys `pk` and `sk`; deleting twice is deleting once."""
    progress = Progress(capacity_hint="raise the table's write units or run again later")
    for step in keys.iter_slices(STEP_ITEMS):
        limiter = anyio.CapacityLimiter(CONCURRENCY)
        async with anyio.create_task_group() as group:
            for pk, sk in step.select("pk", "sk").iter_rows():
                group.start_soon(_delete, store, clock, table, pk, sk, progress, limiter)


async def _delete(
    store: Store,
    clock: Clock,
    table: str,
    pk: str,
    sk: str,
    progress: Progress,
    limiter: anyio.CapacityLimiter,
) -> None:
    body = msgspec.json.encode({"TableName": table, "Key": {"pk": {"S": pk}, "sk": {"S": sk}}})
    async with limiter:
        reply = await request(store, clock, "DeleteItem", body, table=table, progress=progress)

    if not reply.ok:
        raise error_for("DeleteItem", table, reply, store.location)


def _by_source(found: pl.DataFrame) -> dict[tuple[str, date], int]:
    """Return how many of `found` are of a source and date; events with ids of their own are accounted for nowhere."""
    counted = Counter(_places(found))
    return dict(counted)


def _places(found: pl.DataFrame) -> Iterator[tuple[str, date]]:
    for pk, source_id in found.select("pk", "source_id").iter_rows():
        if source_id not in {None, IDENTITY_MARK}:
            yield source_id, day_of(pk)[1]


def _traces(reply: PageReply) -> pl.DataFrame:
    """Return the keys and the columns `TRACES` of a page's items, without those of other programs."""
    schema = FOUND | dict.fromkeys(_NAMES, pl.String) | {"time": pl.Datetime("ms", "UTC")}
    if not reply.count:
        return pl.DataFrame(schema=schema)

    raw = pl.read_json(io.BytesIO(reply.items), schema=_WIRE_SCHEMA)
    text = raw.select(pl.col(name).struct.field("S").alias(name) for name in raw.columns)
    source_id, on, _ = place_columns(pl.col("pk"), pl.col("sk"))
    time = on.str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("ms", "UTC")).alias("time")
    traces = [pl.col(attribute).alias(name) for name, attribute in _NAMES.items()]
    return text.select("pk", "sk", source_id, *traces, time).filter(pl.col("time").is_not_null())


PEOPLE: Final = Projection(", ".join(("pk", "sk", *_NAMES.values())), _traces)
"""The keys and what a person is known by; `time` is midnight of the day, which is all that salts go by."""
