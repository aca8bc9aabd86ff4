"""`footfall ingest` and `footfall formats`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

import anyio
import click
import msgspec

from footfall.errors import FormatError
from footfall.keys import is_site
from footfall.store.address import StoreSettings, parse_address
from footfall.store.admin import open_tables
from footfall.store.commands import App, option, show_error, store_options
from footfall.text import printable
from ingest.enrich import AddressPolicy
from ingest.filters import Filters
from ingest.formats import FORMATS, named
from ingest.formats.detect import Detection, detect
from ingest.reader import SHOWN_CHARACTERS
from ingest.run import OnEnd, Outcome, run_ingest
from ingest.settings import IngestSettings
from ingest.sources import Source, find_sources, open_source

DEFAULTS: Final = IngestSettings()
SPARE_CONNECTIONS: Final = 4


@click.command(
    name="ingest",
    epilog="Example: footfall ingest /var/log/nginx/access.log* --site example.org --store embedded:site.db",
)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@store_options
@option("--site", usual="the virtual host, else default", help="Site the events belong to.")
@option(
    "--format",
    "format_name",
    envvar="FOOTFALL_INGEST_FORMAT",
    type=click.Choice(sorted(FORMATS)),
    usual="detected for each file",
    help="Format of the lines.",
)
@option(
    "--since",
    type=click.DateTime(),
    usual="no bound",
    metavar="TIME",
    help="Leave out events before this moment, UTC; as 2026-01-31 or 2026-01-31T13:59:59.",
)
@option(
    "--until",
    type=click.DateTime(),
    usual="no bound",
    metavar="TIME",
    help="Leave out events from this moment on, UTC.",
)
@option(
    "--addresses",
    type=click.Choice(["masked", "full", "none"]),
    default=DEFAULTS.addresses,
    help="How client addresses are kept; masked is /24 for IPv4 and /48 for IPv6.",
)
@option(
    "--replay",
    is_flag=True,
    help="Read from the first byte again, whatever was ingested before. Overwrites events, never doubles them.",
)
@option("--group", default=DEFAULTS.group, help="Whose checkpoints to go on from.")
@option(
    "--host-label",
    default="",
    usual="none",
    help="Tells apart equal logs of several hosts; part of every event's key.",
)
@option("--source-name", default="stdin", help="Log name that standard input stands for.")
@option(
    "--dead-letters",
    type=click.Path(dir_okay=False, path_type=Path),
    default=DEFAULTS.dead_letters,
    help="File that refused lines are kept in, with the reason.",
)
@option(
    "--writers",
    type=click.IntRange(1, 256),
    default=DEFAULTS.writers,
    help="Requests under way at once.",
)
@option(
    "--max-rejected",
    type=click.FloatRange(0, 1),
    default=DEFAULTS.max_rejected,
    metavar="SHARE",
    help="Stop when more than this share of the lines was refused, from 1,000 lines on.",
)
@option(
    "--give-up-after",
    type=click.FloatRange(0),
    default=DEFAULTS.give_up_after_seconds,
    metavar="SECONDS",
    help="Stop when nothing could be written for so long.",
)
@option(
    "--summary",
    "summary_form",
    envvar="FOOTFALL_INGEST_SUMMARY",
    type=click.Choice(["text", "json"]),
    default="text",
    help="How the run is summed up: text on stderr, or one JSON object on stdout.",
)
@click.pass_obj
def ingest_command(
    app: App,
    store: StoreSettings,
    paths: tuple[str, ...],
    site: str | None,
    format_name: str | None,
    since: datetime | None,
    until: datetime | None,
    addresses: AddressPolicy,
    replay: bool,
    group: str,
    host_label: str,
    source_name: str,
    dead_letters: Path,
    writers: int,
    max_rejected: float,
    give_up_after: float,
    summary_form: str,
) -> int:
    """Read access logs into a store.

    PATH is a file, a glob, a directory, or - for standard input; gzip, bzip2, xz and zstd are recognised by content.
    A file that was read before is gone on with where the last run stopped.
    """
    if site is not None and not is_site(site):
        raise click.BadParameter(
            "lower-case letters, digits, dot, dash and underscore only", param_hint="--site"
        )

    if since and until and since >= until:
        raise click.BadParameter("leaves nothing: it has to be later than --since", param_hint="--until")

    settings = IngestSettings(
        format=named(format_name) if format_name else None,
        site=site,
        addresses=addresses,
        filters=Filters(since=_utc(since), until=_utc(until)),
        group=group,
        host_label=host_label,
        replay=replay,
        dead_letters=dead_letters,
        writers=writers,
        max_rejected=max_rejected,
        give_up_after_seconds=give_up_after,
    )
    sources = find_sources(paths, stdin_name=source_name)
    # One connection for each writer, and some for what goes on beside them.
    store = replace(store, connections=max(store.connections, writers + SPARE_CONNECTIONS))
    sum_up = partial(_sum_up, settings=settings, form=summary_form)
    outcome = anyio.run(_ingest, app, store, settings, sources, sum_up)
    for problem in outcome.problems:
        show_error(problem)

    return max((problem.exit_code for problem in outcome.problems), default=0)


async def _ingest(
    app: App, store: StoreSettings, settings: IngestSettings, sources: list[Source], sum_up: OnEnd
) -> Outcome:
    is_embedded = parse_address(store.address).engine == "embedded"
    async with app.open_store(store) as opened:
        # An embedded store costs nothing; DynamoDB tables are made by `footfall table create`, where somebody decides.
        meta = await open_tables(opened, app.clock, create=is_embedded)
        return await run_ingest(sources, settings, opened, meta, app.clock, on_end=sum_up)


def _utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment else None


def _sum_up(outcome: Outcome, settings: IngestSettings, form: str) -> None:
    summary = outcome.summary()
    if form == "json":
        click.echo(msgspec.json.encode(summary).decode())

    for line in summary_lines(outcome, settings):
        click.echo(line, err=True)


def summary_lines(outcome: Outcome, settings: IngestSettings) -> list[str]:
    """Return what a person wants to know of a finished run."""
    tally, counts = outcome.tally, outcome.tally.counts
    stored = f"{counts.events:,} {_plural('event', counts.events)} stored"
    rate = counts.events / outcome.seconds if outcome.seconds else 0.0
    lines = [
        f"{counts.lines:,} {_plural('line', counts.lines)} read from {tally.sources:,} "
        f"{_plural('source', tally.sources)} in {outcome.seconds:.1f} s: {stored} "
        f"({rate:,.0f}/s), {counts.rejected:,} rejected, {counts.skipped:,} skipped, {counts.filtered:,} filtered.",
        f"{tally.batches:,} {_plural('batch', tally.batches, 'es')}, {tally.consumed_write_units:,.0f} write units, "
        f"{tally.throttled:,} {_plural('request', tally.throttled)} throttled.",
    ]
    if counts.rejected:
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in tally.rejected_by_reason.most_common())
        lines.append(f"Rejected lines are kept in {printable(str(settings.dead_letters))}: {reasons}.")

    if counts.filtered:
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in tally.filtered_by_reason.most_common())
        lines.append(f"Filtered events are only read again with --replay: {reasons}.")

    if tally.sources_unchanged:
        lines.append(
            f"{tally.sources_unchanged:,} {_plural('source', tally.sources_unchanged)} had nothing new since the last "
            "run (--replay reads from the start)."
        )

    lines += [printable(notice) for notice in outcome.notices]
    if outcome.stopped:
        lines.append("Stopped by a signal: everything read is stored, the next run goes on from there.")

    return lines


def _plural(noun: str, count: int, ending: str = "s") -> str:
    return noun if count == 1 else noun + ending


@click.group(name="formats")
def formats_group() -> None:
    """List log formats, and find out which one a file is in."""


@formats_group.command(name="list", epilog="Example: footfall formats list")
def formats_list_command() -> None:
    """List the formats with an example line of each."""
    for form in FORMATS.values():
        click.echo(f"{form.name:<16} {form.title}")
        click.echo(f"{'':<16} {form.example}")


@formats_group.command(name="detect", epilog="Example: footfall formats detect /var/log/nginx/*.log")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
def formats_detect_command(paths: tuple[str, ...]) -> int:
    """Say which format each file is in, and how sure that is."""
    detections = [(source.name, _detect(source)) for source in find_sources(paths)]
    for name, detection in detections:
        click.echo(f"{printable(name)}: {_verdict(detection)}")
        for number, text in detection.offending:
            click.echo(f"    line {number}: {printable(text, SHOWN_CHARACTERS)}")

    return 0 if all(detection.format for _, detection in detections) else FormatError.exit_code


def _detect(source: Source) -> Detection:
    with open_source(source) as opened:
        return detect(opened.head())


def _verdict(detection: Detection) -> str:
    read = f"{detection.matched:,} of the first {detection.total:,} lines"
    return (
        f"{detection.format.name}, {read}"
        if detection.format
        else f"no known format, the nearest reads {read}"
    )
