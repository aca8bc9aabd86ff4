"""The tables that are worked out of events: what they are called, which sessions a day has, and a person in them.

The keys of a day's sessions are kept beside them, in items of the partition `#day#{site}#{date}`: what a day no longer
has can be deleted without reading the table, and nothing else can be called so, since no site begins with ``#``.
"""

from __future__ import annotations

import io
import zlib
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final

import polars as pl

from footfall.clock import Clock
from footfall.errors import TableMissing
from footfall.event import ATTRIBUTES
from footfall.keys import SEPARATOR
from footfall.layout import PageReply
from footfall.person import Person, is_person
from footfall.salts import Salts
from footfall.store import Store
from footfall.store.admin import describe
from footfall.store.client import command
from footfall.store.erase import delete_items
from footfall.store.pages import Manner, Page, read_pages
from footfall.store.partitions import KeyRange, Segment
from footfall.store.wire import text

SESSIONS: Final = "sessions"
VISITORS: Final = "visitors"
ROLLUPS: Final = "rollups"
DERIVED: Final = (SESSIONS, VISITORS, ROLLUPS)
VISITOR_KEY: Final = "visitor"
"""The sort key of every item of the visitors table."""

KEYS: Final = pl.Schema({"pk": pl.String, "sk": pl.String})
_INDEX: Final = f"{SEPARATOR}day{SEPARATOR}"
_LARGEST_BYTES: Final = 350_000
"""Of keys before they are compressed: an item with them stays below 400 KB even if they cannot be."""

_BETWEEN: Final = "\t"
_NAMES: Final = {
    column.name: str(column.attribute) for column in ATTRIBUTES if column.name in {"ip", "user_agent"}
}
_PERSON_SCHEMA: Final = pl.Schema({name: pl.Struct({"S": pl.String}) for name in (*KEYS, *_NAMES.values())})
_KEYS_SCHEMA: Final = pl.Schema({name: pl.Struct({"S": pl.String}) for name in KEYS})


async def existing(store: Store, clock: Clock) -> tuple[str, ...]:
    """Return which of the derived tables a store has, by their short names."""
    found = []
    for name in DERIVED:
        try:
            await describe(store, clock, store.table(name))
        except TableMissing:
            continue

        found.append(name)

    return tuple(found)


def at_table(store: Store, name: str) -> Store:
    """Return the store for what reads its events table, with a derived table in its place."""
    return replace(store, events_table=store.table(name))


async def read_keys(
    store: Store, clock: Clock, name: str, parts: Sequence[KeyRange | Segment]
) -> pl.DataFrame:
    """Return the keys (`KEYS`) of the items in `parts` of a derived table, strongly consistent."""
    return await read_frames(store, clock, name, parts, keys_of, pl.DataFrame(schema=KEYS), "pk, sk")


async def read_frames(
    store: Store,
    clock: Clock,
    name: str,
    parts: Sequence[KeyRange | Segment],
    made: Any,
    empty: pl.DataFrame,
    attributes: str | None = None,
) -> pl.DataFrame:
    """Return what `made` makes of the pages of `parts` of a derived table, all in one frame; `empty` for none."""
    frames = [empty]

    async def take(page: Page) -> None:
        frames.append(page.frame)

    manner = Manner(attributes, is_consistent=True)
    await read_pages(at_table(store, name), clock, list(enumerate(parts)), made, take, manner=manner)
    return pl.concat(frames)


def keys_of(reply: PageReply) -> pl.DataFrame:
    """Return the keys of a reply's items."""
    if not reply.count:
        return pl.DataFrame(schema=KEYS)

    raw = pl.read_json(io.BytesIO(reply.items), schema=_KEYS_SCHEMA)
    return raw.select(pl.col(name).struct.field("S").alias(name) for name in KEYS)


def index_key(site: str, on: date) -> str:
    """Return the partition that has the keys of the sessions of a day."""
    return f"{_INDEX}{site}{SEPARATOR}{on.isoformat()}"


async def read_index(store: Store, clock: Clock, pk: str) -> pl.DataFrame:
    """Return the keys (`KEYS`) that a day's index `pk` has; none where there is no index."""
    frames = [pl.DataFrame(schema=KEYS)]
    start: dict[str, Any] = {}
    while True:
        reply = await command(
            store, clock, "Query", _index_query(store, pk) | start, table=store.table(SESSIONS)
        )
        frames += [_unpacked(item["keys"]["B"]) for item in reply["Items"]]
        if "LastEvaluatedKey" not in reply:
            return pl.concat(frames)

        start = {"ExclusiveStartKey": reply["LastEvaluatedKey"]}


async def write_index(store: Store, clock: Clock, pk: str, keys: pl.DataFrame) -> None:
    """Let a day's index have exactly `keys`, which are put before what was there more is deleted."""
    table = store.table(SESSIONS)
    packed = _packed(keys)
    for number, content in enumerate(packed):
        item = {"pk": text(pk), "sk": text(_place(number)), "keys": {"B": content}}
        await command(store, clock, "PutItem", {"TableName": table, "Item": item}, table=table)

    there = await read_keys(store, clock, SESSIONS, [KeyRange(pk)])
    await delete_items(store, clock, table, there.filter(pl.col("sk") >= _place(len(packed))))


