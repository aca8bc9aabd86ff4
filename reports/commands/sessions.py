"""`footfall sessions`: what one visitor did, session by session."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import anyio
import click
import polars as pl

from footfall.errors import SettingsError
from footfall.keys import is_site
from footfall.store.address import StoreSettings
from footfall.store.commands import App, option, store_options
from footfall.text import printable
from reports.materialize.history import sessions_of


@click.command(
    name="sessions",
    epilog="Example: footfall sessions 0123456789abcdef --site example.org --store embedded:site.db",
)
@click.argument("visitor", metavar="VISITOR")
@option(
    "--site",
    required=True,
    usual="none, it has to be given",
    envvar="FOOTFALL_SESSIONS_SITE",
    metavar="SITE",
    help="Site that the visitor came to.",
)
@option(
    "--limit",
    type=click.IntRange(1, 1000),
    default=20,
    envvar="FOOTFALL_SESSIONS_LIMIT",
    metavar="N",
    help="Show the last N sessions.",
)
@option(
    "--json", "as_json", is_flag=True, envvar="FOOTFALL_SESSIONS_JSON", help="Print a JSON object a line."
)
@store_options
@click.pass_obj
def sessions_command(
    app: App, store: StoreSettings, visitor: str, site: str, limit: int, as_json: bool
) -> None:
    """List a visitor's sessions, newest first, by one Query; VISITOR is the id as it is stored and reports show it.

    The sessions are those that footfall materialize visits has left.
    """
    if not is_site(site):
        raise SettingsError(
            f"{printable(site, 60)!r} cannot be the name of a site.", hint="--site example.org"
        )

    async def run() -> pl.DataFrame:
        async with app.open_store(replace(store, must_exist=True)) as opened:
            return await sessions_of(opened, app.clock, site, visitor, limit)

    found = anyio.run(run)
    if as_json:
        click.echo(found.write_ndjson(), nl=False)
        return

    for line in lines(found):
        click.echo(line)

    if found.is_empty():
        click.echo(f"No sessions of {printable(visitor, 60)} on {site}.", err=True)


def lines(sessions: pl.DataFrame) -> Iterator[str]:
    """Yield a line for each session, safe to show."""
    for row in sessions.iter_rows(named=True):
        yield printable(_line(row), 400)


def _line(row: dict[str, Any]) -> str:
    came = " / ".join(filter(None, [row["medium"], row["source"], row["campaign"]])) or "direct"
    client = " ".join(filter(None, [row["browser"], row["os"], row["device"], row["country"]]))
    pages = " → ".join(filter(None, [row["entry_page"], row["exit_page"]]))
    spent = f"{row['revenue']}, {row['orders']} orders, " if row["orders"] else ""
    return (
        f"{row['started_at']:%Y-%m-%d %H:%M:%S}  {row['page_views']:>4} pages {row['actions']:>4} actions  "
        f"{spent}{came}  {pages}  {client}"
    )
