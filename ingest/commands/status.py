"""`footfall status`: how far each source has been read, and by whom."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace

import anyio
import click

from footfall.store.address import StoreSettings
from footfall.store.commands import App, option, store_options
from footfall.store.state import read_held, read_meta
from footfall.text import printable
from ingest.commands.group_option import ONLY_GROUP
from ingest.status import WIDTH, Standing, status_lines


@click.command(name="status", epilog="Example: footfall status --store dynamodb:owa_ --group web")
@store_options
@ONLY_GROUP
@option(
    "--format",
    "form",
    envvar="FOOTFALL_STATUS_FORMAT",
    type=click.Choice(["table", "json"]),
    default="table",
    help="Form of the output; json has all figures exactly.",
)
@click.pass_obj
def status_command(app: App, store: StoreSettings, group: str | None, form: str) -> None:
    """Show how far each source has been read, and which run reads it.

    Reads the state table only. Sizes are those of the last look of a run, in decompressed bytes: a compressed file or a
    stream has none. Lag is 0 when the source was read to its end, else the time since its newest stored event.
    """
    standings = anyio.run(_standings, app, store, group)
    if form == "json":
        click.echo(json.dumps([one.document() for one in standings], indent=2))
        return

    if not standings:
        where = f"group {group} of {store.address}" if group else store.address
        click.echo(f"No source was read into {printable(where)} yet.")
        return

    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else WIDTH
    for line in status_lines(standings, width):
        click.echo(line)


async def _standings(app: App, store: StoreSettings, group: str | None) -> list[Standing]:
    async with app.open_store(replace(store, must_exist=True)) as opened:
        await read_meta(opened, app.clock)
        held = await read_held(opened, app.clock, group)
        now = app.clock.now()
        return [Standing(one, now) for one in held]
