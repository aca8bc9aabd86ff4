"""`footfall reports`: what can be asked."""

from __future__ import annotations

from dataclasses import asdict

import click
import msgspec

from footfall.store.commands import option
from reports.catalogue import ALL, CATALOGUE, Report


@click.command(name="reports", epilog="Example: footfall reports --format json")
@option(
    "--format",
    "form",
    envvar="FOOTFALL_REPORTS_FORMAT",
    type=click.Choice(["table", "json"]),
    default="table",
    help="Form of the output.",
)
def reports_command(form: str) -> None:
    """List the reports: name, question and columns."""
    if form == "json":
        documents = [_described(report) for report in CATALOGUE.values()]
        click.echo(msgspec.json.format(msgspec.json.encode(documents), indent=2))
        return

    for report in CATALOGUE.values():
        click.echo(f"{report.name:<12}{report.question}")
        click.echo(f"{'':<12}{', '.join(report.column_names)}")

    click.echo(f"\nfootfall report NAME... answers some of them, footfall report {ALL} answers all.")


def _described(report: Report) -> dict[str, object]:
    columns = [asdict(column) for column in report.columns]
    return {
        "name": report.name,
        "question": report.question,
        "definition": report.definition,
        "columns": columns,
    }
