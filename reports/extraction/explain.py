"""Say what reading will take before anything is read: both ways, and which is taken and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from math import inf
from typing import Final

from footfall.store.prices import read_dollars, shown_dollars
from footfall.text import counted, printable
from reports.extraction.journal import Journal
from reports.extraction.plan import Choice, Plan, TableSize, Wanted, choose
from reports.extraction.request import Request

USUAL_UNITS_PER_SECOND: Final = 4_000.0
"""What this reader takes of a table that is not the limit, on two cores; see docs/design/010-reading-the-table.md."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What one way of reading takes; units are eventually consistent ones; `dollars` is None for what is free."""

    method: str
    partitions: int
    items: int
    bytes: int
    read_units: float
    seconds: float
    dollars: float | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Both ways to read a store, None for one that is not possible; `chosen` is None where there is nothing to read.

    `why` follows the name of the chosen way; `pace` and `price` say what seconds and dollars are worked out from.
    `fresh_days` are in the dataset already; `done` of `partitions` were read by a run that was stopped.
    """

    location: str
    table: str
    scan: Estimate | None
    query: Estimate | None
    chosen: str | None
    why: str
    pace: str
    price: str
    fresh_days: int = 0
    partitions: int = 0
    done: int = 0

    def document(self) -> dict[str, object]:
        """Return it as JSON-ready members."""
        return asdict(self)

    def lines(self) -> Iterator[str]:
        """Yield it for a person, safe to show."""
        yield printable(f"Reading {self.location}, table {self.table}, would take about")
        yield f"{'':<8}{'partitions':>12}{'items':>15}{'bytes':>19}{'read units':>15}{'seconds':>12}  dollars"
        for one in (self.scan, self.query):
            if one is not None:
                yield _row(one)

        yield f"Chosen: {self.chosen} {self.why}." if self.chosen else f"Nothing is read, {self.why}."
        if self.fresh_days:
            yield f"Not read again: {counted(self.fresh_days, 'day')} of the dataset that did not change."

        if self.partitions:
            yield f"Goes on where an earlier run stopped: {self.done:,} of {self.partitions:,} partitions are read."

        yield f"Seconds: at {self.pace}."
        yield f"Dollars: {self.price}."


def _row(one: Estimate) -> str:
    dollars = "free" if one.dollars is None else shown_dollars(one.dollars)
    return (
        f"{one.method:<8}{one.partitions:>12,}{one.items:>15,}{one.bytes:>19,}{one.read_units:>15,.1f}"
        f"{one.seconds:>12,.1f}  {dollars}"
    )


@dataclass(frozen=True, slots=True)
class Terms:
    """How fast a table can be read (units per second, and who says so) and what a million units cost, if anything."""

    units_per_second: float
    pace: str
    read_price: float | None

    @property
    def price(self) -> str:
        """Return how dollars are worked out."""
        if self.read_price is None:
            return "an embedded store costs nothing"

        return (
            f"${self.read_price:g} for a million read units on demand (--read-price); DynamoDB's word about items and "
            "bytes may be six hours old"
        )

    def dollars(self, units: float) -> float | None:
        """Return what so many units cost, None where they cost nothing."""
        return None if self.read_price is None else read_dollars(units, self.read_price)

    def estimate(self, plan: Plan, part: float = 1.0) -> Estimate:
        """Return what `part` of a plan takes."""
        units = plan.estimated_units * part
        return Estimate(
            plan.method,
            len(plan.partitions),
            round(plan.estimated_items * part),
            round(plan.estimated_bytes * part),
            round(units, 1),
            round(units / self.units_per_second, 1),
            self.dollars(units),
        )


def terms_of(request: Request, table_units: float | None, *, is_free: bool) -> Terms:
    """Return the terms of a request on a table that gives `table_units` per second, None for no limit."""
    limits = (
        (request.max_read_units, "what --max-read-units says"),
        (inf if table_units is None else table_units, "what the table gives"),
        (USUAL_UNITS_PER_SECOND, "about what this program reads on two cores"),
    )
    units, who = min(limits)
    price = None if is_free else request.read_price
    return Terms(units, f"{units:,.0f} read units a second, {who}", price)


def explanation_of(
    terms: Terms, choice: Choice, *, location: str, table: str, fresh_days: int
) -> Explanation:
    """Return what a reading from the beginning takes."""
    query = terms.estimate(choice.query) if choice.query.partitions else None
    return Explanation(
        location,
        table,
        terms.estimate(choice.scan),
        query,
        choice.chosen.method if choice.chosen.partitions else None,
        choice.why,
        terms.pace,
        terms.price,
        fresh_days,
    )


def explanation_of_rest(
    terms: Terms, journal: Journal, size: TableSize, *, location: str, table: str
) -> Explanation:
    """Return what a reading takes that an earlier run began."""
    begun = {(day.site, day.on) for day in journal.days}
    days = tuple(day for day in size.days if (day.site, day.on) in begun)
    choice = choose(Wanted(days, journal.scope, whole_days=True), size, journal.segments or None, 1)
    left, total = len(journal.left), len(journal.partitions)
    plan = choice.scan if journal.segments else choice.query
    estimate = terms.estimate(plan, left / max(total, 1))
    return Explanation(
        location,
        table,
        estimate if journal.segments else None,
        None if journal.segments else estimate,
        journal.method,
        "because it was begun so",
        terms.pace,
        terms.price,
        partitions=total,
        done=total - left,
    )
