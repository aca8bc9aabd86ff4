"""`footfall extract`: leave the events as a dataset for other tools."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, TypeVar

import anyio
import click

from footfall.errors import SettingsError
from footfall.paths import expanded
from footfall.store.commands import App, option
from footfall.store.objects import is_s3, open_objects, parse_s3
from footfall.text import printable
from reports.commands.extraction_options import ExtractionSettings, explain, extraction_options
from reports.commands.sections import SectionedCommand
from reports.commands.source_options import SourceSettings, opened_source, source_options
from reports.extraction.progress import shown_progress
from reports.extraction.reading import Reading
from reports.extraction.request import Request
from reports.lake import DIALECTS, Mirrored, ddl, extract_to_s3
from reports.lake.target import Target
from reports.scope import Scope, scope_of

EXAMPLES: Final = """Examples:

\b
footfall extract --out events
footfall extract --out s3://example-lake/events --site example.org --from 2026-01-01
footfall extract --out s3://example-lake/events --ddl athena
footfall extract --out events --from-export s3://example-exports/AWSDynamoDB/01693685827463-2d8752fd"""

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

_DATE: Final = click.DateTime(["%Y-%m-%d"])


def _option(flag: str, name: str, **settings: Any) -> Callable[[Decorated], Decorated]:
    """Return an option of `footfall extract` whose environment variable is named after `flag`."""
    variable = "FOOTFALL_EXTRACT_" + flag.removeprefix("--").replace("-", "_").upper()
    return option(flag, name, envvar=variable, **settings)


@click.command(name="extract", cls=SectionedCommand, epilog=EXAMPLES)
@_option(
    "--out",
    "out",
    required=True,
    usual="none, it has to be given",
    metavar="DIR|s3://BUCKET/PREFIX",
    help="Leave the dataset in this folder, or under this prefix of S3.",
)
@_option("--site", "site", usual="all sites", metavar="SITE", help="Only events of this site.")
@_option(
    "--from",
    "first_on",
    usual="no bound",
    type=_DATE,
    metavar="YYYY-MM-DD",
    help="First day, in --timezone; the UTC days that it touches are kept whole.",
)
@_option("--to", "last_on", usual="no bound", type=_DATE, metavar="YYYY-MM-DD", help="Last day, included.")
@_option("--timezone", "timezone", default="UTC", metavar="ZONE", help="IANA zone in which days begin.")
@_option(
    "--ddl",
    "dialect",
    usual="none, read and write",
    type=click.Choice(list(DIALECTS)),
    help="Only print the SQL that lets this tool query the dataset; nothing is read.",
)
@extraction_options("extract")
@source_options("extract", "--from-dataset", unless="dialect")
@click.pass_obj
def extract_command(
    app: App,
    source: SourceSettings,
    out: str,
    site: str | None,
    first_on: datetime | None,
    last_on: datetime | None,
    timezone: str,
    dialect: str | None,
    extraction: ExtractionSettings,
) -> None:
    """Leave the events as a dataset for Athena, Spark, DuckDB or Polars: Parquet by site and UTC day.

    Days that have not changed since are not read again. docs/dataset.md has the columns.
    """
    scope = scope_of(site, first_on and first_on.date(), last_on and last_on.date(), timezone)
    if dialect is not None:
        click.echo(ddl(dialect, out, scope), nl=False)
        return

    request = folder_request(extraction, scope, out)
    if extraction.explains:
        explain(app, source.store, request)
        return

    anyio.run(_to_s3 if is_s3(out) else _to_folder, app, source, request, out)


def folder_request(extraction: ExtractionSettings, scope: Scope, out: str) -> Request:
    """Return the request for what `out` is to hold; raises `SettingsError` for what it cannot be."""
    if is_s3(out):
        parse_s3(out)
        return extraction.of(scope)

    if extraction.request.folder is not None:
        raise SettingsError(
            "--dataset is a folder besides S3; --out names a folder already.", hint="leave out --dataset"
        )

    if "://" in out:
        raise SettingsError(
            f"{printable(out, 100)!r} is neither a folder nor an S3 address.", hint="--out s3://BUCKET/PREFIX"
        )

    return replace(extraction.of(scope), folder=expanded(out))


async def _to_folder(app: App, settings: SourceSettings, request: Request, out: str) -> None:
    with shown_progress(sys.stderr) as on_page:
        async with (
            opened_source(app, settings, on_page) as source,
            source.extract(request) as (_, reading),
        ):
            pass

    _tell(reading, out)


async def _to_s3(app: App, settings: SourceSettings, request: Request, out: str) -> None:
    with shown_progress(sys.stderr) as on_page:
        async with open_objects(settings.objects) as objects, opened_source(app, settings, on_page) as source:
            target = Target(objects, parse_s3(out))
            reading, mirrored = await extract_to_s3(
                source.extract, await source.identify(), request, target, app.clock
            )

    _tell(reading, out, mirrored)


def _tell(reading: Reading, out: str, mirrored: Mirrored | None = None) -> None:
    click.echo(reading.sentence(), err=True)
    if mirrored is not None:
        click.echo(mirrored.sentence(), err=True)

    click.echo(f"The dataset is in {printable(out, 200)}", err=True)
