"""`footfall sql`: a question in SQL."""

from __future__ import annotations

import sys
from typing import Final

import click

from footfall.store.commands import App
from reports.commands.asking import ask
from reports.commands.definition_options import definition_options
from reports.commands.extraction_options import ExtractionSettings, extraction_options
from reports.commands.output_options import output_options
from reports.commands.scope_options import scope_options
from reports.commands.sections import SectionedCommand
from reports.commands.source_options import SourceSettings, source_options
from reports.definitions import Definitions
from reports.outputs import OutputSettings
from reports.query.sql import sql_report
from reports.report import View
from reports.run import Questions
from reports.scope import Scope

EXAMPLES: Final = """Examples:

\b
footfall sql 'SELECT medium, COUNT(*) AS visits FROM visits GROUP BY medium ORDER BY visits DESC'
footfall sql 'SELECT path, AVG(duration_ms) AS ms FROM events GROUP BY path ORDER BY ms DESC' --limit 20
footfall sql - --format csv < question.sql"""


@click.command(name="sql", cls=SectionedCommand, epilog=EXAMPLES)
@click.argument("statement", metavar="SELECT")
@scope_options("sql")
@definition_options
@output_options("sql")
@extraction_options("sql")
@source_options("sql")
@click.pass_obj
def sql_command(
    app: App,
    source: SourceSettings,
    statement: str,
    scope: Scope,
    view: View,
    lookback_days: int,
    definitions: Definitions,
    outputs: OutputSettings,
    extraction: ExtractionSettings,
) -> None:
    """Answer a SELECT over the tables events, hits and visits; - reads it from standard input.

    Events are requests and beacons as stored, hits those that are part of visits, visits have a row each; hits have the
    number of their visit. Times are UTC, date is the day in --timezone. Nothing but SELECT is run.
    """
    text = sys.stdin.buffer.read().decode(errors="replace") if statement == "-" else statement
    questions = Questions(
        reports=(sql_report(text),),
        scope=scope,
        view=definitions.applied(view),
        lookback_days=lookback_days,
        request=extraction.request,
    )
    ask(app, source, questions, outputs, extraction)
