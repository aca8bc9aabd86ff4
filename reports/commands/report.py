"""`footfall report` and `footfall reports`: the command line of the way out."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeVar

import anyio
import click

from footfall.errors import SettingsError
from footfall.store.address import StoreSettings
from footfall.store.commands import App, option, store_options
from reports.answer import Answer
from reports.catalogue import View, find_reports
from reports.extraction.plan import LARGEST_SEGMENTS
from reports.extraction.progress import shown_progress
from reports.outputs import OUTPUTS, CsvOutput, Output, TableOutput
from reports.outputs.deliver import check_stream, prepare_folder, to_folder, to_stream
from reports.run import Questions, answer
from reports.scope import scope_of

DEFAULT_TABLE_ROWS: Final = 20
"""Rows of a ranking in the terminal; days and hours are shown whole, files always are."""

LARGEST_LIMIT: Final = 10**9

EXAMPLES: Final = """Examples:

\b
footfall report summary pages
footfall report statuses --format csv > statuses.csv
footfall report pages referrers --site example.org --from 2026-01-01 --to 2026-01-31
footfall report all --format csv --format parquet --out reports-2026"""

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

_DATE: Final = click.DateTime(["%Y-%m-%d"])


def _option(
    flag: str, name: str, usual: str | None = None, **settings: Any
) -> Callable[[Decorated], Decorated]:
    """Return an option of `footfall report` whose environment variable is named after `flag`."""
    variable = "FOOTFALL_REPORT_" + flag.removeprefix("--").replace("-", "_").upper()
    return option(flag, name, envvar=variable, usual=usual, **settings)


@click.command(name="report", epilog=EXAMPLES)
@click.argument("names", metavar="NAME...|all", nargs=-1, required=True)
@_option("--site", "site", "all sites", metavar="SITE", help="Only events of this site.")
@_option("--from", "first_on", "no bound", type=_DATE, metavar="YYYY-MM-DD", help="First day, in --timezone.")
@_option("--to", "last_on", "no bound", type=_DATE, metavar="YYYY-MM-DD", help="Last day, included.")
@_option(
    "--timezone", "timezone", default="UTC", metavar="ZONE", help="IANA zone in which days and hours begin."
)
@_option(
    "--own-host",
    "own_hosts",
    "the site's name and virtual hosts",
    multiple=True,
    metavar="HOST",
    help="Host that is the site itself rather than a referrer; repeatable.",
)
@_option(
    "--limit",
    "limit",
    f"{DEFAULT_TABLE_ROWS} in tables of rankings, else all",
    type=click.IntRange(0, LARGEST_LIMIT),
    metavar="ROWS",
    help="Rows of each report, 0 for all.",
)
@_option(
    "--format",
    "formats",
    type=click.Choice(list(OUTPUTS)),
    multiple=True,
    default=["table"],
    help="Form of the output; repeatable with --out.",
)
@_option(
    "--out",
    "folder",
    "standard output",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Write files named after report and format into this folder.",
)
@_option(
    "--segments",
    "segments",
    "from the table's size, or Query where that is cheaper",
    type=click.IntRange(1, LARGEST_SEGMENTS),
    metavar="N",
    help="Scan the table in N pieces.",
)
@_option(
    "--dataset",
    "dataset",
    "a temporary folder, removed",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Keep the events read as Parquet files in this folder.",
)
@_option(
    "--csv-raw",
    "csv_raw",
    is_flag=True,
    help="Leave CSV cells alone that a spreadsheet would run as formulas.",
)
@store_options
@click.pass_obj
def report_command(
    app: App,
    store: StoreSettings,
    names: Sequence[str],
    site: str | None,
    first_on: datetime | None,
    last_on: datetime | None,
    timezone: str,
    own_hosts: Sequence[str],
    limit: int | None,
    formats: Sequence[str],
    folder: Path | None,
    segments: int | None,
    dataset: Path | None,
    csv_raw: bool,
) -> None:
    """Answer questions about the stored events: read the table once, then print or write each report.

    `footfall reports` lists the names.
    """
    if sys.stdout is None:
        raise SettingsError(
            "Standard output is closed.", hint="leave it open, or send it to /dev/null with --out DIR"
        )

    stdout = sys.stdout.buffer
    questions = Questions(
        reports=find_reports(names),
        scope=scope_of(site, _day(first_on), _day(last_on), timezone),
        view=View(timezone, tuple(host.lower() for host in own_hosts)),
        segments=segments,
        dataset=dataset,
    )
    outputs = chosen_outputs(formats, csv_raw=csv_raw, table_width=None if folder else terminal_width(stdout))
    if folder is None:
        check_stream(outputs, len(questions.reports), is_terminal=stdout.isatty())
    else:
        prepare_folder(folder)

    answers = anyio.run(_answers, app, store, questions)
    for output in outputs:
        _deliver(output, answers, limit, folder, stdout)

    _tell(answers[0])


def chosen_outputs(formats: Sequence[str], *, csv_raw: bool, table_width: int | None) -> tuple[Output, ...]:
    """Return the outputs called `formats`, each once; `table_width` is None where there is no terminal."""
    usual = {name: OUTPUTS[name]() for name in formats}
    special: dict[str, Output] = {
        "csv": CsvOutput(is_raw=csv_raw, is_shown=table_width is not None),
        "table": TableOutput(table_width),
    }
    return tuple(special.get(name, output) for name, output in usual.items())


def limited(
    answers: Sequence[Answer], output: Output, limit: int | None, *, is_file: bool
) -> tuple[Answer, ...]:
    """Return `answers` cut to `limit` rows; 0 means all, None what the output usually shows."""
    if limit is not None:
        return tuple(answer.first(limit or None) for answer in answers)

    shortens = output.name == "table" and not is_file
    return tuple(
        one.first(DEFAULT_TABLE_ROWS) if shortens and not one.report.is_series else one for one in answers
    )


def terminal_width(stream: BinaryIO) -> int | None:
    """Return the width of the terminal that `stream` is, None where it is none."""
    return shutil.get_terminal_size().columns if stream.isatty() else None


async def _answers(app: App, store: StoreSettings, questions: Questions) -> tuple[Answer, ...]:
    with shown_progress(sys.stderr) as on_page:
        async with app.open_store(replace(store, must_exist=True)) as opened:
            return await answer(opened, app.clock, questions, on_page)


def _deliver(
    output: Output, answers: Sequence[Answer], limit: int | None, folder: Path | None, stdout: BinaryIO
) -> None:
    shortened = limited(answers, output, limit, is_file=folder is not None)
    if folder is None:
        to_stream(output, shortened, stdout)
        return

    for path, one in zip(to_folder(output, shortened, folder), shortened, strict=True):
        click.echo(f"wrote {path}, {one.frame.height:,} rows", err=True)


def _tell(one: Answer) -> None:
    """Say on standard error what was read and, where that was nothing, what to do about it."""
    provenance = one.provenance
    click.echo(provenance.reading.sentence(), err=True)
    if provenance.reading.events:
        return

    click.echo(f"No events: {provenance.sentence()}.", err=True)
    if not provenance.scope.is_everything:
        click.echo(f"What is there: footfall report days --store {provenance.location}", err=True)
        return

    click.echo(
        f"Put some in: footfall ingest access.log --site example.org --store {provenance.location}", err=True
    )


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.date()
