"""The day ledger: which days of which sites were written to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from footfall.clock import Clock
from footfall.keys import SEPARATOR
from footfall.store import Store
from footfall.store.client import command
from footfall.store.state import items
from footfall.store.wire import number, text


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a site that was written to; `revision` changes whenever the day does.

    `touched_at` is when it last did, by the clock of whoever wrote; None where an older footfall did.
    """

    site: str
    on: date
    revision: int
    written: int
    touched_at: datetime | None = field(default=None, compare=False)


async def touch_days(store: Store, clock: Clock, written: Mapping[tuple[str, date], int]) -> None:
    """Raise the revision of each (site, date) and add the number of puts written to it."""
    now = text(clock.now().isoformat(timespec="seconds"))
    for (site, on), count in written.items():
        document = {
            "TableName": store.state_table,
            "Key": {"pk": text("day"), "sk": text(f"{site}{SEPARATOR}{on.isoformat()}")},
            "UpdateExpression": "SET touched_at = :now ADD revision :one, written :count",
            "ExpressionAttributeValues": {":one": number(1), ":count": number(count), ":now": now},
        }
        await command(store, clock, "UpdateItem", document, table=store.state_table)


async def read_days(store: Store, clock: Clock, site: str | None = None) -> list[Day]:
    """Return the days that were written to, of one site or of all, ordered by site and date."""
    begins = f"{site}{SEPARATOR}" if site else None
    return [_day(item) async for item in items.query(store, clock, "day", begins)]


def _day(item: Mapping[str, Any]) -> Day:
    site, _, on = item["sk"]["S"].rpartition(SEPARATOR)
    return Day(
        site=site,
        on=date.fromisoformat(on),
        revision=int(item["revision"]["N"]),
        written=int(item["written"]["N"]),
        touched_at=datetime.fromisoformat(item["touched_at"]["S"]) if "touched_at" in item else None,
    )
