"""Which days of derived tables are to be made again. Pure: the day ledger and what was made in, days out.

A day is made of its own events and those of `MARGIN_DAYS` before and after it, and of nothing else, whichever days are
made with it. So it stands for as long as the ledger has the revisions that it was made of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import blake2b
from typing import Final

from footfall.store.state import Day
from footfall.store.state.derived import DerivedDay
from reports.extraction.manifest import NEVER_FRESH, day_to_keep
from reports.scope import Scope

MARGIN_DAYS: Final = 1
"""A visit is known from its first hit to the end of the day after; of the day before it is known whether it began."""

_ONE: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ToMake:
    """A day of a site, as `time_zone` has days, and the fingerprint of the revisions it will be made of."""

    site: str
    on: date
    seen: str
    time_zone: str = "UTC"

    @property
    def window(self) -> Scope:
        """Return the range of events that it is made of."""
        margin = MARGIN_DAYS * _ONE
        return Scope(self.site, self.on - margin, self.on + margin, self.time_zone)


@dataclass(frozen=True, slots=True)
class Work:
    """Days to make, and how many others are as they should be, or `closed`: their events have begun to expire."""

    days: tuple[ToMake, ...]
    fresh: int = 0
    closed: int = 0


@dataclass(frozen=True, slots=True)
class Ledger:
    """The day ledger as it was read at `asked_at`; reads of a store that `is_consistent` miss nothing."""

    days: Sequence[Day]
    asked_at: datetime
    is_consistent: bool


def find_work(
    ledger: Ledger, made: Mapping[tuple[str, date], DerivedDay], scope: Scope, kinds: Iterable[str]
) -> Work:
    """Return the days of `scope` that were never made so, or of other revisions, in order."""
    wanted = frozenset(kinds)
    by_site: dict[str, list[Day]] = {}
    for day in ledger.days:
        by_site.setdefault(day.site, []).append(day)

    todo: list[ToMake] = []
    fresh = closed = 0
    for site, days in sorted(by_site.items()):
        for on in _days_in(days, scope, site):
            found = _to_make(ledger, days, site, on, scope.time_zone)
            known = made.get((site, on))
            if (
                known is not None
                and known.seen
                and known.seen == found.seen
                and wanted <= frozenset(known.kinds)
            ):
                fresh += 1
            elif known is not None and _is_closed(known, ledger.asked_at):
                closed += 1
            else:
                todo.append(found)

    return Work(tuple(todo), fresh, closed)


def _days_in(days: Iterable[Day], scope: Scope, site: str) -> list[date]:
    """Return the days of `scope`, in its time zone, that events of the UTC `days` may be of."""
    if scope.site not in {None, site}:
        return []

    found = {day.on + shift * _ONE for day in days for shift in (-1, 0, 1) if _is_part(day, shift, scope)}
    first, last = scope.first_on or date.min, scope.last_on or date.max
    return sorted(on for on in found if first <= on <= last)


def _is_part(day: Day, shift: int, scope: Scope) -> bool:
    on = day.on + shift * _ONE
    return Scope(day.site, on, on, scope.time_zone).holds_day(day.on)


def _to_make(ledger: Ledger, days: Iterable[Day], site: str, on: date, time_zone: str) -> ToMake:
    window = ToMake(site, on, "", time_zone).window
    kept = [
        day_to_keep(day, ledger.asked_at, is_consistent=ledger.is_consistent)
        for day in days
        if window.holds_day(day.on)
    ]
    if any(day.revision == NEVER_FRESH for day in kept):
        return ToMake(site, on, "", time_zone)

    lines = "\n".join(f"{day.on} {day.revision}" for day in sorted(kept))
    return ToMake(site, on, blake2b(lines.encode(), digest_size=12).hexdigest(), time_zone)


def _is_closed(known: DerivedDay, now: datetime) -> bool:
    return known.expires_at is not None and known.expires_at <= now.timestamp()
