"""`footfall formats explain`: how a line is read, field by field, or at which column that fails."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import click
import polars as pl
from rich.cells import cell_len

from footfall.errors import FormatError, SourceError
from footfall.event import ATTRIBUTES, KEYS
from footfall.store.commands import option
from footfall.text import printable
from ingest.beacons import BeaconSettings, read_beacons
from ingest.chunks import Chunk
from ingest.enrich import EnrichSettings, enrich
from ingest.formats import FORMATS, REJECT_REASONS, Format, named
from ingest.formats.detect import detect
from ingest.formats.model import BAD_TIME, Explanation, Taken, header_after
from ingest.lines import split_lines
from ingest.sources import find_sources, open_source

_STDIN: Final = "-"
_BLANK: Final = " \t\v\f\r\0"
"""What a blank line may be made of; see `ingest.formats.finish`."""

_WIDEST: Final = 60
_AROUND: Final = 60
"""How many characters of a long line are shown on each side of where it fails."""

_HEADINGS: Final = ("field", "columns", "text", "value")


class _Line(NamedTuple):
    """A line to explain, the directive in force at it, and the format it is in if that is known."""

    text: str
    header: str
    form: Format | None


@click.command(
    name="explain",
    epilog="Example: footfall formats explain --file /var/log/nginx/access.log --line 17",
)
@click.argument("text", required=False, metavar="[LINE]")
@option(
    "--file",
    "path",
    envvar="FOOTFALL_FORMATS_EXPLAIN_FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    usual="LINE as given",
    help="Log to take the line from; compressed ones, too.",
)
@option("--line", type=click.IntRange(1), default=1, metavar="N", help="Number of the line in --file.")
@option(
    "--format",
    "spec",
    envvar="FOOTFALL_FORMATS_EXPLAIN_FORMAT",
    usual="detected",
    metavar="FORMAT",
    help="Format of the line, as `footfall ingest` takes it.",
)
@option(
    "--header",
    default="",
    usual="that of the file",
    help="Directive in force at the line, as '#Fields: date time'.",
)
@option("--enriched", is_flag=True, help="Also show the event that would be stored, its address masked.")
def formats_explain_command(
    text: str | None, path: Path | None, line: int, spec: str | None, header: str, enriched: bool
) -> int:
    """Show field by field how LINE is read, or at which column it fails.

    LINE is the line itself, or - for the first line of standard input.
    """
    if (text is None) == (path is None):
        raise click.UsageError("Give a line, - for standard input, or --file.")

    form = named(spec) if spec else None
    chosen = _given(text or "", header, form) if path is None else _from_file(path, line, header, form)
    if not chosen.text.strip(_BLANK):
        click.echo("The line is blank: it is counted as skipped.")
        return 0

    form = chosen.form or _nearest(chosen)
    explanation = form.explain(chosen.text, chosen.header)
    for shown in _report(form, chosen.text, explanation):
        click.echo(shown)

    is_read = explanation.failed_at is None and not explanation.reason
    if enriched and is_read:
        for shown in _event(form, chosen):
            click.echo(shown)

    return 0 if is_read else FormatError.exit_code


def _given(line: str, header: str, form: Format | None) -> _Line:
    if line == _STDIN:
        line = sys.stdin.buffer.readline().decode(errors="backslashreplace").rstrip("\r\n")

    return _Line(line, header, form or detect(_frame(line, header)).format)


def _from_file(path: Path, number: int, header: str, form: Format | None) -> _Line:
    [source] = find_sources([str(path)])
    with open_source(source) as opened:
        form = form or detect(opened.head()).format
        for chunk in opened.chunks():
            lines = split_lines(chunk)
            row = number - chunk.first_line_number
            if row < len(lines):
                begin = int(lines["offset"][row]) - chunk.start
                return _Line(lines["text"][row], header_after(chunk.data[:begin], header), form)

            header = header_after(chunk.data, header)

    raise SourceError(
        f"{printable(source.name, 200)} has no line {number:,}.", hint=f"wc -l {printable(source.name)}"
    )


def _frame(line: str, header: str = "") -> pl.DataFrame:
    data = f"{header}\n{line}\n".lstrip("\n").encode(errors="surrogateescape")
    return split_lines(Chunk("", data, 0, len(data), 1, data.count(b"\n")))


def _nearest(chosen: _Line) -> Format:
    """Return the format that gets furthest in a line that none is sure to read; one that only minds the time gets
    to its end.
    """

    def reach(form: Format) -> int:
        explanation = form.explain(chosen.text, chosen.header)
        if explanation.reason == BAD_TIME or (explanation.failed_at is None and explanation.taken):
            return len(chosen.text) + 1

        return explanation.failed_at or 0

    return max(FORMATS.values(), key=reach)


def _report(form: Format, line: str, explanation: Explanation) -> Iterator[str]:
    failed_at = explanation.failed_at
    is_read = failed_at is None and not explanation.reason
    yield f"{printable(form.spec, 200)}: the line is {'read' if is_read else 'not read'}{_why(explanation)}"
    if explanation.taken:
        yield from _table([_HEADINGS, *(_cells(part, line) for part in explanation.taken)])

    if failed_at is not None:
        yield from _pointed(line, failed_at, explanation.expected)


def _why(explanation: Explanation) -> str:
    if not explanation.reason:
        return f", it is {explanation.expected}." if explanation.expected and not explanation.taken else "."

    return f": {explanation.reason}, {REJECT_REASONS.get(explanation.reason, 'it cannot be read')}."


def _cells(part: Taken, line: str) -> tuple[str, str, str, str]:
    text = line[part.begin : part.end]
    return part.field, ", ".join(part.columns), text, part.value if part.value is not None else ""


def _table(rows: list[tuple[str, ...]]) -> Iterator[str]:
    safe = [[printable(cell, _WIDEST) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(*safe, strict=True)]
    for row in safe:
        padded = (cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(padded).rstrip()


def _pointed(line: str, failed_at: int, expected: str) -> Iterator[str]:
    """Yield the line around the column where it fails, and a caret under that with what should have stood there."""
    begin = max(0, failed_at - 1 - _AROUND)
    before = ("…" if begin else "") + printable(line[begin : failed_at - 1])
    behind = printable(line[failed_at - 1 : failed_at - 1 + _AROUND])
    yield f"  {before}{behind}{'…' if len(line) > failed_at - 1 + _AROUND else ''}"
    yield f"  {' ' * cell_len(before)}^ column {failed_at}: expected {printable(expected)}"


def _event(form: Format, chosen: _Line) -> Iterator[str]:
    """Yield the events of a line as name and value, the visitor left out: its id depends on a table's salt."""
    parsed = form.parse(_frame(chosen.text).with_columns(line_number=pl.lit(1, pl.Int64)), chosen.header)
    events = read_beacons(parsed, BeaconSettings()).parsed.events
    settings = EnrichSettings(site=None, shards=1, salt=b"explain")
    for row in enrich(events, "0" * 16, settings).to_dicts():
        yield ""
        yield from _members(row)


def _members(row: dict[str, Any]) -> Iterator[str]:
    names = [
        column.name for column in (*KEYS, *ATTRIBUTES) if column.name not in {"shard", "source_id", "visitor"}
    ]
    for name in names:
        if row.get(name) is not None:
            yield f"{name}: {printable(str(row[name]), 500)}"
