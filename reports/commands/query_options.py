"""The options of a query that has no name: metrics by dimensions, of some of the rows, in an order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

import click

from footfall.errors import SettingsError
from footfall.store.commands import option
from reports.query.typed import Typed

P = ParamSpec("P")
R = TypeVar("R")

_EXAMPLE: Final = "footfall report --metrics visits,bounce_rate --by medium"
_FLAGS: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    (
        "--metrics",
        {
            "metavar": "NAME,...",
            "help": "Ask for these instead of a report; footfall reports --metrics lists them.",
        },
    ),
    (
        "--by",
        {"metavar": "NAME,...", "help": "A row for each of these; footfall reports --dimensions lists them."},
    ),
    (
        "--where",
        {
            "metavar": "CONDITION",
            "help": "Count only rows of which this SQL condition over dimensions is true, as \"country = 'DE'\".",
        },
    ),
    (
        "--having",
        {
            "metavar": "CONDITION",
            "help": "Keep only rows of the answer of which this is true, as 'visits > 10'.",
        },
    ),
    (
        "--sort",
        {
            "metavar": "[-]NAME,...",
            "help": "Order rows by these columns, - before one for the largest first.",
        },
    ),
)
_USUAL: Final = {"--sort": "largest first metric first; series by time"}


def query_options(command: str) -> Callable[[Callable[P, R]], Callable[..., R]]:
    """Add ``--metrics``, ``--by``, ``--where``, ``--having`` and ``--sort``.

    `command` is what the environment variables are named after, as ``report``. The command gets a `Typed` as `typed`,
    None where no metrics are asked for.
    """

    def decorate(function: Callable[P, R]) -> Callable[..., R]:
        @wraps(function)
        def with_query(*args: Any, **options: Any) -> R:
            given = {flag: options.pop(flag.removeprefix("--")) for flag, _ in _FLAGS}
            return function(*args, typed=typed_of(given), **options)  # type: ignore[arg-type]  # click passes options by name

        decorated: Callable[..., R] = with_query
        for flag, settings in reversed(_FLAGS):
            variable = f"FOOTFALL_{command}_{flag.removeprefix('--')}".upper()
            decorated = option(flag, envvar=variable, usual=_USUAL.get(flag, "none"), **settings)(decorated)

        return decorated

    return decorate


def typed_of(given: dict[str, str | None]) -> Typed | None:
    """Return the query that options ask for, by flag; raises `SettingsError` for others without ``--metrics``."""
    if given["--metrics"] is None:
        lonely = [flag for flag, value in given.items() if value is not None]
        if lonely:
            raise SettingsError(f"{lonely[0]} goes with --metrics.", hint=_EXAMPLE)

        return None

    return Typed(
        metrics=listed(given["--metrics"]),
        by=listed(given["--by"]),
        where=given["--where"],
        having=given["--having"],
        sort=listed(given["--sort"]),
    )


def check_alone(names: Sequence[str], typed: Typed | None) -> None:
    """Raise `SettingsError` where reports are named and metrics asked for, `click.UsageError` where neither is."""
    if names and typed is not None:
        raise SettingsError(
            "Either reports by name, or --metrics: not both at once.",
            hint=f"footfall report {names[0]}, or {_EXAMPLE}",
        )

    if not names and typed is None:
        raise click.UsageError(f"Nothing is asked for: footfall report summary, for instance, or {_EXAMPLE}.")


def listed(text: str | None) -> tuple[str, ...]:
    """Return the names in a list with commas."""
    return tuple(name.strip() for name in (text or "").split(",") if name.strip())
