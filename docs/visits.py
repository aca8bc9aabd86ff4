"""The generated parts of docs/visits.md: profiles by field and in sentences, and the options that change them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Final

import click

import cli
from docs.generated import table
from reports.visits import PROFILES, VisitRule
from reports.visits.rule import BOUNCES, COUNTED, DURATIONS, WHO, PageRule

FIELDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "who": "what tells visitors apart",
        "is_daily": "is a visitor of another day another one",
        "counts": "what visits are made of",
        "ignored": "statuses left out of that",
        "bots": "are bots counted",
        "page": "which requests are page views",
        "gap_seconds": "seconds without a hit that end a visit",
        "gap_closes": "does exactly that time end it",
        "at_midnight": "does midnight end it",
        "at_campaign": "does another campaign end it",
        "by_session": "do the client's sessions hold it together and apart",
        "most_hits": "hits after which it ends",
        "bounce": "what a bounce is",
        "duration": "how long a visit is",
    }
)
"""Field of `VisitRule` → what it decides; a field that is missing here fails the documents."""

_PREFIX: Final = "rule_"
_PLAIN: Final = PageRule()


def profiles() -> str:
    """Return the profiles, field by field."""
    decided = (field.name for field in fields(VisitRule) if field.name not in {"name", "meaning"})
    rows = (
        (f"`{name}`", FIELDS[name], *(_shown(getattr(rule, name)) for rule in PROFILES.values()))
        for name in decided
    )
    return table(("field", "what it decides", *(f"`{name}`" for name in PROFILES)), rows)


def sentences() -> str:
    """Return the profiles in sentences, as they are printed below a table."""
    return "\n".join(
        f"### Profile {name}\n\n{rule.meaning}\n\n> {rule.sentence()}\n" for name, rule in PROFILES.items()
    )


def words() -> str:
    """Return the values that fields take, in words."""
    values = {"who": WHO, "counts": COUNTED, "bounce": BOUNCES, "duration": DURATIONS}
    rows = (
        (f"`{field}`", f"`{value}`", text) for field, known in values.items() for value, text in known.items()
    )
    return table(("field", "value", "meaning"), rows)


def options() -> str:
    """Return the options that change a field of a profile."""
    return table(("option", "field", "what it says"), _options())


def _options() -> Iterator[tuple[str, str, str]]:
    for one in cli.root.commands["report"].params:
        if isinstance(one, click.Option) and (one.name or "").startswith(_PREFIX):
            flags = " / ".join(f"`{flag}`" for flag in (*one.opts, *one.secondary_opts))
            yield flags, f"`{(one.name or '').removeprefix(_PREFIX)}`", one.help or ""


def _shown(value: object) -> str:
    if isinstance(value, PageRule):
        return _page(value)

    if isinstance(value, tuple):
        return ", ".join(f"{low} to {high}" for low, high in value) or "none"

    known = {None: "-", True: "yes", False: "no"}
    return known[value] if value is None or isinstance(value, bool) else _text(value)


def _text(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else f"`{value}`"


def _page(rule: PageRule) -> str:
    if rule == _PLAIN:
        return "footfall's"

    methods, statuses = ", ".join(rule.methods), ", ".join(_range(*one) for one in rule.statuses)
    return f"{methods}; {statuses}; by {len(rule.static_endings)} endings"


def _range(low: int, high: int) -> str:
    return f"{low}" if low == high else f"{low} to {high}"
