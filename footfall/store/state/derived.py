"""What derived tables were made of: by which definition, and each day from which revisions of the day ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from footfall.clock import Clock
from footfall.keys import SEPARATOR
from footfall.store import Store
from footfall.store.client import command
from footfall.store.state import items
from footfall.store.wire import number, text

_PK: Final = "derived"


@dataclass(frozen=True, slots=True)
class Definition:
    """By which rule a derived table is made: its name, all of it as text, and the same in words."""

    name: str
    text: str
    words: str


@dataclass(frozen=True, slots=True)
class DerivedDay:
    """A day of a site in a derived table, in the definition's time zone.

    `seen` is a fingerprint of the revisions that it was made of, empty when it may not be relied on; `rows` is how many
    items it has; `kinds` names what was made with it. `expires_at` is the epoch second from which on not all the events
    are there any more that it was made of, None for never.
    """

    site: str
    on: date
    seen: str
    rows: int
    kinds: tuple[str, ...] = ()
    expires_at: int | None = None


async def read_definition(store: Store, clock: Clock, table: str) -> Definition | None:
    """Return by which rule a derived table was made; None when it never was."""
    item = await items.get(store, clock, _PK, table)
    return None if item is None else Definition(item["rule"]["S"], item["made_by"]["S"], item["words"]["S"])


async def save_definition(store: Store, clock: Clock, table: str, definition: Definition) -> bool:
    """Store the definition unless there is another already; return whether it is this one now."""
    item = {
        "pk": text(_PK),
        "sk": text(table),
        "rule": text(definition.name),
        "made_by": text(definition.text),
        "words": text(definition.words),
    }
    same = "attribute_not_exists(pk) OR made_by = :same"
    return await items.put(store, clock, item, same, {":same": text(definition.text)})


async def read_derived_days(store: Store, clock: Clock, table: str) -> dict[tuple[str, date], DerivedDay]:
    """Return the days of a derived table by site and date."""
    found = (_day(item) async for item in items.query(store, clock, _days_pk(table)))
    return {(day.site, day.on): day async for day in found}


async def save_derived_day(store: Store, clock: Clock, table: str, day: DerivedDay) -> None:
    """Note from what a day was made."""
    item: dict[str, Any] = {
        **_key(table, day.site, day.on),
        "seen": text(day.seen),
        "rows": number(day.rows),
        "kinds": text(" ".join(day.kinds)),
    }
    if day.expires_at is not None:
        item["expires_at"] = number(day.expires_at)

    document = {"TableName": store.state_table, "Item": item}
    await command(store, clock, "PutItem", document, table=store.state_table)


async def drop_derived(store: Store, clock: Clock, table: str) -> None:
    """Forget the days of a derived table, then its definition: a kill in between leaves nothing taken for fresh."""
    keys = [_key(table, *key) for key in await read_derived_days(store, clock, table)]
    for key in [*keys, {"pk": text(_PK), "sk": text(table)}]:
        document = {"TableName": store.state_table, "Key": key}
        await command(store, clock, "DeleteItem", document, table=store.state_table)


def _days_pk(table: str) -> str:
    return f"{_PK}{SEPARATOR}{table}"


def _key(table: str, site: str, on: date) -> dict[str, Any]:
    return {"pk": text(_days_pk(table)), "sk": text(f"{site}{SEPARATOR}{on.isoformat()}")}


def _day(item: Mapping[str, Any]) -> DerivedDay:
    site, _, on = item["sk"]["S"].rpartition(SEPARATOR)
    return DerivedDay(
        site=site,
        on=date.fromisoformat(on),
        seen=item["seen"]["S"],
        rows=int(item["rows"]["N"]),
        kinds=tuple(item["kinds"]["S"].split()),
        expires_at=int(item["expires_at"]["N"]) if "expires_at" in item else None,
    )
