"""`footfall tail`: follow logs for ever."""

from __future__ import annotations

import resource
from contextlib import suppress
from functools import partial
from math import inf

import anyio
import click

from footfall.store.address import StoreSettings
from footfall.store.commands import App, option, store_options
from ingest.commands import options
from ingest.commands.ingest import open_to_write, with_connections
from ingest.commands.summary import sum_up
from ingest.progress import Talk
from ingest.run import OnEnd, Outcome, Run
from ingest.settings import IngestSettings
from ingest.sources.find import STDIN
from ingest.tail import Follower, WatchMode
from ingest.tail.follower import POLL_SECONDS
from ingest.tally import Tally


@click.command(
    name="tail",
    epilog="Example: footfall tail /var/log/nginx/access.log --site example.org --store embedded:site.db",
)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@store_options
@options.settings_options(
    *options.READING,
    options.GROUP,
    options.HOST_LABEL,
    *options.WRITING,
    options.MAX_REJECTED,
    options.MAX_REJECTED_IN_A_ROW,
    options.MAX_LINE_BYTES,
    options.MAX_INFLATION,
    options.LINGER,
    options.give_up_after(inf),
    options.DRAIN,
    options.LEASE,
)
@option(
    "--poll-seconds",
    type=click.FloatRange(0.01),
    default=POLL_SECONDS,
    metavar="SECONDS",
    help="How often to look for changes, whether or not the kernel tells of them.",
)
@option(
    "--watch",
    type=click.Choice(["auto", "notify", "poll"]),
    default="auto",
    help="Whether to let the kernel tell of changes: on local file systems only, everywhere, or nowhere.",
)
@options.SUMMARY
@click.pass_obj
def tail_command(
    app: App,
    store: StoreSettings,
    settings: IngestSettings,
    paths: tuple[str, ...],
    poll_seconds: float,
    watch: WatchMode,
    summary: str,
) -> int:
    """Follow access logs into a store until stopped by SIGINT or SIGTERM.

    PATH is a file, a glob or a directory; what does not exist yet is waited for. Logs are read from where the last
    run stopped, else from their beginning, and followed across rotation of every kind; what was rotated away and
    compressed meanwhile is found and read first.
    """
    if STDIN in paths:
        raise click.UsageError("tail follows files; a pipe is read as it comes by: footfall ingest -")

    _open_as_many_files_as_allowed()
    summing_up = partial(sum_up, settings=settings, form=summary)
    anyio.run(_tail, app, with_connections(store, settings), settings, paths, poll_seconds, watch, summing_up)
    return 0


async def _tail(
    app: App,
    store: StoreSettings,
    settings: IngestSettings,
    paths: tuple[str, ...],
    poll_seconds: float,
    watch: WatchMode,
    on_end: OnEnd,
) -> Outcome:
    async with open_to_write(app, store) as (opened, meta):
        tally = Tally()
        talk = Talk(stderr=True)
        feed = Follower(
            paths,
            settings,
            opened,
            meta,
            app.clock,
            tally,
            poll_seconds=poll_seconds,
            watch=watch,
            say=talk.say,
        )
        return await Run(feed, settings, opened, app.clock, tally, talk=talk).to_the_end(on_end)


def _open_as_many_files_as_allowed() -> None:
    """Raise the soft limit of open files to the hard one: each followed log is held open."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
