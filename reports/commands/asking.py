"""What every command that asks something does: read once, show or write each answer, say what was read."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Final

import anyio
import click

from footfall.store.commands import App
from reports.answer import Answer
from reports.commands.extraction_options import ExtractionSettings, explain
from reports.commands.output_options import screen_of, tell_delivered
from reports.commands.source_options import SourceSettings, opened_source
from reports.extraction.progress import shown_progress
from reports.outputs import OutputSettings
from reports.outputs.deliver import Delivered, check_outputs, deliver, show
from reports.partials.executors import WorkerSettings, opened_workers
from reports.partials.work import Workers
from reports.run import Questions, answer_from

HERE: Final = WorkerSettings()


def ask(
    app: App,
    source: SourceSettings,
    questions: Questions,
    outputs: OutputSettings,
    extraction: ExtractionSettings,
    workers: WorkerSettings = HERE,
) -> None:
    """Answer `questions` from `source` and leave the answers as `outputs` say; or say what reading would take.

    `workers` do what is to be done after reading.

    Raises the errors of reading and writing, and `SettingsError` for outputs that cannot be.
    """
    if extraction.explains:
        explain(app, source.store, extraction.of(questions.to_read), as_json=outputs.formats == ("json",))
        return

    run_at = app.clock.now()
    names = [report.name for report in questions.reports]
    screen = screen_of(sys.stdout) if outputs.out is None else None
    check_outputs(outputs, names, questions.scope, run_at, screen)
    with opened_workers(workers) as opened:
        answers, delivered = anyio.run(_answers, app, source, questions, outputs, run_at, opened)

    if screen is not None:
        show(answers, outputs, screen)

    for one in delivered:
        tell_delivered(one)

    _tell(answers[0])


async def _answers(
    app: App,
    settings: SourceSettings,
    questions: Questions,
    outputs: OutputSettings,
    run_at: datetime,
    workers: Workers | None,
) -> tuple[tuple[Answer, ...], tuple[Delivered, ...]]:
    with shown_progress(sys.stderr) as on_page:
        async with opened_source(app, settings, on_page) as source:
            answers = await answer_from(source.extract, source.location, app.clock, questions, workers)

    if outputs.out is None:
        return answers, ()

    return answers, await deliver(answers, outputs, run_at, settings.objects)


def _tell(one: Answer) -> None:
    """Say on standard error what was read and, where that was nothing, what to do about it."""
    provenance = one.provenance
    click.echo(provenance.reading.sentence(), err=True)
    if provenance.reading.events or provenance.reading.fresh_days:
        return

    click.echo(f"No events: {provenance.sentence()}.", err=True)
    if not provenance.scope.is_everything:
        click.echo(f"What is there: footfall report days --store {provenance.location}", err=True)
        return

    click.echo(
        f"Put some in: footfall ingest access.log --site example.org --store {provenance.location}", err=True
    )
