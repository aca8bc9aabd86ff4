"""The option of every command that knows reports of one's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar

import click

from footfall.store.commands import option
from reports.definitions import Definitions, load_definitions

P = ParamSpec("P")
R = TypeVar("R")

_OF: Final[Mapping[str, str]] = {"goals": "goals", "goal-sources": "goals", "funnels": "funnels"}
"""What has to be defined for a report to have rows."""

_EXAMPLES: Final[Mapping[str, tuple[str, ...]]] = {
    "goals": ("[[goal]]", 'name = "signup"', 'url = "/welcome"'),
    "funnels": (
        "[[funnel]]",
        'name = "signup"',
        'step = [{ name = "Form", url = "/signup" }, { name = "Done", url = "/welcome" }]',
    ),
}
"""How to define it."""


def definition_options(function: Callable[P, R]) -> Callable[..., R]:
    """Add ``--definitions``; the command gets what the file defines as `definitions`, nothing without a file.

    The environment variable is the same for all commands, since a site has one such file.
    """

    @option(
        "--definitions",
        "definitions",
        usual="none",
        envvar="FOOTFALL_DEFINITIONS",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="TOML file with goals, funnels and reports of your own.",
    )
    @wraps(function)
    def with_definitions(*args: Any, definitions: Path | None, **options: Any) -> R:
        return function(*args, definitions=load_definitions(definitions), **options)  # type: ignore[arg-type]  # click passes options by name

    return with_definitions


def tell_undefined(names: Iterable[str], definitions: Definitions) -> None:
    """Say on standard error how to define what the reports called `names` are about, where nothing of it is."""
    for kind in dict.fromkeys(_OF[name] for name in names if name in _OF):
        if not getattr(definitions, kind):
            click.echo(
                f"No {kind} are defined. With --definitions site.toml they are, where that file says:",
                err=True,
            )
            click.echo(examples(kind), err=True)


def examples(kind: str) -> str:
    """Return lines of a definitions file that define something of `kind`, as ``goals``."""
    return "\n".join(_EXAMPLES[kind])
