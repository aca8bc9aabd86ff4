"""Count the stored events of a source per UTC date: what `footfall verify` holds against the table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from footfall.store.wire import number

MOST_DATES: Final = 2000
"""Dates with an entry of their own, five years and a half: some 42 KB of an item, of which DynamoDB stores 400."""

OTHER: Final = "other"


@dataclass(frozen=True, slots=True)
class Accounts:
    """Events per date, and under `other` those of all dates that came when there were `MOST_DATES` already.

    A date that has an entry keeps it, and the first to come have one: so each is wholly here or wholly in `other`,
    whatever dates the lines of a hostile log bear.
    """

    days: Mapping[date, int] = field(default_factory=dict)
    other: int = 0

    @property
    def total(self) -> int:
        """Return the number of events."""
        return sum(self.days.values()) + self.other

    def plus(self, counted: Iterable[tuple[date, int]], most_dates: int = MOST_DATES) -> Accounts:
        """Return the accounts with more events counted."""
        days, other = dict(self.days), self.other
        for on, events in sorted(counted):
            if on in days or len(days) < most_dates:
                days[on] = days.get(on, 0) + events
            else:
                other += events

        return Accounts(days, other)

    def wire(self) -> dict[str, Any]:
        """Return the map attribute."""
        entries = {on.isoformat(): number(events) for on, events in self.days.items()}
        return {"M": entries | ({OTHER: number(self.other)} if self.other else {})}

    @classmethod
    def of_wire(cls, attribute: Mapping[str, Any] | None) -> Accounts:
        """Return the accounts in a map attribute; none when a footfall without them wrote the item."""
        entries = {name: int(value["N"]) for name, value in (attribute or {"M": {}})["M"].items()}
        other = entries.pop(OTHER, 0)
        return cls({date.fromisoformat(name): events for name, events in entries.items()}, other)
