"""The generated parts of the documents: tables and help texts made from the code itself, put in place by cog."""

from __future__ import annotations

import inspect
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import get_type_hints

import click
import msgspec

import cli
from footfall import errors, event
from footfall.store.simulator.conditions import PARAMETERS
from footfall.store.simulator.faults import KINDS
from ingest.deadletters.again import UNREADABLE
from ingest.deadletters.record import DeadLetter, Outcome
from ingest.prepare import SENTENCES

WIDTH = 100
ROOT = Path(__file__).parent.parent
_EXPLAIN = "footfall report all --explain --store embedded:demo.db"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(value) for value in line) + " |" for line in lines) + "\n"


def command_paths() -> Iterator[tuple[str, click.Command]]:
    """Yield every command with its full name, groups left out."""
    yield from _walk("footfall", cli.root)


def commands() -> str:
    """Return the help of every command, each under a heading."""
    return "\n".join(
        f"## {path}\n\n```text\n{help_text(path, command)}\n```\n" for path, command in command_paths()
    )


def help_text(path: str, command: click.Command) -> str:
    """Return what ``--help`` prints, at a fixed width."""
    context = cli.root.make_context("footfall", [], resilient_parsing=True)
    for name in path.split()[1:]:
        group = context.command
        assert isinstance(group, click.Group)
        context = click.Context(group.commands[name], info_name=name, parent=context)

    context.terminal_width = context.max_content_width = WIDTH
    return "\n".join(line.rstrip() for line in command.get_help(context).splitlines())


def events() -> str:
    """Return the columns of the event."""
    rows = [
        (
            f"`{column.name}`",
            column.dtype,
            f"`{column.attribute}`" if column.attribute else "in the key",
            column.unit,
            column.meaning,
            column.source,
        )
        for column in event.EVENTS
    ]
    return table(("column", "type", "attribute", "unit", "meaning", "source"), rows)


def reject_reasons() -> str:
    """Return why a line can be refused."""
    return table(("reason", "meaning"), ((f"`{code}`", sentence) for code, sentence in SENTENCES.items()))


def exit_codes() -> str:
    """Return every exit code with what leads to it."""
    kinds = [
        kind
        for kind in vars(errors).values()
        if inspect.isclass(kind) and issubclass(kind, errors.FootfallError)
    ]
    rows: dict[int, list[str]] = {
        0: ["Done. Also when a signal stopped the run after everything read was stored."]
    }
    for kind in kinds:
        rows.setdefault(kind.exit_code, []).append(inspect.getdoc(kind) or "")

    rows[errors.FootfallError.exit_code] = [
        "Unexpected: a fault of footfall's own, with a traceback to report."
    ]
    return table(("code", "meaning"), ((code, " ".join(texts)) for code, texts in sorted(rows.items())))


def captured(
    *lines: str, files: Mapping[str, str] = MappingProxyType({}), codes: Collection[int] = (0,)
) -> str:
    """Run command lines in a fresh folder with a copy of the sample logs and `files`; return them with what they
    print.

    Raises `AssertionError` when one ends with an exit code that is none of `codes`.
    """
    shown = []
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "sample_logs", Path(folder) / "sample_logs")
        for name, content in files.items():
            (Path(folder) / name).write_text(content)

        for line in lines:
            command = [sys.executable, "-m", "cli", *shlex.split(line)[1:]]
            environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": str(WIDTH)}
            done = subprocess.run(  # noqa: S603 - our own command lines
                command,
                cwd=folder,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
            )
            assert done.returncode in codes, f"{line}: exit code {done.returncode}\n{done.stdout}"
            shown.append(f"$ {line}\n{_without_times(done.stdout)}".rstrip())

    return "```text\n" + "\n\n".join(shown) + "\n```\n"


def _without_times(talk: str) -> str:
    """Leave out what differs from machine to machine."""
    timeless = re.sub(r" \([\d,]+/s\)|,? (?:in )?\d+\.\d+ s\b| over \d+ segments?", "", talk)
    return re.sub(r"[\d,]+(?= events/s)|\d+ \w+(?= ago)", "…", timeless).rstrip()


def _walk(path: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        yield path, command
        return

    for name in sorted(command.commands):
        yield from _walk(f"{path} {name}", command.commands[name])


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")


def sample_reports() -> str:
    """Return what two reports print for the sample logs, read into an embedded store as the demo does."""
    return _sampled().partition(_EXPLAIN)[0].rstrip("$ \n") + "\n```\n"


def sample_explain() -> str:
    """Return what reading the sample logs back would take."""
    return "```text\n$ " + "".join(_sampled().partition(_EXPLAIN)[1:])


@cache
def _sampled() -> str:
    # Once for both: reading the sample logs takes most of the time.
    return captured(
        "footfall ingest sample_logs/ --site example.com --store embedded:demo.db",
        "footfall report days pages --limit 7 --store embedded:demo.db",
        _EXPLAIN,
    )


def sample_status() -> str:
    """Return what status and verify say of a sample log that was ingested."""
    store = "--store embedded:site.db"
    return captured(
        f"footfall ingest sample_logs/common.log --site example.com {store}",
        f"footfall status {store}",
        f"footfall verify {store}",
    )


def simulator_parameters() -> str:
    """Return the parameters of a simulated store."""
    return table(
        ("parameter", "unit", "without it", "meaning"),
        ((f"`{name}`", one.unit, one.usual, one.meaning) for name, one in PARAMETERS.items()),
    )


def simulator_faults() -> str:
    """Return the faults of a simulated store."""
    scopes = {
        "batches": "batches of events",
        "events": "requests to the events table",
        "all": "requests to both tables",
    }
    return table(
        ("fault", "what happens", "stored", "who meets it"),
        ((f"`{name}`", kind.meaning, kind.applied, scopes[kind.scope]) for name, kind in KINDS.items()),
    )


def deadletter_fields() -> str:
    """Return the fields of a dead letter."""
    return _record_fields(DeadLetter)


def deadletter_outcome_fields() -> str:
    """Return the fields of what became of a dead letter."""
    return _record_fields(Outcome)


def deadletter_reasons() -> str:
    """Return why a line can be kept as a dead letter."""
    return table(("reason", "meaning"), ((f"`{code}`", sentence) for code, sentence in SENTENCES.items()))


def deadletter_not_tried() -> str:
    """Return why a dead letter can be left out of a retry."""
    return table(("reason", "meaning"), ((f"`{code}`", sentence) for code, sentence in UNREADABLE.items()))


def _record_fields(record: type[msgspec.Struct]) -> str:
    hints = get_type_hints(record, include_extras=True)
    fields = msgspec.structs.fields(record)
    return table(
        ("field", "always", "meaning"),
        (
            (f"`{one.name}`", "yes" if one.required else "", hints[one.name].__metadata__[0].description)
            for one in fields
        ),
    )
