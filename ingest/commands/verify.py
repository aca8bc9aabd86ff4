"""`footfall verify`: whether the table holds what the checkpoints account for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import click

from footfall.errors import GapFound
from footfall.store.address import StoreSettings
from footfall.store.commands import App, option, store_options
from footfall.store.partitions import LARGEST_SEGMENTS
from footfall.store.scan import Reading
from footfall.text import counted, printable
from ingest.accounting import Findings, SourceCheck
from ingest.commands import options
from ingest.commands.group_option import ONLY_GROUP
from ingest.verify import verify


@click.command(
    name="verify", epilog="Example: footfall verify --store embedded:site.db --dead-letters web-1.ndjson"
)
@store_options
@ONLY_GROUP
@option(
    "--dead-letters",
    "letter_files",
    envvar="FOOTFALL_DEAD_LETTERS",
    type=click.Path(dir_okay=False, path_type=Path),
    multiple=True,
    usual=f"{options.DEFAULTS.dead_letters} if it is there",
    help="File of dead letters to count too; repeatable, for runs on several machines.",
)
@option(
    "--segments",
    type=click.IntRange(1, LARGEST_SEGMENTS),
    usual="from the table's size",
    metavar="N",
    help="Scan the table in N pieces.",
)
@option(
    "--format",
    "form",
    envvar="FOOTFALL_VERIFY_FORMAT",
    type=click.Choice(["table", "json"]),
    default="table",
    help="Form of the output; json has every day of every source.",
)
@click.pass_obj
def verify_command(
    app: App,
    store: StoreSettings,
    group: str | None,
    letter_files: Sequence[Path],
    segments: int | None,
    form: str,
) -> None:
    """Compare what checkpoints and dead letters account for with what the table holds, by source and day.

    Scans the whole table, keys only, with strongly consistent reads: one read unit for each 4 KB. Exits with 7 when
    something is missing. That there is more than accounted for is told, and no gap. Runs may go on meanwhile.
    """
    usual = options.DEFAULTS.dead_letters
    files = letter_files or ([usual] if usual.is_file() else [])
    findings, reading, location = anyio.run(_verify, app, store, group, files, segments)
    if form == "json":
        click.echo(json.dumps(document(findings, reading), indent=2))
    else:
        for line in lines(findings):
            click.echo(printable(line))

    click.echo(
        f"Read {counted(reading.items, 'item')} in {reading.seconds:.1f} s, {reading.read_units:,.1f} read units.",
        err=True,
    )
    _raise_for_gaps(findings, location)


async def _verify(
    app: App, store: StoreSettings, group: str | None, files: Sequence[Path], segments: int | None
) -> tuple[Findings, Reading, str]:
    async with app.open_store(replace(store, must_exist=True)) as opened:
        findings, reading = await verify(
            opened, app.clock, group=group, letter_files=files, segments=segments
        )
        return findings, reading, opened.location


def _raise_for_gaps(findings: Findings, location: str) -> None:
    missing = []
    if findings.missing:
        missing.append(counted(findings.missing, "event"))

    if findings.missing_letters:
        missing.append(counted(findings.missing_letters, "dead letter"))

    if missing:
        raise GapFound(
            f"Missing: {' and '.join(missing)} that the checkpoints account for.",
            hint=_remedy(findings, location),
        )


def _remedy(findings: Findings, location: str) -> str:
    if findings.missing:
        return f"footfall ingest PATH... --replay --store {location}   (with the other options of that run)"

    return (
        f"footfall verify --dead-letters FILE --store {location}   (repeat it for each file of dead letters)"
    )


def lines(findings: Findings) -> Iterator[str]:
    """Yield what a person wants to know: a line for each source, its gaps, and what is there beside."""
    if not findings.sources:
        yield "No checkpoint accounts for anything yet."

    for source in findings.sources:
        yield from _source_lines(source)

    for stranger in findings.strangers:
        days = (
            stranger.first_on
            if stranger.first_on == stranger.last_on
            else f"{stranger.first_on} to {stranger.last_on}"
        )
        yield f"Note: source {stranger.source_id} has {counted(stranger.items, 'event')} ({days}) and no checkpoint."

    if findings.identified:
        known = counted(findings.identified, "event")
        yield f"Note: {known} with ids of their own, not held against any account: sent twice, it is one."

    if findings.foreign:
        yield f"Note: {counted(findings.foreign, 'item')} with keys that are none of footfall's."


def _source_lines(source: SourceCheck) -> Iterator[str]:
    verdict = f"{source.missing:,} MISSING" if source.missing else "all there"
    yield f"{source.name} (id {source.source_id}, group {source.group})"
    yield f"  {counted(source.accounted, 'event')} accounted for, {source.stored:,} stored: {verdict}"
    for day in source.gaps:
        yield f"  GAP {day.on}: {day.accounted:,} accounted for, {day.stored:,} stored, {day.missing:,} missing"

    yield from _letter_lines(source)
    more = sum(max(0, day.stored - day.accounted) for day in source.days)
    if more:
        yield f"  Note: {more:,} more than accounted for, as after retried dead letters or a replay with other filters"

    if source.beyond:
        yield f"  Note: {source.beyond:,} behind the position, not accounted for yet"


def _letter_lines(source: SourceCheck) -> Iterator[str]:
    if source.missing_letters:
        yield (
            f"  GAP dead letters: {counted(source.rejected, 'line')} rejected, {source.letters:,} kept, "
            f"{source.missing_letters:,} missing"
        )
    elif source.rejected and source.letters is None:
        yield f"  Note: {counted(source.rejected, 'line')} rejected; no file of dead letters to hold against that"
    elif source.rejected:
        yield f"  {counted(source.rejected, 'line')} rejected, {'all of them ' if source.rejected > 1 else ''}kept"


def document(findings: Findings, reading: Reading) -> dict[str, Any]:
    """Return everything as one JSON object."""
    return {
        "missing_events": findings.missing,
        "missing_dead_letters": findings.missing_letters,
        "sources": [_source_document(source) for source in findings.sources],
        "without_checkpoint": [
            {
                "source_id": one.source_id,
                "stored": one.items,
                "first_on": one.first_on,
                "last_on": one.last_on,
            }
            for one in findings.strangers
        ],
        "foreign_items": findings.foreign,
        "identified_events": findings.identified,
        "items_read": reading.items,
        "read_units": reading.read_units,
        "seconds": reading.seconds,
    }


def _source_document(source: SourceCheck) -> dict[str, Any]:
    return {
        "name": source.name,
        "source_id": source.source_id,
        "group": source.group,
        "position": source.position,
        "accounted": source.accounted,
        "stored": source.stored,
        "missing": source.missing,
        "stored_beyond_position": source.beyond,
        "rejected": source.rejected,
        "dead_letters": source.letters,
        "missing_dead_letters": source.missing_letters,
        "days": [
            {"day": day.on, "accounted": day.accounted, "stored": day.stored, "missing": day.missing}
            for day in source.days
        ],
    }
