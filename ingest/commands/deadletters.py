"""`footfall deadletters`: what was refused, and reading it again."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeVar

import click
from rich.text import Text

from footfall.errors import SettingsError
from footfall.store.commands import option
from footfall.text import counted, printable, printable_bytes
from ingest.commands import options
from ingest.commands.retry import retry_command
from ingest.deadletters.again import Choice, chosen
from ingest.deadletters.overview import Group, groups
from ingest.deadletters.read import SHOWN_LINES, Letters, letters_at, places_of, read_letters
from ingest.deadletters.record import DeadLetter
from ingest.prepare import SENTENCES

SHOWN_LETTERS: Final = 20
SHOWN_BYTES: Final = 4_096
"""How much of a line is shown: there may be a megabyte of it."""

PLAIN_WIDTH: Final = 160
"""How much of a line is shown where no terminal sets the width."""

_INDENT: Final = "    "

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


@click.group(name="deadletters")
def deadletters_group() -> None:
    """List, show and retry lines that were refused."""


deadletters_group.add_command(retry_command)


@deadletters_group.command(name="list", epilog="Example: footfall deadletters list")
@options.DEAD_LETTER_FILE
@option(
    "--format",
    "form",
    envvar="FOOTFALL_DEADLETTERS_LIST_FORMAT",
    type=click.Choice(["text", "json"]),
    default="text",
    help="Text for people, or one JSON object.",
)
def list_command(file: Path, form: str) -> None:
    """Count the waiting lines of FILE by reason and source, with an example of each."""
    letters = read_letters(file)
    if form == "json":
        click.echo(json.dumps(_overview(letters)))
    else:
        for group in groups(letters):
            click.echo(_group_text(group, _width()))

    _tell_rest(letters)


@deadletters_group.command(
    name="show", epilog="Example: footfall deadletters show --reason no-match --limit 5"
)
@options.DEAD_LETTER_FILE
@options.REASON
@options.SOURCE
@option(
    "--limit",
    type=click.IntRange(1),
    usual=f"{SHOWN_LETTERS}, or all with --raw",
    metavar="LINES",
    help="Show so many lines, the oldest first.",
)
@option("--raw", is_flag=True, help="Write the lines themselves, byte for byte, each with a newline.")
def show_command(
    file: Path, reason: tuple[str, ...], source: tuple[str, ...], limit: int | None, raw: bool
) -> None:
    """Show the waiting lines of FILE, with where they stood and why they were refused.

    Control characters are written out, as \\x1b, and of a line of more than 4 KB the beginning is shown.
    """
    stdout = _stdout(raw=raw)
    letters = read_letters(file)
    rows = chosen(letters, Choice(reasons=reason, sources=source))
    limit = limit or (len(rows) if raw else SHOWN_LETTERS)
    shown = rows.head(limit)
    found = letters_at(file, places_of(shown))
    for letter, why in zip(found, shown["reason"], strict=True):
        stdout.write(letter.kept() + b"\n" if raw else _letter_text(letter, why).encode())

    stdout.flush()
    if len(rows) > len(shown):
        click.echo(f"{len(rows) - len(shown):,} more; --limit {len(rows)} shows them.", err=True)

    _tell_cut(int(shown["is_cut"].sum()) if raw else 0)
    _tell_rest(letters)


def _stdout(*, raw: bool) -> BinaryIO:
    """Return where the letters go; bytes of strangers never go to a terminal as they are."""
    if sys.stdout is None:
        raise SettingsError("Standard output is closed.", hint="footfall deadletters show > letters.txt")

    if raw and sys.stdout.isatty():
        raise SettingsError(
            "Refused lines may hold anything, so --raw does not write them to a terminal.",
            hint="footfall deadletters show --raw > lines.log   (or leave out --raw)",
        )

    return sys.stdout.buffer


def _overview(letters: Letters) -> dict[str, Any]:
    states = dict(letters.frame["state"].value_counts().iter_rows())
    return {
        "file": str(letters.path),
        "waiting": states.get("waiting", 0),
        "stored": states.get("stored", 0),
        "filtered": states.get("filtered", 0),
        "unreadable_lines": letters.unreadable,
        "groups": [_group_object(group) for group in groups(letters)],
    }


def _group_object(group: Group) -> dict[str, Any]:
    example = group.example
    return {
        "reason": group.reason,
        "source": group.source,
        "letters": group.letters,
        "cut": group.cut,
        "first_at": _moment(group.first_at),
        "last_at": _moment(group.last_at),
        "example": {
            "line": example.line,
            "offset": example.offset,
            "text": printable_bytes(example.kept(), PLAIN_WIDTH),
        },
    }


def _group_text(group: Group, width: int) -> str:
    head = f"{group.letters:,} {printable(group.reason)}, {printable(group.source)}{_times(group)}"
    example = (
        f"{_INDENT}line {group.example.line:,}: {printable_bytes(group.example.kept()[: 4 * width], width)}"
    )
    return "\n".join(_fitted(line, width) for line in (head, example))


def _times(group: Group) -> str:
    first, last = _moment(group.first_at), _moment(group.last_at)
    if first is None or last is None:
        return ""

    return f", refused {first}" if first == last else f", refused {first} to {last}"


def _letter_text(letter: DeadLetter, reason: str) -> str:
    sentence = letter.sentence if reason == letter.reason else SENTENCES.get(reason, "")
    at, kept = _moment(letter.at) or "at an unknown time", letter.kept()
    form, site = letter.format or "an unknown format", letter.site or "by virtual host"
    lines = [
        f"{letter.source}, line {letter.line:,}, byte {letter.offset:,} of source {letter.source_id}",
        f"{_INDENT}{reason}: {sentence}",
        f"{_INDENT}refused {at}, read as {form}, site {site}",
        f"{_INDENT}{printable_bytes(kept[:SHOWN_BYTES])}",
    ]
    if len(kept) > SHOWN_BYTES:
        lines.append(f"{_INDENT}Its first {SHOWN_BYTES:,} bytes are shown; --raw writes all that is kept.")

    if len(kept) < letter.raw_bytes:
        lines.append(f"{_INDENT}Cut: {len(kept):,} of {letter.raw_bytes:,} bytes were kept.")

    return "".join(printable(line) + "\n" for line in lines)


def _moment(at: datetime | None) -> str | None:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


def _width() -> int:
    is_terminal = sys.stdout is not None and sys.stdout.isatty()
    return shutil.get_terminal_size().columns if is_terminal else PLAIN_WIDTH


def _fitted(line: str, width: int) -> str:
    """Return `line`, which is safe to show, in at most `width` columns of a terminal."""
    text = Text(line)
    text.truncate(width, overflow="ellipsis")
    return text.plain


def _tell_cut(count: int) -> None:
    if count:
        click.echo(f"Only the beginning was kept of {counted(count, 'line')}.", err=True)


def _tell_rest(letters: Letters) -> None:
    """Say on stderr how many letters there are of each kind, and what in the file is no letter."""
    states = dict(letters.frame["state"].value_counts().iter_rows())
    told = [f"{states.get('waiting', 0):,} waiting", f"{states.get('stored', 0):,} stored since"]
    if states.get("filtered"):
        told.append(f"{states['filtered']:,} filtered")

    click.echo(f"{printable(str(letters.path))}: {', '.join(told)}.", err=True)
    if letters.unreadable:
        numbers = ", ".join(f"{number:,}" for number in letters.unreadable_lines)
        more = ", …" if letters.unreadable > SHOWN_LINES else ""
        click.echo(f"No records: {counted(letters.unreadable, 'line')} of it, {numbers}{more}.", err=True)
