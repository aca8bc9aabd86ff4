"""`footfall forget`: erase a person from everything, and prove it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

import anyio
import click
import msgspec

from footfall.errors import GapFound
from footfall.person import Person
from footfall.store.address import StoreSettings
from footfall.store.commands import App, option, store_options
from footfall.text import counted, printable
from ingest.beacons.known import DIALECTS
from ingest.commands import options
from ingest.forget import Forgetting, Kept, Wish, forget
from ingest.settings import IngestSettings

_FOLDER: Final = click.Path(file_okay=False, path_type=Path)


@click.command(
    name="forget",
    epilog="Example: footfall forget --ip 192.0.2.7 --store embedded:site.db --dataset extract/ --yes",
)
@store_options
@option(
    "--ip",
    "whole_addresses",
    envvar="FOOTFALL_FORGET_IP",
    multiple=True,
    usual="none",
    metavar="ADDRESS",
    help="Whole address; repeatable.",
)
@option(
    "--visitor",
    "visitors",
    envvar="FOOTFALL_FORGET_VISITOR",
    multiple=True,
    usual="none",
    metavar="ID",
    help="Visitor id as it is stored and shown in reports; repeatable.",
)
@option(
    "--cookie",
    "cookies",
    envvar="FOOTFALL_FORGET_COOKIE",
    multiple=True,
    usual="none",
    metavar="DIALECT=ID",
    help="Visitor by the word of a tracker's own cookie, as matomo=0123456789abcdef; repeatable.",
)
@option(
    "--dead-letters",
    "letter_files",
    envvar="FOOTFALL_DEAD_LETTERS",
    type=click.Path(dir_okay=False, path_type=Path),
    multiple=True,
    usual=f"{options.DEFAULTS.dead_letters} if it is there",
    help="File of dead letters to erase lines from; repeatable.",
)
@option(
    "--dataset",
    "datasets",
    envvar="FOOTFALL_FORGET_DATASET",
    type=_FOLDER,
    multiple=True,
    usual="none",
    help="Folder of Parquet files of events, as reports leave it with --dataset; repeatable.",
)
@options.settings_options(*options.RECOGNISING)
@option("--dry-run", is_flag=True, help="Only say what is kept.")
@option("--yes", is_flag=True, help="Do not ask whether to erase it.")
@options.SUMMARY
@click.pass_obj
def forget_command(
    app: App,
    store: StoreSettings,
    settings: IngestSettings,
    whole_addresses: tuple[str, ...],
    visitors: tuple[str, ...],
    cookies: tuple[str, ...],
    letter_files: tuple[Path, ...],
    datasets: tuple[Path, ...],
    dry_run: bool,
    yes: bool,
    summary: str,
) -> None:
    """Erase a person's events, sessions, dead letters and rows of datasets, then look again whether any is left.

    Reads the whole tables twice: one read unit for each 4 KB. With --ip, the visitor ids that the address has with
    every user agent and day in the table are computed again, with the salt of the table or of --salt-file or
    --salt-secret; give the options of enrichment with which the logs were read. Not erased: logs, backups, reports
    written earlier, and events of days whose salt is destroyed, which are nobody's. Exits with 7 when anything is
    left.
    """
    person = Person(visitors, _addresses(whole_addresses), _cookies(cookies))
    if person == Person():
        raise click.UsageError("Whom? Give --ip, --visitor or --cookie.")

    usual = options.DEFAULTS.dead_letters
    files = letter_files or ((usual,) if usual.is_file() else ())
    wish = Wish(person, settings, files, datasets)
    if not (dry_run or yes):
        _ask()

    done = anyio.run(_forget, app, store, wish, not dry_run)
    if summary == "json":
        click.echo(msgspec.json.encode(document(done)).decode())

    for line in lines(done):
        click.echo(printable(line), err=summary == "json")

    if done.after is not None and not done.after.is_nothing:
        raise GapFound(
            "Something of the person is left, or came while it was erased.",
            hint="stop what ingests their logs, then run the same command again",
        )


def _ask() -> None:
    if not sys.stdin.isatty():
        raise click.UsageError("There is nobody to ask: add --yes, or --dry-run to see what is kept.")

    click.confirm("Erase everything of this person for good?", abort=True, err=True)


async def _forget(app: App, store: StoreSettings, wish: Wish, erases: bool) -> Forgetting:
    async with app.open_store(replace(store, must_exist=True)) as opened:
        return await forget(opened, app.clock, wish, erases=erases)


def lines(done: Forgetting) -> Iterator[str]:
    """Yield what a person wants to know: what was kept, and what a second look found."""
    yield f"{'Kept' if done.after is None else 'Erased'}: {_said(done.before)}."
    if done.after is not None:
        looked = f"a second look at {counted(done.after.reading.items, 'item')}"
        left = "nothing is left" if done.after.is_nothing else f"LEFT: {_said(done.after)}"
        yield f"Proof: {looked}, and at every file again: {left}."


def document(done: Forgetting) -> dict[str, Any]:
    """Return everything as one JSON object."""
    return {"before": _document(done.before), "after": done.after and _document(done.after)}


def _said(kept: Kept) -> str:
    parts = [
        counted(kept.events, "event"),
        counted(sum(kept.letters.values()), "dead letter"),
        f"{counted(sum(kept.rows.values()), 'row')} of {counted(len(kept.rows), 'Parquet file')}",
        *(f"{count:,} of table {name}" for name, count in kept.derived.items()),
    ]
    return ", ".join(parts)


def _document(kept: Kept) -> dict[str, Any]:
    return {
        "events": kept.events,
        "dead_letters": _by_name(kept.letters),
        "rows": _by_name(kept.rows),
        "derived": dict(kept.derived),
        "items_read": kept.reading.items,
        "read_units": kept.reading.read_units,
    }


def _by_name(counts: Mapping[Path, int]) -> dict[str, int]:
    return {str(path): count for path, count in counts.items()}


def _addresses(texts: tuple[str, ...]) -> tuple[str, ...]:
    for text in texts:
        try:
            ip_address(text)
        except ValueError:
            raise click.BadParameter(
                f"{printable(text, 60)!r} is no address; a whole one is needed, as 192.0.2.7",
                param_hint="--ip",
            ) from None

    return texts


def _cookies(texts: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    pairs = []
    for text in texts:
        dialect, equals, cookie = text.partition("=")
        if dialect not in DIALECTS or not equals or not cookie:
            raise click.BadParameter(
                f"is DIALECT=ID, with DIALECT one of {', '.join(DIALECTS) or 'none'}", param_hint="--cookie"
            )

        pairs.append((dialect, cookie))

    return tuple(pairs)
