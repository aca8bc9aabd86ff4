"""`footfall materialize`: sessions, visitors and daily rollups as tables of their own."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import anyio
import click

from footfall.store.address import StoreSettings
from footfall.store.commands import App, option, store_options
from footfall.store.prices import shown_dollars
from footfall.text import counted, printable
from reports.commands.extraction_options import ExtractionSettings, extraction_options
from reports.commands.scope_options import scope_options
from reports.commands.sections import SectionedCommand
from reports.extraction.progress import shown_progress
from reports.materialize import WHAT, Outcome, Wish, materialize
from reports.materialize.run import ASK_ABOVE_UNITS
from reports.report import View
from reports.scope import Scope

EXAMPLES: Final = """Examples:

\b
footfall materialize --create --store embedded:site.db
footfall materialize visits visitors --site example.org --from 2026-01-01 --to 2026-01-31
footfall materialize rollups --explain
footfall materialize --visit-profile matomo --timezone Europe/Berlin --replace"""


@click.command(name="materialize", cls=SectionedCommand, epilog=EXAMPLES)
@click.argument("what", metavar="[visits|visitors|rollups]...", nargs=-1)
@option(
    "--create",
    "creates",
    is_flag=True,
    envvar="FOOTFALL_MATERIALIZE_CREATE",
    help="Make tables that are missing.",
)
@option(
    "--replace",
    "replaces",
    is_flag=True,
    envvar="FOOTFALL_MATERIALIZE_REPLACE",
    help="Empty tables that were made by another profile or time zone, and make them anew.",
)
@option(
    "--ask-above-writes",
    "ask_above_units",
    type=click.FloatRange(0),
    default=ASK_ABOVE_UNITS,
    envvar="FOOTFALL_MATERIALIZE_ASK_ABOVE_WRITES",
    metavar="UNITS",
    help="Write units from which on writing to DynamoDB needs --yes.",
)
@option(
    "--max-write-units",
    type=click.FloatRange(0, min_open=True),
    usual="no limit",
    envvar="FOOTFALL_MATERIALIZE_MAX_WRITE_UNITS",
    metavar="UNITS/S",
    help="Write no faster than so many write units a second.",
)
@scope_options("materialize")
@extraction_options("materialize")
@store_options
@click.pass_obj
def materialize_command(
    app: App,
    store: StoreSettings,
    what: Sequence[str],
    creates: bool,
    replaces: bool,
    ask_above_units: float,
    max_write_units: float | None,
    scope: Scope,
    view: View,
    lookback_days: int,
    extraction: ExtractionSettings,
) -> None:
    """Keep visits, visitors and daily rollups in tables of their own, in step with the events; all three by default.

    Days whose events have not changed since are neither read nor written. Reports of goals, and who came before, are
    not kept: --lookback and --own-host change nothing. docs/derived-tables.md has the columns.
    """
    del lookback_days
    _check(what)
    wish = Wish(
        tuple(what) or WHAT,
        scope,
        view,
        extraction.request,
        creates=creates,
        replaces=replaces,
        explains=extraction.explains,
        yes=extraction.request.yes,
        ask_above_units=ask_above_units,
        max_write_units=max_write_units,
    )
    for line in lines(anyio.run(_made, app, store, wish)):
        click.echo(line)


def _check(what: Sequence[str]) -> None:
    for name in what:
        if name not in WHAT:
            raise click.BadParameter(
                f"{printable(name, 40)!r} is none of {', '.join(WHAT)}", param_hint="what to make"
            )


async def _made(app: App, settings: StoreSettings, wish: Wish) -> Outcome:
    with shown_progress(sys.stderr) as on_page:
        async with app.open_store(replace(settings, must_exist=True)) as store:
            return await materialize(store, app.clock, wish, on_page)


def lines(outcome: Outcome) -> Iterator[str]:
    """Yield what a person wants to know of what was made, or would be."""
    verb = "Would write" if outcome.is_estimate else "Wrote"
    items = ", ".join(f"{count:,} to {table}" for table, count in outcome.items.items())
    cost = "free" if outcome.dollars is None else shown_dollars(outcome.dollars)
    most = "at most " if outcome.is_estimate else ""
    yield f"{verb} {counted(outcome.days, 'day')}: {items}, {most}{outcome.write_units:,.0f} write units, {cost}."
    if outcome.deleted:
        yield f"Deleted {counted(outcome.deleted, 'item')} that days no longer have."

    if outcome.fresh:
        yield f"Not changed since: {counted(outcome.fresh, 'day')} of a table."

    if outcome.closed:
        yield f"Left as they are, since their events have begun to expire: {counted(outcome.closed, 'day')} of a table."
