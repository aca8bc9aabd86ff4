"""Make derived tables: find the days to make, read their events, work the days out, say what it costs, write."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import anyio.to_thread
import polars as pl

from footfall.clock import Clock
from footfall.errors import SettingsError, TableMissing
from footfall.store import Store
from footfall.store.admin import create_table
from footfall.store.derived import DERIVED, ROLLUPS, SESSIONS, VISITORS, existing, read_keys
from footfall.store.partitions import Segment
from footfall.store.prices import PRICES, shown_dollars
from footfall.store.state import read_days
from footfall.store.state.derived import (
    Definition,
    DerivedDay,
    drop_derived,
    read_definition,
    read_derived_days,
    save_definition,
    save_derived_day,
)
from reports.extraction import Request, extracted
from reports.extraction.extract import OnPage
from reports.materialize.days import Ledger, ToMake, Work, find_work
from reports.materialize.prepare import Prepared, prepare
from reports.materialize.write import (
    Tables,
    close_sessions,
    write_rollups,
    write_sessions,
    write_visitors,
)
from reports.report import View
from reports.scope import Scope

VERSION: Final = 1
"""Of what is worked out; another one makes everything anew."""

DAYS_AT_ONCE: Final = 31
"""Days that are written before the visitors are who came on them: a visitor of all is read once."""

ASK_ABOVE_UNITS: Final = 1_000_000.0
"""Write units from which on a DynamoDB table is not written to unasked: 62 cents on demand."""

_NEEDED: Final = {"visits": (SESSIONS,), "visitors": (SESSIONS, VISITORS), "rollups": (ROLLUPS,)}
WHAT: Final = tuple(_NEEDED)


@dataclass(frozen=True, slots=True)
class Wish:
    """What to make: `what` of `WHAT`, for the days of `scope`, by the rule of `view`.

    `request` says how events are read. With `creates` missing tables are made, with `replaces` tables of another
    definition are emptied first. `explains` only says what would be written; more than `ask_above_units` write units
    need `yes`, unless the store is a file.
    """

    what: tuple[str, ...] = WHAT
    scope: Scope = field(default_factory=Scope)
    view: View = field(default_factory=View)
    request: Request = field(default_factory=Request)
    creates: bool = False
    replaces: bool = False
    explains: bool = False
    yes: bool = False
    ask_above_units: float = ASK_ABOVE_UNITS
    max_write_units: float | None = None

    @property
    def tables(self) -> tuple[str, ...]:
        """Return the tables that are written: visitors are made of sessions."""
        return tuple(dict.fromkeys(table for one in self.what for table in _NEEDED[one]))

    @property
    def definition(self) -> Definition:
        """Return by which rule it is made."""
        rule = self.view.rule
        whole = {"version": VERSION, "time_zone": self.view.time_zone, "rule": asdict(rule)}
        return Definition(
            rule.name, json.dumps(whole, sort_keys=True), f"{rule.sentence()} {self.view.time_zone}"
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was made, or would be: days and items by table, write units, dollars (None for a file).

    `write_units` are what the table consumed, or with `is_estimate` what it takes at most.
    """

    days: int
    fresh: int
    closed: int
    items: dict[str, int]
    deleted: int
    write_units: float
    dollars: float | None
    is_estimate: bool


async def materialize(store: Store, clock: Clock, wish: Wish, on_page: OnPage | None = None) -> Outcome:
    """Bring the tables of `wish` up to date with the events; what has not changed is neither read nor written.

    Raises the errors of the store, `TableMissing` for derived tables that are not there, and `SettingsError` for those
    that were made by another definition and for writing that nobody agreed to.
    """
    await _check_tables(store, clock, wish)
    ledger = Ledger(await read_days(store, clock), clock.now(), store.is_embedded)
    work = {table: await _work(store, clock, wish, ledger, table) for table in _grouped(wish.tables)}
    with TemporaryDirectory(prefix="footfall-") as temporary:
        prepared = await _prepared(store, clock, wish, work, Path(temporary), on_page)
        if wish.explains:
            return _outcome(store, work, prepared, None)

        _check_agreed(store, wish, prepared)
        tables = Tables(store, clock, wish.max_write_units)
        await _write(tables, wish, prepared)
        return _outcome(store, work, prepared, tables)


def _grouped(tables: Sequence[str]) -> list[str]:
    """Return the tables whose days are kept account of: visitors go with sessions."""
    return [table for table in tables if table != VISITORS]


async def _check_tables(store: Store, clock: Clock, wish: Wish) -> None:
    there = await existing(store, clock)
    for table in (table for table in wish.tables if table not in there and not wish.explains):
        if not wish.creates:
            raise TableMissing(
                f"Table {store.table(table)} does not exist yet.",
                hint=f"footfall materialize {' '.join(wish.what)} --create --store {store.location}",
            )

        await create_table(store, clock, store.table(table))

    for table in _grouped(wish.tables):
        await _check_definition(store, clock, wish, table, there)


