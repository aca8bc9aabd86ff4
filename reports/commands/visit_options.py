"""The options of every command that counts visits: by which profile, and what is different from it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

import click

from footfall.errors import SettingsError
from footfall.store.commands import option
from footfall.text import printable
from reports.visits import PROFILES, VisitRule, find_profile
from reports.visits.profiles import FOOTFALL
from reports.visits.rule import BOUNCES, COUNTED, DURATIONS, WHO

P = ParamSpec("P")
R = TypeVar("R")

NEVER: Final = "never"
LARGEST_LOOKBACK: Final = 3_660

_GAP: Final = re.compile(r"([0-9]{1,9})([smhd]?)")
_SECONDS: Final = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}
_AS_PROFILE: Final = "as the profile says"

_CHANGES: Final[tuple[tuple[str, str, dict[str, Any]], ...]] = (
    (
        "who",
        "--visitors-by",
        {"type": click.Choice(list(WHO)), "help": "What tells visitors apart."},
    ),
    (
        "is_daily",
        "--visitors-daily/--visitors-lasting",
        {"default": None, "help": "Whether a visitor is another one on another day."},
    ),
    (
        "gap_seconds",
        "--visit-gap",
        {
            "metavar": "TIME|never",
            "help": "A visit ends when more time passes without a hit, as 30m, 1h or 1800s.",
        },
    ),
    (
        "at_midnight",
        "--visit-midnight/--no-visit-midnight",
        {"default": None, "help": "Whether a visit ends at midnight, in --timezone."},
    ),
    (
        "at_campaign",
        "--visit-campaign/--no-visit-campaign",
        {"default": None, "help": "Whether a visit ends when the visitor comes from another campaign."},
    ),
    (
        "by_session",
        "--visit-session/--no-visit-session",
        {"default": None, "help": "Whether the client's own sessions hold visits together and apart."},
    ),
    (
        "bots",
        "--bots",
        {"type": click.Choice(["include", "exclude"]), "help": "Whether bots are counted like people."},
    ),
    (
        "counts",
        "--count",
        {"type": click.Choice(list(COUNTED)), "help": "Which events visits are made of."},
    ),
    ("bounce", "--bounce", {"type": click.Choice(list(BOUNCES)), "help": "What a bounce is."}),
    (
        "duration",
        "--visit-duration",
        {"type": click.Choice(list(DURATIONS)), "help": "How long a visit is."},
    ),
)
"""Field of `VisitRule`, option, and what the option takes."""


def visit_options(command: str) -> Callable[[Callable[P, R]], Callable[..., R]]:
    """Add ``--visit-profile``, an option for each thing that may differ from it, and ``--lookback``.

    `command` is what the environment variables are named after, as ``report``. The command gets a `VisitRule` as
    `rule`, and `lookback_days`.
    """

    def decorate(function: Callable[P, R]) -> Callable[..., R]:
        @wraps(function)
        def with_rule(*args: Any, visit_profile: str, **options: Any) -> R:
            changes = {field: options.pop(f"rule_{field}") for field, _, _ in _CHANGES}
            return function(*args, rule=rule_of(visit_profile, changes), **options)  # type: ignore[arg-type]  # click passes options by name

        decorated: Callable[..., R] = with_rule
        for field, flag, settings in reversed(_CHANGES):
            usual = f"{_AS_PROFILE}"
            decorated = _option(command, flag, f"rule_{field}", usual, **settings)(decorated)

        decorated = _option(
            command,
            "--visit-profile",
            "visit_profile",
            default=FOOTFALL.name,
            metavar="NAME",
            help=f"Whose definition of visitor, visit and bounce: {', '.join(PROFILES)}.",
        )(decorated)
        return _option(
            command,
            "--lookback",
            "lookback_days",
            type=click.IntRange(0, LARGEST_LOOKBACK),
            default=0,
            metavar="DAYS",
            help="Also read so many days before --from, to know who came before; nothing of them is counted.",
        )(decorated)

    return decorate


def rule_of(profile: str, changes: Mapping[str, Any]) -> VisitRule:
    """Return the profile's rule with `changes`, by field, as options give them; None changes nothing.

    One that is changed says so in its name. Raises `SettingsError` for an unknown profile and a gap that is none.
    """
    known = find_profile(profile)
    wanted = {
        field: _READ.get(field, _as_it_is)(value) for field, value in changes.items() if value is not None
    }
    different = {field: value for field, value in wanted.items() if getattr(known, field) != value}
    if not different:
        return known

    told = ", ".join(
        f"{field.removeprefix('is_').replace('_', ' ')} {_said(value)}" for field, value in different.items()
    )
    return replace(known, name=f"{known.name}, changed: {told}", **different)


def _as_it_is(value: Any) -> Any:
    return value


def _gap(text: str) -> int | None:
    """Return the seconds that `text` says; None for never."""
    if text == NEVER:
        return None

    found = _GAP.fullmatch(text)
    if found is None or not int(found[1]):
        raise SettingsError(
            f"{printable(text, 40)!r} is no time between two visits.",
            hint="--visit-gap takes 30m, 1h, 1800s or never",
        )

    return int(found[1]) * _SECONDS[found[2]]


def _said(value: object) -> str:
    if value is None:
        return NEVER

    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


_READ: Final[Mapping[str, Callable[[Any], Any]]] = {
    "gap_seconds": _gap,
    "bots": lambda value: value == "include",
}


def _option(
    command: str, flag: str, name: str, usual: str | None = None, **settings: Any
) -> Callable[[Callable[..., R]], Callable[..., R]]:
    variable = f"FOOTFALL_{command}_{flag.partition('/')[0].removeprefix('--')}".replace("-", "_").upper()
    return option(flag, name, envvar=variable, usual=usual, **settings)
