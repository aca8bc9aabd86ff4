"""`footfall report --from-rollups`: answers out of daily rollups instead of events."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import datetime
from typing import Final

import anyio
import click

from footfall.errors import SettingsError
from footfall.store.commands import App, option
from reports.answer import Answer
from reports.commands.output_options import screen_of, tell_delivered
from reports.commands.source_options import SourceSettings
from reports.materialize.answer import answer_from_rollups, readable
from reports.outputs import OutputSettings
from reports.outputs.deliver import Delivered, check_outputs, deliver, show
from reports.run import Questions

FROM_ROLLUPS: Final = option(
    "--from-rollups",
    is_flag=True,
    envvar="FOOTFALL_REPORT_FROM_ROLLUPS",
    help="Read daily rollups instead of events, as footfall materialize keeps them; visitors are estimates.",
)


def ask_rollups(app: App, source: SourceSettings, questions: Questions, outputs: OutputSettings) -> None:
    """Answer `questions` out of the rollups of a store; raises `SettingsError` for what they do not answer."""
    if not source.is_store:
        raise SettingsError(
            "Rollups are in a store, not in an export or a dataset.", hint="--store dynamodb:PREFIX"
        )

    for report in questions.reports:
        readable(report)

    run_at = app.clock.now()
    screen = screen_of(sys.stdout) if outputs.out is None else None
    check_outputs(outputs, [report.name for report in questions.reports], questions.scope, run_at, screen)
    answers, delivered = anyio.run(_answers, app, source, questions, outputs, run_at)
    if screen is not None:
        show(answers, outputs, screen)

    for one in delivered:
        tell_delivered(one)

    click.echo(answers[0].provenance.reading.sentence(), err=True)


async def _answers(
    app: App, source: SourceSettings, questions: Questions, outputs: OutputSettings, run_at: datetime
) -> tuple[tuple[Answer, ...], tuple[Delivered, ...]]:
    async with app.open_store(replace(source.store, must_exist=True)) as store:
        answers = await answer_from_rollups(store, app.clock, questions)

    return answers, () if outputs.out is None else await deliver(answers, outputs, run_at, source.objects)
