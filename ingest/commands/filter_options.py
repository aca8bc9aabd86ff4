"""The options that say which events are wanted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import click

from footfall.store.commands import Decorator, option
from footfall.text import printable
from ingest.filters import FIELDS, Filters, Rule, check, rule_of, rules_of_file

_RULE_HELP: Final = "FIELD=PATTERN or FIELD~REGEX; repeatable"
_KEEP: Final = click.Choice(["keep", "drop"])
_FILE: Final = click.Path(dir_okay=False, path_type=Path)

OPTIONS: Final[tuple[Decorator, ...]] = (
    option(
        "--include",
        multiple=True,
        usual="all events",
        metavar="RULE",
        help="Keep only events that fit: path=/shop/*,/cart, host=*.example.org, status=2xx,304, address=192.0.2.0/24, "
        f"agent~^Mozilla. {_RULE_HELP}: of one field one rule has to fit, of different fields each. "
        f"Fields: {', '.join(FIELDS)}.",
    ),
    option(
        "--exclude",
        multiple=True,
        usual="none",
        metavar="RULE",
        help=f"Leave out events that fit: path=/health, agent=*monitor*, status=4xx,500-504. {_RULE_HELP}.",
    ),
    option(
        "--include-from",
        type=_FILE,
        multiple=True,
        usual="none",
        metavar="FILE",
        help="Files of --include, a rule a line.",
    ),
    option(
        "--exclude-from",
        type=_FILE,
        multiple=True,
        usual="none",
        metavar="FILE",
        help="Files of --exclude, a rule a line.",
    ),
    option(
        "--where",
        usual="all events",
        metavar="SQL",
        help="Keep only events for which this condition over the columns of an event is true: "
        "\"status < 400 AND path LIKE '/shop/%'\".",
    ),
    option("--static", type=_KEEP, default="keep", help="Images, style sheets and other static resources."),
    option(
        "--bots",
        type=_KEEP,
        default="keep",
        help="Events of bots; kept, they are marked, and reports decide.",
    ),
    option(
        "--sample",
        type=click.FloatRange(0, 1, min_open=True),
        default=1.0,
        metavar="SHARE",
        help="Share of the visitors to keep, with all of their events, above 0 and up to 1; the same in every run.",
    ),
)
"""Decorators that add the options, in the order of the help."""

TAKES: Final[frozenset[str]] = frozenset(
    {"include", "exclude", "include_from", "exclude_from", "where", "static", "bots", "sample"}
)
"""Names of the parameters that the options give."""


def filters_of(given: Mapping[str, Any], filters: Filters) -> Filters:
    """Return `filters` with what the options in `given` say; raises `click.BadParameter`."""
    sample = given.get("sample")
    chosen = replace(
        filters,
        rules=(*filters.rules, *_rules(given)),
        keeps_static=given.get("static") != "drop",
        keeps_bots=given.get("bots") != "drop",
        sample=filters.sample if sample is None else sample,
    )
    if condition := given.get("where"):
        chosen = _checked(replace(chosen, where=condition), "--where")

    return chosen


def _rules(given: Mapping[str, Any]) -> Iterator[Rule]:
    for name, excludes in (("include", False), ("exclude", True)):
        for text in given.get(name) or ():
            yield _rule(text, f"--{name}", excludes=excludes)

        for path in given.get(f"{name}_from") or ():
            yield from _rules_from(path, f"--{name}-from", excludes=excludes)


def _rule(text: str, hint: str, *, excludes: bool) -> Rule:
    try:
        rule = rule_of(text, excludes=excludes)
    except ValueError as error:
        raise _bad(error, hint) from error

    _checked(Filters(rules=(rule,)), hint)
    return rule


def _rules_from(path: Path, hint: str, *, excludes: bool) -> list[Rule]:
    try:
        rules = list(rules_of_file(path.read_text(encoding="utf-8"), excludes=excludes))
    except OSError as error:
        raise _bad(ValueError(f"cannot be read: {error.strerror or error}"), f"{hint} {path}") from error
    except ValueError as error:
        raise _bad(error, f"{hint} {path}") from error

    for rule in rules:
        _checked(Filters(rules=(rule,)), f"{hint} {path}")

    return rules


def _checked(filters: Filters, hint: str) -> Filters:
    try:
        check(filters)
    except ValueError as error:
        raise _bad(error, hint) from error

    return filters


def _bad(error: Exception, hint: str) -> click.BadParameter:
    return click.BadParameter(printable(str(error), 500), param_hint=printable(hint))
