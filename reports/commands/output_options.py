"""The options of every command that leaves answers: in which forms, where, under which names, how many rows."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import wraps
from typing import Any, Final, ParamSpec, TextIO, TypeVar

import click

from footfall.errors import SettingsError
from footfall.store.commands import option
from footfall.text import printable
from reports.outputs import OUTPUTS, OutputSettings, Screen
from reports.outputs.deliver import USUAL_ROWS, Delivered
from reports.outputs.naming import DEFAULT_NAME, PLACEHOLDERS

P = ParamSpec("P")
R = TypeVar("R")
Decorated = TypeVar("Decorated", bound=Callable[..., Any])

LARGEST_LIMIT: Final = 10**9
_NARROWEST: Final = 40


def output_options(command: str) -> Callable[[Callable[P, R]], Callable[..., R]]:
    """Add ``--limit``, ``--format``, ``--out``, ``--name`` and ``--csv-raw``.

    `command` is what the environment variables are named after, as ``report``. The command gets one `OutputSettings`
    as `outputs`.
    """

    def decorate(function: Callable[P, R]) -> Callable[..., R]:
        @_rows_and_forms(command)
        @_places(command)
        @wraps(function)
        def with_outputs(
            *args: Any,
            limit: int | None,
            formats: tuple[str, ...],
            out: str | None,
            name: str,
            csv_raw: bool,
            **options: Any,
        ) -> R:
            settings = OutputSettings(tuple(formats), out, name, limit, csv_raw)
            return function(*args, outputs=settings, **options)  # type: ignore[arg-type]  # click passes options by name

        return with_outputs

    return decorate


def _rows_and_forms(command: str) -> Callable[[Decorated], Decorated]:
    return _all_of(
        _option(
            command,
            "--limit",
            "limit",
            usual=f"{USUAL_ROWS} in tables and Markdown of rankings on standard output, else all",
            type=click.IntRange(0, LARGEST_LIMIT),
            metavar="ROWS",
            help="Rows of each report, 0 for all.",
        ),
        _option(
            command,
            "--format",
            "formats",
            type=click.Choice(list(OUTPUTS)),
            multiple=True,
            default=["table"],
            help="Form of the output; repeatable with --out.",
        ),
        _option(
            command,
            "--csv-raw",
            "csv_raw",
            is_flag=True,
            help="Leave CSV cells alone that a spreadsheet would run as formulas.",
        ),
    )


def _places(command: str) -> Callable[[Decorated], Decorated]:
    return _all_of(
        _option(
            command,
            "--out",
            "out",
            usual="standard output",
            metavar="DIR|s3://BUCKET/PREFIX",
            help="Write files into this folder, or objects into S3, each whole or not at all.",
        ),
        _option(
            command,
            "--name",
            "name",
            default=DEFAULT_NAME,
            metavar="PATTERN",
            help=f"What files are called, / for folders, of {', '.join(f'{{{name}}}' for name in PLACEHOLDERS)}.",
        ),
    )


def _all_of(*decorators: Callable[[Decorated], Decorated]) -> Callable[[Decorated], Decorated]:
    """Return the decorator that is `decorators`, the first on top."""

    def decorate(function: Decorated) -> Decorated:
        for decorator in reversed(decorators):
            function = decorator(function)

        return function

    return decorate


def screen_of(stdout: TextIO | None) -> Screen:
    """Return standard output as answers are written to it; raises `SettingsError` for None: it is closed."""
    if stdout is None:
        raise SettingsError("Standard output is closed.", hint="leave it open, or write files: --out DIR")

    stream = stdout.buffer
    width = max(shutil.get_terminal_size().columns, _NARROWEST) if stream.isatty() else None
    return Screen(stream, width, stdout.encoding)


def tell_delivered(one: Delivered) -> None:
    """Say on standard error what was written."""
    click.echo(printable(one.sentence()), err=True)


def _option(command: str, flag: str, name: str, **settings: Any) -> Callable[[Decorated], Decorated]:
    variable = f"FOOTFALL_{command}_{flag.removeprefix('--')}".replace("-", "_").upper()
    return option(flag, name, envvar=variable, **settings)
