"""Count the events that were erased on request, by source and date: `footfall verify` must not miss them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from footfall.clock import Clock
from footfall.keys import SEPARATOR
from footfall.store import Store
from footfall.store.client import command
from footfall.store.state import items
from footfall.store.wire import number, text

_PK = "forgotten"

Forgotten = Mapping[tuple[str, date], int]
"""Erased events by source id and date; nothing in it tells whose they were."""


async def add_forgotten(store: Store, clock: Clock, erased: Forgotten) -> None:
    """Add to the number of erased events."""
    for (source_id, on), count in erased.items():
        document = {
            "TableName": store.state_table,
            "Key": {"pk": text(_PK), "sk": text(f"{source_id}{SEPARATOR}{on.isoformat()}")},
            "UpdateExpression": "ADD erased :count",
            "ExpressionAttributeValues": {":count": number(count)},
        }
        await command(store, clock, "UpdateItem", document, table=store.state_table)


async def read_forgotten(store: Store, clock: Clock) -> dict[tuple[str, date], int]:
    """Return how many events were erased."""
    found: dict[tuple[str, date], int] = {}
    async for item in items.query(store, clock, _PK):
        source_id, _, on = item["sk"]["S"].partition(SEPARATOR)
        found[source_id, date.fromisoformat(on)] = int(item["erased"]["N"])

    return found
