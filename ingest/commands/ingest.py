"""`footfall ingest`: read logs to their ends, once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Final

import anyio
import click

from footfall.store import Store
from footfall.store.address import StoreSettings, parse_address
from footfall.store.admin import open_tables
from footfall.store.commands import App, option, show_error, store_options
from footfall.store.state import TableMeta
from ingest.commands import options
from ingest.commands.summary import sum_up
from ingest.run import OnEnd, Outcome, run_ingest
from ingest.settings import IngestSettings
from ingest.sources import Source, find_sources

SPARE_CONNECTIONS: Final = 4


@click.command(
    name="ingest",
    epilog="Example: footfall ingest /var/log/nginx/access.log* --site example.org --store embedded:site.db",
)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@store_options
@options.settings_options(
    *options.READING,
    option(
        "--replay",
        is_flag=True,
        help="Read from the first byte again, whatever was ingested before. Overwrites events, never doubles them.",
    ),
    options.GROUP,
    options.HOST_LABEL,
    *options.WRITING,
    options.MAX_REJECTED,
    options.MAX_REJECTED_IN_A_ROW,
    options.MAX_LINE_BYTES,
    options.MAX_INFLATION,
    options.LINGER,
    options.give_up_after(options.DEFAULTS.give_up_after_seconds),
    options.DRAIN,
    options.LEASE,
)
@option("--source-name", default="stdin", help="Log name that standard input stands for.")
@options.SUMMARY
@click.pass_obj
def ingest_command(
    app: App,
    store: StoreSettings,
    settings: IngestSettings,
    paths: tuple[str, ...],
    source_name: str,
    summary: str,
) -> int:
    """Read access logs into a store.

    PATH is a file, a glob, a directory, or - for standard input; gzip, bzip2, xz and zstd are recognised by content.
    A file that was read before is gone on with where the last run stopped.
    """
    notices: list[str] = []
    sources = find_sources(
        paths,
        stdin_name=source_name,
        on_left_out=lambda name, kind: notices.append(f"{name} is {kind}: not read."),
    )
    summing_up = partial(sum_up, settings=settings, form=summary)
    outcome = anyio.run(
        _ingest, app, with_connections(store, settings), settings, sources, notices, summing_up
    )
    for problem in outcome.problems:
        show_error(problem)

    return max((problem.exit_code for problem in outcome.problems), default=0)


def with_connections(store: StoreSettings, settings: IngestSettings) -> StoreSettings:
    """Return `store` with one connection for each writer, and some for what goes on beside them."""
    return replace(store, connections=max(store.connections, settings.writers + SPARE_CONNECTIONS))


@asynccontextmanager
async def open_to_write(app: App, store: StoreSettings) -> AsyncIterator[tuple[Store, TableMeta]]:
    """Open a store that events go to; an embedded one is made when it is not there."""
    is_embedded = parse_address(store.address).engine == "embedded"
    async with app.open_store(store) as opened:
        # An embedded store costs nothing; DynamoDB tables are made by `footfall table create`, where somebody decides.
        yield opened, await open_tables(opened, app.clock, create=is_embedded)


async def _ingest(
    app: App,
    store: StoreSettings,
    settings: IngestSettings,
    sources: list[Source],
    notices: list[str],
    on_end: OnEnd,
) -> Outcome:
    async with open_to_write(app, store) as (opened, meta):
        return await run_ingest(sources, settings, opened, meta, app.clock, on_end=on_end, notices=notices)