async def _check_definition(store: Store, clock: Clock, wish: Wish, table: str, there: Sequence[str]) -> None:
    known = await read_definition(store, clock, table)
    if known is not None and known.text == wish.definition.text:
        return

    if known is not None:
        if not wish.replaces:
            raise SettingsError(
                f"Table {store.table(table)} is made by profile {known.name!r}, not {wish.definition.name!r}.",
                details=[known.words],
                hint="choose that profile and time zone, or empty and make the table anew with --replace",
            )

        if not wish.explains:
            await _empty(store, clock, [one for one in _with_visitors(table) if one in there], table)

    if not (wish.explains or await save_definition(store, clock, table, wish.definition)):
        raise SettingsError(
            f"Another run has begun to make {store.table(table)} by another profile.",
            hint="wait for it to end, then run the same command again",
        )


def _with_visitors(table: str) -> tuple[str, ...]:
    return (SESSIONS, VISITORS) if table == SESSIONS else (table,)


async def _empty(store: Store, clock: Clock, names: Sequence[str], table: str) -> None:
    """Delete all items of derived tables, then forget of what they were made."""
    tables = Tables(store, clock)
    for name in names:
        await tables.delete(name, await read_keys(store, clock, name, [Segment(0, 1)]))

    await drop_derived(store, clock, table)


async def _work(store: Store, clock: Clock, wish: Wish, ledger: Ledger, table: str) -> Work:
    made = await read_derived_days(store, clock, table)
    known = await read_definition(store, clock, table)
    if known is not None and known.text != wish.definition.text:
        made = {}

    scope = replace(wish.scope, time_zone=wish.view.time_zone)
    return find_work(ledger, made, scope, _kinds(wish, table, made))


def _kinds(wish: Wish, table: str, made: dict[tuple[str, date], DerivedDay]) -> tuple[str, ...]:
    """Return what is made with the days of a table: visitors, once they were, are kept in step with sessions."""
    has_visitors = VISITORS in wish.tables or any(VISITORS in day.kinds for day in made.values())
    return (VISITORS,) if table == SESSIONS and has_visitors else ()


async def _prepared(
    store: Store,
    clock: Clock,
    wish: Wish,
    work: dict[str, Work],
    temporary: Path,
    on_page: OnPage | None,
) -> list[Prepared]:
    days = sorted({day for one in work.values() for day in one.days}, key=lambda day: (day.site, day.on))
    items = temporary / "items"
    items.mkdir()
    found: list[Prepared] = []
    for site in dict.fromkeys(day.site for day in days):
        of_site = [day for day in days if day.site == site]
        windows = [day.window for day in of_site]
        whole = replace(windows[0], last_on=windows[-1].last_on)
        request = replace(wish.request, scope=whole, folder=wish.request.folder or temporary / "events")
        async with extracted(store, clock, request, on_page) as (dataset, _):
            for day in of_site:
                events = replace(dataset, scope=day.window).scan()
                tables = [table for table, one in work.items() if day in one.days]
                found += await anyio.to_thread.run_sync(prepare, events, day, wish.view, tables, items)

    return found


def _check_agreed(store: Store, wish: Wish, prepared: Sequence[Prepared]) -> None:
    units = sum(one.units for one in prepared)
    if store.is_embedded or wish.yes or units <= wish.ask_above_units:
        return

    raise SettingsError(
        f"This takes up to {units:,.0f} write units, {shown_dollars(_dollars(units))}.",
        hint="--yes writes them, --explain says more, --from and --to make fewer days",
    )


async def _write(tables: Tables, wish: Wish, prepared: Sequence[Prepared]) -> None:
    made = await read_derived_days(tables.store, tables.clock, SESSIONS) if SESSIONS in wish.tables else {}
    kinds = _kinds(wish, SESSIONS, made)
    sessions = [one for one in prepared if one.table == SESSIONS]
    for first in range(0, len(sessions), DAYS_AT_ONCE):
        await _write_visits(tables, sessions[first : first + DAYS_AT_ONCE], kinds)

    for one in prepared:
        if one.table == ROLLUPS:
            await write_rollups(tables, one)
            await save_derived_day(tables.store, tables.clock, ROLLUPS, _made(one, ()))


async def _write_visits(tables: Tables, prepared: Sequence[Prepared], kinds: tuple[str, ...]) -> None:
    who = [await write_sessions(tables, one) for one in prepared]
    if VISITORS in kinds:
        await write_visitors(tables, pl.concat(who).unique())

    for one in prepared:
        await close_sessions(tables, one)
        await save_derived_day(tables.store, tables.clock, SESSIONS, _made(one, kinds))


def _made(one: Prepared, kinds: tuple[str, ...]) -> DerivedDay:
    day: ToMake = one.day
    return DerivedDay(day.site, day.on, day.seen, one.items, kinds, one.expires_at)


def _outcome(
    store: Store, work: dict[str, Work], prepared: Sequence[Prepared], tables: Tables | None
) -> Outcome:
    units = (
        float(sum(one.units for one in prepared)) if tables is None else tables.figures.consumed_write_units
    )
    items: dict[str, int] = {
        table: sum(one.items for one in prepared if one.table == table) for table in DERIVED if table in work
    }
    return Outcome(
        days=len({(one.day.site, one.day.on) for one in prepared}),
        fresh=sum(one.fresh for one in work.values()),
        closed=sum(one.closed for one in work.values()),
        items=items,
        deleted=0 if tables is None else tables.deleted,
        write_units=units,
        dollars=None if store.is_embedded else _dollars(units),
        is_estimate=tables is None,
    )


def _dollars(units: float) -> float:
    price = PRICES["write"]
    return units / price.per * price.dollars
