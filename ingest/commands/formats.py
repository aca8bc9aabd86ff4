"""`footfall formats`: the log formats, which one a file is in, and how a line is read."""

from __future__ import annotations

from typing import Final

import click
import msgspec

from footfall.errors import FormatError
from footfall.store.commands import option
from footfall.text import counted, printable
from ingest.commands.explain import formats_explain_command
from ingest.formats import FORMATS
from ingest.formats.detect import Detection, detect
from ingest.formats.specs import EXAMPLES
from ingest.register import SHOWN_CHARACTERS
from ingest.sources import Source, find_sources, open_source

_NAME_WIDTH: Final = 20


@click.group(name="formats")
def formats_group() -> None:
    """List log formats, find out which one a file is in, and see how a line is read."""


formats_group.add_command(formats_explain_command)


@formats_group.command(name="list", epilog="Example: footfall formats list")
@option("--json", "as_json", is_flag=True, help="Print one JSON array, with the columns of each format.")
def formats_list_command(as_json: bool) -> None:
    """List the formats with an example line of each."""
    if as_json:
        click.echo(msgspec.json.encode([_row(name) for name in FORMATS]).decode())
        return

    families = dict.fromkeys(form.family for form in FORMATS.values())
    for family in families:
        click.echo(f"{family}:")
        for form in FORMATS.values():
            if form.family == family:
                _show(form.name, form.title, form.example)

    click.echo("Definitions of your own:")
    for kind, example in EXAMPLES.items():
        _show(kind, "", example)


def _show(name: str, title: str, example: str) -> None:
    head, *rest = [*([title] if title else []), *example.splitlines()]
    click.echo(f"  {name:<{_NAME_WIDTH}} {printable(head)}")
    for line in rest:
        click.echo(f"  {'':<{_NAME_WIDTH}} {printable(line)}")


def _row(name: str) -> dict[str, object]:
    form = FORMATS[name]
    return {
        "name": form.name,
        "title": form.title,
        "family": form.family,
        "columns": form.columns,
        "example": form.example,
    }


@formats_group.command(name="detect", epilog="Example: footfall formats detect /var/log/nginx/*.log")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
def formats_detect_command(paths: tuple[str, ...]) -> int:
    """Say which format each file is in, and how sure that is.

    How sure: the share of the first lines that the format reads, less where few of its columns get a value, and less
    where another format reads the same lines as well.
    """
    left_out: list[tuple[str, str]] = []
    sources = find_sources(paths, on_left_out=lambda name, kind: left_out.append((name, kind)))
    detections = [(source.name, _detect(source)) for source in sources]
    for name, kind in left_out:
        click.echo(f"{printable(name)} is {kind}: not read.", err=True)

    for name, detection in detections:
        click.echo(f"{printable(name)}: {verdict(detection)}")
        for number, text in detection.offending:
            click.echo(f"    line {number}: {printable(text, SHOWN_CHARACTERS)}")

    return 0 if all(detection.format for _, detection in detections) else FormatError.exit_code


def _detect(source: Source) -> Detection:
    with open_source(source) as opened:
        return detect(opened.head())


def verdict(detection: Detection) -> str:
    """Return in words what was detected."""
    if not detection.total:
        return "no line of a log in it"

    read = f"{detection.matched:,} of the first {counted(detection.total, 'line')}"
    if detection.nearest is None:
        return f"no known format, the nearest reads {read}"

    sure = f"{detection.confidence:.0%} sure"
    rival = f", then {detection.runner_up}" if detection.runner_up else ""
    if detection.format is None:
        return f"no known format, the nearest, {detection.nearest}, reads {read}, {sure}{rival}"

    return f"{detection.format.spec}, {read}, {sure}{rival}"
