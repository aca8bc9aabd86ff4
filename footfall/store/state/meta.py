"""The table's meta: what every run must agree on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from footfall.clock import Clock
from footfall.errors import SchemaMismatch
from footfall.keys import SCHEMA_VERSION
from footfall.store import Store
from footfall.store.state import items
from footfall.store.wire import Item, number, text

SALT_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class TableMeta:
    """What every run must agree on; `salt` keys the visitor ids."""

    layout: str
    shards: int
    salt: bytes = field(repr=False)
    schema_version: int = SCHEMA_VERSION


async def create_meta(store: Store, clock: Clock, *, layout: str, shards: int) -> TableMeta:
    """Write the table's meta once; return what is stored, which is the earlier one when there was one."""
    meta = TableMeta(layout=layout, shards=shards, salt=clock.token(SALT_BYTES))
    item: Item = {
        "pk": text("meta"),
        "sk": text("table"),
        "layout": text(meta.layout),
        "shards": number(meta.shards),
        "salt": text(meta.salt.hex()),
        "schema_version": number(meta.schema_version),
        "created_at": text(clock.now().isoformat(timespec="seconds")),
    }
    if await items.put(store, clock, item, "attribute_not_exists(pk)"):
        return meta

    return await read_meta(store, clock)


async def read_meta(store: Store, clock: Clock) -> TableMeta:
    """Return the table's meta.

    Raises `TableMissing` when the state table is absent, `SchemaMismatch` when it holds no meta or another version.
    """
    meta = await find_meta(store, clock)
    if meta is None:
        raise SchemaMismatch(
            f"Table {store.state_table} holds no footfall meta, so nothing says how its events are laid out.",
            hint=f"footfall table create --store {store.location}",
        )

    return meta


async def find_meta(store: Store, clock: Clock) -> TableMeta | None:
    """Return the table's meta, None when it was not written yet; raises as `read_meta` does for all else."""
    item = await items.get(store, clock, "meta", "table")
    if item is None:
        return None

    try:
        return _meta(item)
    except (KeyError, ValueError) as error:
        raise SchemaMismatch(
            f"Table {store.state_table} has a meta item that is not footfall's.",
            hint="give footfall tables of its own: another --store prefix",
        ) from error


def _meta(item: Mapping[str, Any]) -> TableMeta:
    version = int(item["schema_version"]["N"])
    if version != SCHEMA_VERSION:
        raise SchemaMismatch(
            f"The store has schema version {version}, this footfall reads and writes version {SCHEMA_VERSION}.",
            hint="use the footfall version that made the store",
        )

    return TableMeta(
        layout=item["layout"]["S"], shards=int(item["shards"]["N"]), salt=bytes.fromhex(item["salt"]["S"])
    )
