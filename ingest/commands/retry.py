"""`footfall deadletters retry`: read refused lines again and store them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import anyio
import click
import msgspec
from click.core import ParameterSource

from footfall.errors import TooManyRejected
from footfall.store.address import StoreSettings
from footfall.store.commands import App, option, store_options
from footfall.store.state import read_meta
from footfall.text import printable
from ingest.commands import options
from ingest.commands.ingest import with_connections
from ingest.deadletters.again import UNREADABLE, Choice
from ingest.deadletters.read import Letters, read_letters
from ingest.deadletters.retry import Retried, Retry
from ingest.deadletters.run import run_retry
from ingest.enrich import AddressPolicy
from ingest.settings import IngestSettings
from ingest.tally import Tally

AS_THEN: Final = "as each line was read then"


@click.command(
    name="retry",
    epilog="Example: footfall deadletters retry --format combined_vhost --reason no-match --store embedded:site.db",
)
@options.DEAD_LETTER_FILE
@store_options
@options.REASON
@options.SOURCE
@options.settings_options(
    option(
        "--format",
        usual=AS_THEN,
        metavar="FORMAT",
        help="Format of the lines, as `footfall ingest` takes it.",
    ),
    option("--site", usual=AS_THEN, help="Site the events belong to."),
    option(
        "--addresses",
        "policy",
        envvar="FOOTFALL_DEADLETTERS_RETRY_ADDRESSES",
        type=click.Choice(["masked", "full", "none"]),
        usual=AS_THEN,
        help="How client addresses are kept; masked is /24 for IPv4 and /48 for IPv6.",
    ),
    *options.CHOOSING,
    options.WRITERS,
    options.MAX_WRITE_UNITS,
    options.give_up_after(options.DEFAULTS.give_up_after_seconds),
    options.DRAIN,
)
@options.SUMMARY
@click.pass_obj
def retry_command(
    app: App,
    store: StoreSettings,
    settings: IngestSettings,
    file: Path,
    reason: tuple[str, ...],
    source: tuple[str, ...],
    policy: AddressPolicy | None,
    summary: str,
) -> int:
    """Read the waiting lines of FILE again and store what can be read now.

    Each keeps its source, line and byte offset, and the time shift and beacons it was read with unless those options
    say otherwise, so it gets the key it would have got then, and trying twice adds nothing.
    What is stored is noted in FILE; what is refused again waits on, and the exit code is 3.
    """
    shift = settings.enrichment.rewriting.time_shift_seconds if _is_given("time_shift") else None
    beacons = settings.beacons if _is_given("beacons") or _is_given("beacon_path") else None
    choice = Choice(reason, source, settings.format, settings.site, policy, shift, beacons)
    letters, tally, retried = read_letters(file), Tally(), Retried()
    try:
        anyio.run(_retry, app, with_connections(store, settings), settings, letters, choice, tally, retried)
    except BaseException:
        if retried.chosen:
            _sum_up(retried, tally, file, summary)

        raise

    _sum_up(retried, tally, file, summary)
    return TooManyRejected.exit_code if retried.still_waits else 0


def _is_given(name: str) -> bool:
    """Tell whether the user has given an option, by its name or its variable; else it is as it was then."""
    source = click.get_current_context().get_parameter_source(name)
    return source not in {None, ParameterSource.DEFAULT, ParameterSource.DEFAULT_MAP}


async def _retry(
    app: App,
    store: StoreSettings,
    settings: IngestSettings,
    letters: Letters,
    choice: Choice,
    tally: Tally,
    retried: Retried,
) -> None:
    async with app.open_store(replace(store, must_exist=True)) as opened:
        meta = await read_meta(opened, app.clock)
        retry = Retry(letters, choice, settings, opened, meta, app.clock, tally, retried)
        await run_retry(retry, app.clock, settings.drain_seconds)


def _sum_up(retried: Retried, tally: Tally, file: Path, form: str) -> None:
    if form == "json":
        click.echo(msgspec.json.encode(retried.summary(tally)).decode())

    for line in summary_lines(retried, file):
        click.echo(line, err=True)


def summary_lines(retried: Retried, file: Path) -> list[str]:
    """Return what a person wants to know of a finished retry."""
    if not retried.chosen:
        return [f"No line waits in {printable(str(file))}."]

    refused = retried.refused.total()
    lines = [
        f"{printable(str(file))}: of {retried.chosen:,} waiting, {retried.stored:,} stored, {refused:,} refused again, "
        f"{retried.filtered:,} filtered, {retried.unreadable.total():,} not tried ({retried.seconds:.1f} s)."
    ]
    if refused:
        reasons = ", ".join(
            f"{printable(reason)} {count:,}" for reason, count in retried.refused.most_common()
        )
        lines.append(f"Refused again: {reasons}. They wait on; another --format may read them.")

    lines += [f"Not tried: {count:,}, {UNREADABLE[code]}." for code, count in retried.unreadable.items()]
    if retried.left:
        lines.append(f"Not reached: {retried.left:,}. The same command goes on with them.")

    return lines
