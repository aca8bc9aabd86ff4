"""The state table: table meta, checkpoints and the day ledger.

=============  =======================  ======================================================================
pk             sk                       attributes
=============  =======================  ======================================================================
``meta``       ``table``                schema_version, layout, shards, salt, created_at: written once
``source#G``   source id                position, fingerprint, line counts, name, revision,
                                        saved_at, saved_by: how far worker group G has read a source
``day``        ``{site}#{date}``        revision, written: how often and how much was written to a day
=============  =======================  ======================================================================

Meta and checkpoints are written under a condition, so that two runs cannot silently overwrite each other. The ledger
only counts up. `written` counts puts, replays included: good for planning a read, not an answer to a question.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

import msgspec

from footfall.clock import Clock
from footfall.errors import SchemaMismatch, StoreError
from footfall.keys import SCHEMA_VERSION, SEPARATOR
from footfall.store import Store
from footfall.store.client import command, request
from footfall.store.outcome import error_for
from footfall.store.wire import Item, number, text

SALT_BYTES: Final = 32
SAVE_TOKEN_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class TableMeta:
    """What every run must agree on; `salt` keys the visitor ids."""

    layout: str
    shards: int
    salt: bytes
    schema_version: int = SCHEMA_VERSION


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far a worker group has come in one source; everything below `position` is stored or in the dead letters.

    `position` is a decompressed byte offset and `fingerprint` what stands before it (`footfall.keys.fingerprint`, empty
    when that is not known); the counts are of lines below it. `revision` is that of the stored item,
    0 when there is none yet.
    """

    source_id: str
    name: str
    position: int = 0
    fingerprint: str = ""
    lines: int = 0
    events: int = 0
    rejected: int = 0
    skipped: int = 0
    filtered: int = 0
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a site that was written to; `revision` changes whenever the day does."""

    site: str
    on: date
    revision: int
    written: int


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
    if await _put(store, clock, item, "attribute_not_exists(pk)"):
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
    item = await _get(store, clock, "meta", "table")
    if item is None:
        return None

    try:
        return _meta(item)
    except (KeyError, ValueError) as error:
        raise SchemaMismatch(
            f"Table {store.state_table} has a meta item that is not footfall's.",
            hint="give footfall tables of its own: another --store prefix",
        ) from error


async def read_checkpoint(store: Store, clock: Clock, group: str, source_id: str, name: str) -> Checkpoint:
    """Return how far `group` has come in a source; a fresh checkpoint at 0 when it has not begun."""
    item = await _get(store, clock, f"source{SEPARATOR}{group}", source_id)
    if item is None:
        return Checkpoint(source_id=source_id, name=name)

    numbers = {field: int(item[field]["N"]) for field in _COUNTS}
    return Checkpoint(source_id=source_id, name=name, fingerprint=item["fingerprint"]["S"], **numbers)


async def save_checkpoint(
    store: Store, clock: Clock, group: str, checkpoint: Checkpoint, saved_by: str | None = None
) -> Checkpoint:
    """Store `checkpoint` if nobody else has since it was read; return it with its new revision.

    `saved_by` is the token of the run, a fresh `new_token` when there is none: a save that was carried out although its
    reply was lost, or nobody waited for it, is recognised by it. Raises `StoreError` when another run has moved the
    checkpoint.
    """
    saved_by = saved_by or new_token(clock)
    saved = replace(checkpoint, revision=checkpoint.revision + 1)
    item: Item = {
        "pk": text(f"source{SEPARATOR}{group}"),
        "sk": text(checkpoint.source_id),
        "name": text(checkpoint.name),
        "fingerprint": text(checkpoint.fingerprint),
        "saved_at": text(clock.now().isoformat(timespec="milliseconds")),
        "saved_by": text(saved_by),
        **{field: number(getattr(saved, field)) for field in _COUNTS},
    }
    unchanged = "attribute_not_exists(pk)" if checkpoint.revision == 0 else "revision = :seen"
    values = None if checkpoint.revision == 0 else {":seen": number(checkpoint.revision)}
    if await _put(store, clock, item, unchanged, values):
        return saved

    stored = await _get(store, clock, item["pk"]["S"], checkpoint.source_id)
    if stored and stored.get("saved_by") == item["saved_by"]:
        return await _after_own_save(store, clock, group, saved, stored, saved_by)

    at = f"it is at byte {int(stored['position']['N']):,}" if stored else "its checkpoint is gone"
    raise StoreError(
        f"Another run is reading {checkpoint.name} for group {group!r}: {at}.",
        hint="wait for the other run, or give this one its own --group",
    )


async def _after_own_save(
    store: Store, clock: Clock, group: str, saved: Checkpoint, stored: Mapping[str, Any], saved_by: str
) -> Checkpoint:
    """Go on from a save of this run that it does not know to have been carried out."""
    revision = int(stored["revision"]["N"])
    if int(stored["position"]["N"]) == saved.position:
        return replace(saved, revision=revision)

    return await save_checkpoint(store, clock, group, replace(saved, revision=revision), saved_by)


def new_token(clock: Clock) -> str:
    """Return what the saves of one run are marked with: two runs in step are still two runs."""
    return clock.token(SAVE_TOKEN_BYTES).hex()


async def touch_days(store: Store, clock: Clock, written: Mapping[tuple[str, date], int]) -> None:
    """Raise the revision of each (site, date) and add the number of puts written to it."""
    for (site, on), count in written.items():
        document = {
            "TableName": store.state_table,
            "Key": {"pk": text("day"), "sk": text(f"{site}{SEPARATOR}{on.isoformat()}")},
            "UpdateExpression": "ADD revision :one, written :count",
            "ExpressionAttributeValues": {":one": number(1), ":count": number(count)},
        }
        await command(store, clock, "UpdateItem", document, table=store.state_table)


async def read_days(store: Store, clock: Clock, site: str | None = None) -> list[Day]:
    """Return the days that were written to, of one site or of all, ordered by site and date."""
    begins = f"{site}{SEPARATOR}" if site else None
    return [_day(item) async for item in _query(store, clock, "day", begins)]


_COUNTS: Final = ("position", "lines", "events", "rejected", "skipped", "filtered", "revision")


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


def _day(item: Mapping[str, Any]) -> Day:
    site, _, on = item["sk"]["S"].rpartition(SEPARATOR)
    return Day(
        site=site,
        on=date.fromisoformat(on),
        revision=int(item["revision"]["N"]),
        written=int(item["written"]["N"]),
    )


async def _get(store: Store, clock: Clock, pk: str, sk: str) -> dict[str, Any] | None:
    document = {
        "TableName": store.state_table,
        "Key": {"pk": text(pk), "sk": text(sk)},
        "ConsistentRead": True,
    }
    reply = await command(store, clock, "GetItem", document, table=store.state_table)
    return reply.get("Item")


async def _put(
    store: Store, clock: Clock, item: Item, condition: str, values: Mapping[str, Any] | None = None
) -> bool:
    """Put `item` if `condition` holds; return whether it did."""
    document: dict[str, Any] = {
        "TableName": store.state_table,
        "Item": item,
        "ConditionExpression": condition,
    }
    if values:
        document["ExpressionAttributeValues"] = values

    reply = await request(store, clock, "PutItem", msgspec.json.encode(document), table=store.state_table)
    if reply.error_code == "ConditionalCheckFailedException":
        return False

    if not reply.ok:
        raise error_for("PutItem", store.state_table, reply, store.location)

    return True


async def _query(store: Store, clock: Clock, pk: str, begins: str | None) -> AsyncIterator[dict[str, Any]]:
    document: dict[str, Any] = {
        "TableName": store.state_table,
        "KeyConditionExpression": "pk = :pk" if begins is None else "pk = :pk AND begins_with(sk, :begins)",
        "ExpressionAttributeValues": {":pk": text(pk)}
        | ({} if begins is None else {":begins": text(begins)}),
        "ConsistentRead": True,
    }
    while True:
        reply = await command(store, clock, "Query", document, table=store.state_table)
        for item in reply["Items"]:
            yield item

        if "LastEvaluatedKey" not in reply:
            return

        document["ExclusiveStartKey"] = reply["LastEvaluatedKey"]
