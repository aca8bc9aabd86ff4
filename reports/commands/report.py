"""`footfall report`: reports by name, or metrics by dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import click

from footfall.store.commands import App, option
from reports.commands.asking import ask
from reports.commands.definition_options import definition_options, tell_undefined
from reports.commands.extraction_options import ExtractionSettings, extraction_options
from reports.commands.output_options import output_options
from reports.commands.query_options import check_alone, query_options
from reports.commands.rollups import FROM_ROLLUPS, ask_rollups
from reports.commands.scope_options import scope_options
from reports.commands.sections import SectionedCommand
from reports.commands.source_options import SourceSettings, source_options
from reports.commands.worker_options import worker_options
from reports.definitions import Definitions
from reports.definitions.reports import find
from reports.outputs import OutputSettings
from reports.partials.executors import WorkerSettings
from reports.query.typed import Typed, report_from
from reports.report import View
from reports.run import Questions
from reports.scope import Scope

EXAMPLES: Final = """Examples:

\b
footfall report summary pages
footfall report statuses --format csv > statuses.csv
footfall report --metrics visits,bounce_rate --by medium,entry_page --where "country = 'DE'" --sort -visits
footfall report goals funnels --definitions site.toml
footfall report all --dataset events --explain
footfall report pages referrers --site example.org --from 2026-01-01 --to 2026-01-31
footfall report days pages --workers 4 --approximate
footfall report all --format xlsx --out reports-2026
footfall report all --format csv --format parquet --out s3://example-reports/web --name '{date}/{report}.{suffix}'"""


@click.command(name="report", cls=SectionedCommand, epilog=EXAMPLES)
@click.argument("names", metavar="[NAME...|all]", nargs=-1)
@query_options("report")
@scope_options("report")
@definition_options
@output_options("report")
@extraction_options("report")
@worker_options("report")
@option(
    "--approximate",
    envvar="FOOTFALL_REPORT_APPROXIMATE",
    is_flag=True,
    help="Count distinct things by sketches, and say within which bounds; exact otherwise.",
)
@FROM_ROLLUPS
@source_options("report")
@click.pass_obj
def report_command(
    app: App,
    source: SourceSettings,
    names: Sequence[str],
    typed: Typed | None,
    scope: Scope,
    view: View,
    lookback_days: int,
    definitions: Definitions,
    outputs: OutputSettings,
    extraction: ExtractionSettings,
    workers: WorkerSettings,
    approximate: bool,
    from_rollups: bool,
) -> None:
    """Answer questions about the stored events: read the table once, then print or write each report.

    `footfall reports` lists the names; with --metrics a question needs none.
    """
    check_alone(names, typed)
    questions = Questions(
        reports=find(names, definitions.reports) if typed is None else (report_from(typed),),
        scope=scope,
        view=replace(definitions.applied(view), is_approximate=approximate),
        lookback_days=lookback_days,
        request=extraction.request,
    )
    tell_undefined(names, definitions)
    if from_rollups:
        ask_rollups(app, source, questions, outputs)
        return

    ask(app, source, questions, outputs, extraction, workers)
