"""`footfall formats`: the log formats, and which one a file is in."""

from __future__ import annotations

import click

from footfall.errors import FormatError
from footfall.text import counted, printable
from ingest.formats import FORMATS
from ingest.formats.detect import Detection, detect
from ingest.register import SHOWN_CHARACTERS
from ingest.sources import Source, find_sources, open_source


@click.group(name="formats")
def formats_group() -> None:
    """List log formats, and find out which one a file is in."""


@formats_group.command(name="list", epilog="Example: footfall formats list")
def formats_list_command() -> None:
    """List the formats with an example line of each."""
    for form in FORMATS.values():
        click.echo(f"{form.name:<16} {form.title}")
        click.echo(f"{'':<16} {form.example}")


@formats_group.command(name="detect", epilog="Example: footfall formats detect /var/log/nginx/*.log")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
def formats_detect_command(paths: tuple[str, ...]) -> int:
    """Say which format each file is in, and how sure that is."""
    detections = [(source.name, _detect(source)) for source in find_sources(paths)]
    for name, detection in detections:
        click.echo(f"{printable(name)}: {_verdict(detection)}")
        for number, text in detection.offending:
            click.echo(f"    line {number}: {printable(text, SHOWN_CHARACTERS)}")

    return 0 if all(detection.format for _, detection in detections) else FormatError.exit_code


def _detect(source: Source) -> Detection:
    with open_source(source) as opened:
        return detect(opened.head())


def _verdict(detection: Detection) -> str:
    read = f"{detection.matched:,} of the first {counted(detection.total, 'line')}"
    return (
        f"{detection.format.name}, {read}"
        if detection.format
        else f"no known format, the nearest reads {read}"
    )
