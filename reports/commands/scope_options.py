"""The options of every command that asks something: about which events, seen from where."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

import click

from footfall.store.commands import option
from reports.commands.visit_options import visit_options
from reports.report import View
from reports.scope import scope_of
from reports.visits import VisitRule

P = ParamSpec("P")
R = TypeVar("R")

_DATE: Final = click.DateTime(["%Y-%m-%d"])
_OPTIONS: Final[tuple[tuple[str, str, dict[str, Any]], ...]] = (
    ("--site", "site", {"usual": "all sites", "metavar": "SITE", "help": "Only events of this site."}),
    (
        "--from",
        "first_on",
        {"usual": "no bound", "type": _DATE, "metavar": "YYYY-MM-DD", "help": "First day, in --timezone."},
    ),
    (
        "--to",
        "last_on",
        {"usual": "no bound", "type": _DATE, "metavar": "YYYY-MM-DD", "help": "Last day, included."},
    ),
    (
        "--timezone",
        "timezone",
        {"default": "UTC", "metavar": "ZONE", "help": "IANA zone in which days and hours begin."},
    ),
    (
        "--own-host",
        "own_hosts",
        {
            "usual": "the site's name and virtual hosts",
            "multiple": True,
            "metavar": "HOST",
            "help": "Host that is the site itself rather than a referrer; repeatable.",
        },
    ),
)
"""Option, parameter, and what the option takes."""


def scope_options(command: str) -> Callable[[Callable[P, R]], Callable[..., R]]:
    """Add ``--site``, ``--from``, ``--to``, ``--timezone``, ``--own-host`` and the options of visits.

    `command` is what the environment variables are named after, as ``report``. The command gets a `Scope` as `scope`, a
    `View` as `view`, and `lookback_days`.
    """

    def decorate(function: Callable[P, R]) -> Callable[..., R]:
        @visit_options(command)
        @wraps(function)
        def with_scope(
            *args: Any,
            site: str | None,
            first_on: datetime | None,
            last_on: datetime | None,
            timezone: str,
            own_hosts: Sequence[str],
            rule: VisitRule,
            **options: Any,
        ) -> R:
            scope = scope_of(site, _day(first_on), _day(last_on), timezone)
            view = View(timezone, tuple(host.lower() for host in own_hosts), rule)
            return function(*args, scope=scope, view=view, **options)  # type: ignore[arg-type]  # click passes options by name

        decorated: Callable[..., R] = with_scope
        for flag, name, settings in reversed(_OPTIONS):
            variable = f"FOOTFALL_{command}_{flag.removeprefix('--')}".replace("-", "_").upper()
            decorated = option(flag, name, envvar=variable, **settings)(decorated)

        return decorated

    return decorate


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.date()
