"""`footfall reports`: what can be asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Final

import click
import msgspec

from footfall.store.commands import option
from reports.catalogue import ALL, CATALOGUE, Report
from reports.commands.definition_options import definition_options
from reports.definitions import Definitions
from reports.query.dimension import Dimension
from reports.query.dimensions import GROUPS as DIMENSIONS
from reports.query.metric import Metric
from reports.query.metrics import GROUPS as METRICS
from reports.query.planning import grains_of

EXAMPLES: Final = """Examples:

\b
footfall reports --format json
footfall reports --metrics"""

_WIDTH: Final = 24


@click.command(name="reports", epilog=EXAMPLES)
@option(
    "--format",
    "form",
    envvar="FOOTFALL_REPORTS_FORMAT",
    type=click.Choice(["table", "json"]),
    default="table",
    help="Form of the output.",
)
@option(
    "--metrics",
    "metrics",
    envvar="FOOTFALL_REPORTS_METRICS",
    is_flag=True,
    help="List what footfall report --metrics takes.",
)
@option(
    "--dimensions",
    "dimensions",
    envvar="FOOTFALL_REPORTS_DIMENSIONS",
    is_flag=True,
    help="List what footfall report --by and --where take.",
)
@definition_options
def reports_command(form: str, metrics: bool, dimensions: bool, definitions: Definitions) -> None:
    """List the reports: name, question and columns; or metrics, or dimensions."""
    documents: list[dict[str, object]] = []
    if metrics:
        documents += _metrics()

    if dimensions:
        documents += _dimensions()

    if documents:
        _print(documents) if form == "json" else _print_names(documents)
        return

    reports = [*CATALOGUE.values(), *definitions.reports]
    if form == "json":
        _print(_described(report) for report in reports)
        return

    width = 2 + max(len(report.name) for report in reports)
    for report in reports:
        click.echo(f"{report.name:<{width}}{report.question}")
        click.echo(f"{'':<{width}}{', '.join(report.column_names)}")

    click.echo(f"\nfootfall report NAME... answers some of them, footfall report {ALL} answers all.")
    click.echo("footfall report --metrics visits --by medium asks without a name.")


def _print(documents: Iterable[Mapping[str, object]]) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(list(documents)), indent=2))


def _print_names(documents: Iterable[Mapping[str, object]]) -> None:
    group = None
    for one in documents:
        if one["group"] != group:
            group = one["group"]
            click.echo(f"\n{group}")

        click.echo(f"  {one['name']:<{_WIDTH}}{one['meaning']} ({one['unit']})")


def _metrics() -> list[dict[str, object]]:
    return [
        _one("metric", group, one, grains_of(one)) | {"formula": one.formula}
        for group, ones in METRICS.items()
        for one in ones
    ]


def _dimensions() -> list[dict[str, object]]:
    return [_one("dimension", group, one, one.grains) for group, ones in DIMENSIONS.items() for one in ones]


def _one(kind: str, group: str, one: Metric | Dimension, grains: Iterable[str]) -> dict[str, object]:
    return {
        "kind": kind,
        "group": group,
        "name": one.name,
        "unit": one.unit,
        "meaning": one.meaning,
        "rows": list(grains),
        "owa": list(one.owa),
        "remark": one.remark,
    }


def _described(report: Report) -> dict[str, object]:
    columns = [asdict(column) for column in report.columns]
    return {
        "name": report.name,
        "question": report.question,
        "definition": report.definition,
        "columns": columns,
    }