async def find_sessions(
    store: Store, clock: Clock, person: Person, salts: Sequence[Salts], names: Sequence[str]
) -> dict[str, pl.DataFrame]:
    """Return by table the keys (`KEYS`) of a person's items in those of the tables `names` that hold people.

    Who has a session that is the person's has their visitor's item, too: it would tell of what is erased.
    """
    if SESSIONS not in names:
        return {}

    def theirs(reply: PageReply) -> pl.DataFrame:
        items = _traces(reply)
        return items.filter(is_person(items, person, salts)).select(KEYS.names())

    attributes = ", ".join((*KEYS, *_NAMES.values()))
    sessions = await read_frames(
        store, clock, SESSIONS, [Segment(0, 1)], theirs, pl.DataFrame(schema=KEYS), attributes
    )
    if VISITORS not in names:
        return {SESSIONS: sessions}

    visitors = await read_keys(store, clock, VISITORS, [KeyRange(pk) for pk in sessions["pk"].unique()])
    return {SESSIONS: sessions, VISITORS: visitors}


async def erase_sessions(store: Store, clock: Clock, found: dict[str, pl.DataFrame]) -> None:
    """Delete the items of `found`, and their keys from the indexes of days; erasing twice is erasing once."""
    for name, keys in found.items():
        await delete_items(store, clock, store.table(name), keys)

    if SESSIONS in found:
        await _erase_from_indexes(store, clock, found[SESSIONS])


async def _erase_from_indexes(store: Store, clock: Clock, erased: pl.DataFrame) -> None:
    gone = erased.get_column("pk").unique().implode()
    there = await read_keys(store, clock, SESSIONS, [Segment(0, 1)])
    for pk in there.filter(pl.col("pk").str.starts_with(_INDEX)).get_column("pk").unique().sort():
        keys = await read_index(store, clock, pk)
        left = keys.filter(~pl.col("pk").is_in(gone) | _is_left(keys, there))
        if left.height < keys.height:
            await write_index(store, clock, pk, left)


def _is_left(keys: pl.DataFrame, there: pl.DataFrame) -> pl.Series:
    """Tell for each of `keys` whether there is such an item."""
    return keys.join(there.with_columns(there=True), on=["pk", "sk"], how="left", maintain_order="left")[
        "there"
    ].fill_null(value=False)


def _traces(reply: PageReply) -> pl.DataFrame:
    """Return keys and `TRACES` of a page of sessions or visitors, without indexes; `time` is when a session began."""
    schema = dict(KEYS) | {"visitor": pl.String, "ip": pl.String, "user_agent": pl.String}
    if not reply.count:
        return pl.DataFrame(schema=schema | {"time": pl.Datetime("ms", "UTC")})

    raw = pl.read_json(io.BytesIO(reply.items), schema=_PERSON_SCHEMA)
    items = raw.select(pl.col(name).struct.field("S").alias(name) for name in raw.columns)
    items = items.rename({attribute: name for name, attribute in _NAMES.items()})
    visitor = pl.col("pk").str.splitn(SEPARATOR, 2).struct.field("field_1")
    began = pl.col("sk").str.head(10).str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("ms", "UTC"))
    # Of a profile whose visitors are other ones each day, the id is followed by the day.
    own = visitor.str.extract(r"^([0-9a-f]{16})( \d{4}-\d{2}-\d{2})?$", 1)
    known = items.filter(~pl.col("pk").str.starts_with(_INDEX))
    return known.with_columns(pl.coalesce(own, visitor).alias("visitor"), began.alias("time"))


def _index_query(store: Store, pk: str) -> dict[str, Any]:
    return {
        "TableName": store.table(SESSIONS),
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": {":pk": text(pk)},
        "ConsistentRead": True,
    }


def _place(number: int) -> str:
    return f"{number:06}"


def _packed(keys: pl.DataFrame) -> list[str]:
    lines = keys.sort("pk", "sk").select(pl.concat_str("pk", "sk", separator=_BETWEEN).alias("line"))
    place = (pl.col("line").str.len_bytes() + 1).cum_sum() // _LARGEST_BYTES
    joined = lines.group_by(place.alias("place"), maintain_order=True).agg(pl.col("line").str.join("\n"))
    return [b64encode(zlib.compress(text.encode(), 6)).decode() for text in joined.get_column("line")]


def _unpacked(content: str) -> pl.DataFrame:
    lines = zlib.decompress(b64decode(content)).decode().split("\n")
    parts = pl.col("line").str.splitn(_BETWEEN, 2).struct
    return pl.DataFrame({"line": lines}).select(
        parts.field("field_0").alias("pk"), parts.field("field_1").alias("sk")
    )


__all__ = [
    "DERIVED",
    "KEYS",
    "ROLLUPS",
    "SESSIONS",
    "VISITORS",
    "VISITOR_KEY",
    "at_table",
    "erase_sessions",
    "existing",
    "find_sessions",
    "index_key",
    "read_frames",
    "read_index",
    "read_keys",
    "write_index",
]
